/** Tasks and their turns, with components that a test plays. */
import t from 'tap';
import { BoltTask } from '../../src/executor/bolt-task.js';
import { type Runnable, RunQueue } from '../../src/executor/run-queue.js';
import { SpoutTask } from '../../src/executor/spout-task.js';
import { TaskCounters } from '../../src/metrics/task-counters.js';
import { settingsOf } from '../../src/model/config.js';
import { INBOX_AGE_SHARE, SPOUT_PENDING_MAX, TURN_TUPLES_MAX } from '../../src/model/limits.js';
import type { Tuple } from '../../src/model/tuple.js';
import { FakeBolt, FakeSpout, settled, surroundings, tupleOf } from './fakes.js';

function bolt(options: Partial<ConstructorParameters<typeof BoltTask>[0]> = {}) {
  const around = surroundings();
  const host = new FakeBolt();
  const failed: Tuple[] = [];
  const errors: unknown[] = [];
  const task = new BoltTask({
    task: 5,
    component: 'bolt',
    counters: new TaskCounters(),
    queue: around.queue,
    board: around.board,
    waitsFor: [9],
    inboxTuplesMax: 100,
    ageMaxMs: 1000,
    tickFrequencyMs: null,
    isModule: false,
    fail: (tuple) => void failed.push(tuple),
    onError: (error) => void errors.push(error),
    ...options,
  });
  task.attach(host);
  return { ...around, host, task, failed, errors };
}

function spout(options: Partial<ConstructorParameters<typeof SpoutTask>[0]> = {}) {
  const around = surroundings();
  const host = new FakeSpout();
  let acks = 0;
  const task = new SpoutTask({
    task: 2,
    component: 'spout',
    counters: new TaskCounters(),
    queue: around.queue,
    board: around.board,
    waitsFor: [5],
    pendingMax: 3,
    ackerTask: 1,
    firstRoot: 41,
    onAcked: () => void acks++,
    ...options,
  });
  task.attach(host);
  return { ...around, host, task, acks: () => acks };
}

t.test('a bolt is given its tuples in order, in one turn, and written to once', async (t) => {
  const { task, host, queue } = bolt();
  for (const n of [1, 2, 3]) task.receive(tupleOf(n));
  await settled(queue);
  t.strictSame(host.executed, [1, 2, 3]);
  t.equal(host.flushes, 1);
  t.equal(task.counters.executed, 3);
});

t.test('a bolt that is not ready keeps its tuples in the inbox until it is woken', async (t) => {
  const { task, host, queue } = bolt();
  host.isReady = false;
  task.receive(tupleOf(1));
  await settled(queue);
  t.strictSame([host.executed, task.inbox.size, task.isIdle], [[], 1, false]);
  host.isReady = true;
  task.wake();
  await settled(queue);
  t.strictSame([host.executed, task.inbox.size, task.isIdle], [[1], 0, true]);
});

t.test('one turn takes at most TURN_TUPLES_MAX tuples, and the rest gets another', async (t) => {
  const { task, host } = bolt({ inboxTuplesMax: 10_000 });
  for (let n = 0; n < TURN_TUPLES_MAX + 1; n++) task.receive(tupleOf(n));
  task.turn(1000);
  t.equal(host.executed.length, TURN_TUPLES_MAX);
  t.equal(task.inbox.size, 1);
  task.turn(1000);
  t.equal(host.executed.length, TURN_TUPLES_MAX + 1);
});

t.test('a bolt takes nothing and reads nothing while what it feeds is congested', async (t) => {
  const { task, host, queue, board } = bolt();
  board.set(9, true);
  task.receive(tupleOf(1));
  await settled(queue);
  t.strictSame([host.executed, host.paused], [[], [true]]);
  board.set(9, false);
  await settled(queue);
  t.strictSame([host.executed, host.paused], [[1], [true, false]]);
});

t.test('a bolt whose inbox is at its bound says so on the board, and takes it back at half', async (t) => {
  const { task, host, queue, board } = bolt({ inboxTuplesMax: 4 });
  host.isReady = false;
  for (let n = 0; n < 5; n++) task.receive(tupleOf(n));
  await settled(queue);
  t.equal(board.isCongested(5), true);
  host.isReady = true;
  task.wake();
  await settled(queue);
  t.equal(board.isCongested(5), false);
});

