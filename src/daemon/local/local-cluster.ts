/**
 * A whole cluster in this process: nimbus and supervisor over the memory store, with workers inside the process or in processes of their own. Invariant: the same code as on a
 * real cluster with the ports swapped (design D5); nothing here decides what runs where.
 */
import type { ShellPorts } from '../../component/incarnation-ports.js';
import { MemoryStore } from '../../coordination/memory-store.js';
import type { EmitObserver } from '../../executor/task-output.js';
import type { ReportedError } from '../../model/cluster-records.js';
import { PolyboltError } from '../../model/errors.js';
import { type Log, SILENT_LOG } from '../../model/log.js';
import type { Topology } from '../../model/topology.js';
import { scheduleEvenly } from '../../scheduling/even-scheduler.js';
import { Nimbus } from '../nimbus/nimbus.js';
import { topologyNotFound } from '../nimbus/nimbus-writes.js';
import { SYSTEM_CLOCK } from '../settings/system-clock.js';
import { NO_CODE_CACHE } from '../supervisor/code-cache.js';
import { Supervisor } from '../supervisor/supervisor.js';
import { InlineLauncher } from './inline-launcher.js';
import { LocalWorkers } from './local-worker-set.js';
import type { LocalProcessLauncher } from './local-workers.js';
import { summarise, type TopologySummary } from './summary.js';

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
  /** Runs workers in processes of their own; `observerOf`, `record`, `environment`, `onFatal` and `onFirstAck` are then its affair. Closed at the end. */
  readonly launcher?: LocalProcessLauncher;
}

