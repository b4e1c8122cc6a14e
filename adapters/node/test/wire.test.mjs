// The wire in real processes: however the host's bytes are cut, and over whatever kind of pipe, the component
// says the same.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as h from './harness.mjs';

const bolt = h.program('reference/bolt.mjs');
const words = h.tuple('-6', 'echo', 'é😀\u2028', 1);
const conversation = h.frames(h.setup(), words, h.heartbeat, h.tuple('8', 'fail'), h.tuple('9', 'echo'));
const said = [
  '{"command":"emit","anchors":["-6"],"need_task_ids":false,"tuple":["echo","é😀\u2028",1]}',
  '{"command":"ack","id":"-6"}',
  '{"command":"sync"}',
  '{"command":"fail","id":"8"}',
  '{"command":"emit","anchors":["9"],"need_task_ids":false,"tuple":["echo"]}',
  '{"command":"ack","id":"9"}',
  '',
].join('\nend\n');
const withPid = (pid) => `{"pid":${pid}}\nend\n${said}`;

for (const transport of ['fifo', 'socket']) {
  test(`a whole conversation over a ${transport} is answered byte for byte`, async () => {
    const host = h.start(bolt, { transport });
    host.writeRaw(conversation);
    const result = await host.end();
    assert.equal(result.text, withPid(host.pid));
    assert.deepEqual([result.status, result.stderr], [0, '']);
  });

  test(`a conversation byte by byte over a ${transport} is answered the same`, async () => {
    const host = h.start(bolt, { transport });
    for (const byte of Buffer.from(conversation)) await host.writeRaw(Buffer.of(byte));
    const result = await host.end();
    assert.equal(result.text, withPid(host.pid));
  });
}

test('a whole conversation from a file to a file is answered the same', () => {
  const result = h.converseByFile(bolt, conversation);
  assert.equal(result.text.slice(result.text.indexOf('end\n') + 4), said);
  assert.equal(result.status, 0);
});

test('a message cut in two at every byte is answered the same', async () => {
  const host = h.start(bolt);
  host.write(h.setup());
  const bytes = Buffer.from(h.frames(words));
  let count = 0;
  for (let at = 0; at <= bytes.length; at++) {
    // The heartbeat's answer says that all before the cut has been read.
    await host.writeRaw(Buffer.concat([Buffer.from(h.frames(h.heartbeat)), bytes.subarray(0, at)]));
    await host.receive(count + 1);
    await host.writeRaw(bytes.subarray(at));
    const messages = await host.receive(count + 3);
    const wanted = [h.sync, h.emitted('-6', 'echo', 'é😀\u2028', 1), h.acked('-6')];
    assert.deepEqual(messages.slice(count), wanted, `cut at ${at}`);
    count += 3;
  }
  assert.equal((await host.end()).status, 0);
});

test('pretty-printed, CRLF and blank-line messages are read', async () => {
  const host = h.start(bolt);
  host.write(JSON.stringify(h.setup(), null, 2));
  host.writeRaw(`${JSON.stringify(h.tuple('1', 'echo'), null, 2).replaceAll('\n', '\r\n')}\r\nend\r\n`);
  host.writeRaw(`\n\n${JSON.stringify(h.tuple('2', 'echo'), null, '\n  ')}\n\nend\n`);
  const result = await host.end();
  assert.deepEqual(host.messages.slice(1), [h.emitted(1, 'echo'), h.acked(1), h.emitted(2, 'echo'), h.acked(2)]);
  assert.equal(result.status, 0);
});

test('a string that holds an escaped end line and a value of 1 MB come through', async () => {
  const large = '😀é"\\'.repeat(125_000);
  const result = await h.converse(bolt, [h.tuple(1, 'echo', 'a\nend\nb'), h.tuple(2, 'echo', large)]);
  assert.equal(result.messages.length, 4);
  assert.equal(result.messages[0].tuple[1], 'a\nend\nb');
  assert.equal(result.messages[2].tuple[1] === large, true);
});

test('while the host does not read, input is not taken, and nothing is lost after', async () => {
  const host = h.start(
    h.source(`class B extends BasicBolt {
      process(tuple) { this.emit(tuple.values); console.error(tuple.id); }
    } new B().run();`),
  );
  host.write(h.setup());
  await host.receive(0);
  host.stdout.pause();
  const filler = 'x'.repeat(1000);
  host.write(...Array.from({ length: 4000 }, (_, i) => h.tuple(i, filler)));
  // A pipe holds 64 KiB, and the library collects as much: past that, it is stuck. What it might wrongly take
  // beyond, it has the time to take that another component needs for all of its life.
  while (!host.stderr.includes('\n60\n')) await h.converse(bolt, [h.tuple(1, 'echo')]);
  await h.converse(bolt, [h.tuple(1, 'echo')]);
  assert.ok(host.stderr.split('\n').length < 130, `processed ${host.stderr.split('\n').length} tuples`);
  host.stdout.resume();
  const messages = await host.receive(8000);
  assert.deepEqual(messages.at(-1), h.acked(3999));
  assert.equal((await host.end()).status, 0);
});

test('what the component has not understood is ignored: commands, keys, task ids nobody asked for', async () => {
  const result = await h.converse(bolt, [{ command: 'dance' }, { hello: 1 }, [1, 2], { ...h.tuple(1, 'echo'), extra: { tuple: 1 } }]);
  assert.deepEqual(result.messages, [h.emitted(1, 'echo'), h.acked(1)]);
  assert.deepEqual([result.status, result.stderr], [0, '']);
});

test('a message that is no JSON is quoted on stderr and ends the process with status 1, after those before it', async () => {
  const result = await h.converse(bolt, [h.tuple(1, 'echo'), `oops ${'y'.repeat(500)}`, h.tuple(2, 'echo')]);
  assert.deepEqual(result.messages, [h.emitted(1, 'echo'), h.acked(1)]);
  assert.equal(result.status, 1);
  assert.match(result.stderr, /sent a message that is not JSON .*oops y{195}\n$/);
});

test('heartbeats are answered in order', async () => {
  const result = await h.converse(bolt, [h.heartbeat, h.tuple(1, 'echo'), h.heartbeat, h.heartbeat, h.tuple(2, 'fail')]);
  assert.deepEqual(result.messages, [h.sync, h.emitted(1, 'echo'), h.acked(1), h.sync, h.sync, h.failed(2)]);
});
