// Encoding alone: what JSON holds is written without spaces and in a constant order; what it cannot hold is refused.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EncodeError, encodeEmit, encodeValue, encodeValues } from '../lib/encode.mjs';

test('values are written as JSON without spaces', () => {
  const values = ['a"\n\u2028', 1, -0, 1.5, 1e21, true, false, null, [1, [2]], { a: { b: [] } }, new Date(0)];
  assert.equal(encodeValues(values), '["a\\"\\n\u2028",1,0,1.5,1e+21,true,false,null,[1,[2]],{"a":{"b":[]}},"1970-01-01T00:00:00.000Z"]');
  assert.equal(encodeValues([]), '[]');
});

test('half of a surrogate pair is written as an escape', () => {
  assert.equal(encodeValues(['\ud800x']), '["\\ud800x"]');
});

test('a key whose value is undefined is left out', () => {
  assert.equal(encodeValues([{ a: undefined, b: 1 }]), '[{"b":1}]');
});

const cycle = { name: 'cycle' };
cycle.self = cycle;
const refused = [
  [[NaN], /values\[0\] is NaN/],
  [['a', -Infinity], /values\[1\] is -Infinity/],
  [[undefined], /values\[0\] is undefined/],
  [[10n], /values\[0\] is the BigInt 10/],
  [[() => 1], /values\[0\] is a function/],
  [[Symbol('s')], /values\[0\] is a symbol/],
  [[{ a: [1, NaN] }], /values\[0\]\.a\[1\] is NaN/],
  [[{ a: () => 1 }], /values\[0\]\.a is a function/],
  [[[new Array(1)]], /values\[0\]\[0\]\[0\] is undefined/],
  [[new Map()], /values\[0\] is a Map \(use Object\.fromEntries\)/],
  [[new Set()], /values\[0\] is a Set/],
  [[cycle], /is a cycle or nested deeper than 256 levels/],
  [[{ toJSON: () => undefined }], /values\[0\] cannot be written as JSON/],
  ['word', /emit takes an array of values, not a string; write emit\(\[value\]\)/],
];
for (const [values, message] of refused) {
  test(`a value that JSON cannot hold is refused: ${message.source}`, () => {
    assert.throws(
      () => encodeValues(values),
      (error) => error instanceof EncodeError && message.test(error.message),
    );
  });
}

test('a value is refused by the name of its place', () => {
  assert.throws(() => encodeValue(1n, 'id'), /id is the BigInt 1/);
});

test('an emit names its keys in the order that hosts recognise, and leaves out those without a value', () => {
  assert.equal(encodeEmit('', {}, '[1]'), '{"command":"emit","need_task_ids":false,"tuple":[1]}\nend\n');
  assert.equal(
    encodeEmit('"id":5,', { stream: 's', task: 9 }, '[1]'),
    '{"command":"emit","id":5,"stream":"s","task":9,"need_task_ids":false,"tuple":[1]}\nend\n',
  );
  assert.equal(
    encodeEmit('"anchors":["1"],', { stream: 'default', task: null, needTaskIds: true }, '[1]'),
    '{"command":"emit","anchors":["1"],"tuple":[1]}\nend\n',
  );
});

test('a task or a stream that cannot be one is refused', () => {
  for (const task of [0, -1, 1.5, '3', NaN]) assert.throws(() => encodeEmit('', { task }, '[]'), /task must be the id/);
  assert.throws(() => encodeEmit('', { stream: 5 }, '[]'), /stream must be a string/);
});
