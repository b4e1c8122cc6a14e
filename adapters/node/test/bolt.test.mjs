// Bolts, basic and plain, in real processes: every row of the reference tables, and what authors do besides.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as h from './harness.mjs';

const bolt = h.program('reference/bolt.mjs');
const plain = h.program('reference/plain-bolt.mjs');
const unanchored = (...values) => ({ command: 'emit', need_task_ids: false, tuple: values });
const anchored = (ids, ...values) => ({ command: 'emit', anchors: ids, need_task_ids: false, tuple: values });

const rows = [
  [['echo', 1, null, 'é'], h.emitted(1, 'echo', 1, null, 'é'), h.acked(1)],
  [['fail'], h.failed(1)],
  [['emit_many', 2], h.emitted(1, 'emit_many', 0), h.emitted(1, 'emit_many', 1), h.acked(1)],
  [['emit_direct', 9, 'x'], { ...h.emitted(1, 'x'), task: 9 }, h.acked(1)],
  [['emit_stream', 's"', 'x'], { ...h.emitted(1, 'x'), stream: 's"' }, h.acked(1)],
  [['emit_stream', 'default', 'x'], h.emitted(1, 'x'), h.acked(1)],
  [['log', 3, 'x'], { command: 'log', msg: 'x', level: 3 }, h.acked(1)],
  [['error', 'x'], { command: 'error', msg: 'x' }, h.acked(1)],
  [['metric', 'm', { a: 1 }], { command: 'metrics', name: 'm', params: { a: 1 } }, h.acked(1)],
  [['conf', 'a'], h.emitted(1, 'conf', 'a', 5), h.acked(1)],
  [['conf', 'b'], h.emitted(1, 'conf', 'b', null), h.acked(1)],
  [['sleep', 1], h.emitted(1, 'sleep', 1), h.acked(1)],
];
test('the reference bolt does what each row of its table says', async () => {
  const host = h.start(bolt);
  host.write(h.setup({ a: 5 }));
  let count = 0;
  for (const [values, ...expected] of rows) {
    host.write(h.tuple(1, ...values));
    count += expected.length;
    const messages = await host.receive(count);
    assert.deepEqual(messages.slice(count - expected.length), expected, values[0]);
  }
  const result = await host.end();
  assert.deepEqual([host.messages.length - 1, result.status, result.stderr], [count, 0, '']);
});

for (const [command, pattern] of [
  ['throw', /^Error: boo\n {4}at .*do_throw/],
  ['unencodable', /^EncodeError: values\[1\] is the BigInt 1180591620717411303424/],
]) {
  test(`a basic bolt that meets ${command} reports it, fails the tuple and lives on`, async () => {
    const result = await h.converse(bolt, [h.tuple(1, command, 'boo'), h.tuple(2, 'echo')]);
    assert.equal(result.messages[0].command, 'error');
    assert.match(result.messages[0].msg, pattern);
    assert.deepEqual(result.messages.slice(1), [h.failed(1), h.emitted(2, 'echo'), h.acked(2)]);
    assert.equal(result.status, 0);
  });
}

test('ticks are counted, acked by the library and not given to process', async () => {
  const result = await h.converse(bolt, [h.tick, h.tick, h.tuple(1, 'ticks')]);
  assert.deepEqual(result.messages, [h.acked(77), h.acked(77), h.emitted(1, 'ticks', 2), h.acked(1)]);
});

test('a tick is known by its component and its stream, not by its stream alone', async () => {
  const result = await h.converse(bolt, [{ ...h.tick, comp: 'mine', tuple: ['echo'] }]);
  assert.deepEqual(result.messages, [h.emitted(77, 'echo'), h.acked(77)]);
});

test('a plain bolt acks ticks too, after an asynchronous processTick', async () => {
  const result = await h.converse(
    h.source(`class B extends Bolt {
      async processTick(tuple) { await new Promise(setImmediate); this.emit([tuple.values[0]]); }
    } new B().run();`),
    [h.tick],
  );
  assert.deepEqual(result.messages, [unanchored(1), h.acked(77)]);
});

test('a plain bolt joins what it held, acks in order and forgets it', async () => {
  const result = await h.converse(plain, [
    h.tuple(1, 'hold'),
    h.tuple(2, 'hold'),
    h.tuple(3, 'join'),
    h.tuple(4, 'hold'),
    h.tuple(5, 'release'),
    h.tuple(6, 'echo', 'x'),
    h.tuple(7, 'unanchored'),
  ]);
  assert.deepEqual(result.messages, [
    anchored(['1', '2', '3'], 'join', 2),
    ...[1, 2, 3, 4, 5].map(h.acked),
    h.emitted(6, 'echo', 'x'),
    h.acked(6),
    unanchored('unanchored'),
    h.acked(7),
  ]);
});

test('a plain bolt that emits what JSON cannot hold reports it, fails the tuple and lives on', async () => {
  for (const kind of ['', 'async ']) {
    const result = await h.converse(
      h.source(`class B extends Bolt {
        ${kind}process(tuple) { this.emit([1], { anchors: [tuple] }); this.emit([NaN]); this.ack(tuple); }
      } new B().run();`),
      [h.tuple(1), h.heartbeat],
    );
    assert.deepEqual(result.messages.map((m) => m.command).sort(), ['emit', 'error', 'fail', 'sync']);
    assert.match(result.messages.find((m) => m.command === 'error').msg, /values\[0\] is NaN/);
    assert.equal(result.status, 0);
  }
});

