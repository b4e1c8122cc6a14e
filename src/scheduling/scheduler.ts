/**
 * What every scheduler is given and gives back. Invariant: a scheduler is a function of what stands here; it says which slot runs which executors, and nimbus
 * gives the incarnations their names.
 */
import type { AssignedExecutor, AssignedWorker, Assignment } from '../model/assignment.js';
import type { TaskTable } from '../model/task-table.js';
import type { Slot, SupervisorSlots } from './slots.js';

export interface SchedulingTopology {
  readonly topologyId: string;
  /** Workers that it should have: `topology.workers`, or what a rebalance said. */
  readonly workers: number;
  readonly table: TaskTable;
  /** As it stands in the store; absent where all is to be placed anew, after a rebalance. */
  readonly assignment?: Assignment | undefined;
  /** Supervisors where its workers failed not long ago: last choice. */
  readonly avoid?: ReadonlySet<string> | undefined;
}

export interface SchedulingInput {
  /** Supervisors that are alive and may get workers, with all of their slots. */
  readonly supervisors: readonly SupervisorSlots[];
  /** All topologies that should run, in the order in which they may take slots. */
  readonly topologies: readonly SchedulingTopology[];
  /** Whether a worker of one of the assignments still runs or is still being given time to start: it stays where it is. */
  readonly isAlive: (worker: AssignedWorker) => boolean;
}

/** A worker in its slot. */
export interface PlacedWorker extends Slot {
  /** By rising task ids; at least one. */
  readonly executors: readonly AssignedExecutor[];
}

export interface Placement {
  readonly topologyId: string;
  /** Those that stay as they are may be the very objects of the old assignment. */
  readonly workers: readonly PlacedWorker[];
}

/** One placement for each topology, in the same order. What finds no slot is left out; see `unassignedExecutors`. Must not change what it is given. */
export type Scheduler = (input: SchedulingInput) => readonly Placement[];
