/**
 * A cluster of real daemons on this machine, each a process of its own started by the command line as an operator would. Invariant: everything that was
 * started is dead after `stop`, children of children too, and the directory is gone.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive, type ProcessIdentity } from '../../src/component/process-identity.js';
import type { ClusterAnswer, WorkerAnswer, WorkersAnswer } from '../../src/daemon/nimbus/nimbus-api.js';
import { readIdentity, readWorkerFile, workerDirectory } from '../../src/daemon/worker/worker-file.js';
import { Daemon } from './daemon.js';
import { freePorts } from './ports.js';
import { type CliResult, runCli } from './run-cli.js';

export { Daemon } from './daemon.js';
export { freePorts } from './ports.js';

export interface ClusterOptions {
  /** Servers of ZooKeeper, each `host:port`. */
  readonly zookeeper: readonly string[];
  readonly nimbuses: number;
  readonly supervisors: number;
  /** Slots of each supervisor. */
  readonly slots: number;
  /** Keys of every daemon's configuration. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Other servers for one daemon, by its name: a proxy before the real ones. */
  readonly zookeeperOf?: Readonly<Record<string, readonly string[]>>;
}

/** Short times, so that a test need not wait for what takes a minute in production. */
const QUICK: Readonly<Record<string, unknown>> = {
  'storm.zookeeper.session.timeout': 4000,
  'nimbus.monitor.freq.secs': 1,
  'nimbus.task.timeout.secs': 6,
  'supervisor.worker.timeout.secs': 2,
  'supervisor.worker.shutdown.sleep.secs': 1,
  'supervisor.monitor.frequency.secs': 1,
  'worker.heartbeat.frequency.secs': 0.5,
};

export interface RunningWorker {
  readonly pid: number;
  readonly port: number;
  readonly topologyId: string;
  /** `G.N`, and which of its launches this is. */
  readonly incarnation: string;
  readonly launch: number;
  /** Pids of its components. */
  readonly children: readonly number[];
  readonly supervisor: Daemon;
}

export class Cluster {
  readonly directory: string;
  readonly nimbuses: Daemon[] = [];
  readonly supervisors: Daemon[] = [];
  readonly #options: ClusterOptions;

  /** Also when the test process ends early. */
  readonly #onExit = (): void => this.#killAll();

