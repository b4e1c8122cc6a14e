// The session in this process, on a fake clock, with its reads and writes in the test's hands: when it writes, and
// in which order it hands messages on.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Output } from '../lib/output.mjs';
import { Session } from '../lib/session.mjs';
import { frames, heartbeat, setup, tuple } from './harness.mjs';

function open(handle) {
  const clock = { ms: 0 };
  const writes = [];
  const input = { isPaused: false };
  const output = new Output(
    (text) => writes.push(text),
    () => clock.ms,
  );
  const session = new Session(
    output,
    (onChunk) => {
      input.feed = (...messages) => onChunk(Buffer.from(frames(...messages)));
      return {
        start() {},
        pause() {
          input.isPaused = true;
        },
        resume() {
          input.isPaused = false;
        },
      };
    },
    { begin() {}, close() {}, handle: (message) => handle(message, session, clock) },
  );
  input.feed(setup());
  writes.length = 0;
  return { session, input, writes, clock };
}

const echo = (message, session) => session.send(`${message.id};`);

test('the answers to all messages of a chunk are one write', () => {
  const { input, writes } = open(echo);
  input.feed(tuple(1), tuple(2), heartbeat, tuple(3));
  assert.deepEqual(writes, ['1;2;{"command":"sync"}\nend\n3;']);
});

test('a tuple boundary 2 ms after the last write writes before the chunk is done', () => {
  const { input, writes } = open((message, session, clock) => {
    clock.ms += 1;
    echo(message, session);
  });
  input.feed(tuple(1), tuple(2), tuple(3));
  assert.deepEqual(writes, ['1;2;', '3;']);
});

test('a log is written at once, together with what was said before it', () => {
  const { input, writes } = open((message, session) => {
    echo(message, session);
    session.sendNow('log;');
    echo(message, session);
  });
  input.feed(tuple(1));
  assert.deepEqual(writes, ['1;log;', '1;']);
});

test('what is said outside of any message is collected and written in the same turn of the event loop', async () => {
  const { session, writes } = open(echo);
  session.send('a;');
  session.send('b;');
  assert.deepEqual(writes, []);
  await new Promise(setImmediate);
  assert.deepEqual(writes, ['a;b;']);
});

test('while a promise is waited for, heartbeats are answered, tuples wait, and nothing stays unwritten', async () => {
  let finish;
  const { input, writes } = open((message, session) => {
    echo(message, session);
    if (message.id !== '1') return undefined;
    return new Promise((resolve) => {
      finish = resolve;
    });
  });
  input.feed(tuple(1), heartbeat, tuple(2));
  input.feed(heartbeat, tuple(3));
  await new Promise(setImmediate);
  assert.deepEqual(writes, ['1;{"command":"sync"}\nend\n{"command":"sync"}\nend\n']);
  finish();
  await new Promise(setImmediate);
  assert.deepEqual(writes.slice(1), ['2;3;']);
});

test('while a promise is waited for, no more than a bounded amount of input is taken', async () => {
  let finish;
  const handled = [];
  const { input, session } = open((message) => {
    handled.push(message.id);
    if (message.id !== '1') return undefined;
    return new Promise((resolve) => {
      finish = resolve;
    });
  });
  const filler = 'x'.repeat(100_000);
  input.feed(tuple(1));
  for (let i = 2; i <= 11; i++) input.feed(tuple(i, filler));
  assert.equal(input.isPaused, false);
  input.feed(tuple(12, filler));
  assert.equal(input.isPaused, true);
  // The ids asked for now stand behind what was not taken.
  session.askForTaskIds();
  assert.equal(input.isPaused, false);
  input.feed(tuple(13, filler), [5]);
  input.feed(tuple(14, filler));
  assert.equal(input.isPaused, true);
  finish();
  await new Promise(setImmediate);
  assert.equal(input.isPaused, false);
  assert.deepEqual(
    handled,
    Array.from({ length: 14 }, (_, i) => String(i + 1)),
  );
});

test('task ids go to the emits that asked, in the order of asking, whoever looks first', async () => {
  const lists = [];
  const { input } = open((message, session) => {
    if (message.id === '1') for (let i = 0; i < 3; i++) lists.push(session.askForTaskIds());
  });
  input.feed(tuple(1), [10], tuple(2), [20, 21], []);
  assert.deepEqual(await lists[1], [20, 21]);
  assert.deepEqual(await lists[0], [10]);
  assert.deepEqual([...lists[2]], []);
});

test('task ids that came before they were asked for, as in a recorded conversation, are found', () => {
  const seen = [];
  const { input } = open((message, session) => {
    if (message.id === '2') seen.push(session.askForTaskIds().read());
  });
  // Nobody asks at the first tuple: the list after it is passed over.
  input.feed(tuple(1), [4], tuple(2), tuple(3), [5]);
  assert.deepEqual(seen, [[5]]);
});