t.test('a bolt whose oldest tuple is older than INBOX_AGE_SHARE of the message timeout is congested', async (t) => {
  const { messageTimeoutMs } = settingsOf({});
  const { task, host, board, clock, queue } = bolt({ ageMaxMs: messageTimeoutMs * INBOX_AGE_SHARE });
  host.isReady = false;
  task.receive(tupleOf(1));
  await settled(queue);
  task.pulse(clock.nowMs + 7500);
  t.equal(board.isCongested(5), false);
  task.pulse(clock.nowMs + 7501);
  t.equal(board.isCongested(5), true, 'a quarter of 30 s');
});

t.test('a tuple that cannot be executed fails, and the next one is executed', async (t) => {
  const { task, host, queue, failed, errors } = bolt();
  host.onExecute = (tuple) => {
    if (tuple.values.array[0] === 1) throw new TypeError('no JSON');
  };
  task.receive(tupleOf(1));
  task.receive(tupleOf(2));
  await settled(queue);
  t.strictSame([host.executed, failed.length], [[1, 2], 1]);
  t.match(errors, [{ message: 'no JSON' }]);
});

t.test('a spout is asked for more only while active', async (t) => {
  const { task, host, queue } = spout();
  host.onNext = () => {
    host.isIdle = false;
  };
  task.wake();
  await settled(queue);
  t.strictSame(host.told, []);
  task.activate();
  await settled(queue);
  t.strictSame(host.told, ['activate', 'next']);
});

t.test('ML-SP: a spout with an unanswered command is told nothing more', async (t) => {
  const { task, host, queue } = spout();
  host.isIdle = false;
  task.activate();
  task.onInstantAck('a');
  await settled(queue);
  t.strictSame(host.told, ['activate']);
});

t.test('a spout at topology.max.spout.pending hears verdicts and no next', async (t) => {
  const { task, host, queue } = spout();
  const roots = [task.pending.add('a', 0), task.pending.add('b', 0), task.pending.add('c', 0)];
  host.onNext = () => {
    host.isIdle = false;
  };
  task.activate();
  await settled(queue);
  t.strictSame(host.told, ['activate']);
  task.onVerdict(roots[1] as number, true);
  await settled(queue);
  t.strictSame(host.told, ['activate', 'ack b', 'next']);
});

t.test('without topology.max.spout.pending the bound is SPOUT_PENDING_MAX', async (t) => {
  t.equal(SPOUT_PENDING_MAX, 1_048_576);
  const { task, host, queue } = spout({ pendingMax: SPOUT_PENDING_MAX });
  for (let i = 0; i < SPOUT_PENDING_MAX; i++) task.pending.add('x', 0);
  task.activate();
  await settled(queue);
  t.strictSame(host.told, ['activate']);
});

t.test('a spout is asked for nothing while anything downstream is congested', async (t) => {
  const { task, host, queue, board } = spout();
  host.onNext = () => {
    host.isIdle = false;
  };
  board.set(5, true);
  task.activate();
  await settled(queue);
  t.strictSame([host.told, host.paused], [['activate'], [true]]);
  board.set(5, false);
  await settled(queue);
  t.strictSame(
    [host.told, host.paused],
    [
      ['activate', 'next'],
      [true, false],
    ],
  );
});

t.test('each root gets one verdict: a second one and one of an earlier life say nothing', async (t) => {
  const { task, host, queue, acks } = spout();
  const root = task.pending.add('a', 990);
  task.onVerdict(root, true);
  task.onVerdict(root, true);
  task.onVerdict(root, false);
  task.onVerdict(12345, true);
  await settled(queue);
  t.strictSame(host.told, ['ack a']);
  t.match(task.counters, { acked: 1, failed: 0 });
  t.equal(acks(), 1);
});

