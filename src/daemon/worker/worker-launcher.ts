/**
 * Workers as processes: starts them, takes over those that an earlier life of this supervisor left, and ends what nobody wants. Invariant: a worker's directory is one slot of one topology; nothing
 * is started there before everything that ran there has gone.
 *
 * Below `directory`: `<topology id>/<port>/`, as `worker-file.ts` says. Logs stay for a week after their worker.
 */
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProcesses, identify, isAlive, killGroup } from '../../component/process-identity.js';
import { type SpawnWorker, spawnWorker } from '../../component/worker-spawn.js';
import type { Log } from '../../model/log.js';
import type { AdoptedWorker, WorkerEvents, WorkerHandle, WorkerLauncher, WorkerSpec } from '../worker-handle.js';
import { type LocalWishes, readIdentity, readWorkerFile, type WorkerFile, workerDirectory } from './worker-file.js';
import type { FromWorker } from './worker-messages.js';
import { clearDirectory, killChildren, RunningWorker } from './worker-running.js';

export interface ProcessLauncherOptions {
  /** Of all workers of this supervisor; made, for the owner alone. */
  readonly directory: string;
  /** Program and first arguments of a worker; its directory comes last. */
  readonly program: readonly string[];
  /** Address on which workers listen for their peers. */
  readonly listenHost: string;
  /** `worker.heartbeat.frequency.secs`. */
  readonly heartbeatMs: number;
  /** `worker.supervisor.timeout.secs`. */
  readonly supervisorTimeoutMs: number;
  /** What a worker that was asked to end may take for it, before it is killed. */
  readonly stopMs: number;
  readonly logBytesMax: number;
  readonly logFilesMax: number;
  /** `supervisor.environment`: what children may inherit; null: all but secrets. */
  readonly environment: readonly string[] | null;
  /** What the workers of a topology show each other. */
  readonly linkToken: (topologyId: string) => string;
  /** Paths of PEM files, when links are to be encrypted. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
  readonly local?: LocalWishes;
}

export interface ProcessLauncherPorts {
  readonly log: Log;
  readonly spawn?: SpawnWorker;
  /** What workers of `polybolt run` say beyond what a supervisor asks. */
  readonly onLocal?: (message: LocalMessage) => void;
}

/** What only local mode hears of. */
export type LocalMessage = Extract<FromWorker, { readonly type: 'firstAck' | 'print' | 'log' | 'exit' }>;

/** Logs of workers that have gone are kept for so long, in ms. */
const LOGS_KEPT_MS = 7 * 24 * 3600 * 1000;

export class ProcessLauncher implements WorkerLauncher {
  readonly #options: ProcessLauncherOptions;
  readonly #ports: ProcessLauncherPorts;
  readonly #running = new Set<RunningWorker>();

  constructor(options: ProcessLauncherOptions, ports: ProcessLauncherPorts) {
    this.#options = options;
    this.#ports = ports;
  }

