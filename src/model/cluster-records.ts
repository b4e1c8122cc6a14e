/**
 * What the store holds of a cluster, and where: the only words that daemons exchange about who does what. Invariant: each path is written by the daemon
 * that is named here and by version; records are small metadata, never tuples, metrics or code (design D6).
 * `spec/zookeeper.md` says the same for people.
 */
import type { AssignedWorker } from './assignment.js';
import type { TaskTable } from './task-table.js';

export type TopologyStatus = 'active' | 'inactive' | 'killed';

/** A change that waits: meanwhile the spouts are still, so that what is on its way may arrive. A leader that finds one waits it out anew. */
export type PendingChange =
  | { readonly kind: 'kill'; readonly waitMs: number }
  | {
      readonly kind: 'rebalance';
      readonly waitMs: number;
      readonly workers?: number;
      /** New number of executors by component, never more than its tasks. */
      readonly executors?: Readonly<Record<string, number>>;
    };

/** `/topologies/<name>`, by the leading nimbus only: one entry holds all of a topology, so that one versioned write changes it. */
export interface TopologyRecord {
  /** `name-N-epochSeconds`, as Storm makes them. */
  readonly id: string;
  readonly name: string;
  readonly status: TopologyStatus;
  readonly pending?: PendingChange;
  /** SHA-256 of its packed code, in hex; empty in local mode, where code does not travel. */
  readonly blob: string;
  /** Workers that it should have. */
  readonly workersWanted: number;
  /** Task ids never change after the submission; a rebalance may cut executors anew. */
  readonly table: TaskTable;
  /** One more with every change of `workers`; the first half of the incarnations that the change issued. */
  readonly generation: number;
  readonly workers: readonly AssignedWorker[];
  /** Host by supervisor id: a worker listens there on the port of its slot. */
  readonly hosts: Readonly<Record<string, string>>;
  /** `topology.message.timeout.secs`, in ms: how long a kill or a rebalance waits that does not say; 30,000 where it is not known. */
  readonly messageTimeoutMs?: number;
}

/** Whether the spouts of a topology are to emit. */
export function isEmitting({ status, pending }: TopologyRecord): boolean {
  return status === 'active' && pending === undefined;
}

export type WorkerState = 'preparing' | 'starting' | 'running' | 'failed';

/** What a supervisor says of one of its slots. */
export interface WorkerReport {
  readonly topologyId: string;
  readonly incarnation: string;
  /** How often the supervisor has started this incarnation, from 1. */
  readonly launch: number;
  readonly state: WorkerState;
}

/** `/supervisors/<id>`, an ephemeral of the supervisor. Written when something changed, not at every heartbeat: the session is the heartbeat. */
export interface SupervisorRecord {
  readonly id: string;
  /** Where its workers listen. */
  readonly host: string;
  /** Slots. */
  readonly ports: readonly number[];
  /** Logs and metrics over HTTP; empty in local mode. */
  readonly url: string;
  readonly versions: Versions;
  readonly workers: readonly WorkerReport[];
}

/** `/nimbuses/<id>`, an ephemeral of the nimbus. */
export interface NimbusRecord {
  readonly id: string;
  readonly url: string;
  readonly versions: Versions;
}

/** What must be equal in all workers of one topology. */
export interface Versions {
  /** Of batch frames between workers. */
  readonly frames: number;
  /** Of the hash of fields groupings. */
  readonly grouping: number;
}

export const VERSIONS: Versions = { frames: 1, grouping: 1 };

/** An error of a component as people see it; `/errors/<topology id>/<component>` holds the last ones, written by supervisors. */
export interface ReportedError {
  readonly component: string;
  readonly task: number;
  readonly supervisor: string;
  readonly port: number;
  /** Seconds since 1970. */
  readonly at: number;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly context: Readonly<Record<string, unknown>>;
  /** Errors of the component that were not reported before this one. */
  readonly suppressed: number;
}

export const TOPOLOGIES_PATH = '/topologies';
export const SUPERVISORS_PATH = '/supervisors';
export const NIMBUSES_PATH = '/nimbuses';
/** Candidates, sequential ephemerals; the lowest leads. */
export const LEADER_PATH = '/leader';
export const ERRORS_PATH = '/errors';
/** How many topologies were ever submitted, by the leading nimbus: the `N` in their ids. */
export const SUBMITTED_PATH = '/submitted';

/** By name, so that the store itself refuses a second topology of that name. */
export function topologyPath(name: string): string {
  return `${TOPOLOGIES_PATH}/${name}`;
}

export function supervisorPath(id: string): string {
  return `${SUPERVISORS_PATH}/${id}`;
}

export function nimbusPath(id: string): string {
  return `${NIMBUSES_PATH}/${id}`;
}

export function errorsPath(topologyId: string, component: string): string {
  return `${ERRORS_PATH}/${topologyId}/${component}`;
}
