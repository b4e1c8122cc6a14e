/** Worker processes for tests: topologies of modules and children, a launcher in a directory of its own, and what its workers say. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identify } from '../../src/component/process-identity.js';
import { TOPOLOGY_DATA_NAME, workerDirectory } from '../../src/daemon/worker/worker-file.js';
import {
  ProcessLauncher,
  type ProcessLauncherOptions,
  type ProcessLauncherPorts,
  workerProgram,
} from '../../src/daemon/worker/worker-launcher.js';
import type { WorkerEvents, WorkerHandle, WorkerSpec } from '../../src/daemon/worker-handle.js';
import { isWorkerSnapshot, type WorkerSnapshot } from '../../src/metrics/snapshot.js';
import type { AssignedExecutor } from '../../src/model/assignment.js';
import type { ReportedError, TopologyRecord } from '../../src/model/cluster-records.js';
import { module, shell } from '../../src/model/component-implementation.js';
import { SILENT_LOG } from '../../src/model/log.js';
import { createTaskTable } from '../../src/model/task-table.js';
import type { Config, Topology } from '../../src/model/topology.js';
import { TopologyBuilder } from '../../src/model/topology-builder.js';
import { ROOT } from '../support/run-cli.js';

const ADAPTER = join(ROOT, 'adapters', 'node', 'index.mjs');

/** Components to write into a directory: numbers, reliably and again when they fail, through a child to a module that keeps count. */
export const COMPONENTS: Readonly<Record<string, string>> = {
  'numbers.mjs': `
export class Numbers {
  #next = 0; #again = [];
  constructor(count) { this.count = count; }
  nextTuple(collector) {
    const number = this.#again.shift() ?? (this.#next < this.count ? this.#next++ : undefined);
    if (number !== undefined) collector.emit([number], { id: number });
  }
  fail(id) { this.#again.push(id); }
}
`,
  'pass.mjs': `
import { spawn } from 'node:child_process';
import { Bolt } from ${JSON.stringify(ADAPTER)};
const [does = 'ack'] = process.argv.slice(2);
if (does === 'stay') { process.exit = () => {}; process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); }
if (does === 'fork') for (let i = 0; i < 20; i++) spawn('sleep', ['60']);
if (does === 'environment') console.error(JSON.stringify(Object.keys(process.env).sort()));
if (does === 'crash') { console.error('this component is broken'); process.exit(3); }
if (does === 'hog') { const kept = []; for (;;) kept.push(Buffer.alloc(1e6, 1)); }
class Pass extends Bolt {
  process(tuple) {
    this.emit(tuple.values, { anchors: tuple });
    if (does === 'shout') console.error('x'.repeat(1000));
    if (does === 'say') console.error('number ' + tuple.values[0]);
    if (does !== 'keep') this.ack(tuple);
  }
}
new Pass().run();
`,
  'sink.mjs': `
import { appendFileSync } from 'node:fs';
export class Sink {
  constructor(file) { this.file = file; }
  execute(tuple, collector) { if (this.file) appendFileSync(this.file, tuple.values[0] + '\\n'); collector.ack(tuple); }
}
`,
};

/** numbers (module) → pass (children) → sink (module). */
export function numbersTopology(
  resources: string,
  {
    count = 100,
    passes = 1,
    does = 'ack',
    file = '',
    config = {},
  }: { readonly count?: number; readonly passes?: number; readonly does?: string; readonly file?: string; readonly config?: Config } = {},
): Topology {
  const builder = new TopologyBuilder('numbers').config({ 'topology.max.spout.pending': 100, ...config });
  builder.setSpout('numbers', module('numbers.mjs', { export: 'Numbers', args: [count], outputs: ['number'] }), 1);
  builder.setBolt('pass', shell([process.execPath, 'pass.mjs', does], { outputs: ['number'] }), passes).shuffleGrouping('numbers');
  builder.setBolt('sink', module('sink.mjs', { export: 'Sink', args: [file] }), 1).shuffleGrouping('pass');
  return builder.build({ resources });
}

/** A launcher whose workers live below a directory. */
export function launcherIn(
  directory: string,
  options: Partial<ProcessLauncherOptions> = {},
  ports: Partial<ProcessLauncherPorts> = {},
): ProcessLauncher {
  return new ProcessLauncher(
    {
      directory: join(directory, 'workers'),
      program: workerProgram(),
      listenHost: '127.0.0.1',
      heartbeatMs: 50,
      supervisorTimeoutMs: 60_000,
      stopMs: 10_000,
      logBytesMax: 10_000_000,
      logFilesMax: 3,
      environment: null,
      linkToken: () => 'token',
      ...options,
    },
    { log: SILENT_LOG, ...ports },
  );
}

