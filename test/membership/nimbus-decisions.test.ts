/** What nimbus decides about topologies and workers, by itself: life cycle, waits, who counts as dead. No clock but numbers. */
import t from 'tap';
import { Liveness } from '../../src/membership/liveness.js';
import { PendingWaits } from '../../src/membership/pending-waits.js';
import { changeTopology, cutExecutors, finishPending, type TopologyChange } from '../../src/membership/topology-lifecycle.js';
import { isEmitting, type SupervisorRecord, type TopologyRecord, VERSIONS, type WorkerState } from '../../src/model/cluster-records.js';
import { AVOID_MS, CHANGE_WAIT_MS_MAX, MOVE_PAUSE_MS_MAX, MOVE_PAUSE_MS_MIN, SUPERVISOR_GRACE_MS } from '../../src/model/limits.js';
import type { ExecutorRange } from '../../src/model/task-table.js';

/** Five tasks of `a` in two executors, two of `constructor` in two: 1-3, 4-5, 6-6, 7-7. */
const TABLE = {
  components: ['a', 'a', 'a', 'a', 'a', 'constructor', 'constructor'],
  executors: [
    { component: 'a', firstTask: 1, lastTask: 3 },
    { component: 'a', firstTask: 4, lastTask: 5 },
    { component: 'constructor', firstTask: 6, lastTask: 6 },
    { component: 'constructor', firstTask: 7, lastTask: 7 },
  ],
};

function record(more: Partial<TopologyRecord> = {}): TopologyRecord {
  return {
    id: 'words-1-1700000000',
    name: 'words',
    status: 'active',
    blob: '',
    workersWanted: 2,
    table: TABLE,
    generation: 1,
    workers: [],
    hosts: {},
    messageTimeoutMs: 30_000,
    ...more,
  };
}

const change = (before: TopologyRecord, what: TopologyChange): TopologyRecord => changeTopology(before, what);
const ranges = (executors: readonly ExecutorRange[]): unknown => executors.map(({ firstTask, lastTask }) => [firstTask, lastTask]);

t.test('activate and deactivate change the status, and nothing when it is so already', async (t) => {
  const active = record();
  const inactive = change(active, { kind: 'deactivate' });
  t.equal(inactive.status, 'inactive');
  t.notOk(isEmitting(inactive));
  t.equal(change(inactive, { kind: 'deactivate' }), inactive, 'the same object: nothing to write');
  t.equal(change(active, { kind: 'activate' }), active);
  t.ok(isEmitting(change(inactive, { kind: 'activate' })));
});

t.test('a kill stops the spouts at once, waits the message timeout or what is said, and ends in nothing', async (t) => {
  const killed = change(record(), { kind: 'kill' });
  t.match(killed, { status: 'killed', pending: { kind: 'kill', waitMs: 30_000 } });
  t.notOk(isEmitting(killed));
  t.equal(finishPending(killed), undefined);
  t.match(change(record(), { kind: 'kill', waitMs: 0 }).pending, { waitMs: 0 });
  t.match(change(killed, { kind: 'kill', waitMs: 5 }).pending, { waitMs: 5 }, 'a second kill may be quicker');
});

t.test('a topology that is being killed takes no other change', async (t) => {
  const killed = change(record(), { kind: 'kill' });
  for (const kind of ['activate', 'deactivate', 'rebalance'] as const) {
    t.throws(() => change(killed, { kind }), { code: 'PB_TOPOLOGY_KILLED', message: /words/ });
  }
});

t.test('a rebalance keeps spouts still while it waits, then sets workers and cuts executors; tasks stay', async (t) => {
  const waiting = change(record(), { kind: 'rebalance', workers: 4, executors: { a: 5, constructor: 1 } });
  t.notOk(isEmitting(waiting));
  t.strictSame(waiting.pending, { kind: 'rebalance', waitMs: 30_000, workers: 4, executors: { a: 5, constructor: 1 } });
  t.equal(waiting.workersWanted, 2, 'not yet');
  const done = finishPending(waiting) as TopologyRecord;
  t.equal(done.pending, undefined);
  t.equal(done.status, 'active');
  t.equal(done.workersWanted, 4);
  t.strictSame(done.table.components, TABLE.components);
  t.strictSame(ranges(done.table.executors), [
    [1, 1],
    [2, 2],
    [3, 3],
    [4, 4],
    [5, 5],
    [6, 7],
  ]);
});

t.test('a topology may be deactivated while a rebalance waits, and is inactive after it', async (t) => {
  const waiting = change(change(record(), { kind: 'rebalance' }), { kind: 'deactivate' });
  t.equal(waiting.pending?.kind, 'rebalance');
  t.equal(finishPending(waiting)?.status, 'inactive');
});

t.test('a second rebalance adds to the one that waits, a kill takes its place', async (t) => {
  const first = change(record(), { kind: 'rebalance', workers: 4, executors: { a: 1 } });
  const second = change(first, { kind: 'rebalance', waitMs: 0, executors: { constructor: 1 } });
  t.strictSame(second.pending, { kind: 'rebalance', waitMs: 0, workers: 4, executors: { a: 1, constructor: 1 } });
  t.strictSame(change(second, { kind: 'kill', waitMs: 7 }).pending, { kind: 'kill', waitMs: 7 });
});

