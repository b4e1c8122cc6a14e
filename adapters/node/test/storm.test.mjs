// The drop-in module: components written for Apache Storm's storm.js, with a copy of ours beside them.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import { amalgamate } from '../tools/amalgamate.mjs';
import * as h from './harness.mjs';

const stormPath = new URL('../storm.js', import.meta.url);

/** A component in a directory of its own, written in the style of its time. */
function component(base, methods) {
  const directory = h.scratchPath('component');
  fs.mkdirSync(directory);
  fs.copyFileSync(stormPath, path.join(directory, 'storm.js'));
  const file = path.join(directory, 'component.js');
  fs.writeFileSync(
    file,
    `var storm = require('./storm');
    function C() { storm.${base}.call(this); }
    C.prototype = Object.create(storm.${base}.prototype);
    C.prototype.constructor = C;
    ${methods}
    new C().run();`,
  );
  return [file];
}

const split = component(
  'BasicBolt',
  `C.prototype.process = function (tup, done) {
    var self = this;
    tup.values[0].split(' ').forEach(function (word) {
      self.emit({ tuple: [word], anchorTupleId: tup.id }, function (taskIds) { self.log(word + ' to ' + taskIds); });
    });
    done();
  };`,
);
const emitted = (anchors, ...values) => ({ command: 'emit', anchors, tuple: values });
const info = (msg) => ({ command: 'log', msg, level: 2 });

test('storm.js is what its sources make', () => {
  assert.equal(fs.readFileSync(stormPath, 'utf8') === amalgamate(), true, 'run: node tools/amalgamate.mjs');
});

test('the package exports it as polybolt-component/storm, for require', () => {
  const { BasicBolt, Spout, Tuple } = createRequire(import.meta.url)('polybolt-component/storm');
  assert.equal(new BasicBolt().anchorTuple, null);
  assert.deepEqual(new Spout().taskIdsCallbacks, []);
  assert.equal(new Tuple('1', 'c', '__tick', -1, []).isTickTuple(), true);
  assert.equal(new Tuple('1', 'c', '__heartbeat', -1, []).isHeartbeatTuple(), true);
});

for (const transport of ['fifo', 'socket']) {
  test(`over a ${transport}, a bolt emits, acks, and is called back with the task ids in order`, async () => {
    const result = await h.converse(split, [h.tuple(1, 'a b'), h.heartbeat, [4], [5, 6], h.tuple(2, 'c')], { transport });
    assert.deepEqual(result.messages, [
      ...[emitted(['1'], 'a'), emitted(['1'], 'b'), h.acked(1), h.sync],
      ...[info('a to 4'), info('b to 5,6'), emitted(['2'], 'c'), h.acked(2)],
    ]);
    assert.deepEqual([result.status, result.stderr], [0, '']);
  });
}

test('a bolt byte by byte says the same', async () => {
  const host = h.start(split);
  for (const byte of Buffer.from(h.frames(h.setup(), h.tuple(1, 'é'), [4]))) await host.writeRaw(Buffer.of(byte));
  await host.end();
  assert.deepEqual(host.messages.slice(1), [emitted(['1'], 'é'), h.acked(1), info('é to 4')]);
});

test('an asynchronous bolt works on many tuples at once, and all of them are finished at the end of input', async () => {
  const args = component(
    'BasicBolt',
    `var waiting = [];
    C.prototype.process = function (tup, done) {
      waiting.push([tup, done]);
      if (waiting.length < 3) return;
      setImmediate(() => waiting.reverse().forEach(([t, d]) => { this.emitDirect({ tuple: t.values, task: 9 }); d(); d(); }));
    };`,
  );
  const result = await h.converse(args, [h.tuple(1, 'a'), h.tuple(2, 'b'), h.tuple(3, 'c')]);
  const direct = (value) => ({ ...emitted([], value), task: 9 });
  const said = [direct('c'), h.acked(3), direct('b'), h.acked(2), direct('a'), h.acked(1)];
  assert.deepEqual(result.messages, said);
  assert.equal(result.status, 0);
});

test('done with an error fails the tuple; a list of anchors, a stream, and messages of one’s own are sent as given', async () => {
  const args = component(
    'BasicBolt',
    `C.prototype.process = function (tup, done) {
      this.emit({ tuple: [1], anchorTupleId: ['5', '6'], stream: 's' }, function () {});
      this.sendMsgToParent({ command: 'error', msg: 'mine' });
      this.logTrace('a', { b: 1 }); this.logDebug('x'); this.logInfo(2); this.logWarn(); this.logError('e');
      done(new Error('no'));
    };`,
  );
  const result = await h.converse(args, [h.tuple(1)]);
  const log = (msg, level) => ({ command: 'log', msg, level });
  assert.deepEqual(result.messages, [
    { ...emitted(['5', '6'], 1), stream: 's' },
    { command: 'error', msg: 'mine' },
    ...[log('a {"b":1}', 0), log('x', 1), log('2', 2), log('', 3), log('e', 4)],
    h.failed(1),
  ]);
});

