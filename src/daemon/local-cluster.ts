/**
 * A whole cluster in this process: nimbus, supervisor and workers over the memory store and the loopback transport. Invariant: the same code as on a real
 * cluster with the ports swapped (design D5); nothing here decides what runs where.
 */
import { randomFillSync, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ShellPorts } from '../component/incarnation-ports.js';
import { createFifoPool, spawnChild } from '../component/spawn.js';
import { MemoryStore } from '../coordination/memory-store.js';
import type { StoreSession } from '../coordination/store.js';
import type { EmitObserver } from '../executor/task-output.js';
import type { AssignedWorker } from '../model/assignment.js';
import { PolyboltError } from '../model/errors.js';
import { type Log, SILENT_LOG } from '../model/log.js';
import type { ExecutorRange } from '../model/task-table.js';
import type { Topology } from '../model/topology.js';
import { scheduleEvenly } from '../scheduling/even-scheduler.js';
import { LoopbackNetwork } from '../transport/loopback.js';
import { Nimbus } from './nimbus.js';
import { summarise, type TopologySummary } from './summary.js';
import { Supervisor, type WorkerHandle } from './supervisor.js';
import type { TopologyRecord } from './topology-record.js';
import { Worker } from './worker.js';

export interface LocalClusterEvents {
  /** An error to be shown. @param suppressed errors of the component not shown before it */
  onError?(component: string, error: PolyboltError, suppressed: number): void;
  /** A component cannot be kept running. */
  onFatal?(error: PolyboltError): void;
  onFirstAck?(): void;
}

export interface LocalClusterOptions extends LocalClusterEvents {
  readonly log?: Log;
  /** Sees every emit of a component, when it returns an observer for it. */
  readonly observerOf?: (component: string) => EmitObserver | undefined;
  /** Records the conversations with children. */
  readonly record?: ShellPorts['record'];
  /** Environment that children inherit, less secrets; default this process's. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

const SUPERVISOR_ID = 'local';
const SLOTS = 64;
const FIRST_PORT = 6700;

/**
 * Runs topologies in this process.
 *
 * ```ts
 * const cluster = await LocalCluster.start();
 * await cluster.submit(topology);
 * await cluster.untilIdle(topology.name, 2000);
 * console.log(cluster.summary(topology.name));
 * await cluster.shutdown();
 * ```
 */
export class LocalCluster {
  readonly #options: LocalClusterOptions;
  readonly #store: StoreSession;
  readonly #nimbus: Nimbus;
  readonly #supervisor: Supervisor;
  readonly #code = new Map<string, Topology>();
  readonly #network = new LoopbackNetwork();
  readonly #fifos = createFifoPool();
  readonly #pidDir = mkdtempSync(join(tmpdir(), 'polybolt-pids-'));
  /** Workers by topology name. */
  readonly #workers = new Map<string, Worker[]>();
  #incarnations = 0;
  #isShutDown = false;