t.test('a rebalance that asks for the impossible is refused, with what is possible', async (t) => {
  const refused = (what: Partial<TopologyChange>, says: RegExp): void => {
    t.throws(() => change(record(), { kind: 'rebalance', ...what } as TopologyChange), { code: 'PB_CHANGE_INVALID', message: says });
  };
  refused({ workers: 0 }, /workers cannot be set: 0 is not a whole number above 0/);
  refused({ workers: -1 }, /-1/);
  refused({ workers: 1.5 }, /1\.5/);
  refused({ workers: Number.NaN }, /whole number/);
  refused({ workers: 1e9 }, /1000000000 are more than the 65535/);
  refused({ executors: { a: 6 } }, /executors of a cannot be set: 6 are more than the 5 tasks/);
  refused({ executors: { a: 0 } }, /executors of a/);
  refused({ executors: { toString: 1 } }, /no component "toString"/);
  refused({ waitMs: -1 }, /wait of -0\.001 s/);
  refused({ waitMs: CHANGE_WAIT_MS_MAX + 1 }, /not possible/);
  t.equal(change(record(), { kind: 'rebalance', waitMs: CHANGE_WAIT_MS_MAX }).pending?.waitMs, CHANGE_WAIT_MS_MAX);
  try {
    change(record(), { kind: 'rebalance', executors: { constuctor: 1 } });
  } catch (error) {
    t.match((error as { hint: string }).hint, /did you mean `constructor`/);
  }
});

t.test('executors are cut as at a submission: the first take one task more; others stay the same', async (t) => {
  t.strictSame(ranges(cutExecutors(TABLE, { a: 3 }).executors), [
    [1, 2],
    [3, 4],
    [5, 5],
    [6, 6],
    [7, 7],
  ]);
  t.equal(cutExecutors(TABLE, {}).executors[3], TABLE.executors[3], 'a component called constructor is not taken for a property');
});

t.test('a wait begins when it is first seen, ends at its time, and begins anew when the change changes', async (t) => {
  const waits = new PendingWaits();
  const killed = change(record(), { kind: 'kill', waitMs: 100 });
  t.same(waits.look([killed], 1000), { due: new Set(), nextMs: 1100 });
  t.same(waits.look([killed], 1099), { due: new Set(), nextMs: 1100 });
  t.same([...waits.look([killed], 1100).due], [killed.id]);
  const slower = change(killed, { kind: 'kill', waitMs: 200 });
  t.same(waits.look([slower], 1100), { due: new Set(), nextMs: 1300 });
  waits.forget(slower.id);
  t.same(waits.look([slower], 1200).nextMs, 1400, 'asked for again, it waits anew');
  t.same(waits.look([record()], 1300), { due: new Set(), nextMs: Number.POSITIVE_INFINITY });
  t.same(new PendingWaits().look([killed], 5000).nextMs, 5100, 'another leader waits it out anew');
});

const LIMITS = { taskTimeoutMs: 30_000, supervisorTimeoutMs: 60_000, launchMs: 120_000, sessionMs: 20_000 };
const ASSIGNED = record({
  workers: [
    { incarnation: '1.0', supervisor: 's1', port: 6700, executors: [[1, 3]] },
    { incarnation: '1.1', supervisor: 's2', port: 6700, executors: [[4, 5]] },
  ],
});

function supervisor(id: string, state?: WorkerState, incarnation = id === 's1' ? '1.0' : '1.1'): SupervisorRecord {
  const workers = state === undefined ? [] : [{ topologyId: ASSIGNED.id, incarnation, launch: 1, state }];
  return { id, host: id, ports: [6700], url: '', versions: VERSIONS, workers };
}

const deadIn = (liveness: Liveness, supervisors: readonly SupervisorRecord[], nowMs: number): string[] =>
  liveness.look([ASSIGNED], supervisors, nowMs).dead.map(({ worker, reason }) => `${worker.incarnation} ${reason}`);

t.test('a worker that runs lives for ever', async (t) => {
  const liveness = new Liveness(LIMITS);
  const all = [supervisor('s1', 'running'), supervisor('s2', 'running')];
  t.same(liveness.look([ASSIGNED], all, 0), { dead: [], nextMs: Number.POSITIVE_INFINITY });
  t.same(deadIn(liveness, all, 1e9), []);
});

t.test('the workers of a supervisor that is gone are dead when the task timeout less the silence before has passed', async (t) => {
  const liveness = new Liveness(LIMITS);
  liveness.look([ASSIGNED], [supervisor('s1', 'running'), supervisor('s2', 'running')], 0);
  t.same(liveness.look([ASSIGNED], [supervisor('s2', 'running')], 500), { dead: [], nextMs: 10_500 });
  t.same(deadIn(liveness, [supervisor('s2', 'running')], 10_499), []);
  t.same(deadIn(liveness, [supervisor('s2', 'running')], 10_500), ['1.0 supervisor gone']);
});

