// The order of messages alone.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Inbox } from '../lib/inbox.mjs';
import { Tuple } from '../lib/tuple.mjs';

const beat = (id) => new Tuple(id, null, '__heartbeat', -1, []);

function takeAll(inbox) {
  const taken = [];
  while (!inbox.isEmpty) taken.push(inbox.take());
  return taken;
}

test('task ids and heartbeats are taken out ahead, the oldest first, and the rest keeps its order', () => {
  const inbox = new Inbox();
  const [one, two] = [beat('1'), beat('2')];
  for (const message of [[0], beat('0'), 'a', [1], one, 'b', [2], two, 'c']) inbox.put(message);
  for (let i = 0; i < 2; i++) inbox.take();
  assert.equal(inbox.take(), 'a');
  assert.deepEqual(inbox.takeIds(), [1]);
  assert.equal(inbox.takeHeartbeat(), true);
  assert.deepEqual(takeAll(inbox), ['b', [2], two, 'c']);
});

test('an inbox without task ids or heartbeats gives none', () => {
  const inbox = new Inbox();
  for (const message of [[1], beat('1'), 'a']) inbox.put(message);
  takeAll(inbox);
  inbox.put('b');
  assert.equal(inbox.takeIds(), undefined);
  assert.equal(inbox.takeHeartbeat(), false);
  assert.deepEqual(takeAll(inbox), ['b']);
});

test('the order holds past the number of handled messages that are let go', () => {
  const inbox = new Inbox();
  for (let i = 0; i < 3000; i++) inbox.put(i);
  const taken = [];
  for (let i = 0; i < 2000; i++) taken.push(inbox.take());
  inbox.put(3000);
  assert.deepEqual(
    [...taken, ...takeAll(inbox)],
    Array.from({ length: 3001 }, (_, i) => i),
  );
});
