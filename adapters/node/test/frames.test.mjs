// The splitter alone: whichever way bytes arrive, the same texts come out.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FrameSplitter } from '../lib/frames.mjs';

const conversation = '{"a":1}\nend\n{\n  "b": "é end 😀",\n\n  "c": 2\n}\nend\n\n\n[3]\r\nend\r\n["\\nend\\n"]\nend\n';
const texts = ['{"a":1}', '{\n  "b": "é end 😀",\n\n  "c": 2\n}', '\n\n[3]\r', '["\\nend\\n"]'];

function pushAll(chunks) {
  const splitter = new FrameSplitter();
  return chunks.flatMap((chunk) => splitter.push(Buffer.from(chunk)));
}

test('a conversation in one chunk is cut into its messages', () => {
  assert.deepEqual(pushAll([conversation]), texts);
});

test('a conversation byte by byte is cut into the same messages', () => {
  assert.deepEqual(pushAll([...Buffer.from(conversation)].map((byte) => [byte])), texts);
});

test('a conversation cut in two at every point is cut into the same messages', () => {
  const bytes = Buffer.from(conversation);
  for (let at = 0; at <= bytes.length; at++) {
    assert.deepEqual(pushAll([bytes.subarray(0, at), bytes.subarray(at)]), texts, `cut at ${at}`);
  }
});

test('CRLF messages are delivered without waiting for more, also after LF messages', () => {
  assert.deepEqual(pushAll(['[1]\nend\n[2]\r\nend\r\n']), ['[1]', '[2]\r']);
});

test('a line that only begins with end does not end a message', () => {
  assert.deepEqual(pushAll(['[\nendless\n]\nend\n']), ['[\nendless\n]']);
});

test('an end line without a message is an empty message, at the start and after another', () => {
  assert.deepEqual(pushAll(['end\n']), ['']);
  assert.deepEqual(pushAll(['[1]\nend\nend\n']), ['[1]', '']);
});

test('a last end line counts without its newline when the stream has ended', () => {
  const splitter = new FrameSplitter();
  assert.deepEqual(splitter.push(Buffer.from('[1]\nend')), []);
  assert.deepEqual(splitter.end(), ['[1]']);
});

test('half a message at the end of the stream is dropped', () => {
  const splitter = new FrameSplitter();
  splitter.push(Buffer.from('{"id":"1","tup'));
  assert.deepEqual(splitter.end(), []);
});

test('a message of 3 MB in chunks of 64 KiB comes out whole, and the next one too', () => {
  const large = JSON.stringify(['é'.repeat(1_500_000)]);
  const bytes = Buffer.from(`${large}\nend\n[2]\nend\n`);
  const chunks = [];
  for (let at = 0; at < bytes.length; at += 65536) chunks.push(bytes.subarray(at, at + 65536));
  const result = pushAll(chunks);
  assert.equal(result.length, 2);
  assert.equal(result[0] === large, true);
  assert.equal(result[1], '[2]');
});

test('the memory of a chunk may be used again after push', () => {
  const splitter = new FrameSplitter();
  const chunk = Buffer.from('[12');
  splitter.push(chunk);
  chunk.fill('x');
  assert.deepEqual(splitter.push(Buffer.from('3]\nend\n')), ['[123]']);
});

test('bytes that are not UTF-8 become replacement characters', () => {
  assert.deepEqual(pushAll([[0x5b, 0x22, 0xff, 0x22, 0x5d, 10], 'end\n']), ['["\ufffd"]']);
});
