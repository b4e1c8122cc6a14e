/**
 * What nimbus answers over HTTP, as types for both ends. Invariant: a field is never renamed or given another meaning; new ones may come, and a reader leaves aside what it does
 * not know. `spec/rest.md` says the same for people.
 */
import type { ComponentFigures, TopologyFigures } from '../../metrics/aggregate.js';
import type { NimbusRecord, PendingChange, ReportedError, TopologyStatus, Versions, WorkerState } from '../../model/cluster-records.js';

/** Where the SHA-256 of an upload stands. */
export const SHA256_HEADER = 'x-polybolt-sha256';

/** `GET /v1/cluster` */
export interface ClusterAnswer {
  /** Id of the nimbus that answers. */
  readonly nimbus: string;
  /** Null while none leads. */
  readonly leader: NimbusRecord | null;
  readonly nimbuses: readonly NimbusRecord[];
  readonly supervisors: readonly SupervisorAnswer[];
  readonly slots: { readonly total: number; readonly used: number };
  readonly topologies: number;
}

export interface SupervisorAnswer {
  readonly id: string;
  readonly host: string;
  readonly url: string;
  readonly ports: readonly number[];
  readonly usedPorts: readonly number[];
  readonly versions: Versions;
}

/** Each of `GET /v1/topologies`; what a change answers, too. */
export interface TopologyAnswer {
  readonly id: string;
  readonly name: string;
  readonly status: TopologyStatus;
  /** What waits, and for how long in all. */
  readonly pending: PendingChange | null;
  /** Whether its spouts are to emit. */
  readonly isEmitting: boolean;
  /** Seconds since 1970. */
  readonly submittedAt: number;
  readonly workersWanted: number;
  /** Workers that have a slot. */
  readonly workers: number;
  readonly executors: number;
  /** Executors that no worker runs, for want of slots. */
  readonly unassigned: number;
  readonly tasks: number;
  /** SHA-256 of its code. */
  readonly blob: string;
}

/** `GET /v1/topologies`, by name */
export interface TopologiesAnswer {
  readonly topologies: readonly TopologyAnswer[];
}

/** `POST /v1/topologies` */
export interface SubmitAnswer {
  readonly id: string;
  readonly name: string;
}

/** `GET /v1/topologies/:name/workers` */
export interface WorkersAnswer {
  readonly workers: readonly WorkerAnswer[];
}

export interface WorkerAnswer {
  readonly incarnation: string;
  readonly supervisor: string;
  /** Of the supervisor, where the worker's log is; null while that is not there. */
  readonly supervisorUrl: string | null;
  readonly host: string;
  readonly port: number;
  readonly executors: readonly { readonly component: string; readonly firstTask: number; readonly lastTask: number }[];
  /** `waiting`: its supervisor has not taken it up. `lost`: its supervisor is not there. */
  readonly state: WorkerState | 'waiting' | 'lost';
  /** How often it has been started; 0 before it is known. */
  readonly launch: number;
}

/** `GET /v1/topologies/:name`; figures are of the workers that answered. */
export interface TopologyDetail extends TopologyAnswer {
  readonly generation: number;
  readonly workerList: readonly WorkerAnswer[];
  /** Incarnations whose figures are missing: they did not answer in time. */
  readonly silent: readonly string[];
  readonly figures: TopologyFigures;
  readonly components: readonly ComponentAnswer[];
}

export interface ComponentAnswer {
  readonly id: string;
  readonly tasks: number;
  readonly executors: number;
  /** Null where no worker that runs it has answered. */
  readonly figures: ComponentFigures | null;
}

/** `GET /v1/topologies/:name/errors`, oldest first. */
export interface ErrorsAnswer {
  readonly errors: readonly ReportedError[];
}

/** Body of `POST /v1/topologies/:name/rebalance`; of `kill` only the first. */
export interface RebalanceRequest {
  /** How long the spouts are still before it, in seconds. Default: the message timeout of the topology. */
  readonly waitSecs?: number;
  readonly workers?: number;
  /** Executors by component, never more than its tasks. */
  readonly executors?: Readonly<Record<string, number>>;
}
