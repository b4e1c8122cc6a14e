/**
 * Limits on what one child may use. Invariant: what the system cannot enforce is said once, as `limit.unenforced`, and everything runs as without it.
 *
 * Memory: `prlimit` sets how much private writable memory (RLIMIT_DATA) each process of the child may have; an allocation past it fails in the child. Processes: the kernel counts
 * them by user and not by child, so the session of the child is counted now and then, and the child is killed when there are too many.
 */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Log } from '../model/log.js';
import type { Spawn } from './child.js';
import { countSession, identify, killGroup } from './process-identity.js';

export interface ChildLimits {
  /** Of each process of a child, in MB; null: none. */
  readonly memoryMb: number | null;
  /** Of a child and all that it starts; null: none. */
  readonly processesMax: number | null;
}

const PROCESSES_MS = 500;

/** What of the limits the system cannot enforce, by configuration key. */
export function unenforced(limits: ChildLimits, prlimit: string | undefined, platform: string = process.platform): string[] {
  return [
    ...(limits.memoryMb !== null && prlimit === undefined ? ['topology.child.memory.mb'] : []),
    ...(limits.processesMax !== null && platform !== 'linux' ? ['topology.child.processes.max'] : []),
  ];
}

/** The path of `prlimit`, where there is one that works. */
export function findPrlimit(path = process.env.PATH ?? '', platform: string = process.platform): string | undefined {
  if (platform !== 'linux') return undefined;
  return path
    .split(delimiter)
    .map((directory) => join(directory, 'prlimit'))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** Makes ways to start children under limits. */
export class ChildLimiter {
  readonly #log: Log;
  readonly #warned = new Set<string>();
  #prlimit: string | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Starts children as `spawn` does, under limits. */
  limit(spawn: Spawn, limits: ChildLimits): Spawn {
    const { memoryMb, processesMax } = limits;
    if (memoryMb === null && processesMax === null) return spawn;
    this.#prlimit ??= findPrlimit();
    const prlimit = this.#prlimit;
    this.#warn(unenforced(limits, prlimit).filter((key) => !this.#warned.has(key)));
    return (command, stdio) => {
      const isWrapped = memoryMb !== null && prlimit !== undefined;
      const argv = isWrapped ? [prlimit, `--data=${memoryMb * 1024 * 1024}`, '--', ...command.argv] : command.argv;
      const child = spawn({ ...command, argv }, stdio);
      if (processesMax !== null && process.platform === 'linux' && child.pid !== undefined) watchProcesses(child, processesMax, this.#log);
      return child;
    };
  }

  #warn(keys: readonly string[]): void {
    for (const key of keys) this.#warned.add(key);
    if (keys.length > 0) this.#log.warn('limit.unenforced', { keys, platform: process.platform });
  }
}

function watchProcesses(child: ReturnType<Spawn>, processesMax: number, log: Log): void {
  const identity = identify(child.pid as number);
  if (identity === undefined) return;
  const timer = setInterval(() => {
    const processes = countSession(identity.pid);
    if (processes <= processesMax) return;
    log.error('limit.processes', { pid: identity.pid, processes, processesMax });
    killGroup(identity);
  }, PROCESSES_MS);
  timer.unref();
  child.once('exit', () => clearInterval(timer));
}
