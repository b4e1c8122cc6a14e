/**
 * What the store holds for a topology: one entry, written by version, by the leading nimbus only. Invariant: task ids never change after the submission (design D6).
 */
import type { AssignedWorker } from '../model/assignment.js';
import type { TaskTable } from '../model/task-table.js';

export type TopologyStatus = 'active' | 'inactive' | 'killed';

export interface TopologyRecord {
  /** `name-N-epochSeconds`, as Storm makes them. */
  readonly id: string;
  readonly name: string;
  readonly status: TopologyStatus;
  readonly table: TaskTable;
  readonly workers: readonly AssignedWorker[];
}

export interface SupervisorRecord {
  readonly id: string;
  readonly ports: readonly number[];
}

export const TOPOLOGIES_PATH = '/topologies';
export const SUPERVISORS_PATH = '/supervisors';

export function topologyPath(id: string): string {
  return `${TOPOLOGIES_PATH}/${id}`;
}

export function supervisorPath(id: string): string {
  return `${SUPERVISORS_PATH}/${id}`;
}