/** Writes a topology's code down as a supervisor would have it. */
export function codeIn(directory: string, topology: Topology): string {
  const code = join(directory, 'code');
  mkdirSync(code, { recursive: true });
  writeFileSync(join(code, TOPOLOGY_DATA_NAME), JSON.stringify(topology));
  return code;
}

/** A record that gives each worker the executors of some components. @param split components by worker; ports by worker */
export function recordOf(topology: Topology, split: readonly (readonly string[])[], ports: readonly number[]): TopologyRecord {
  const table = createTaskTable(topology);
  const workers = split.map((components, index) => ({
    incarnation: `1.${index}`,
    supervisor: 'here',
    port: ports[index] as number,
    executors: table.executors
      .filter(({ component }) => components.includes(component))
      .map(({ firstTask, lastTask }): AssignedExecutor => [firstTask, lastTask]),
  }));
  return {
    id: `${topology.name}-1-1700000000`,
    name: topology.name,
    status: 'active',
    blob: '',
    workersWanted: split.length,
    table,
    generation: 1,
    workers,
    hosts: { here: '127.0.0.1' },
  };
}

/** The log of a worker: events, and what else was printed as events of that name. */
export function logOf(directory: string, record: TopologyRecord, index = 0): readonly Readonly<Record<string, unknown>>[] {
  const path = join(directoryOf(directory, record, index), 'worker.log');
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (line.startsWith('{') ? JSON.parse(line) : { printed: line }));
}

export function directoryOf(directory: string, record: TopologyRecord, index = 0): string {
  return workerDirectory(join(directory, 'workers'), record.id, record.workers[index]?.port ?? 0);
}

/** Pids of the children that a worker has on record. */
export function childrenOf(directory: string, record: TopologyRecord): number[] {
  return readdirSync(join(directoryOf(directory, record), 'children')).map(Number);
}

/** Resolves when none of these processes is there any more. */
export async function processesGone(pids: readonly number[]): Promise<void> {
  while (pids.some((pid) => identify(pid) !== undefined)) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** A worker under way, and what was heard of it. */
export class Launched {
  readonly errors: ReportedError[] = [];
  readonly beats: boolean[] = [];
  exit: string | undefined;
  readonly #waiting: { readonly isMet: () => boolean; readonly resolve: () => void }[] = [];
  handle: WorkerHandle | undefined;

  readonly events: WorkerEvents = {
    onBeat: (isUp) => {
      this.beats.push(isUp);
      this.#look();
    },
    onError: (error) => {
      this.errors.push(error);
      this.#look();
    },
    onExit: (reason) => {
      this.exit = reason;
      this.#look();
    },
  };

  /** Resolves when something that an event changes has become true. */
  until(isMet: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ isMet, resolve });
      this.#look();
    });
  }

  up(): Promise<void> {
    return this.until(() => this.beats.at(-1) === true || this.exit !== undefined);
  }

  async gone(): Promise<string> {
    await this.until(() => this.exit !== undefined);
    return this.exit as string;
  }

  async snapshot(): Promise<WorkerSnapshot> {
    const snapshot = await this.handle?.snapshot();
    if (!isWorkerSnapshot(snapshot)) throw new Error(`no snapshot: ${JSON.stringify(snapshot)}`);
    return snapshot;
  }

  /** Resolves with the first snapshot of which something is true; a beat is a reason to ask again. */
  async snapshotWhen(isMet: (snapshot: WorkerSnapshot) => boolean): Promise<WorkerSnapshot> {
    for (;;) {
      const snapshot = await this.handle?.snapshot();
      if (isWorkerSnapshot(snapshot) && isMet(snapshot)) return snapshot;
      if (this.exit !== undefined) throw new Error(`the worker is gone: ${this.exit}`);
      const beats = this.beats.length;
      await this.until(() => this.beats.length > beats || this.exit !== undefined);
    }
  }

  #look(): void {
    for (const waiting of this.#waiting.filter(({ isMet }) => isMet())) {
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
      waiting.resolve();
    }
  }
}

export function launch(launcher: ProcessLauncher, spec: WorkerSpec): Launched {
  const launched = new Launched();
  launched.handle = launcher.launch(spec, launched.events);
  return launched;
}
