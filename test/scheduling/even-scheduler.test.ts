import t from 'tap';
import { type AssignedWorker, type Assignment, tasksOfWorker, unassignedExecutors } from '../../src/model/assignment.js';
import type { SupervisorSlots } from '../../src/scheduling/slots.js';
import { loads, only, places, schedule, supervisors, tableOf, topology } from './clusters.js';

t.test('a topology is spread over supervisors before any gets a second worker, lowest ports first', async (t) => {
  const table = tableOf({ a: 12 });
  t.same(places(only(schedule({ supervisors: supervisors(2, 4, 3), topologies: [topology(5, table)] }))), [
    's2:6700',
    's3:6700',
    's1:6700',
    's2:6701',
    's3:6701',
  ]);
});

t.test('executors go round the workers, each component over all of them, one acker to each', async (t) => {
  const table = tableOf({ __acker: 2, count: 3, spout: 1 }, 2);
  t.same(only(schedule({ supervisors: supervisors(1, 1), topologies: [topology(2, table)] })), {
    topologyId: 'words-1-1700000000',
    workers: [
      {
        incarnation: 'i1',
        supervisor: 's1',
        port: 6700,
        executors: [
          [1, 2],
          [5, 6],
          [9, 10],
        ],
      },
      {
        incarnation: 'i2',
        supervisor: 's2',
        port: 6700,
        executors: [
          [3, 4],
          [7, 8],
          [11, 12],
        ],
      },
    ],
  });
});

t.test('there are never more workers than the topology wants, than there are executors, or than slots', async (t) => {
  const count = (workers: number, executors: number, ...ports: number[]): number =>
    only(schedule({ supervisors: supervisors(...ports), topologies: [topology(workers, tableOf({ a: executors }))] })).workers.length;
  t.equal(count(3, 10, 4, 4), 3);
  t.equal(count(8, 2, 4, 4), 2);
  t.equal(count(8, 10, 1, 2), 3);
  t.equal(count(8, 10, 0), 0);
  t.equal(count(8, 10), 0);
});

t.test('topologies take turns at the slots: the first gets what it wants, the next what is left', async (t) => {
  const [first, second, third] = schedule({
    supervisors: supervisors(2, 2),
    topologies: [topology(3, tableOf({ a: 3 })), topology(2, tableOf({ a: 4 })), topology(1, tableOf({ a: 1 }))],
  });
  t.same(places(first as Assignment), ['s1:6700', 's2:6700', 's1:6701']);
  t.same(places(second as Assignment), ['s2:6701']);
  t.same(loads(second as Assignment), [4]);
  t.same(third, { topologyId: 'words-1-1700000000', workers: [] });
  t.same(unassignedExecutors(tableOf({ a: 1 }), third), [[1, 1]]);
});

t.test('what is alive stays as it is: the same assignment comes back', async (t) => {
  const table = tableOf({ __acker: 3, a: 5, b: 2 });
  const old: Assignment = { ...only(schedule({ supervisors: supervisors(4, 4), topologies: [topology(3, table)] })), version: 7 };
  t.equal(only(schedule({ supervisors: supervisors(4, 4), topologies: [topology(3, table, old)] })), old);
  t.equal(only(schedule({ supervisors: [], topologies: [topology(3, table, old)] })), old, 'even while no supervisor is heard of');
});

t.test('a dead worker is replaced by one of a new incarnation with its executors, and the others are left alone', async (t) => {
  const table = tableOf({ __acker: 3, a: 5, b: 2 });
  const old: Assignment = { ...only(schedule({ supervisors: supervisors(1, 1, 1, 1), topologies: [topology(3, table)] })), version: 7 };
  t.same(places(old), ['s1:6700', 's2:6700', 's3:6700']);
  const [, , , spare] = supervisors(1, 1, 1, 1);
  const next = only(schedule({ supervisors: [spare as SupervisorSlots], topologies: [topology(3, table, old)], dead: ['i2'], round: 'n' }));
  t.equal(next.version, 7, 'the version to write over');
  t.equal(next.workers[0], old.workers[0]);
  t.equal(next.workers[1], old.workers[2]);
  t.same(next.workers[2], { ...(old.workers[1] as AssignedWorker), incarnation: 'n1', supervisor: 's4' });
  t.equal(next.workers.length, 3);
});

