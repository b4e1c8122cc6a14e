/**
 * Which worker runs which executors of a topology. Invariant: no executor is in two workers, and a worker's incarnation stands
 * for its slot and its executors: if any of them changes, it is another incarnation (design D7).
 */
import type { TaskTable } from './task-table.js';

/** First and last task of an executor, both inclusive. */
export type AssignedExecutor = readonly [firstTask: number, lastTask: number];

export interface AssignedWorker {
  /** From `incarnationName`; never used twice. Its supervisor may launch it several times, one after the other, and numbers the launches. */
  readonly incarnation: string;
  /** Id of the supervisor, and the port of the slot there. */
  readonly supervisor: string;
  readonly port: number;
  /** By rising task ids; at least one. */
  readonly executors: readonly AssignedExecutor[];
}

export interface Assignment {
  readonly topologyId: string;
  /** Version in the store that it was read with; none before it was first written. */
  readonly version?: number;
  readonly workers: readonly AssignedWorker[];
}

/** Task ids that a worker runs, rising. */
export function tasksOfWorker(worker: AssignedWorker): readonly number[] {
  const tasks: number[] = [];
  for (const [first, last] of worker.executors) for (let task = first; task <= last; task++) tasks.push(task);
  return tasks;
}

/** Executors of the table that no worker runs, for want of slots. */
export function unassignedExecutors(table: TaskTable, assignment: Assignment | undefined): readonly AssignedExecutor[] {
  const assigned = new Set(assignment?.workers.flatMap((worker) => worker.executors.map(executorKey)));
  return table.executors
    .map(({ firstTask, lastTask }): AssignedExecutor => [firstTask, lastTask])
    .filter((executor) => !assigned.has(executorKey(executor)));
}

/** Tells executors apart in sets and maps. */
export function executorKey([firstTask, lastTask]: AssignedExecutor): string {
  return `${firstTask}-${lastTask}`;
}

/** Names the incarnation that the `generation`th assignment of a topology issues to its `index`th worker. */
export function incarnationName(generation: number, index: number): string {
  return `${generation}.${index}`;
}

/** The generation of the assignment that issued an incarnation: a worker that does not know a higher one yet has to read again. */
export function generationOf(incarnation: string): number {
  return Number(incarnation.slice(0, incarnation.indexOf('.')));
}
