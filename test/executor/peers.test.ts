/** What a worker makes of its peers: their congestion, their loss, and the time that its own tasks are busy. */
import t from 'tap';
import { BoltTask } from '../../src/executor/bolt-task.js';
import { LOSS_GRACE_MS, Losses } from '../../src/executor/losses.js';
import { PeerCongestion } from '../../src/executor/peer-congestion.js';
import { TupleLines } from '../../src/executor/tuple-lines.js';
import { CongestionBoard } from '../../src/flow/congestion-board.js';
import { TaskCounters } from '../../src/metrics/task-counters.js';
import { Values } from '../../src/model/values.js';
import { FakeBolt, settled, surroundings, tupleOf } from './fakes.js';

const TASKS = new Map([
  ['1.1', [5, 6]],
  ['1.2', [7]],
]);

function peers() {
  const board = new CongestionBoard();
  const congestion = new PeerCongestion(board);
  congestion.setPeers(TASKS);
  return { congestion, congested: () => [5, 6, 7].filter((task) => board.isCongested(task)) };
}

t.test('a task is congested while its worker says so or its link is full, and free when neither', async (t) => {
  const { congestion, congested } = peers();
  congestion.announced('1.1', [5]);
  t.same(congested(), [5]);
  congestion.setBlocked('1.1', true);
  t.same(congested(), [5, 6]);
  congestion.announced('1.1', [-5, 6]);
  t.same(congested(), [5, 6], 'the link is still full');
  congestion.setBlocked('1.1', false);
  t.same(congested(), [6]);
  congestion.announced('1.1', [-6]);
  t.same(congested(), []);
});

t.test('a peer speaks for its own tasks only', async (t) => {
  const { congestion, congested } = peers();
  congestion.announced('1.1', [7]);
  congestion.announced('9.9', [5]);
  congestion.setBlocked('9.9', true);
  t.same(congested(), []);
});

t.test('what a lost launch said is void, and a task that moves or is no longer run waits for nobody', async (t) => {
  const { congestion, congested } = peers();
  congestion.announced('1.1', [5, 6]);
  congestion.announced('1.2', [7]);
  congestion.lost('1.2');
  t.same(congested(), [5, 6]);
  congestion.setPeers(new Map([['2.0', [5]]]));
  t.same(congested(), [], 'task 5 has another worker, 6 and 7 have none');
  congestion.setBlocked('2.0', true);
  t.same(congested(), [5]);
});

t.test('roots emitted before a loss fail a second after it, once; losses close together are one', async (t) => {
  const losses = new Losses();
  t.equal(losses.due(0), undefined);
  losses.add(1000);
  losses.add(1050);
  losses.add(1500);
  t.equal(losses.due(1050 + LOSS_GRACE_MS - 1), undefined);
  t.equal(losses.due(1050 + LOSS_GRACE_MS), 1050);
  t.equal(losses.due(1050 + LOSS_GRACE_MS), undefined);
  t.equal(losses.due(9999), 1500);
  for (let ms = 10_000; ms < 20_000; ms += 10) losses.add(ms);
  t.equal(losses.due(10_090 + LOSS_GRACE_MS), 10_090, 'a storm of losses puts nothing off');
  t.equal(losses.due(99_999), 19_990);
});

function bolt(isModule: boolean) {
  const around = surroundings();
  const host = new FakeBolt();
  const counters = new TaskCounters();
  const task = new BoltTask({
    task: 5,
    component: 'bolt',
    counters,
    queue: around.queue,
    board: around.board,
    waitsFor: [],
    inboxTuplesMax: 100,
    ageMaxMs: 1000,
    tickFrequencyMs: null,
    isModule,
    fail: () => {},
    onError: () => {},
  });
  task.attach(host);
  return { ...around, host, task, counters };
}

t.test('a module is busy for as long as its turns take, and what it acks in a turn took its share of it', async (t) => {
  const { task, host, queue, clock, counters } = bolt(true);
  host.onExecute = () => {
    clock.nowMs += 2;
    if (host.executed.length <= 3) counters.acked++;
  };
  for (const n of [1, 2, 3, 4]) task.receive(tupleOf(n));
  await settled(queue);
  t.same([counters.executeMs, counters.processMs], [8, 6]);
});

t.test('a child is busy while it holds an input, as seen at each pulse', async (t) => {
  const { task, host, counters } = bolt(false);
  for (const [nowMs, held] of [
    [1000, 1],
    [1100, 1],
    [1200, 0],
    [1300, 0],
    [1400, 2],
  ] as const) {
    host.heldCount = held;
    task.pulse(nowMs);
  }
  t.equal(counters.executeMs, 200);
});

t.test('tuples become lines of the streams that are wanted, in order, their values as written', async (t) => {
  const written: string[] = [];
  const lines = new TupleLines({ a: [], b: ['errors'] }, (text) => written.push(text));
  t.equal(lines.observerOf('c'), undefined);
  t.equal(lines.observerOf('constructor'), undefined);
  lines.observerOf('a')?.('a', 'default', 3, Values.fromText('[1.0,1e400]'));
  lines.observerOf('b')?.('b', 'default', 4, Values.fromText('[2]'));
  lines.observerOf('b')?.('b', 'errors', 4, Values.fromText('["é"]'));
  lines.flush();
  t.same(written, [
    '{"component":"a","stream":"default","task":3,"values":[1.0,1e400]}\n{"component":"b","stream":"errors","task":4,"values":["é"]}\n',
  ]);
});
