/**
 * Workers inside this very process, over the loopback transport: local mode. Invariant: the same worker program as in a process of its own; one that cannot go on is
 * reported and stays as it is, since whoever runs it in the foreground wants to see why.
 */
import { randomFillSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ShellPorts } from '../../component/incarnation-ports.js';
import { createFifoPool, spawnChild } from '../../component/spawn.js';
import type { EmitObserver } from '../../executor/task-output.js';
import type { WorkerSnapshot } from '../../metrics/snapshot.js';
import type { TopologyRecord } from '../../model/cluster-records.js';
import { PolyboltError } from '../../model/errors.js';
import type { Log } from '../../model/log.js';
import type { Topology } from '../../model/topology.js';
import { LoopbackNetwork } from '../../transport/loopback.js';
import { Worker } from '../worker/worker.js';
import type { AdoptedWorker, WorkerEvents, WorkerHandle, WorkerLauncher, WorkerSpec } from '../worker-handle.js';

export interface InlineOptions {
  /** The code of a topology, by its id. */
  readonly topologyOf: (topologyId: string) => Topology;
  readonly log: Log;
  readonly observerOf: (component: string) => EmitObserver | undefined;
  readonly record: ShellPorts['record'];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** @param suppressed errors of the component not shown before it */
  readonly onError: (component: string, error: PolyboltError, suppressed: number) => void;
  readonly onFatal: (error: PolyboltError) => void;
  readonly onFirstAck: () => void;
}

/** A worker of this process. */
export class InlineWorker implements WorkerHandle {
  readonly #worker: Worker;
  readonly #onExit: (reason: string) => void;
  #gone: Promise<void> | undefined;

  constructor(worker: Worker, onExit: (reason: string) => void) {
    this.#worker = worker;
    this.#onExit = onExit;
  }

  read(): WorkerSnapshot {
    return this.#worker.snapshot();
  }

  async snapshot(): Promise<WorkerSnapshot> {
    return this.read();
  }

  update(record: TopologyRecord): void {
    this.#worker.update(record);
  }

  /** See `Worker.restart`. */
  restart(components: readonly string[], topology: Topology): Promise<void> {
    return this.#worker.restart(components, topology);
  }

  stop(): Promise<void> {
    this.#gone ??= this.#worker.stop().then(() => this.#onExit('stopped'));
    return this.#gone;
  }

  kill(): Promise<void> {
    this.#worker.kill();
    return this.stop();
  }
}

export class InlineLauncher implements WorkerLauncher {
  readonly #options: InlineOptions;
  readonly #fifos = createFifoPool();
  readonly #pidDir = mkdtempSync(join(tmpdir(), 'polybolt-pids-'));
  /** One for each topology: incarnations are told apart within one only. */
  readonly #networks = new Map<string, LoopbackNetwork>();

  constructor(options: InlineOptions) {
    this.#options = options;
  }

  async leftRunning(): Promise<readonly AdoptedWorker[]> {
    return [];
  }

  launch({ record, worker: assigned }: WorkerSpec, events: WorkerEvents): InlineWorker {
    const { topologyOf, environment, log, observerOf, onError, onFatal, onFirstAck } = this.#options;
    const network = this.#networks.get(record.id) ?? new LoopbackNetwork();
    this.#networks.set(record.id, network);
    const worker = new Worker({
      record,
      worker: assigned,
      topology: topologyOf(record.id),
      ports: {
        now: () => performance.now(),
        random: Math.random,
        fillRandom: (pool) => randomFillSync(pool),
        shell: { spawn: spawnChild, fifos: this.#fifos, record: this.#options.record },
        pidDir: this.#pidDir,
        environment,
        join: (id, transportEvents) => network.join(id, transportEvents),
        log,
        observerOf,
      },
      events: {
        onError: (component, error, suppressed, task) => {
          onError(component, error, suppressed);
          const { code, message, hint, context } = error;
          const at = Math.floor(Date.now() / 1000);
          const { supervisor, port } = assigned;
          events.onError({ component, task, supervisor, port, at, code, message, hint, context, suppressed });
        },
        onFatal,
        onFirstAck,
      },
    });
    worker.start().then(
      () => events.onBeat(true),
      (error: unknown) => {
        onFatal(error instanceof PolyboltError ? error : new PolyboltError('PB_WORKER_DIED', { message: String(error), cause: error }));
      },
    );
    return new InlineWorker(worker, (reason) => events.onExit(reason));
  }

  /** A topology is gone. */
  forget(topologyId: string): void {
    this.#networks.delete(topologyId);
  }

  /** Removes what lies on the disk. */
  close(): void {
    this.#fifos.close();
    rmSync(this.#pidDir, { recursive: true, force: true });
  }
}