const LOCAL_ID = 'local';
const SLOTS = 64;
const FIRST_PORT = 6700;
/** Eleven days: what is in this process does not die unseen. */
const NEVER_MS = 1e9;

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
  readonly #nimbus: Nimbus;
  readonly #supervisor: Supervisor;
  /** By topology id. */
  readonly #code = new Map<string, Topology>();
  /** Its supervisor may still read of it for a moment. */
  #removed: string | undefined;
  readonly #inline: InlineLauncher | undefined;
  readonly #processes: LocalProcessLauncher | undefined;
  readonly #workers: LocalWorkers;
  #isShutDown = false;

  private constructor(options: LocalClusterOptions) {
    const { log = SILENT_LOG, launcher, onError } = options;
    const topologyOf = (id: string): Topology => this.#code.get(id) as Topology;
    this.#processes = launcher;
    this.#inline = launcher === undefined ? inlineLauncher(options, topologyOf) : undefined;
    this.#workers = new LocalWorkers(launcher?.launcher ?? (this.#inline as InlineLauncher));
    const ports = { store: new MemoryStore(), clock: SYSTEM_CLOCK, random: Math.random, log };
    this.#nimbus = new Nimbus(
      { id: LOCAL_ID, url: '', monitorMs: 10_000, taskTimeoutMs: 30_000, supervisorTimeoutMs: 60_000, launchMs: NEVER_MS },
      {
        ...ports,
        code: { load: async (_blob, id) => topologyOf(id), retain: async () => {} },
        epochSeconds: () => Math.floor(Date.now() / 1000),
        schedule: scheduleEvenly,
      },
    );
    const slots = launcher?.ports ?? Array.from({ length: SLOTS }, (_, index) => FIRST_PORT + index);
    const waits = launcher === undefined ? INLINE_WAITS : PROCESS_WAITS;
    this.#supervisor = new Supervisor(
      { id: LOCAL_ID, host: launcher?.host ?? '127.0.0.1', ports: slots, url: '', monitorMs: 3000, ...waits },
      {
        ...ports,
        launcher: this.#workers,
        code:
          launcher === undefined
            ? NO_CODE_CACHE
            : { fetch: async ({ id }) => launcher.writeCode(id, topologyOf(id)), retain: async () => {} },
        // Workers of this process have shown theirs already, with their causes.
        ...(launcher === undefined ? {} : { onError: (error) => onError?.(error.component, asError(error), error.suppressed) }),
      },
    );
  }

  static async start(options: LocalClusterOptions = {}): Promise<LocalCluster> {
    const cluster = new LocalCluster(options);
    await cluster.#supervisor.start();
    await cluster.#nimbus.start();
    await cluster.#nimbus.whenLeading();
    return cluster;
  }

  /** Submits a topology; resolves to its id once it is accepted, before its components are up. Throws PB_TOPOLOGY_EXISTS; with worker processes PB_TOPOLOGY_INLINE. */
  async submit(topology: Topology, options: { readonly active?: boolean } = {}): Promise<string> {
    const id = await this.#nimbus.newId(topology.name);
    this.#code.set(id, topology);
    try {
      this.#processes?.writeCode(id, topology);
      return await this.#nimbus.submit({ id, topology, blob: '', status: options.active === false ? 'inactive' : 'active' });
    } catch (error) {
      this.#code.delete(id);
      throw error;
    }
  }

  async activate(name: string): Promise<void> {
    await this.#nimbus.activate(name);
  }

  /** Stops the spouts of a topology; tuples on their way go on. */
  async deactivate(name: string): Promise<void> {
    await this.#nimbus.deactivate(name);
  }

  /** Deactivates a topology, waits at most `drainMs` until nothing is on its way, and removes it. */
  async kill(name: string, drainMs = 0): Promise<void> {
    await this.deactivate(name);
    const { id } = this.#find(name);
    if (drainMs > 0) await this.untilIdle(name, 0, drainMs);
    await this.#nimbus.kill(name, 0);
    await this.#workers.stop(id);
    if (this.#removed !== undefined) this.#code.delete(this.#removed);
    this.#removed = id;
    this.#inline?.forget(id);
  }

  /**
   * Starts components of a topology anew by what a changed topology says of them; its shape must be the same. Throws why the first of them
   * cannot be started: that one goes on as it was.
   */
  async restart(name: string, components: readonly string[], topology: Topology): Promise<void> {
    const { id } = this.#find(name);
    this.#code.set(id, topology);
    this.#processes?.writeCode(id, topology);
    await this.#workers.restart(id, components, topology);
  }

  /** What a topology has done so far, as far as its workers are there to tell. Throws PB_TOPOLOGY_NOT_FOUND. */
  summary(name: string): TopologySummary {
    const { id, topology } = this.#find(name);
    return summarise(topology, this.#workers.snapshots(id));
  }

  /**
   * Resolves to true when for `quietMs` nothing was emitted, nothing is pending, every queue is empty and no component holds an
   * input; to false when that has not happened within `timeoutMs` or before the shutdown.
   */
  async untilIdle(name: string, quietMs: number, timeoutMs = Number.POSITIVE_INFINITY): Promise<boolean> {
    const startedAtMs = performance.now();
    const watch = this.#workers.watch(quietMs, () => this.#findId(name));
    while (!this.#isShutDown) {
      const nowMs = performance.now();
      if (await watch(nowMs)) return true;
      if (nowMs - startedAtMs >= timeoutMs) return false;
      await new Promise((resolve) => setTimeout(resolve, Math.min(20, Math.max(1, quietMs / 4))));
    }
    return false;
  }

  /** Ends everything: components gently first, then the daemons. */
  async shutdown(): Promise<void> {
    this.#isShutDown = true;
    await this.#supervisor.stop();
    await this.#nimbus.stop();
    this.#workers.close();
    this.#inline?.close();
    await this.#processes?.close();
  }

  /** Ends everything at once. */
  async killNow(): Promise<void> {
    this.#workers.killAll();
    await this.shutdown();
  }

  #find(name: string): { readonly id: string; readonly topology: Topology } {
    const id = this.#findId(name);
    if (id === undefined) throw topologyNotFound(name);
    return { id, topology: this.#code.get(id) as Topology };
  }

  #findId(name: string): string | undefined {
    for (const [id, topology] of this.#code) if (topology.name === name && id !== this.#removed) return id;
    return undefined;
  }
}

const INLINE_WAITS = { workerTimeoutMs: NEVER_MS, startTimeoutMs: NEVER_MS, shutdownMs: NEVER_MS };
/** Storm's defaults; a worker that overstays its end is killed by its launcher, which knows how long it may take. */
const PROCESS_WAITS = { workerTimeoutMs: 30_000, startTimeoutMs: 120_000, shutdownMs: 60_000 };

function inlineLauncher(options: LocalClusterOptions, topologyOf: (id: string) => Topology): InlineLauncher {
  const { log, observerOf, record, environment, onError, onFatal, onFirstAck } = options;
  return new InlineLauncher({
    topologyOf,
    log: log ?? SILENT_LOG,
    observerOf: observerOf ?? (() => undefined),
    record,
    environment: environment ?? process.env,
    onError: (component, error, suppressed) => onError?.(component, error, suppressed),
    onFatal: (error) => onFatal?.(error),
    onFirstAck: () => onFirstAck?.(),
  });
}

/** An error that has travelled as data. */
function asError({ code, message, hint, context }: ReportedError): PolyboltError {
  return new PolyboltError(code as PolyboltError['code'], { message, hint, context });
}