test('the pid comes before initialize is done, and tuples wait until it is, but task ids do not', async () => {
  const pidDir = h.scratchPath('pids');
  fs.mkdirSync(pidDir);
  const args = component(
    'BasicBolt',
    `C.prototype.initialize = function (conf, context, done) {
      this.emit({ tuple: [conf.a, context.taskid] }, (ids) => { this.ids = ids; setImmediate(done); });
    };
    C.prototype.process = function (tup, done) { this.emitDirect({ tuple: [this.ids], task: 1 }); done(); };`,
  );
  const host = h.start(args);
  host.write(h.setup({ a: 5 }, pidDir), h.tuple(1), h.heartbeat);
  assert.deepEqual(await host.receive(1), [emitted([], 5, 7)]);
  assert.equal(fs.existsSync(path.join(pidDir, String(host.pid))), true);
  host.write([8]);
  const messages = await host.receive(4);
  assert.deepEqual(messages.slice(1), [{ ...emitted([], [8]), task: 1 }, h.acked(1), h.sync]);
  await host.end();
});

test('a spout answers every command by one sync, also where the component leaves the default or takes no done', async () => {
  const args = component(
    'Spout',
    `C.prototype.nextTuple = function (done) {
      var self = this;
      setImmediate(function () {
        self.emit({ tuple: ['x'], id: 0, stream: 's' }, function (ids) { self.log('to ' + ids); });
        done(); done();
      });
    };
    C.prototype.fail = function (id) { this.log('failed ' + id); };
    C.prototype.ack = function (id, done) { this.log('acked ' + id); done(); };`,
  );
  const host = h.start(args);
  let count = 0;
  const say = async (message, ...expected) => {
    host.write(message);
    count += expected.length;
    assert.deepEqual((await host.receive(count)).slice(-expected.length), expected);
  };
  host.write(h.setup());
  await say({ command: 'activate', id: '' }, h.sync);
  await say({ command: 'next', id: '' }, { command: 'emit', id: 0, stream: 's', tuple: ['x'] }, h.sync);
  await say([3], info('to 3'));
  await say({ command: 'ack', id: 0 }, info('acked 0'), h.sync);
  await say({ command: 'fail', id: 0 }, info('failed 0'), h.sync);
  await say({ command: 'deactivate', id: '' }, h.sync);
  assert.equal((await host.end()).status, 0);
});

test('an exception ends the process with status 1, after an error with its trace', async () => {
  const result = await h.converse(split, [h.tuple(1, 'a'), h.tuple(2, 5)]);
  assert.deepEqual(result.messages.slice(0, 2), [emitted(['1'], 'a'), h.acked(1)]);
  assert.match(result.messages[2].msg, /^TypeError: .*split is not a function\n {4}at /);
  assert.equal(result.messages.length, 3);
  assert.equal(result.status, 1);
});

test('misuse of emit is refused as by Storm', async () => {
  const args = component(
    'BasicBolt',
    `C.prototype.process = function (tup, done) {
      for (const call of [() => this.emit({ tuple: [], task: 1 }, done), () => this.emit({ tuple: [] }), () => this.emitDirect({})])
        try { call(); } catch (error) { this.log(error.message); }
      done();
    };`,
  );
  const result = await h.converse(args, [h.tuple(1)]);
  const said = ['emit does not take a task: use emitDirect'];
  said.push('emit needs a callback for the task ids as its second argument', 'emitDirect needs the id of a task in task');
  assert.deepEqual(result.messages, [...said.map(info), h.acked(1)]);
});

test('prints do not reach the protocol, and a message that is no JSON ends the process with status 1', async () => {
  const args = component('BasicBolt', 'C.prototype.process = function (tup, done) { console.log("hello"); done(); };');
  const result = await h.converse(args, [h.tuple(1), 'oops']);
  assert.deepEqual(result.messages, [h.acked(1)]);
  assert.match(result.stderr, /^hello\nThe host sent a message that is not JSON .*It begins: oops\n$/);
  assert.equal(result.status, 1);
});

test('task ids that nobody asked for are an error, as with Storm', async () => {
  const result = await h.converse(split, [[1]]);
  assert.match(result.messages[0].msg, /no emit is waiting for them/);
  assert.equal(result.status, 1);
});