  private constructor(options: ClusterOptions) {
    this.#options = options;
    this.directory = mkdtempSync(join(tmpdir(), 'polybolt-cluster-'));
    process.on('exit', this.#onExit);
  }

  /** Starts all daemons and resolves when one nimbus leads and every supervisor is registered. */
  static async start(options: ClusterOptions): Promise<Cluster> {
    const cluster = new Cluster(options);
    for (let index = 1; index <= options.nimbuses; index++) cluster.nimbuses.push(await cluster.#daemon('nimbus', index));
    for (let index = 1; index <= options.supervisors; index++) cluster.supervisors.push(await cluster.#daemon('supervisor', index));
    for (const daemon of cluster.daemons) daemon.start();
    try {
      await cluster.until(`${options.supervisors} supervisors are registered`, async () => {
        const state = await cluster.state();
        return (state?.leader ?? null) !== null && state?.supervisors.length === options.supervisors;
      });
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  /** URLs of all nimbuses, as `--nimbus` takes them. */
  get urls(): string {
    return this.nimbuses.map(({ url }) => url).join(',');
  }

  /** All daemons. */
  get daemons(): readonly Daemon[] {
    return [...this.nimbuses, ...this.supervisors];
  }

  /** Runs `polybolt COMMAND … --nimbus …` in `cwd`. */
  cli(args: readonly string[], cwd: string = this.directory): Promise<CliResult> {
    return runCli([...args, '--nimbus', this.urls], { cwd });
  }

  /** Resolves when every daemon runs, is connected with ZooKeeper and registered, and one nimbus leads. */
  async untilWhole(timeoutMs?: number): Promise<void> {
    await this.until(
      'every daemon is registered',
      async () => {
        if (!this.daemons.every(({ isRunning, isConnected }) => isRunning && isConnected)) return false;
        const state = await this.state();
        return (
          (state?.leader ?? null) !== null &&
          state?.nimbuses.length === this.nimbuses.length &&
          state.supervisors.length === this.supervisors.length
        );
      },
      timeoutMs,
    );
  }

  /** What the first nimbus to answer says of the cluster; undefined while none does. */
  state(): Promise<ClusterAnswer | undefined> {
    return this.#ask<ClusterAnswer>('/v1/cluster');
  }

  /** The nimbus that leads. */
  async leader(): Promise<Daemon> {
    let found: Daemon | undefined;
    await this.until('a nimbus leads', async () => {
      const state = await this.state();
      found = this.nimbuses.find(({ url }) => url === state?.leader?.url);
      return found !== undefined;
    });
    return found as Daemon;
  }

  /** The workers that a topology is to have, as the first nimbus to answer says; none while none does or there is no such topology. */
  async assigned(name: string): Promise<readonly WorkerAnswer[]> {
    return (await this.#ask<WorkersAnswer>(`/v1/topologies/${name}/workers`))?.workers ?? [];
  }

  /** Resolves when so many workers of a topology run. */
  async untilRunning(name: string, workers: number, timeoutMs?: number): Promise<void> {
    await this.until(
      `${workers} workers of ${name} run`,
      async () => {
        const list = await this.assigned(name);
        return list.length === workers && list.every(({ state }) => state === 'running');
      },
      timeoutMs,
    );
  }

  /** Workers that have a living process, as the supervisors' directories tell. */
  workers(): RunningWorker[] {
    return this.supervisors.flatMap((supervisor) => {
      const root = join(supervisor.directory, 'workers');
      return entries(root).flatMap((topologyId) =>
        entries(join(root, topologyId)).flatMap((port) => workerIn(supervisor, workerDirectory(root, topologyId, Number(port)))),
      );
    });
  }

  /** Resolves when `holds` does, which is asked every `pollMs`. Rejects with the daemons' last lines after `timeoutMs`. */
  async until(what: string, holds: () => boolean | Promise<boolean>, timeoutMs = 60_000, pollMs = 50): Promise<void> {
    const startedAtMs = performance.now();
    while (!(await holds())) {
      if (performance.now() - startedAtMs > timeoutMs)
        throw new Error(`in ${timeoutMs / 1000} s it did not come to be that ${what}\n${this.log()}`);
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }

  /** The last lines of every daemon. */
  log(lines = 15): string {
    return this.daemons.map((daemon) => `--- ${daemon.name}\n${daemon.lines.slice(-lines).join('\n')}`).join('\n');
  }

  async stop(): Promise<void> {
    await Promise.all(this.daemons.map((daemon) => daemon.signal('SIGKILL')));
    this.#killAll();
    process.off('exit', this.#onExit);
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }

  /** What has been started and never been written down too: all of it has its code, its directory or its configuration below this one. */
  #killAll(): void {
    for (const pid of processesBelow(this.directory)) kill(pid);
  }

  /** Asks all nimbuses at once: one that is frozen takes connections and never answers. */
  async #ask<T>(path: string): Promise<T | undefined> {
    const answers = this.nimbuses.map(async ({ url }) => {
      const response = await fetch(url + path, { signal: AbortSignal.timeout(3000) });
      if (!response.ok) throw new Error(`${url} answers ${response.status}`);
      return (await response.json()) as T;
    });
    return Promise.any(answers).catch(() => undefined);
  }

  async #daemon(kind: 'nimbus' | 'supervisor', index: number): Promise<Daemon> {
    const name = `${kind}-${index}`;
    const directory = join(this.directory, name);
    mkdirSync(directory, { mode: 0o700 });
    const [port, ...slots] = await freePorts(kind === 'nimbus' ? 1 : 1 + this.#options.slots);
    const config = {
      ...QUICK,
      'storm.zookeeper.servers': this.#options.zookeeperOf?.[name] ?? this.#options.zookeeper,
      'storm.local.dir': directory,
      ...(kind === 'nimbus' ? { 'nimbus.port': port } : { 'supervisor.port': port, 'supervisor.slots.ports': slots }),
      ...this.#options.config,
    };
    const file = join(this.directory, `${name}.yaml`);
    // JSON is YAML.
    writeFileSync(file, JSON.stringify(config, undefined, 2));
    return new Daemon(name, directory, `http://127.0.0.1:${port}`, file);
  }
}

function entries(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** The worker of a slot; none while it is not there, or not written down as a whole. */
function workerIn(supervisor: Daemon, directory: string): RunningWorker[] {
  let identity: ProcessIdentity | undefined;
  try {
    identity = readIdentity(directory);
    if (identity === undefined || !isAlive(identity)) return [];
    const { record, worker, launch } = readWorkerFile(directory);
    const children = entries(join(directory, 'children')).map(Number);
    const { incarnation, port } = worker;
    return [{ pid: identity.pid, port, topologyId: record.id, incarnation, launch, children, supervisor }];
  } catch {
    return []; // Its supervisor is clearing it away.
  }
}

/** Processes that run in a directory, or were told of a path in it. */
function processesBelow(directory: string): number[] {
  const pids = entries('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid);
  return pids.filter((pid) => {
    try {
      if (readlinkSync(`/proc/${pid}/cwd`).startsWith(directory)) return true;
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`${directory}/`);
    } catch {
      return false;
    }
  });
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It is dead already.
  }
}
