import fc from 'fast-check';
import t from 'tap';
import { type Assignment, tasksOfWorker, unassignedExecutors } from '../../src/model/assignment.js';
import type { TaskTable } from '../../src/model/task-table.js';
import { loads, only, places, schedule, supervisors, tableOf, topology } from './clusters.js';

const difference = (numbers: readonly number[]): number => Math.max(...numbers) - Math.min(...numbers);

t.test('property: a fresh assignment is complete and even in executors, components and supervisors', async (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 6 }),
      (sizes, workers, supervisorCount) => {
        const table = tableOf(Object.fromEntries(sizes.map((size, index) => [`c${index}`, size])));
        const machines = supervisors(...Array.from({ length: supervisorCount }, () => 3));
        const assignment = only(schedule({ supervisors: machines, topologies: [topology(workers, table)] }));
        const perSupervisor = machines.map(({ id }) => assignment.workers.filter((worker) => worker.supervisor === id).length);
        const perComponent = sizes.map((_, index) =>
          assignment.workers.map((worker) => tasksOfWorker(worker).filter((task) => table.components[task - 1] === `c${index}`).length),
        );
        return (
          isSound(table, workers, assignment) &&
          unassignedExecutors(table, assignment).length === 0 &&
          difference(loads(assignment)) <= 1 &&
          difference(perSupervisor) <= 1 &&
          perComponent.every((counts) => difference(counts) <= 1)
        );
      },
    ),
    { numRuns: 300 },
  );
  t.pass();
});

t.test(
  'property: whatever dies and comes back, assignments stay sound, survivors stay put and a second look changes nothing',
  async (t) => {
    const event = fc.record({
      ports: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 5 }),
      deaths: fc.array(fc.nat(11), { maxLength: 4 }),
      workers: fc.integer({ min: 1, max: 8 }),
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 5 }),
        fc.array(event, { minLength: 1, maxLength: 8 }),
        (a, b, events) => {
          const tables = [tableOf({ a, b }), tableOf({ c: b, d: a })];
          let assignments: readonly (Assignment | undefined)[] = [undefined, undefined];
          return events.every(({ ports, deaths, workers }, round) => {
            const running = assignments.flatMap((assignment) => assignment?.workers ?? []);
            const dead = deaths.map((index) => running[index]?.incarnation ?? '');
            const look = (old: readonly (Assignment | undefined)[], dead: readonly string[], name: string): readonly Assignment[] =>
              schedule({
                supervisors: supervisors(...ports),
                topologies: tables.map((table, index) => topology(workers, table, old[index])),
                dead,
                round: `${name}${round}-`,
              });
            const next = look(assignments, dead, 'r');
            const slots = next.flatMap(places);
            const complete = (index: number): boolean =>
              (next[index] as Assignment).workers.length === 0 || unassignedExecutors(tables[index] as TaskTable, next[index]).length === 0;
            const again = look(next, [], 'again');
            const names = next.flatMap((assignment) => assignment.workers.map((worker) => worker.incarnation));
            const before = new Map(running.map((worker) => [worker.incarnation, worker]));
            assignments = next;
            return (
              next.every((assignment, index) => isSound(tables[index] as TaskTable, workers, assignment)) &&
              new Set(slots).size === slots.length &&
              new Set(names).size === names.length &&
              names.every((name) => !dead.includes(name)) &&
              next.every(({ workers }) => workers.every((worker) => (before.get(worker.incarnation) ?? worker) === worker)) &&
              complete(0) &&
              complete(1) &&
              again.every((assignment, index) => assignment === next[index])
            );
          });
        },
      ),
      { numRuns: 500 },
    );
    t.pass();
  },
);

/** Known executors, each once, in rising order; not too many workers, none idle. */
function isSound(table: TaskTable, workersMax: number, { workers }: Assignment): boolean {
  const known = new Set(table.executors.map((executor) => `${executor.firstTask}-${executor.lastTask}`));
  return (
    workers.length <= workersMax &&
    workers.every((worker) => worker.executors.length > 0) &&
    workers.every((worker) => tasksOfWorker(worker).every((task, index, tasks) => index === 0 || task > (tasks[index - 1] as number))) &&
    workers.every((worker) => worker.executors.every(([first, last]) => known.delete(`${first}-${last}`)))
  );
}
