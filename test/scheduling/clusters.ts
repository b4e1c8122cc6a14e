/** Small clusters and topologies for the schedulers' tests. Invariant: incarnations are numbered in the order of issue. */
import type { AssignedWorker, Assignment } from '../../src/model/assignment.js';
import type { TaskTable } from '../../src/model/task-table.js';
import { checkPlacements } from '../../src/scheduling/check-placements.js';
import { scheduleEvenly } from '../../src/scheduling/even-scheduler.js';
import type { SchedulingInput, SchedulingTopology } from '../../src/scheduling/scheduler.js';
import type { SupervisorSlots } from '../../src/scheduling/slots.js';

/** A table of components with so many executors of one task each, or of so many tasks. */
export function tableOf(executors: Readonly<Record<string, number>>, tasksEach = 1): TaskTable {
  const components: string[] = [];
  const ranges: TaskTable['executors'][number][] = [];
  for (const [component, count] of Object.entries(executors)) {
    for (let index = 0; index < count; index++) {
      ranges.push({ component, firstTask: components.length + 1, lastTask: components.length + tasksEach });
      for (let task = 0; task < tasksEach; task++) components.push(component);
    }
  }
  return { components, executors: ranges };
}

export function supervisors(...portCounts: number[]): SupervisorSlots[] {
  return portCounts.map((count, index) => ({ id: `s${index + 1}`, ports: Array.from({ length: count }, (_, port) => 6700 + port) }));
}

export interface Round {
  readonly supervisors: readonly SupervisorSlots[];
  readonly topologies: readonly SchedulingTopology[];
  readonly dead?: readonly string[];
  /** Names of new incarnations start with it. */
  readonly round?: string;
}

/** Places, and names what is new; an assignment that stays as it was is the same object. */
export function schedule({ supervisors, topologies, dead = [], round = 'i' }: Round): readonly Assignment[] {
  let issued = 0;
  const isAlive = (worker: AssignedWorker): boolean => !dead.includes(worker.incarnation);
  const input: SchedulingInput = { supervisors, topologies, isAlive };
  const placements = scheduleEvenly(input);
  checkPlacements(input, placements);
  return placements.map(({ topologyId, workers: placed }, index) => {
    const { assignment } = topologies[index] as SchedulingTopology;
    const old = new Set<unknown>(assignment?.workers);
    const workers = placed.map(
      (worker): AssignedWorker => (old.has(worker) ? (worker as AssignedWorker) : { incarnation: `${round}${++issued}`, ...worker }),
    );
    const isSame = workers.length === assignment?.workers.length && workers.every((worker, place) => worker === assignment.workers[place]);
    return isSame ? assignment : { ...assignment, topologyId, workers };
  });
}

export const topology = (workers: number, table: TaskTable, assignment?: Assignment): SchedulingTopology => ({
  topologyId: 'words-1-1700000000',
  workers,
  table,
  assignment,
});

export const only = (assignments: readonly Assignment[]): Assignment => assignments[0] as Assignment;
export const places = (assignment: Assignment): string[] => assignment.workers.map((worker) => `${worker.supervisor}:${worker.port}`);
export const loads = (assignment: Assignment): number[] => assignment.workers.map((worker) => worker.executors.length);