test('an EncodeError that the author catches is the author’s affair', async () => {
  const result = await h.converse(
    h.source(`class B extends BasicBolt {
      process() { try { this.emit([1n]); } catch (e) { this.emit([e instanceof EncodeError]); } }
    } new B().run();`),
    [h.tuple(1)],
  );
  assert.deepEqual(result.messages, [h.emitted(1, true), h.acked(1)]);
});

test('tuples have id, component, stream, task and values', async () => {
  const result = await h.converse(h.source('class B extends BasicBolt { process(t) { this.emit(Object.entries(t)); } } new B().run();'), [
    h.tuple(1, 'a'),
  ]);
  const fields = { id: '1', component: 'words', stream: 'default', task: 3, values: ['a'] };
  assert.deepEqual(result.messages[0].tuple, Object.entries(fields));
});

test('an asynchronous basic bolt takes one tuple after the other, and anchors to the right one', async () => {
  const result = await h.converse(
    h.source(`class B extends BasicBolt {
      async process(tuple) {
        this.emit(['begin']);
        await new Promise(setImmediate);
        if (tuple.id === '2') throw new Error('bang');
        this.emit(['end']);
      }
    } new B().run();`),
    [h.tuple(1), h.tuple(2), h.tuple(3)],
  );
  result.messages[4].msg = result.messages[4].msg.split('\n')[0];
  assert.deepEqual(result.messages, [
    ...[h.emitted(1, 'begin'), h.emitted(1, 'end'), h.acked(1)],
    ...[h.emitted(2, 'begin'), { command: 'error', msg: 'Error: bang' }, h.failed(2)],
    ...[h.emitted(3, 'begin'), h.emitted(3, 'end'), h.acked(3)],
  ]);
});

test('what an asynchronous bolt says is written while it is still at work', async () => {
  const host = h.start(
    h.source(`class B extends BasicBolt {
      async process() { this.emit(['working']); await new Promise(() => {}); }
    } new B().run();`),
  );
  host.write(h.setup(), h.tuple(1), h.heartbeat);
  assert.deepEqual(await host.receive(2), [h.emitted(1, 'working'), h.sync]);
  assert.equal((await host.end()).status, 0);
});

test('a basic bolt may settle its tuple itself, once, and anchors nothing to it after', async () => {
  const result = await h.converse(
    h.source(`class B extends BasicBolt {
      process(t) {
        if (t.id === '1') { this.ack(); this.ack(t); this.fail(t.id); this.emit(['late']); }
        if (t.id === '2') { this.fail(t); throw new Error('after'); }
        if (t.id === '3') { this.ack('0'); this.emit(['x'], { anchors: ['0', t] }); this.emit(['y'], { anchors: [] }); }
      }
    } new B().run();`),
    [h.tuple(1), h.tuple(2), h.tuple(3)],
  );
  assert.equal(result.messages[3].command, 'error');
  result.messages.splice(3, 1);
  assert.deepEqual(result.messages, [
    ...[h.acked(1), unanchored('late'), h.failed(2)],
    ...[h.acked(0), anchored(['0', '3'], 'x'), unanchored('y'), h.acked(3)],
  ]);
});

test('ids that need escaping come back as they were', async () => {
  const result = await h.converse(bolt, [h.tuple('a"\\\n', 'echo'), h.tuple('é', 'echo')]);
  assert.deepEqual(
    result.messages.map((m) => m.id ?? m.anchors[0]),
    ['a"\\\n', 'a"\\\n', 'é', 'é'],
  );
});

test('each level has its function, errors are logged with their trace, and a wrong level is refused', async () => {
  const result = await h.converse(
    h.source(`class B extends BasicBolt {
      process() {
        for (const level of ['trace', 'debug', 'info', 'warn', 'error']) this[level](level);
        this.log('by name', 'warn');
        this.log({ a: 1 });
        this.info(new Error('e'));
        this.log('x', 'loud');
      }
    } new B().run();`),
    [h.tuple(1)],
  );
  const logs = result.messages.filter((m) => m.command === 'log').map((m) => [m.msg.split('\n')[0], m.level]);
  const named = ['trace', 'debug', 'info', 'warn', 'error'].map((name, level) => [name, level]);
  assert.deepEqual(logs, [...named, ['by name', 3], ['{ a: 1 }', 2], ['Error: e', 2]]);
  assert.match(result.messages.at(-2).msg, /No log level 'loud': use 0 to 4 or trace, debug/);
  assert.deepEqual(result.messages.at(-1), h.failed(1));
});

test('reportError takes an exception, with its cause, or a text', async () => {
  const result = await h.converse(
    h.source(`class B extends BasicBolt {
      process() { this.reportError(new Error('outer', { cause: new Error('inner') })); this.reportError('text'); }
    } new B().run();`),
    [h.tuple(1)],
  );
  assert.match(result.messages[0].msg, /^Error: outer\n {4}at [\s\S]*\[cause\]: Error: inner\n +at /);
  assert.deepEqual(result.messages.slice(1), [{ command: 'error', msg: 'text' }, h.acked(1)]);
});