t.test('a dead worker whose slot is the only free one comes back there, as another incarnation', async (t) => {
  const table = tableOf({ a: 4 });
  const old = only(schedule({ supervisors: supervisors(1, 1), topologies: [topology(2, table)] }));
  const next = only(schedule({ supervisors: supervisors(1, 1), topologies: [topology(2, table, old)], dead: ['i1'], round: 'n' }));
  t.equal(next.workers[0], old.workers[1]);
  t.same(next.workers[1], { ...(old.workers[0] as AssignedWorker), incarnation: 'n1' });
});

t.test('a replacement goes to a supervisor that runs fewest of the topology, before one with more free slots', async (t) => {
  const table = tableOf({ a: 3 });
  const old = only(schedule({ supervisors: supervisors(9, 2, 2), topologies: [topology(3, table)] }));
  t.same(places(old), ['s1:6700', 's2:6700', 's3:6700']);
  const next = only(schedule({ supervisors: supervisors(9, 2, 2), topologies: [topology(3, table, old)], dead: ['i3'], round: 'n' }));
  t.same(places(next), ['s1:6700', 's2:6700', 's3:6700']);
});

t.test('when no slot is left the surviving workers take the orphans over, evenly, each as a new incarnation', async (t) => {
  const table = tableOf({ a: 6, b: 3 });
  const old = only(schedule({ supervisors: supervisors(1, 1, 1), topologies: [topology(3, table)] }));
  const [first, second] = supervisors(1, 1);
  const next = only(
    schedule({
      supervisors: [first, second] as SupervisorSlots[],
      topologies: [topology(3, table, old)],
      dead: ['i3'],
      round: 'n',
    }),
  );
  t.same(places(next), ['s1:6700', 's2:6700']);
  t.same(loads(next).sort(), [4, 5]);
  t.same(
    next.workers.map((worker) => worker.incarnation),
    ['n1', 'n2'],
  );
  t.same(unassignedExecutors(table, next), []);
});

/** An assignment of workers a, b, … on supervisors s1, s2, … that run these tasks as executors of one each. */
function running(...tasks: number[][]): Assignment {
  const workers = tasks.map((each, index): AssignedWorker => {
    const executors = each.map((task) => [task, task] as const);
    return { incarnation: 'abc'[index] as string, supervisor: `s${index + 1}`, port: 6700, executors };
  });
  return { topologyId: 'words-1-1700000000', workers };
}

const tasksByWorker = (assignment: Assignment): unknown => assignment.workers.map((worker) => [worker.incarnation, tasksOfWorker(worker)]);

t.test('a survivor that takes nothing over keeps its incarnation', async (t) => {
  const old = running([1], [2, 3], [4]);
  const next = only(schedule({ supervisors: supervisors(1, 1), topologies: [topology(3, tableOf({ x: 4 }), old)], dead: ['c'] }));
  t.same(tasksByWorker(next), [
    ['i1', [1, 4]],
    ['b', [2, 3]],
  ]);
  t.equal(next.workers[1], old.workers[1]);
});

t.test('among equals a new worker gets an executor rather than one that would have to start anew', async (t) => {
  const old = running([1, 4, 7], [2, 5, 8], [3, 6]);
  const next = only(schedule({ supervisors: supervisors(1, 1, 1), topologies: [topology(3, tableOf({ x: 8 }), old)], dead: ['a'] }));
  t.same(tasksByWorker(next), [
    ['b', [2, 5, 8]],
    ['c', [3, 6]],
    ['i1', [1, 4, 7]],
  ]);
});

t.test('among equals the one that runs fewest of the component gets an executor', async (t) => {
  const old = running([1, 2], [4, 5], [3]);
  const next = only(schedule({ supervisors: supervisors(1, 1), topologies: [topology(3, tableOf({ x: 3, y: 2 }), old)], dead: ['c'] }));
  t.same(tasksByWorker(next), [
    ['a', [1, 2]],
    ['i1', [3, 4, 5]],
  ]);
});

t.test('one component is spread without regard to where the one before it went', async (t) => {
  const old = running([1, 2], [3, 4, 5], [6, 7]);
  const table = tableOf({ x: 5, y: 1, z: 1 });
  const next = only(schedule({ supervisors: supervisors(1, 1), topologies: [topology(3, table, old)], dead: ['c'] }));
  t.same(tasksByWorker(next), [
    ['i1', [1, 2, 6, 7]],
    ['b', [3, 4, 5]],
  ]);
});

