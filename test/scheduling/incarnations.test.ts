import t from 'tap';
import type { AssignedExecutor, AssignedWorker } from '../../src/model/assignment.js';
import { checkPlacements } from '../../src/scheduling/check-placements.js';
import { scheduleEvenly } from '../../src/scheduling/even-scheduler.js';
import { issueIncarnations } from '../../src/scheduling/incarnations.js';
import type { PlacedWorker, Placement, SchedulingInput } from '../../src/scheduling/scheduler.js';
import { places, schedule, supervisors, tableOf, topology } from './clusters.js';

const at = (supervisor: string, ...tasks: number[]): PlacedWorker => ({
  supervisor,
  port: 6700,
  executors: tasks.map((task): AssignedExecutor => [task, task]),
});
const worker = (incarnation: string, supervisor: string, ...tasks: number[]): AssignedWorker => ({
  incarnation,
  ...at(supervisor, ...tasks),
});
const names = (workers: readonly AssignedWorker[] | undefined): unknown =>
  workers?.map(({ incarnation, supervisor }) => `${incarnation} ${supervisor}`);
const alive = (): boolean => true;

t.test('a living worker whose slot and executors stay keeps its incarnation; all others are of the next generation', async (t) => {
  const old = [worker('1.0', 's1', 1, 2), worker('3.1', 's2', 3), worker('1.2', 's3', 4)];
  const issued = issueIncarnations(3, old, [at('s4', 4), at('s2', 3, 5), at('s1', 2, 1)], alive);
  t.equal(issued?.generation, 4);
  t.same(names(issued?.workers), ['1.0 s1', '4.0 s4', '4.1 s2']);
  t.equal(issued?.workers[0], old[0], 'the very record');
});

t.test('a dead worker in the same slot with the same executors is another incarnation', async (t) => {
  const old = [worker('1.0', 's1', 1), worker('1.1', 's2', 2)];
  const issued = issueIncarnations(1, old, [at('s1', 1), at('s2', 2)], (each) => each.incarnation !== '1.1');
  t.same(names(issued?.workers), ['1.0 s1', '2.0 s2']);
});

t.test('what is the same in another order is no change', async (t) => {
  const old = [worker('1.0', 's1', 1, 3), worker('1.1', 's2', 2)];
  t.equal(issueIncarnations(1, old, [at('s2', 2), at('s1', 3, 1)], alive), undefined);
  t.equal(issueIncarnations(0, [], [], alive), undefined);
});

t.test('an executor of other tasks is another executor', async (t) => {
  const old: AssignedWorker[] = [{ ...worker('1.0', 's1'), executors: [[1, 2]] }];
  t.same(names(issueIncarnations(1, old, [{ ...at('s1'), executors: [[1, 1]] }], alive)?.workers), ['2.0 s1']);
});

t.test(
  'a topology that is placed anew after a rebalance takes the slots of supervisors that have joined; before, it does not',
  async (t) => {
    const table = tableOf({ a: 4 });
    const [old] = schedule({ supervisors: supervisors(2), topologies: [topology(2, table)] });
    t.same(places(old as never), ['s1:6700', 's1:6701']);
    const joined = supervisors(2, 2);
    t.equal(schedule({ supervisors: joined, topologies: [topology(2, table, old)] })[0], old);
    const [anew] = schedule({ supervisors: joined, topologies: [topology(2, table)] });
    t.same(places(anew as never), ['s1:6700', 's2:6700']);
  },
);

t.test('a supervisor that is to be avoided is the last choice, and a choice', async (t) => {
  const avoiding = { ...topology(2, tableOf({ a: 2 })), avoid: new Set(['s1']) };
  const placesOf = (...ports: number[]): string[] =>
    places(schedule({ supervisors: supervisors(...ports), topologies: [avoiding] })[0] as never);
  t.same(placesOf(4, 2), ['s2:6700', 's2:6701']);
  t.same(placesOf(4, 1), ['s2:6700', 's1:6700']);
  t.same(placesOf(4), ['s1:6700', 's1:6701']);
});

const INPUT: SchedulingInput = { supervisors: supervisors(1, 1), topologies: [topology(2, tableOf({ a: 2 }))], isAlive: alive };
const [GOOD] = scheduleEvenly(INPUT) as [Placement];

t.test('what a scheduler returns is checked before anybody acts on it', async (t) => {
  const refused = (placements: unknown, says: RegExp): void => {
    t.throws(() => checkPlacements(INPUT, placements as Placement[]), { code: 'PB_SCHEDULE_INVALID', message: says });
  };
  checkPlacements(INPUT, [GOOD]);
  checkPlacements(INPUT, [{ ...GOOD, workers: [] }]);
  const [first, second] = GOOD.workers as [PlacedWorker, PlacedWorker];
  const of = (...workers: unknown[]): unknown => [{ ...GOOD, workers }];
  refused(undefined, /one placement for each of 1 topologies/);
  refused([], /one placement/);
  refused([{ ...GOOD, topologyId: 'other' }], /no placement for words-1-1700000000/);
  refused(of({ ...first, port: 1 }), /s1:1, which is no slot/);
  refused(of(first, { ...second, supervisor: 's1' }), /s1:6700, which is no slot, or is given away twice/);
  refused(of({ ...first, executors: [] }), /runs nothing/);
  refused(of(first, { ...second, executors: first.executors }), /executor 1-1, or it is given away twice/);
  refused(of({ ...first, executors: [[1, 2]] }), /no executor 1-2/);
});

t.test('a living worker may stay where its supervisor is not there to show its slots', async (t) => {
  const assignment = { topologyId: GOOD.topologyId, workers: GOOD.workers.map((each, index) => ({ incarnation: `1.${index}`, ...each })) };
  const input = { ...INPUT, supervisors: [], topologies: [topology(2, tableOf({ a: 2 }), assignment)] };
  checkPlacements(input, scheduleEvenly(input));
  t.throws(() => checkPlacements({ ...input, isAlive: () => false }, [{ ...GOOD, workers: assignment.workers }]), {
    code: 'PB_SCHEDULE_INVALID',
  });
});
