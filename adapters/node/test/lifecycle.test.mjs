// From the handshake to the end of the process: what is said first, what is never lost, and the exit status.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import * as h from './harness.mjs';

test('the pid comes first, before anything that prepare says, and a file names it in pidDir', async () => {
  const pidDir = h.scratchPath('pids');
  fs.mkdirSync(pidDir);
  const host = h.start(
    h.source(`class B extends Bolt {
    prepare(conf, context) { this.emit([conf.a, context.taskid, this.conf === conf, this.context === context]); }
  } new B().run();`),
  );
  host.write(h.setup({ a: 5 }, pidDir));
  await host.receive(1);
  assert.deepEqual(host.messages[0], { pid: host.pid });
  assert.deepEqual(host.messages[1].tuple, [5, 7, true, true]);
  assert.equal(fs.readFileSync(path.join(pidDir, String(host.pid)), 'utf8'), '');
  assert.equal((await host.end()).status, 0);
});

test('a pidDir that cannot be written is reported on stderr and is not fatal', async () => {
  const host = h.start(h.program('reference/bolt.mjs'));
  host.write(h.setup({}, '/nowhere/at/all'), h.tuple(1, 'echo'));
  const result = await host.end();
  assert.deepEqual(host.messages.slice(1), [h.emitted(1, 'echo'), h.acked(1)]);
  assert.equal(result.status, 0);
  assert.match(result.stderr, /pid file cannot be created in pidDir \/nowhere\/at\/all: ENOENT/);
});

test('an asynchronous prepare is waited for', async () => {
  const result = await h.converse(
    h.source(`class B extends BasicBolt {
      async prepare() { await new Promise(setImmediate); this.ready = true; }
      process() { this.emit([this.ready]); }
    } new B().run();`),
    [h.tuple(1), h.heartbeat],
  );
  assert.deepEqual(result.messages, [h.sync, h.emitted(1, true), h.acked(1)]);
});

const ends = [
  ['before the handshake', ''],
  ['in the middle of the handshake', '{"conf":{},'],
  ['after the handshake', h.frames(h.setup())],
  ['in the middle of a tuple', `${h.frames(h.setup())}{"id":"1","tup`],
  ['in the middle of an end line', `${h.frames(h.setup())}{"id":"1","tuple":[]}\nen`],
];
for (const [index, [where, text]] of ends.entries()) {
  const kind = ['bolt', 'plain-bolt', 'spout'][index % 3];
  test(`input of the ${kind} that ends ${where} ends the process with status 0`, async () => {
    const host = h.start(h.program(`reference/${kind}.mjs`));
    host.writeRaw(text);
    const result = await host.end();
    assert.deepEqual([result.status, result.stderr], [0, '']);
  });
}

test('input that ends in the middle of a blocking wait for task ids ends the process with status 0', async () => {
  const result = await h.converse(h.program('reference/bolt.mjs'), [h.tuple(1, 'task_ids', 'x')]);
  assert.deepEqual(result.messages, [{ command: 'emit', anchors: ['1'], tuple: ['x'] }]);
  assert.deepEqual([result.status, result.stderr], [0, '']);
});

test('input that ends while task ids are awaited ends the process with status 0', async () => {
  // The interval would keep the process alive if it were not ended.
  const awaiting = (turns) =>
    h.source(`class B extends BasicBolt {
    async process() {
      setInterval(() => {}, 60_000);
      const ids = this.emit([1], { needTaskIds: true });
      for (let i = 0; i < ${turns}; i++) await new Promise(setImmediate);
      await ids;
    }
    close() { this.emit(['closed']); }
  } new B().run();`);
  const host = h.start(awaiting(0));
  host.write(h.setup(), h.tuple(1));
  await host.receive(1);
  const result = await host.end();
  assert.deepEqual([result.status, result.stderr, host.messages.length], [0, '', 3]);
  // From a file, the end comes before the look.
  const fromFile = h.converseByFile(awaiting(5), h.frames(h.setup(), h.tuple(1)));
  assert.deepEqual([fromFile.status, fromFile.stderr], [0, '']);
  assert.match(fromFile.text, /"tuple":\["closed"\]\}\nend\n$/);
});

