// Spouts in real processes: one sync a command, after all that was said in answer to it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as h from './harness.mjs';

const spout = h.program('reference/spout.mjs');
const next = { command: 'next', id: '' };
const emitted = (id, ...values) => ({ command: 'emit', id, need_task_ids: false, tuple: values });
const logged = (msg) => ({ command: 'log', msg, level: 1 });

test('every command is ended by one sync, an unknown one too', async () => {
  const commands = ['activate', 'deactivate', 'next', 'dance'].map((command) => ({ command, id: '' }));
  const result = await h.converse(spout, [...commands, { command: 'ack', id: 5 }, { command: 'fail', id: 'x' }], {
    conf: { 'reference.count': 0 },
  });
  const said = [h.sync, h.sync, h.sync, h.sync, logged('acked 5'), h.sync, logged('failed x'), h.sync];
  assert.deepEqual(result.messages, said);
  assert.deepEqual([result.status, result.stderr], [0, '']);
});

test('the reference spout counts up in batches to its count', async () => {
  const conf = { 'reference.count': 3, 'reference.batch': 2 };
  const result = await h.converse(spout, [next, next, next], { conf });
  assert.deepEqual(result.messages, [
    ...[emitted(0, 'spout', 0), emitted(1, 'spout', 1), h.sync],
    ...[emitted(2, 'spout', 2), h.sync],
    h.sync,
  ]);
});

test('what failed is emitted again at the next next, before anything new, and again if it fails again', async () => {
  const fail = { command: 'fail', id: 0 };
  const result = await h.converse(spout, [next, next, fail, next, fail, next, { command: 'ack', id: 0 }, fail, next]);
  assert.deepEqual(result.messages, [
    ...[emitted(0, 'spout', 0), h.sync, emitted(1, 'spout', 1), h.sync],
    ...[logged('failed 0'), h.sync, emitted(0, 'spout', 0), h.sync],
    ...[logged('failed 0'), h.sync, emitted(0, 'spout', 0), h.sync],
    ...[logged('acked 0'), h.sync, logged('failed 0'), h.sync, emitted(2, 'spout', 2), h.sync],
  ]);
});

test('what was acked after all is not emitted again', async () => {
  const result = await h.converse(spout, [next, { command: 'fail', id: 0 }, { command: 'ack', id: 0 }, next]);
  assert.deepEqual(result.messages.slice(-2), [emitted(1, 'spout', 1), h.sync]);
});

test('without ids nothing is remembered', async () => {
  const conf = { 'reference.unreliable': true };
  const result = await h.converse(spout, [next, { command: 'fail', id: null }, next], { conf });
  const unreliable = (i) => ({ command: 'emit', need_task_ids: false, tuple: ['spout', i] });
  assert.deepEqual(result.messages, [unreliable(0), h.sync, logged('failed null'), h.sync, unreliable(1), h.sync]);
});

test('a spout that raises ends with status 1 and without a sync', async () => {
  const result = await h.converse(spout, [next], { conf: { 'reference.throw': true } });
  assert.equal(result.messages.length, 1);
  assert.match(result.messages[0].msg, /^Error: reference\.throw is set\n {4}at /);
  assert.equal(result.status, 1);
});

test('a reliable spout tells ids apart by type, counts what is pending, and replays all options but the question', async () => {
  const result = await h.converse(
    h.source(`class S extends ReliableSpout {
      nextTuple() {
        this.emit(['n'], { id: 1, stream: 's', task: 4 });
        this.emit(['t'], { id: '1', needTaskIds: true });
        this.emit(['o'], { id: { tuple: [1] } });
        this.emit([this.pendingCount]);
      }
    } new S().run();`),
    [next, [5], { command: 'fail', id: '1' }, { command: 'fail', id: { tuple: [1] } }, { command: 'ack', id: 1 }, next],
  );
  assert.deepEqual(result.messages.slice(0, 5), [
    { ...emitted(1, 'n'), stream: 's', task: 4 },
    { command: 'emit', id: '1', tuple: ['t'] },
    emitted({ tuple: [1] }, 'o'),
    { command: 'emit', need_task_ids: false, tuple: [3] },
    h.sync,
  ]);
  assert.deepEqual(result.messages.slice(8), [emitted('1', 't'), emitted({ tuple: [1] }, 'o'), h.sync]);
});

test('a spout may emit in ack, and its methods may be asynchronous: the sync comes last', async () => {
  const result = await h.converse(
    h.source(`class S extends Spout {
      async nextTuple() { await new Promise(setImmediate); this.emit(['late'], { id: 0 }); }
      ack(id) { this.emit(['after', id], { id: '' }); }
    } new S().run();`),
    [next, { command: 'ack', id: 0 }],
  );
  assert.deepEqual(result.messages, [emitted(0, 'late'), h.sync, emitted('', 'after', 0), h.sync]);
});

test('a value that JSON cannot hold is reported, nothing is emitted, the sync comes, and the spout lives on', async () => {
  for (const kind of ['', 'async ']) {
    const result = await h.converse(
      h.source(`class S extends ReliableSpout { n = 0;
        ${kind}nextTuple() { this.emit([this.n++ === 0 ? undefined : 'fine'], { id: 1 }); }
      } new S().run();`),
      [next, next],
    );
    assert.match(result.messages[0].msg, /^EncodeError: values\[0\] is undefined/);
    assert.deepEqual(result.messages.slice(1), [h.sync, emitted(1, 'fine'), h.sync]);
  }
});