t.test('a root that is pending for a whole message timeout fails at the second rotation', async (t) => {
  const { task, host, queue } = spout();
  task.pending.add('a', 0);
  task.rotate();
  t.equal(task.pending.size, 1);
  task.rotate();
  await settled(queue);
  t.strictSame(host.told, ['fail a']);
  t.match(task.counters, { failed: 1, timedOut: 1 });
  t.equal(task.failedIds.size, 1);
});

t.test('a failed message id that is acked later is no longer open', async (t) => {
  const { task } = spout();
  task.onVerdict(task.pending.add('a', 0), false);
  task.onVerdict(task.pending.add('b', 0), false);
  t.equal(task.failedIds.size, 2);
  task.onVerdict(task.pending.add('a', 0), true);
  t.equal(task.failedIds.size, 1);
});

t.test('a spout that has not answered an ack is not idle', async (t) => {
  const { task, host } = spout();
  t.equal(task.isIdle, true);
  host.owesAnswer = true;
  t.equal(task.isIdle, false);
});

t.test('what is pending when the incarnation ends is abandoned, and no verdict of it reaches the next', async (t) => {
  const { task, host, queue } = spout();
  const root = task.pending.add('a', 0);
  task.onVerdict(task.pending.add('b', 0), true);
  task.onLost();
  task.onVerdict(root, true);
  await settled(queue);
  t.strictSame(host.told, []);
  t.match(task.counters, { acked: 1, abandoned: 1 });
  t.equal(task.failedIds.size, 1);
});

t.test('a runnable that asks twice has one turn; one that asks in its turn has another', async (t) => {
  const queue = new RunQueue(() => 0);
  let turns = 0;
  const runnable: Runnable = {
    isQueued: false,
    turn: () => {
      if (++turns === 1) queue.add(runnable);
    },
  };
  queue.add(runnable);
  queue.add(runnable);
  await settled(queue);
  t.equal(turns, 2);
});

t.test('nobody has a second turn before everybody who waits had one', async (t) => {
  const queue = new RunQueue(() => 0);
  const order: string[] = [];
  const make = (name: string): Runnable => {
    let left = 2;
    const runnable: Runnable = {
      isQueued: false,
      turn: () => {
        order.push(name);
        if (--left > 0) queue.add(runnable);
      },
    };
    return runnable;
  };
  for (const name of ['a', 'b', 'c']) queue.add(make(name));
  await settled(queue);
  t.strictSame(order, ['a', 'b', 'c', 'a', 'b', 'c']);
});

t.test('a round gives way to I/O after a few milliseconds, and goes on after it', async (t) => {
  let nowMs = 0;
  const queue = new RunQueue(() => nowMs);
  let turns = 0;
  const busy: Runnable = {
    isQueued: false,
    turn: () => {
      nowMs += 3;
      if (++turns < 10) queue.add(busy);
    },
  };
  queue.add(busy);
  await new Promise((resolve) => setImmediate(resolve));
  t.equal(turns, 2, 'two turns of 3 ms pass the 4 ms of a round');
  await settled(queue);
  t.equal(turns, 10);
});

t.test('what is dirty is flushed once, after all turns of a round', async (t) => {
  const queue = new RunQueue(() => 0);
  const order: string[] = [];
  const dirty = { isDirty: false, flush: () => void order.push('flush') };
  const make = (name: string): Runnable => ({
    isQueued: false,
    turn: () => {
      order.push(name);
      queue.addDirty(dirty);
    },
  });
  queue.add(make('a'));
  queue.add(make('b'));
  await settled(queue);
  t.strictSame(order, ['a', 'b', 'flush']);
});

t.test('a spout that may emit is not idle before it was asked', async (t) => {
  const { task, host, queue } = spout();
  t.equal(task.isIdle, true, 'nobody lets it emit yet');
  task.activate();
  t.equal(task.isIdle, false);
  host.onNext = () => {
    host.isIdle = false;
  };
  await settled(queue);
  t.strictSame(host.told, ['activate', 'next']);
  t.equal(task.isIdle, true, 'one that waits inside its next for something to say has nothing to do');
  task.onLost();
  t.equal(task.isIdle, false, 'its successor has not been asked');
  task.deactivate();
  t.equal(task.isIdle, true);
});
