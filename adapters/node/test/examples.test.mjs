// The examples do what their first lines say.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import * as h from './harness.mjs';

const next = { command: 'next', id: '' };
const input = h.scratchPath('lines.txt');
fs.writeFileSync(input, 'first line\nsecond\n');

test('split emits the words of a sentence', async () => {
  const result = await h.converse(h.program('examples/split.mjs'), [h.tuple(1, 'The cow, the MOON'), h.tuple(2, '!')]);
  const words = ['the', 'cow', 'the', 'moon'].map((word) => h.emitted(1, word));
  assert.deepEqual(result.messages, [...words, h.acked(1), h.acked(2)]);
});

test('count emits each word with its count, and logs at a tick', async () => {
  const result = await h.converse(h.program('examples/count.mjs'), [h.tuple(1, 'a'), h.tuple(2, 'a'), h.tick]);
  assert.deepEqual(result.messages, [
    ...[h.emitted(1, 'a', 1), h.acked(1), h.emitted(2, 'a', 2), h.acked(2)],
    ...[{ command: 'log', msg: '1 different words so far', level: 2 }, h.acked(77)],
  ]);
});

test('lines emits the lines of a file, then nothing', async () => {
  const result = await h.converse(h.program('examples/lines.mjs'), [next, next, next], { conf: { input } });
  const line = (text) => ({ command: 'emit', need_task_ids: false, tuple: [text] });
  assert.deepEqual(result.messages, [line('first line'), h.sync, line('second'), h.sync, h.sync]);
});

test('reliable-lines emits a failed line again', async () => {
  const messages = [next, { command: 'fail', id: 1 }, next, next];
  const result = await h.converse(h.program('examples/reliable-lines.mjs'), messages, { conf: { input } });
  const line = (id, text) => ({ command: 'emit', id, need_task_ids: false, tuple: [text] });
  const warning = { command: 'log', msg: 'line 1 failed, 1 lines are pending', level: 3 };
  const first = line(1, 'first line');
  assert.deepEqual(result.messages, [first, h.sync, warning, h.sync, first, h.sync, line(2, 'second'), h.sync]);
});
