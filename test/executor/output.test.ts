/** What a task emits, acks and fails, and where the switchboard sends it. */
import t from 'tap';
import { EdgeIds } from '../../src/acking/edge-ids.js';
import { SpoutPending } from '../../src/acking/spout-pending.js';
import { addRoot } from '../../src/acking/tuple-tree.js';
import type { OutputStream } from '../../src/component/ports.js';
import { Switchboard } from '../../src/executor/switchboard.js';
import { type Roots, TaskOutput } from '../../src/executor/task-output.js';
import { createRouter } from '../../src/grouping/router.js';
import { TaskCounters } from '../../src/metrics/task-counters.js';
import type { PolyboltError } from '../../src/model/errors.js';
import { ackerTaskOf, rootHighOf, spoutTaskOf, Tuple } from '../../src/model/tuple.js';
import { Values } from '../../src/model/values.js';
import { Batch, ROOT_ACK, ROOT_COMPLETED, ROOT_FAIL, ROOT_INIT } from '../../src/transport/transport.js';
import { settled, surroundings, tupleOf } from './fakes.js';

/** Ids 1, 2, 4, 8…: an XOR of them tells which took part. */
function powersOfTwo(): EdgeIds {
  let bit = 0;
  return new EdgeIds((pool) => {
    for (let i = 0; i < pool.length; i += 2) [pool[i], pool[i + 1]] = [0, 1 << (bit++ % 31)];
  });
}

function output(groupings: readonly ('all' | 'direct')[] = ['all']) {
  const delivered: [task: number, tuple: Tuple][] = [];
  const said: unknown[][] = [];
  const roots: Roots = {
    init: (...numbers) => void said.push(['init', ...numbers]),
    ack: (...numbers) => void said.push(['ack', ...numbers]),
    fail: (...numbers) => void said.push(['fail', ...numbers]),
  };
  const observed: unknown[][] = [];
  const counters = new TaskCounters();
  const task = new TaskOutput({
    component: 'emitter',
    task: 7,
    router: createRouter({
      component: 'emitter',
      streams: [
        {
          name: 'default',
          fields: ['n'],
          direct: groupings.includes('direct'),
          subscribers: groupings.map((type, index) => ({
            component: `target${index}`,
            grouping: { type },
            targets: [10, 11],
            localTargets: [],
          })),
        },
      ],
      random: () => 0,
    }),
    delivery: { deliver: (target, tuple) => void delivered.push([target, tuple]) },
    roots,
    ids: powersOfTwo(),
    counters,
    hasTask: (other) => other <= 11,
    nowOf: { nowMs: 5 },
    observer: (component, stream, from, values) => void observed.push([component, stream, from, values.text]),
  });
  return { task, stream: task.stream('default') as OutputStream, delivered, said, observed, counters };
}

t.test('an emit goes to every target, counts once as emitted and for each target as transferred', async (t) => {
  const { task, stream, delivered, counters, observed } = output();
  t.strictSame(task.emit(stream, Values.fromText('[1]'), [], 0, 0), [10, 11]);
  t.strictSame(
    delivered.map(([target, tuple]) => [target, tuple.rootCount, tuple.source.component, tuple.source.task]),
    [
      [10, 0, 'emitter', 7],
      [11, 0, 'emitter', 7],
    ],
  );
  t.match(counters, { emitted: 1, transferred: 2 });
  t.strictSame(observed, [['emitter', 'default', 7, '[1]']], 'an observer sees an emit once');
});

t.test('a reliable emit draws an id for each target and tells the acker their XOR', async (t) => {
  const { task, stream, delivered, said } = output();
  const pending = new SpoutPending(99);
  task.attachSpout({ pending, ackerTask: 3, onInstantAck: () => t.fail('it has targets') });
  task.emitRoot(stream, Values.fromText('[1]'), 'id', 0);
  const high = rootHighOf(3, 7);
  t.strictSame(
    delivered.map(([, { rootHigh, rootLow, edgeHigh, edgeLow }]) => [rootHigh, rootLow, edgeHigh, edgeLow]),
    [
      [high, 100, 0, 1],
      [high, 100, 0, 2],
    ],
  );
  t.strictSame(said, [['init', high, 100, 0, 3]]);
  t.equal(pending.size, 1);
  t.strictSame([ackerTaskOf(high), spoutTaskOf(high)], [3, 7]);
});

t.test('an anchored emit gives each target its own edge, and the ack of the anchor carries their XOR', async (t) => {
  const { task, stream, delivered, said, counters } = output();
  const input = tupleOf(1);
  Object.assign(input, { rootCount: 1, rootHigh: 30, rootLow: 31, edgeHigh: 0, edgeLow: 1024 });
  task.emit(stream, Values.fromText('[2]'), [input], 1, 0);
  t.strictSame(
    delivered.map(([, tuple]) => tuple.edgeLow),
    [1, 2],
  );
  task.ack(input);
  t.strictSame(said, [['ack', 30, 31, 0, 1024 ^ 1 ^ 2]]);
  t.match(counters, { acked: 1 });
});

