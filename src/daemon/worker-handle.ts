/**
 * What a supervisor has of its workers, wherever they run: inside its own process (local mode) or each in a process of its own. Invariant: a
 * handle is one launch; when `onExit` has been called, the worker and all of its children are gone.
 */
import type { AssignedWorker } from '../model/assignment.js';
import type { ReportedError, TopologyRecord } from '../model/cluster-records.js';
import type { Topology } from '../model/topology.js';

/** One launch to be. */
export interface WorkerSpec {
  readonly record: TopologyRecord;
  readonly worker: AssignedWorker;
  /** From 1, one more each time the supervisor starts the same incarnation again. */
  readonly launch: number;
  /** Directory of the unpacked code: `topology.json` and `resources/`; empty in local mode. */
  readonly codeDirectory: string;
}

export interface WorkerEvents {
  /** It is there: as often as `worker.heartbeat.frequency.secs` says. @param isUp whether its components have been started */
  onBeat(isUp: boolean): void;
  onError(error: ReportedError): void;
  /** It is gone, asked or not. Once, and nothing after it. @param reason for people: exit status or signal, and why if it said so */
  onExit(reason: string): void;
}

export interface WorkerHandle {
  /** Tells it the record as it stands now: status, peers and where they listen. Its own executors never change: that would be another incarnation. */
  update(record: TopologyRecord): void;
  /** What it has counted; undefined when it does not answer. */
  snapshot(): Promise<unknown>;
  /** For local mode: see `Worker.restart`. One in a process of its own reads the topology where its code lies. */
  restart?(components: readonly string[], topology: Topology): Promise<void>;
  /** Ends it, gently first. Resolves after `onExit`. */
  stop(): Promise<void>;
  /** Ends it at once, children and all, even if it is frozen. Resolves after `onExit`. */
  kill(): Promise<void>;
}

export interface AdoptedWorker {
  readonly topologyId: string;
  readonly incarnation: string;
  readonly port: number;
  readonly launch: number;
  /** Takes the worker over. */
  adopt(events: WorkerEvents): WorkerHandle;
}

export interface WorkerLauncher {
  /** Starts a worker; what goes wrong comes as `onExit`. */
  launch(spec: WorkerSpec, events: WorkerEvents): WorkerHandle;
  /** Workers that an earlier life of this supervisor left running; whatever else it left is killed and cleared away. Once, before any launch. */
  leftRunning(): Promise<readonly AdoptedWorker[]>;
}
