// Task ids in real processes: asked for only on request, waited for only by those who look.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as h from './harness.mjs';

const bolt = h.program('reference/bolt.mjs');
const asking = (id, ...values) => ({ command: 'emit', anchors: [String(id)], tuple: values });

for (const transport of ['fifo', 'socket']) {
  test(`over a ${transport}, a look into the list waits for it, and what comes meanwhile keeps its order`, async () => {
    const host = h.start(bolt, { transport });
    host.write(h.setup(), h.tuple(1, 'task_ids', 'x'), h.tuple(2, 'echo'));
    assert.deepEqual(await host.receive(1), [asking(1, 'x')]);
    host.write(h.tuple(3, 'echo'), h.heartbeat, [4, 5], h.tuple(4, 'echo'));
    const messages = await host.receive(10);
    assert.deepEqual(messages.slice(1), [
      ...[h.emitted(1, 'task_ids', [4, 5]), h.acked(1)],
      ...[h.emitted(2, 'echo'), h.acked(2), h.emitted(3, 'echo'), h.acked(3)],
      ...[h.sync, h.emitted(4, 'echo'), h.acked(4)],
    ]);
    assert.equal((await host.end()).status, 0);
  });
}

test('a list that nobody looks into is not waited for, and the next list goes to the next emit', async () => {
  const host = h.start(bolt);
  host.write(h.setup(), h.tuple(1, 'task_ids_unread', 'x'));
  assert.deepEqual(await host.receive(2), [asking(1, 'x'), h.acked(1)]);
  host.write(h.tuple(2, 'task_ids', 'y'));
  await host.receive(3);
  host.write([7], [8]);
  const messages = await host.receive(5);
  assert.deepEqual(messages.slice(2), [asking(2, 'y'), h.emitted(2, 'task_ids', [8]), h.acked(2)]);
  await host.end();
});

test('an awaited list lets heartbeats through', async () => {
  const host = h.start(
    h.source(`class B extends BasicBolt {
      async process() { this.emit(await this.emit(['x'], { needTaskIds: true })); }
    } new B().run();`),
  );
  host.write(h.setup(), h.tuple(1), h.tuple(2), h.heartbeat);
  assert.deepEqual(await host.receive(2), [asking(1, 'x'), h.sync]);
  host.write([4]);
  await host.receive(5);
  host.write([5, 6]);
  const messages = await host.receive(7);
  assert.deepEqual(messages.slice(2), [h.emitted(1, 4), h.acked(1), asking(2, 'x'), h.emitted(2, 5, 6), h.acked(2)]);
  await host.end();
});

test('a list has a length, indexes, an iterator and a JSON form', async () => {
  const result = await h.converse(
    h.source(`class B extends BasicBolt {
      process() {
        const ids = this.emit(['x'], { needTaskIds: true });
        this.emit([ids.length, ids.at(-1), [...ids], ids, ids.read()]);
      }
    } new B().run();`),
    [h.tuple(1), [4, 5]],
  );
  assert.deepEqual(result.messages[1], h.emitted(1, 2, 5, [4, 5], [4, 5], [4, 5]));
});

test('a direct emit is never answered: its list holds the task that was named', async () => {
  const result = await h.converse(
    h.source(`class B extends BasicBolt {
      async process() {
        const ids = this.emit(['x'], { task: 9, needTaskIds: true });
        this.emit([ids.read(), await ids]);
      }
    } new B().run();`),
    [h.tuple(1)],
  );
  const direct = { ...h.emitted(1, 'x'), task: 9 };
  assert.deepEqual(result.messages, [direct, h.emitted(1, [9], [9]), h.acked(1)]);
});

test('an emit that could not be encoded asks for no list', async () => {
  const host = h.start(
    h.source(`class B extends BasicBolt {
      process() {
        try { this.emit([1n], { needTaskIds: true }); } catch {}
        this.emit([this.emit(['x'], { needTaskIds: true })]);
      }
    } new B().run();`),
  );
  host.write(h.setup(), h.tuple(1));
  await host.receive(1);
  host.write([6]);
  assert.deepEqual((await host.receive(3))[1], h.emitted(1, [6]));
  await host.end();
});