  launch(spec: WorkerSpec, events: WorkerEvents): WorkerHandle {
    const { heartbeatMs, supervisorTimeoutMs, logBytesMax, logFilesMax, environment, linkToken, tls, local, listenHost } = this.#options;
    const { record, worker, launch, codeDirectory } = spec;
    const running = this.#track(workerDirectory(this.#options.directory, record.id, worker.port), spec, events);
    const file: Omit<WorkerFile, 'socket' | 'version'> = {
      record,
      worker,
      launch,
      codeDirectory,
      listenHost,
      linkToken: linkToken(record.id),
      tls: tls ?? null,
      environment,
      heartbeatMs,
      supervisorTimeoutMs,
      logBytesMax,
      logFilesMax,
      local: local ?? null,
    };
    running.launch(file, this.#options.program, this.#ports.spawn ?? spawnWorker);
    return running;
  }

  async leftRunning(): Promise<readonly AdoptedWorker[]> {
    const adopted: AdoptedWorker[] = [];
    const kept = new Set<number>();
    for (const directory of this.#directories()) {
      const worker = this.#adoptable(directory);
      if (worker === undefined) await this.#clear(directory);
      else {
        adopted.push(worker.adopted);
        kept.add(worker.pid);
      }
    }
    await this.#killStrays(kept);
    return adopted;
  }

  /** Lets go of all workers; they go on, and may be adopted. */
  close(): void {
    for (const running of this.#running) running.letGo();
    this.#running.clear();
  }

  /** Kills all workers at once, children and all. */
  async killAll(): Promise<void> {
    await Promise.all([...this.#running].map((running) => running.kill()));
  }

  #track(directory: string, spec: Pick<WorkerSpec, 'record' | 'worker'>, events: WorkerEvents): RunningWorker {
    const { log, onLocal } = this.#ports;
    const { stopMs, local } = this.#options;
    const { supervisor, port } = spec.worker;
    const running = new RunningWorker(
      { directory, supervisor, port, stopMs, isLocal: local !== undefined },
      {
        onBeat: (isUp) => events.onBeat(isUp),
        onError: (error) => events.onError(error),
        onExit: (reason) => {
          this.#running.delete(running);
          events.onExit(reason);
        },
        onLocal: (message) => onLocal?.(message),
      },
      log,
    );
    this.#running.add(running);
    return running;
  }

  /** What lives in a directory, if it is a worker that can be spoken with. */
  #adoptable(directory: string): { readonly adopted: AdoptedWorker; readonly pid: number } | undefined {
    const identity = readIdentity(directory);
    if (identity === undefined || !isAlive(identity)) return undefined;
    let file: WorkerFile;
    try {
      file = readWorkerFile(directory);
    } catch (error) {
      this.#ports.log.warn('worker.unreadable', { directory, pid: identity.pid, reason: String(error) });
      return undefined;
    }
    if (workerDirectory(this.#options.directory, file.record.id, file.worker.port) !== directory) return undefined;
    const adopt = (events: WorkerEvents): WorkerHandle => {
      const running = this.#track(directory, file, events);
      running.adopt(identity, file.socket);
      return running;
    };
    const { record, worker, launch } = file;
    return { adopted: { topologyId: record.id, incarnation: worker.incarnation, port: worker.port, launch, adopt }, pid: identity.pid };
  }

  /** Ends what is left in a directory, and clears it but for the logs. */
  async #clear(directory: string): Promise<void> {
    const identity = readIdentity(directory);
    if (identity !== undefined && killGroup(identity)) this.#ports.log.warn('worker.left-killed', { directory, pid: identity.pid });
    await killChildren(directory, this.#ports.log);
    clearDirectory(directory);
    const isOld = Date.now() - statSync(directory).mtimeMs > LOGS_KEPT_MS;
    if (isOld || readdirSync(directory).length === 0) rmSync(directory, { recursive: true, force: true });
  }

  /** Workers of ours that no directory tells of any more. */
  async #killStrays(kept: ReadonlySet<number>): Promise<void> {
    const root = this.#options.directory + sep;
    const program = this.#options.program.at(-1) ?? '';
    for (const stray of findProcesses((args) => args.includes(program) && args.some((arg) => arg.startsWith(root)))) {
      if (kept.has(stray.pid) || stray.pid === process.pid || identify(stray.pid)?.started !== stray.started) continue;
      this.#ports.log.warn('worker.stray-killed', { pid: stray.pid });
      killGroup(stray);
    }
  }

  #directories(): string[] {
    const { directory } = this.#options;
    return foldersIn(directory).flatMap((topology) => foldersIn(topology));
  }
}

function foldersIn(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [join(directory, entry.name)] : []));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** The program of a worker, wherever this code lies: beside it as it was compiled, or bundled with the command. */
export function workerProgram(): string[] {
  return [process.execPath, fileURLToPath(new URL('./worker-main.js', import.meta.url))];
}