test('an asynchronous bolt finishes the tuples it has when input ends, then calls close', async () => {
  const result = await h.converse(
    h.source(`class B extends BasicBolt {
      async process(tuple) { await new Promise(setImmediate); this.emit(tuple.values); }
      async close() { await new Promise(setImmediate); this.emit(['closed']); }
    } new B().run();`),
    [h.tuple(1, 'a'), h.tuple(2, 'b')],
  );
  assert.deepEqual(result.messages, [
    h.emitted(1, 'a'),
    h.acked(1),
    h.emitted(2, 'b'),
    h.acked(2),
    { command: 'emit', need_task_ids: false, tuple: ['closed'] },
  ]);
  assert.equal(result.status, 0);
});

const crashes = [
  ['a plain bolt raises in process', 'class C extends Bolt { process() { throw new Error("bang"); } }', h.tuple(1)],
  ['a plain bolt rejects in process', 'class C extends Bolt { async process() { throw new Error("bang"); } }', h.tuple(1)],
  ['a plain bolt raises in processTick', 'class C extends Bolt { processTick() { throw new Error("bang"); } }', h.tick],
  ['a bolt raises in prepare', 'class C extends BasicBolt { prepare() { throw new Error("bang"); } }', h.tick],
  ['a bolt rejects in prepare', 'class C extends BasicBolt { async prepare() { throw new Error("bang"); } }', h.tick],
  ['a spout raises in open', 'class C extends Spout { open() { throw new Error("bang"); } }', { command: 'next' }],
  ['a spout raises in nextTuple', 'class C extends Spout { nextTuple() { throw new Error("bang"); } }', { command: 'next' }],
  ['a spout raises in ack', 'class C extends Spout { ack() { throw new Error("bang"); } }', { command: 'ack', id: 1 }],
  ['a spout rejects in fail', 'class C extends Spout { async fail() { throw new Error("bang"); } }', { command: 'fail', id: 1 }],
  ['a timer raises', 'class C extends BasicBolt { prepare() { setImmediate(() => { throw new Error("bang"); }); } }', h.heartbeat],
];
for (const [when, code, message] of crashes) {
  test(`when ${when}, the error is sent with its trace and the status is 1`, async () => {
    const host = h.start(h.source(`${code} new C().run();`));
    host.write(h.setup(), message);
    const result = await host.finish();
    const error = host.messages.at(-1);
    assert.equal(error.command, 'error');
    assert.match(error.msg, /^Error: bang\n {4}at /);
    assert.equal(result.status, 1);
    assert.match(result.stderr, /Error: bang\n {4}at /);
  });
}

test('what was emitted before a crash is not lost', async () => {
  const host = h.start(h.program('reference/plain-bolt.mjs'));
  host.write(h.setup(), h.tuple(1, 'echo'), h.tuple(2, 'throw', 'bang'), h.tuple(3, 'echo'));
  const result = await host.finish();
  assert.deepEqual(host.messages.slice(1, 3), [h.emitted(1, 'echo'), h.acked(1)]);
  assert.equal(host.messages.length, 4);
  assert.equal(result.status, 1);
});

for (const transport of ['fifo', 'socket']) {
  test(`what was emitted before user code calls process.exit is not lost over a ${transport}`, async () => {
    const host = h.start(
      h.source(`class B extends Bolt {
        process() { for (let i = 0; i < 3000; i++) this.emit([i, 'x'.repeat(100)]); process.exit(7); }
      } new B().run();`),
      { transport },
    );
    host.write(h.setup(), h.tuple(1));
    const result = await host.finish();
    assert.equal(host.messages.length, 3001);
    assert.equal(result.status, 7);
  });

  test(`a host that no longer reads a ${transport} ends the process with status 1, in silence`, async () => {
    const host = h.start(h.program('reference/bolt.mjs'), { transport });
    host.write(h.setup());
    await host.receive(0);
    host.stdout.destroy();
    host.write(h.tuple(1, 'echo'));
    const result = await host.finish();
    assert.deepEqual([result.status, result.stderr], [1, '']);
  });
}

test('a component that runs twice, or speaks before it runs, is told so', async () => {
  const result = await h.converse(
    h.source(`const b = new BasicBolt();
      try { b.emit([1]); } catch (error) { console.error(error.message); }
      b.run();
      try { b.run(); } catch (error) { console.error(error.message); }`),
    [],
  );
  assert.match(result.stderr, /has no host yet: call run\(\) first/);
  assert.match(result.stderr, /run\(\) was called twice/);
  assert.equal(result.status, 0);
});
