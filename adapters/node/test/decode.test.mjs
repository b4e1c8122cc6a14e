// Decoding alone: what JSON.parse gives, as a Tuple, task ids or a command.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode, Unreadable } from '../lib/decode.mjs';
import { encodeValues } from '../lib/encode.mjs';
import { Tuple } from '../lib/tuple.mjs';

const first = '{"id":"-5","comp":"words","stream":"default","task":3,"tuple":["a",{"tuple":[1]}]}';

test('an object with a list of values is a tuple, whatever the order of its keys and whatever else it has', () => {
  const expected = new Tuple('-5', 'words', 'default', 3, ['a', { tuple: [1] }]);
  const texts = [
    first,
    '{"tuple":["a",{"tuple":[1]}],"task":3,"stream":"default","comp":"words","id":"-5"}',
    '{"id":"-5","comp":"words","stream":"default","task":3,"tuple":["a",{"tuple":[1]}],"extra":{"x":1}}\r',
  ];
  for (const text of texts) assert.deepEqual(decode(text), expected);
});

test('task ids and commands are given as JSON.parse gives them', () => {
  assert.deepEqual(decode('[1,2]'), [1, 2]);
  assert.deepEqual(decode('{"command":"next","id":""}'), { command: 'next', id: '' });
});

test('NaN and the infinities of other languages are read as numbers, and texts that spell them as texts', () => {
  const text = first.replace('["a",{"tuple":[1]}]', '[NaN, -Infinity, {"x": Infinity}, "NaN", "\\"NaN"]');
  assert.deepEqual(decode(text).values, [NaN, -Infinity, { x: Infinity }, 'NaN', '"NaN']);
});

test('a text that is no JSON, or no object and no list, is unreadable and quoted by its first 200 bytes', () => {
  const long = `oops ${'é'.repeat(200)}`;
  const unreadable = decode(long);
  assert.ok(unreadable instanceof Unreadable);
  assert.match(unreadable.explanation, /is not JSON .*It begins: oops é{97}/);
  assert.doesNotMatch(unreadable.explanation, /é{98}/);
  for (const text of ['null', '5', '"x"', 'NaNx', '{"a":nan}']) assert.ok(decode(text) instanceof Unreadable, text);
  assert.match(decode(' \n').explanation, /an empty message/);
});

// The rows of the table in README.md, as they are measured.
test('what the parser loses is what the README says', () => {
  const echo = (json) => encodeValues(decode(`{"id":"1","tuple":${json}}`).values);
  assert.equal(echo('[1.0, 1e2, -0.0]'), '[1,100,0]');
  assert.throws(() => echo('[1e400]'), /values\[0\] is Infinity/);
  assert.throws(() => echo('[NaN]'), /values\[0\] is NaN/);
  assert.equal(echo('[9007199254740993, 1180591620717411303424]'), '[9007199254740992,1.1805916207174113e+21]');
  assert.equal(echo('[0.10000000000000000001]'), '[0.1]');
  assert.equal(echo('["\\ud800", "\\u00e9", "\\/", "\\u2028"]'), '["\\ud800","é","/","\u2028"]');
  assert.equal(echo('[{"b":1,"a":2,"b":3}]'), '[{"b":3,"a":2}]');
  assert.equal(echo('[{"2":0,"b":0,"1":0}]'), '[{"1":0,"2":0,"b":0}]');
  assert.equal(echo('[{"__proto__":1}]'), '[{"__proto__":1}]');
});
