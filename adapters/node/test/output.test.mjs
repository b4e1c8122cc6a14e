// Coalescing alone, on a fake clock and with the writes counted.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Output } from '../lib/output.mjs';

function open() {
  const clock = { ms: 1000 };
  const writes = [];
  return {
    clock,
    writes,
    output: new Output(
      (text) => writes.push(text),
      () => clock.ms,
    ),
  };
}

test('what is appended is written by one write at the flush, in order', () => {
  const { writes, output } = open();
  output.append('a');
  output.append('b');
  assert.deepEqual(writes, []);
  assert.equal(output.isWaiting, true);
  output.flush();
  assert.deepEqual(writes, ['ab']);
  assert.equal(output.isWaiting, false);
});

test('a flush with nothing waiting writes nothing', () => {
  const { writes, output } = open();
  output.flush();
  assert.deepEqual(writes, []);
});

test('at a tuple boundary nothing is written before 2 ms have passed since the last write', () => {
  const { clock, writes, output } = open();
  output.append('a');
  clock.ms = 1001.9;
  output.tupleDone();
  assert.deepEqual(writes, []);
  clock.ms = 1002;
  output.tupleDone();
  assert.deepEqual(writes, ['a']);
  output.append('b');
  clock.ms = 1003;
  output.tupleDone();
  assert.deepEqual(writes, ['a']);
});

test('64 KiB are written at once', () => {
  const { writes, output } = open();
  output.append('x'.repeat(65535));
  assert.equal(writes.length, 0);
  output.append('yz');
  assert.deepEqual(
    writes.map((text) => text.length),
    [65537],
  );
});

test('what a failed write held is not written again', () => {
  const writes = [];
  const output = new Output((text) => {
    writes.push(text);
    throw new Error('broken');
  });
  output.append('a');
  assert.throws(() => output.flush(), /broken/);
  output.flush();
  assert.deepEqual(writes, ['a']);
});