t.test('a worker that has nothing left to run is let go', async (t) => {
  const merged = tableOf({ x: 1 }, 2);
  const next = only(schedule({ supervisors: supervisors(1, 1), topologies: [topology(2, merged, running([1], [2]))] }));
  t.same(tasksByWorker(next), [['i1', [1, 2]]]);
});

t.test('a slot that was given back is taken in its turn by port', async (t) => {
  const next = only(schedule({ supervisors: supervisors(3), topologies: [topology(2, tableOf({ x: 2 }), running([1, 2]))] }));
  t.same(places(next), ['s1:6700', 's1:6701']);
});

t.test('when slots come back a crowded topology spreads out again, and then rests', async (t) => {
  const table = tableOf({ a: 12 });
  const crowded = only(schedule({ supervisors: supervisors(1, 1), topologies: [topology(4, table)] }));
  t.same(loads(crowded), [6, 6]);
  const wide = only(schedule({ supervisors: supervisors(1, 1, 1, 1), topologies: [topology(4, table, crowded)], round: 'n' }));
  t.same(loads(wide), [3, 3, 3, 3]);
  t.same(places(wide).sort(), ['s1:6700', 's2:6700', 's3:6700', 's4:6700']);
  t.equal(only(schedule({ supervisors: supervisors(1, 1, 1, 1), topologies: [topology(4, table, wide)] })), wide);
});

t.test('a rebalance to fewer workers keeps them on different supervisors and gives the slots back', async (t) => {
  const table = tableOf({ a: 8 });
  const old = only(schedule({ supervisors: supervisors(2, 2), topologies: [topology(4, table)] }));
  t.same(places(old), ['s1:6700', 's2:6700', 's1:6701', 's2:6701']);
  const [next, other] = schedule({
    supervisors: supervisors(2, 2),
    topologies: [topology(2, table, old), topology(2, tableOf({ a: 2 }))],
    round: 'n',
  });
  t.same(places(next as Assignment), ['s1:6700', 's2:6700']);
  t.same(loads(next as Assignment), [4, 4]);
  t.same(places(other as Assignment), ['s1:6701', 's2:6701']);
});

t.test('a topology gets the slots that one behind it gives back in the same round', async (t) => {
  const table = tableOf({ a: 4 });
  const [none, four] = schedule({ supervisors: supervisors(2, 2), topologies: [topology(0, table), topology(4, table)] });
  const next = schedule({ supervisors: supervisors(2, 2), topologies: [topology(2, table, none), topology(2, table, four)], round: 'n' });
  t.same(next.map(places), [
    ['s1:6701', 's2:6701'],
    ['s1:6700', 's2:6700'],
  ]);
});

t.test('a rebalance that cuts executors anew drops those that are no more and places the new ones', async (t) => {
  const old = only(schedule({ supervisors: supervisors(1, 1), topologies: [topology(2, tableOf({ a: 4 }))] }));
  const next = only(schedule({ supervisors: supervisors(1, 1), topologies: [topology(2, tableOf({ a: 2 }, 2), old)], round: 'n' }));
  t.same(
    next.workers.map((worker) => worker.executors),
    [[[1, 2]], [[3, 4]]],
  );
  t.same(
    next.workers.map((worker) => worker.incarnation),
    ['n1', 'n2'],
  );
});

t.test('a slot that its supervisor no longer has is not taken again', async (t) => {
  const table = tableOf({ a: 2 });
  const old = only(schedule({ supervisors: [{ id: 's1', ports: [6700] }], topologies: [topology(1, table)] }));
  const moved = only(schedule({ supervisors: [{ id: 's1', ports: [6701, 6702] }], topologies: [topology(2, table, old)], round: 'n' }));
  t.same(places(moved), ['s1:6701', 's1:6702']);
});

t.test('tasksOfWorker lists the tasks of all executors', async (t) => {
  const executors = [
    [1, 1],
    [4, 6],
  ] as const;
  t.same(tasksOfWorker({ incarnation: 'i', supervisor: 's', port: 1, executors }), [1, 4, 5, 6]);
});
