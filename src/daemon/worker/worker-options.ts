/** What a worker is told when it is started, and what it tells back. Invariant: data and ports only, so that a worker can live in any process. */
import type { ShellPorts } from '../../component/incarnation-ports.js';
import type { EmitObserver } from '../../executor/task-output.js';
import type { AssignedWorker } from '../../model/assignment.js';
import type { TopologyRecord } from '../../model/cluster-records.js';
import type { PolyboltError } from '../../model/errors.js';
import type { Log } from '../../model/log.js';
import type { Topology } from '../../model/topology.js';
import type { Transport, TransportEvents } from '../../transport/transport.js';

export interface WorkerOptions {
  /** As it stands now: who else works for the topology, where, and whether spouts are to emit. */
  readonly record: TopologyRecord;
  /** This one. */
  readonly worker: AssignedWorker;
  readonly topology: Topology;
  readonly ports: WorkerPorts;
  readonly events: WorkerEvents;
}

export interface WorkerPorts {
  /** Monotonic, in ms. */
  readonly now: () => number;
  /** From 0 up to but not including 1. */
  readonly random: () => number;
  readonly fillRandom: (pool: Int32Array) => void;
  readonly shell: Pick<ShellPorts, 'spawn' | 'fifos' | 'record'>;
  /** Directory in which children leave an empty file named after their pid. */
  readonly pidDir: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly join: (worker: string, events: TransportEvents) => Transport;
  readonly log: Log;
  /** The observer of a component's emits, if anybody looks. */
  readonly observerOf: (component: string) => EmitObserver | undefined;
}

export interface WorkerEvents {
  /**
   * An error that is to be shown.
   * @param suppressed errors of the component that were not shown before it
   * @param task 0 where it cannot be told
   */
  onError(component: string, error: PolyboltError, suppressed: number, task: number): void;
  /** A component cannot be kept running, and so neither can this worker. */
  onFatal(error: PolyboltError): void;
  /** A root was acked for the first time since the start. */
  onFirstAck(): void;
}