t.test('a fail names every root of the tuple', async (t) => {
  const { task, said } = output();
  const input = tupleOf(1);
  Object.assign(input, { rootCount: 2, rootHigh: 30, rootLow: 31, moreRoots: [40, 41, 0, 0] });
  task.fail(input);
  t.strictSame(said, [
    ['fail', 30, 31],
    ['fail', 40, 41],
  ]);
});

t.test('ML-SP-16: with acking off, or without a target, a reliable emit is acked at once and is never pending', async (t) => {
  for (const [ackerTask, groupings] of [
    [0, ['all']],
    [3, []],
  ] as const) {
    const { task, stream, said } = output(groupings);
    const pending = new SpoutPending(0);
    const acked: unknown[] = [];
    task.attachSpout({ pending, ackerTask, onInstantAck: (id) => void acked.push(id) });
    task.emitRoot(stream, Values.fromText('[1]'), 'id', 0);
    t.strictSame([acked, pending.size, said], [['id'], 0, []]);
  }
});

t.test('ML-EM-19: a direct emit goes to its task alone, and to nobody if that task does not listen', async (t) => {
  const { task, stream, delivered } = output(['direct']);
  t.strictSame(task.emit(stream, Values.fromText('[1]'), [], 0, 11), [11]);
  t.strictSame(task.emit(stream, Values.fromText('[1]'), [], 0, 9), []);
  t.strictSame(
    delivered.map(([target]) => target),
    [11],
  );
});

/** A switchboard with no task of its own: everything is for worker `peer`. */
function switchboard(workerOf: (task: number) => string | undefined) {
  const { queue } = surroundings();
  const sent: [string, Batch][] = [];
  const dropped: string[] = [];
  const board = new Switchboard({
    queue,
    send: (worker, batch) => void sent.push([worker, batch]),
    workerOf,
    isInsideCycle: () => false,
    onDropped: ({ code }: PolyboltError) => void dropped.push(code),
  });
  return { board, queue, sent, dropped };
}

t.test('what is for another worker leaves as one batch a turn, tuples and records in order', async (t) => {
  const { board, queue, sent } = switchboard(() => 'peer');
  board.deliver(20, tupleOf('a'));
  board.deliver(21, tupleOf('b'));
  board.init(rootHighOf(5, 6), 1, 2, 3);
  board.ack(rootHighOf(5, 6), 1, 2, 3);
  board.fail(rootHighOf(5, 6), 9);
  board.announce('peer', 12, true);
  board.announce('peer', 12, false);
  await settled(queue);
  const high = rootHighOf(5, 6);
  t.equal(sent.length, 1);
  const [worker, batch] = sent[0] as [string, Batch];
  t.equal(worker, 'peer');
  t.strictSame(batch.tasks, [20, 21]);
  t.strictSame(
    batch.tuples.map(({ values }) => values.text),
    ['["a"]', '["b"]'],
  );
  t.strictSame(batch.roots, [ROOT_INIT, high, 1, 2, 3, ROOT_ACK, high, 1, 2, 3, ROOT_FAIL, high, 9, 0, 0]);
  t.strictSame(batch.congestion, [12, -12]);
});

t.test('values that have no JSON fail at once where they would leave for another worker', async (t) => {
  const { board, queue, sent, dropped } = switchboard(() => 'peer');
  const unsendable = new Tuple(tupleOf().source, Values.fromArray([2n]));
  const high = rootHighOf(5, 6);
  addRoot(unsendable, high, 9, 0, 1);
  board.deliver(20, unsendable);
  board.deliver(20, new Tuple(tupleOf().source, Values.fromArray(['b'])));
  await settled(queue);
  t.strictSame(dropped, ['PB_LINK_TUPLE_UNSENDABLE']);
  const [, batch] = sent[0] as [string, Batch];
  t.strictSame(batch.roots, [ROOT_FAIL, high, 9, 0, 0]);
  t.strictSame(batch.tasks, [20], 'the next one is sent');
});

t.test('what nobody runs is dropped: the spout’s timeout brings it back', async (t) => {
  const { board, queue, sent } = switchboard(() => undefined);
  board.deliver(20, tupleOf('a'));
  board.ack(rootHighOf(5, 6), 1, 2, 3);
  await settled(queue);
  t.strictSame(sent, []);
});

t.test('an acker of this worker answers the spout of another worker with a verdict', async (t) => {
  const { board, queue, sent } = switchboard((task) => (task === 6 ? 'spouts' : undefined));
  board.addAcker(5);
  const batch = new Batch();
  const high = rootHighOf(5, 6);
  batch.roots.push(ROOT_ACK, high, 1, 0, 8, ROOT_INIT, high, 1, 0, 8);
  board.receive('2.1', batch);
  await settled(queue);
  t.strictSame(
    sent.map(([worker, { roots }]) => [worker, roots]),
    [['spouts', [ROOT_COMPLETED, high, 1, 0, 0]]],
  );
});
