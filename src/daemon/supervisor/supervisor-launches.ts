/**
 * The last launch number of each slot, so that none is used twice. Invariant: a number is on record before the launch that bears it; one entry a slot, since an
 * incarnation that has left its slot never comes back to it.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Launch } from '../../membership/slot-state.js';

export interface LaunchNumbers {
  /** The highest number that an incarnation was launched with in a slot; 0 if never. */
  last(port: number, topologyId: string, incarnation: string): number;
  /** Before a launch. Throws when it cannot be put on record. */
  note(port: number, launch: Launch): void;
  /** A worker of an earlier life was found running. */
  adopt(port: number, launch: Launch): void;
}

/** Forgets with its process: for workers that cannot outlive it. */
export class LaunchMemory implements LaunchNumbers {
  readonly #launches = new Map<number, Launch>();

  last(port: number, topologyId: string, incarnation: string): number {
    const launch = this.#launches.get(port);
    return launch?.topologyId === topologyId && launch.incarnation === incarnation ? launch.launch : 0;
  }

  note(port: number, launch: Launch): void {
    this.#launches.set(port, launch);
  }

  adopt(port: number, launch: Launch): void {
    this.note(port, launch);
  }
}

/** Also knows the launches of earlier lives of this supervisor: `<directory>/<port>.json`. */
export class LaunchFiles implements LaunchNumbers {
  readonly #memory = new LaunchMemory();
  readonly #directory: string;
  readonly #read = new Set<number>();

  /** @param directory made if it does not exist */
  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  last(port: number, topologyId: string, incarnation: string): number {
    if (!this.#read.has(port)) {
      this.#read.add(port);
      const launch = readLaunch(this.#path(port));
      if (launch !== undefined) this.#memory.note(port, launch);
    }
    return this.#memory.last(port, topologyId, incarnation);
  }

  /** Throws what the disk says: a launch whose number cannot be kept must not be. */
  note(port: number, { topologyId, incarnation, launch }: Launch): void {
    this.#read.add(port);
    const path = this.#path(port);
    writeFileSync(`${path}.tmp`, JSON.stringify({ topologyId, incarnation, launch }), { mode: 0o600 });
    renameSync(`${path}.tmp`, path);
    this.#memory.note(port, { topologyId, incarnation, launch });
  }

  /** Its own launch has put it on record. */
  adopt(port: number, launch: Launch): void {
    this.#read.add(port);
    this.#memory.note(port, launch);
  }

  #path(port: number): string {
    return join(this.#directory, `${port}.json`);
  }
}

/** Undefined where there is none, or none that can be read: the rename leaves whole files, so that is a disk's fault. */
function readLaunch(path: string): Launch | undefined {
  try {
    const { topologyId, incarnation, launch } = JSON.parse(readFileSync(path, 'utf8')) as Partial<Launch>;
    if (typeof topologyId !== 'string' || typeof incarnation !== 'string' || !Number.isSafeInteger(launch)) return undefined;
    return { topologyId, incarnation, launch: launch as number };
  } catch {
    return undefined;
  }
}
