/**
 * What a supervisor stands on, made for tests: a clock that is moved by hand, workers that do as they are told, code that is always there.
 */
import { setImmediate as turn } from 'node:timers/promises';
import type { MemoryStoreSession } from '../../src/coordination/memory-store.js';
import type { CodeCache } from '../../src/daemon/supervisor/code-cache.js';
import type { AdoptedWorker, WorkerEvents, WorkerHandle, WorkerLauncher, WorkerSpec } from '../../src/daemon/worker-handle.js';
import type { AssignedWorker } from '../../src/model/assignment.js';
import type { Clock, Timer } from '../../src/model/clock.js';
import type { ReportedError, TopologyRecord } from '../../src/model/cluster-records.js';
import { topologyPath } from '../../src/model/cluster-records.js';

/** Moves only by `advance`, which lets everything that becomes due happen in its order. */
export class FakeClock implements Clock {
  #nowMs = 1000;
  readonly #timers = new Set<{ readonly atMs: number; readonly action: () => void }>();

  now(): number {
    return this.#nowMs;
  }

  after(ms: number, action: () => void): Timer {
    const timer = { atMs: this.#nowMs + ms, action };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }

  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await settled();
    for (;;) {
      const next = [...this.#timers].sort((one, other) => one.atMs - other.atMs)[0];
      if (next === undefined || next.atMs > untilMs) break;
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.action();
      await settled();
    }
    this.#nowMs = untilMs;
    await settled();
  }

  /** Time passes in which this process can do nothing. */
  freeze(ms: number): void {
    this.#nowMs += ms;
  }

  get timers(): number {
    return this.#timers.size;
  }
}

/** Until all that can happen by itself, over memory, has happened. */
export async function settled(): Promise<void> {
  for (let turns = 0; turns < 4; turns++) await turn();
}

export class FakeWorker implements WorkerHandle {
  readonly updates: TopologyRecord[] = [];
  isStopping = false;
  isKilled = false;
  isAlive = true;

  constructor(
    readonly name: string,
    readonly port: number,
    readonly events: WorkerEvents,
    readonly endsWhenAsked: () => boolean,
  ) {}

  update(record: TopologyRecord): void {
    this.updates.push(record);
  }

  async snapshot(): Promise<unknown> {
    return { of: this.name };
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    if (this.endsWhenAsked()) this.exit('stopped');
  }

  async kill(): Promise<void> {
    this.isKilled = true;
    this.exit('killed');
  }

  exit(reason: string): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    this.events.onExit(reason);
  }
}

export class FakeLauncher implements WorkerLauncher {
  readonly workers: FakeWorker[] = [];
  readonly specs: WorkerSpec[] = [];
  /** Whether workers end when they are asked to stop. */
  isObeyed = true;
  left: readonly Omit<AdoptedWorker, 'adopt'>[] = [];

  launch(spec: WorkerSpec, events: WorkerEvents): WorkerHandle {
    this.specs.push(spec);
    return this.#add(`${spec.worker.incarnation}#${spec.launch}`, spec.worker.port, events);
  }

  async leftRunning(): Promise<readonly AdoptedWorker[]> {
    return this.left.map((worker) => ({
      ...worker,
      adopt: (events) => this.#add(`${worker.incarnation}#${worker.launch}`, worker.port, events),
    }));
  }

  /** Those that are there, in the order of their launches. */
  get alive(): readonly string[] {
    return this.workers.filter(({ isAlive }) => isAlive).map(({ name }) => name);
  }

  get last(): FakeWorker {
    return this.workers.at(-1) as FakeWorker;
  }

  #add(name: string, port: number, events: WorkerEvents): FakeWorker {
    const worker = new FakeWorker(name, port, events, () => this.isObeyed);
    this.workers.push(worker);
    return worker;
  }
}

export class FakeCode implements CodeCache {
  readonly fetched: string[] = [];
  readonly retained: string[][] = [];
  failure: Error | undefined;

  async fetch({ blob }: TopologyRecord): Promise<string> {
    this.fetched.push(blob);
    if (this.failure !== undefined) throw this.failure;
    return `/code/${blob}`;
  }

  async retain(blobs: ReadonlySet<string>): Promise<void> {
    this.retained.push([...blobs].sort());
  }
}

export function recordOf(name: string, workers: readonly AssignedWorker[], more: Partial<TopologyRecord> = {}): TopologyRecord {
  return {
    id: `${name}-1-1700000000`,
    name,
    status: 'active',
    blob: `blob-of-${name}`,
    workersWanted: workers.length,
    table: { components: ['a'], executors: [] },
    generation: 1,
    workers,
    hosts: {},
    ...more,
  };
}

export function workerOf(incarnation: string, port = 6700, supervisor = 's1'): AssignedWorker {
  return { incarnation, supervisor, port, executors: [[1, 1]] };
}

/** Writes a topology as nimbus would. */
export async function assign(nimbus: MemoryStoreSession, record: TopologyRecord): Promise<void> {
  const path = topologyPath(record.name);
  const entry = await nimbus.get(path);
  if (entry === undefined) await nimbus.create(path, JSON.stringify(record));
  else await nimbus.setIfVersion(path, JSON.stringify(record), entry.version);
  await settled();
}

export function errorOf(component: string, message: string): ReportedError {
  return {
    component,
    task: 1,
    supervisor: '',
    port: 0,
    at: 1_700_000_000,
    code: 'PB_CHILD_EXITED',
    message,
    hint: '',
    context: {},
    suppressed: 0,
  };
}