  private constructor(options: LocalClusterOptions) {
    this.#options = options;
    this.#store = new MemoryStore().session();
    const log = options.log ?? SILENT_LOG;
    this.#nimbus = new Nimbus({
      store: this.#store,
      code: this.#code,
      epochSeconds: () => Math.floor(Date.now() / 1000),
      schedule: scheduleEvenly,
      newIncarnation: () => `${++this.#incarnations}-${randomUUID()}`,
      log,
    });
    const ports = Array.from({ length: SLOTS }, (_, index) => FIRST_PORT + index);
    this.#supervisor = new Supervisor(
      { id: SUPERVISOR_ID, ports },
      { store: this.#store, launch: (record, worker) => this.#launch(record, worker), log },
    );
  }

  static async start(options: LocalClusterOptions = {}): Promise<LocalCluster> {
    const cluster = new LocalCluster(options);
    await cluster.#supervisor.start();
    return cluster;
  }

  /** Submits a topology; resolves to its id once it is accepted, before its components are up. Throws PB_TOPOLOGY_EXISTS. */
  async submit(topology: Topology, options: { readonly active?: boolean } = {}): Promise<string> {
    return this.#nimbus.submit(topology, options.active === false ? 'inactive' : 'active');
  }

  async activate(name: string): Promise<void> {
    await this.#nimbus.setStatus(name, 'active');
  }

  /** Stops the spouts of a topology; tuples on their way go on. */
  async deactivate(name: string): Promise<void> {
    await this.#nimbus.setStatus(name, 'inactive');
  }

  /** Deactivates a topology, waits at most `drainMs` until nothing is on its way, and removes it. */
  async kill(name: string, drainMs = 0): Promise<void> {
    await this.deactivate(name);
    if (drainMs > 0) await this.untilIdle(name, 0, drainMs);
    const workers = this.#workers.get(name) ?? [];
    await this.#nimbus.remove(name);
    await Promise.all(workers.map((worker) => worker.stop()));
    this.#workers.delete(name);
  }

  /** What a topology has done so far. Throws PB_TOPOLOGY_NOT_FOUND. */
  summary(name: string): TopologySummary {
    const topology = [...this.#code.values()].find((candidate) => candidate.name === name);
    if (topology === undefined) {
      throw new PolyboltError('PB_TOPOLOGY_NOT_FOUND', { message: `no topology named "${name}" is running here`, hint: 'submit it first' });
    }
    // Between its submission and the supervisor's notice of it, a topology has no workers yet.
    return summarise(topology, this.#workers.get(name) ?? []);
  }

  /**
   * Resolves to true when for `quietMs` nothing was emitted, nothing is pending, every queue is empty and no component holds an
   * input; to false when that has not happened within `timeoutMs` or before the shutdown.
   */
  async untilIdle(name: string, quietMs: number, timeoutMs = Number.POSITIVE_INFINITY): Promise<boolean> {
    const startedAtMs = performance.now();
    let quietSinceMs = startedAtMs;
    let emitted = -1;
    while (!this.#isShutDown) {
      const nowMs = performance.now();
      const workers = this.#workers.get(name) ?? [];
      const total = workers.flatMap(({ bolts, spouts }) => [...bolts, ...spouts]).reduce((sum, task) => sum + task.counters.emitted, 0);
      if (total !== emitted || workers.length === 0 || !workers.every((worker) => worker.isIdle)) quietSinceMs = nowMs;
      else if (nowMs - quietSinceMs >= quietMs) return true;
      emitted = total;
      if (nowMs - startedAtMs >= timeoutMs) return false;
      await new Promise((resolve) => setTimeout(resolve, Math.min(20, Math.max(1, quietMs / 4))));
    }
    return false;
  }

  /** Ends everything: components gently first, then the daemons. */
  async shutdown(): Promise<void> {
    this.#isShutDown = true;
    await this.#supervisor.stop();
    await Promise.all([...this.#workers.values()].flat().map((worker) => worker.stop()));
    await this.#store.close();
    this.#clean();
  }

  /** Ends everything at once. */
  async killNow(): Promise<void> {
    for (const worker of [...this.#workers.values()].flat()) worker.kill();
    await this.shutdown();
  }

  #clean(): void {
    this.#fifos.close();
    rmSync(this.#pidDir, { recursive: true, force: true });
  }

  #launch(record: TopologyRecord, assigned: AssignedWorker): WorkerHandle {
    const { onError, onFatal, onFirstAck, observerOf, environment, log } = this.#options;
    const topology = this.#code.get(record.id) as Topology;
    const worker = new Worker({
      id: assigned.incarnation,
      topology,
      table: record.table,
      executors: rangesOf(record, assigned),
      peers: new Map(record.workers.filter((peer) => peer !== assigned).map((peer) => [peer.incarnation, rangesOf(record, peer)])),
      ports: {
        now: () => performance.now(),
        random: Math.random,
        fillRandom: (pool) => randomFillSync(pool),
        shell: { spawn: spawnChild, fifos: this.#fifos, record: this.#options.record },
        pidDir: this.#pidDir,
        environment: environment ?? process.env,
        join: (id, events) => this.#network.join(id, events),
        log: log ?? SILENT_LOG,
        observerOf: observerOf ?? (() => undefined),
      },
      events: {
        onError: (component, error, suppressed) => onError?.(component, error, suppressed),
        onFatal: (error) => onFatal?.(error),
        onFirstAck: () => onFirstAck?.(),
      },
    });
    this.#workers.set(record.name, [...(this.#workers.get(record.name) ?? []), worker]);
    worker.start().catch((error: unknown) => {
      const fatal = error instanceof PolyboltError ? error : new PolyboltError('PB_WORKER_DIED', { message: String(error), cause: error });
      onFatal?.(fatal);
    });
    return worker;
  }
}

function rangesOf(record: TopologyRecord, worker: AssignedWorker): ExecutorRange[] {
  return worker.executors.map(([firstTask, lastTask]) => ({
    component: record.table.components[firstTask - 1] as string,
    firstTask,
    lastTask,
  }));
}