t.test('a supervisor that comes back in time keeps its workers, and its next absence counts from its start', async (t) => {
  const liveness = new Liveness(LIMITS);
  const other = supervisor('s2', 'running');
  t.same(deadIn(liveness, [other], 0), []);
  t.same(deadIn(liveness, [supervisor('s1', 'running'), other], 9000), []);
  t.same(deadIn(liveness, [other], 10_000), []);
  t.same(deadIn(liveness, [other], 19_999), []);
  t.same(deadIn(liveness, [other], 20_000), ['1.0 supervisor gone']);
});

t.test('a supervisor that starts anew always has a little time', async (t) => {
  const liveness = new Liveness({ ...LIMITS, taskTimeoutMs: 20_000 });
  t.same(liveness.look([ASSIGNED], [supervisor('s2', 'running')], 0).nextMs, SUPERVISOR_GRACE_MS);
});

t.test('a worker that failed is dead at once, one that does not come up in time then', async (t) => {
  const liveness = new Liveness(LIMITS);
  t.same(deadIn(liveness, [supervisor('s1', 'failed'), supervisor('s2', 'starting')], 0), ['1.0 failed']);
  t.same(deadIn(liveness, [supervisor('s1', 'running'), supervisor('s2', 'starting')], 119_999), []);
  t.same(deadIn(liveness, [supervisor('s1', 'running'), supervisor('s2', 'starting')], 120_000), ['1.1 not running in time']);
});

t.test('a worker that its supervisor says nothing of is being launched, whatever else runs in its slot', async (t) => {
  const liveness = new Liveness(LIMITS);
  const all = [supervisor('s1'), supervisor('s2', 'running', '0.7')];
  t.same(deadIn(liveness, all, 0), []);
  t.same(deadIn(liveness, all, 120_000), ['1.0 not running in time', '1.1 not running in time']);
});

t.test('what a topology prepares has no deadline, and the launch begins after it', async (t) => {
  const liveness = new Liveness(LIMITS);
  const other = supervisor('s2', 'running');
  t.same(deadIn(liveness, [supervisor('s1', 'preparing'), other], 0), []);
  t.same(deadIn(liveness, [supervisor('s1', 'preparing'), other], 1e7), []);
  t.same(liveness.look([ASSIGNED], [supervisor('s1', 'starting'), other], 1e7).nextMs, 1e7 + 120_000);
});

t.test('a new leader starts all clocks anew', async (t) => {
  const old = new Liveness(LIMITS);
  deadIn(old, [], 0);
  t.equal(deadIn(old, [], 10_000).length, 2);
  t.same(deadIn(new Liveness(LIMITS), [], 10_000), []);
});

t.test('a topology whose workers fail wherever they go is moved less and less often', async (t) => {
  const liveness = new Liveness(LIMITS);
  const moved = (nowMs: number, generation: number): { readonly dead: number; readonly nextMs: number } => {
    const incarnation = `${generation}.0`;
    const topology = record({ workers: [{ incarnation, supervisor: 's1', port: 6700, executors: [[1, 5]] }] });
    const { dead, nextMs } = liveness.look([topology], [supervisor('s1', 'failed', incarnation)], nowMs);
    return { dead: dead.length, nextMs };
  };
  t.same(moved(0, 1), { dead: 1, nextMs: Number.POSITIVE_INFINITY }, 'the first time at once');
  t.same(moved(0, 2), { dead: 0, nextMs: MOVE_PAUSE_MS_MIN });
  t.same(moved(MOVE_PAUSE_MS_MIN, 2).dead, 1);
  t.same(moved(MOVE_PAUSE_MS_MIN, 3).nextMs, 3 * MOVE_PAUSE_MS_MIN, 'then twice as long each time');
  let nowMs = MOVE_PAUSE_MS_MIN;
  for (let generation = 3; generation < 20; generation++) {
    const { nextMs } = moved(nowMs, generation);
    t.ok(nextMs - nowMs <= MOVE_PAUSE_MS_MAX);
    nowMs = nextMs;
    t.equal(moved(nowMs, generation).dead, 1);
  }
  t.equal(moved(nowMs, 20).nextMs, nowMs + MOVE_PAUSE_MS_MAX);
  t.same(moved(nowMs + AVOID_MS + 1, 21).dead, 1, 'a failure long after the last is a first one again');
});

t.test('a topology keeps away for a while from where its worker failed, not from where a supervisor went away', async (t) => {
  const liveness = new Liveness(LIMITS);
  deadIn(liveness, [supervisor('s1', 'failed')], 0);
  deadIn(liveness, [supervisor('s1', 'running')], 10_000);
  t.same([...liveness.avoidedBy(ASSIGNED.id)], ['s1']);
  deadIn(liveness, [supervisor('s1', 'running')], AVOID_MS);
  t.same([...liveness.avoidedBy(ASSIGNED.id)], []);
});
