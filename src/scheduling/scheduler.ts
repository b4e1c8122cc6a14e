/** What every scheduler is given and gives back. Invariant: a scheduler is a function; what it may know stands here. */
import type { AssignedWorker, Assignment } from '../model/assignment.js';
import type { TaskTable } from '../model/task-table.js';
import type { SupervisorSlots } from './slots.js';

export interface SchedulingTopology {
  readonly topologyId: string;
  /** Workers that it should have: `topology.workers`, or what a rebalance said. */
  readonly workers: number;
  readonly table: TaskTable;
  /** As it stands in the store. */
  readonly assignment?: Assignment | undefined;
}

export interface SchedulingInput {
  /** Supervisors that are alive and may get workers, with all of their slots. */
  readonly supervisors: readonly SupervisorSlots[];
  /** All topologies that should run, in the order in which they may take slots. */
  readonly topologies: readonly SchedulingTopology[];
  /** Whether a worker of an old assignment still runs or is still being given time to start: it stays where it is. */
  readonly isAlive: (worker: AssignedWorker) => boolean;
  /** A name that was never given to a worker before. */
  readonly newIncarnation: () => string;
}

/**
 * One assignment for each topology, in the same order: the very object it came with where nothing changes, so that only changes
 * need writing. What finds no slot is left out; see `unassignedExecutors`.
 */
export type Scheduler = (input: SchedulingInput) => readonly Assignment[];
