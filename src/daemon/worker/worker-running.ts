/**
 * One launch of a worker as its supervisor sees it: a process and a socket. Invariant: `onExit` comes once, when the process and all of the children it had on record are gone; every
 * kill is of a pid whose start time is the one that was written down.
 */
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordedChildren } from '../../component/child-records.js';
import { identify, isAlive, killGroup, type ProcessIdentity, terminate } from '../../component/process-identity.js';
import type { SpawnWorker } from '../../component/worker-spawn.js';
import type { TopologyRecord } from '../../model/cluster-records.js';
import type { Log } from '../../model/log.js';
import type { WorkerEvents, WorkerHandle } from '../worker-handle.js';
import { ControlClient } from './worker-control-client.js';
import { explainExit } from './worker-exit.js';
import { readIdentity, WORKER_FILE_VERSION, WORKER_NAMES, type WorkerFile, writeIdentity, writeWorkerFile } from './worker-file.js';
import { errorOf, type FromWorker, type WorkerError } from './worker-messages.js';

/** A path of a socket may have so many bytes, and one to end it, on every system. */
const SOCKET_PATH_BYTES_MAX = 100;
/** How often an adopted worker, whose exit nobody tells, is looked at. */
const LOOK_MS = 200;
/** How often it is looked whether what was killed has gone, and for how long. */
const GONE_LOOK_MS = 10;
const GONE_LOOKS_MAX = 1000;
const SNAPSHOT_MS = 5000;

export interface RunningPlace {
  readonly directory: string;
  readonly supervisor: string;
  readonly port: number;
  readonly stopMs: number;
  /** Whoever runs it locally is told of its last error in its own way. */
  readonly isLocal: boolean;
}

export interface RunningEvents extends WorkerEvents {
  onLocal(message: Extract<FromWorker, { readonly type: 'firstAck' | 'print' | 'log' | 'exit' }>): void;
}

export class RunningWorker implements WorkerHandle {
  readonly #place: RunningPlace;
  readonly #events: RunningEvents;
  readonly #log: Log;
  readonly #gone: Promise<void>;
  #resolveGone: () => void = () => {};
  #identity: ProcessIdentity | undefined;
  #control: ControlClient | undefined;
  #record: TopologyRecord | undefined;
  readonly #asked = new Map<number, (snapshot: unknown) => void>();
  #asks = 0;
  /** What it said when it ended. */
  #lastWords: string | undefined;
  #wasKilled = false;
  #isEnding = false;
  #isOver = false;
  #isLetGo = false;
  #timers: NodeJS.Timeout[] = [];

  constructor(place: RunningPlace, events: RunningEvents, log: Log) {
    this.#place = place;
    this.#events = events;
    this.#log = log;
    this.#gone = new Promise((resolve) => {
      this.#resolveGone = resolve;
    });
  }

  /** Starts the process. What goes wrong comes as `onExit`, later. */
  launch(file: Omit<WorkerFile, 'socket' | 'version'>, program: readonly string[], spawn: SpawnWorker): void {
    this.#launch(file, program, spawn).catch((error: unknown) => void this.#over(`it could not be started: ${String(error)}`));
  }

  /** Takes over a process that runs already. */
  adopt(identity: ProcessIdentity, socket: string): void {
    this.#identity = identity;
    this.#dial(socket);
    this.#timers.push(setInterval(() => !isAlive(identity) && this.#exited(undefined, undefined, ''), LOOK_MS));
  }

  update(record: TopologyRecord): void {
    this.#record = record;
    this.#control?.send({ type: 'update', record });
  }

  snapshot(): Promise<unknown> {
    const id = ++this.#asks;
    if (this.#control?.send({ type: 'snapshot', id }) !== true) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const timer = setTimeout(() => answer(undefined), SNAPSHOT_MS);
      const answer = (snapshot: unknown): void => {
        clearTimeout(timer);
        this.#asked.delete(id);
        resolve(snapshot ?? undefined);
      };
      this.#asked.set(id, answer);
    });
  }

  async restart(components: readonly string[]): Promise<void> {
    const id = ++this.#asks;
    if (this.#control?.send({ type: 'restart', id, components }) !== true) return; // It begins with what it reads then.
    const error = await new Promise<unknown>((resolve) => this.#asked.set(id, resolve));
    if (error !== undefined) throw errorOf(error as WorkerError);
  }

  async stop(): Promise<void> {
    if (!this.#isEnding && !this.#isOver) {
      this.#isEnding = true;
      // One that does not listen yet is asked as any process is.
      if (this.#control?.send({ type: 'stop' }) !== true && this.#identity !== undefined) terminate(this.#identity);
      this.#timers.push(setTimeout(() => void this.kill(), this.#place.stopMs));
    }
    await this.#gone;
  }

  async kill(): Promise<void> {
    this.#isEnding = true;
    this.#wasKilled = true;
    if (this.#identity !== undefined) killGroup(this.#identity);
    await this.#gone;
  }

  /** Forgets it and leaves it as it is. */
  letGo(): void {
    this.#isLetGo = true;
    this.#close();
  }

  async #launch(file: Omit<WorkerFile, 'socket' | 'version'>, program: readonly string[], spawn: SpawnWorker): Promise<void> {
    const { directory } = this.#place;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const before = readIdentity(directory);
    if (before !== undefined) killGroup(before);
    await killChildren(directory, this.#log);
    clearDirectory(directory);
    if (this.#isEnding) return this.#over('it was ended before it was started');
    const socket = socketPath(directory);
    writeWorkerFile(directory, { ...file, version: WORKER_FILE_VERSION, socket });
    const output = openSync(join(directory, WORKER_NAMES.log), 'a', 0o600);
    try {
      const { pid } = spawn({ argv: [...program, directory], cwd: directory, output }, (code, signal, error) =>
        this.#exited(code, signal, error),
      );
      this.#identity = pid === 0 ? undefined : identify(pid);
      if (this.#identity !== undefined) writeIdentity(directory, this.#identity);
    } finally {
      closeSync(output);
    }
    this.#dial(socket);
    if (this.#isEnding) void this.kill();
  }

  #dial(socket: string): void {
    this.#control = new ControlClient(
      socket,
      {
        onMessage: (message) => this.#onMessage(message),
        onOpen: () => {
          if (this.#record !== undefined) this.#control?.send({ type: 'update', record: this.#record });
        },
      },
      this.#log,
    );
  }

  #onMessage(message: FromWorker): void {
    if (this.#isOver || this.#isLetGo) return;
    const { supervisor, port, isLocal } = this.#place;
    switch (message.type) {
      case 'beat':
        return this.#events.onBeat(message.isUp === true);
      case 'error':
        return this.#events.onError({ ...message.error, supervisor, port });
      case 'snapshot':
        return this.#asked.get(message.id)?.(message.snapshot);
      case 'restarted':
        return this.#asked.get(message.id)?.(message.error);
      case 'exit':
        this.#lastWords = String(message.reason);
        if (message.error !== undefined && !isLocal) this.#events.onError({ ...message.error, supervisor, port });
        return this.#events.onLocal(message);
      case 'firstAck':
      case 'print':
      case 'log':
        return this.#events.onLocal(message);
      default:
        this.#log.debug('control.unknown', { type: (message as { readonly type: string }).type });
    }
  }

  #exited(code: number | undefined, signal: string | undefined, error: string): void {
    if (this.#isOver || this.#isLetGo) return;
    const how = this.#wasKilled ? 'it was killed by its supervisor' : undefined;
    // What it said last may still be on its way from the socket.
    setImmediate(
      () => void this.#over(how ?? this.#lastWords ?? explainExit(code, signal, error, join(this.#place.directory, WORKER_NAMES.log))),
    );
  }

  async #over(reason: string): Promise<void> {
    if (this.#isOver || this.#isLetGo) return;
    this.#isOver = true;
    this.#close();
    try {
      await killChildren(this.#place.directory, this.#log);
      clearDirectory(this.#place.directory);
    } catch (error) {
      this.#log.error('worker.clear-failed', { directory: this.#place.directory, reason: String(error) });
    }
    this.#events.onExit(reason);
    this.#resolveGone();
  }

  #close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const answer of [...this.#asked.values()]) answer(undefined);
    this.#control?.close();
  }
}

/** Kills every child on record in a worker's directory, and waits until they are gone. */
export async function killChildren(directory: string, log: Log): Promise<void> {
  const children = recordedChildren(join(directory, WORKER_NAMES.children));
  for (const child of children) if (killGroup(child)) log.warn('child.orphan-killed', { directory, pid: child.pid });
  for (let looks = 0; children.some(isAlive); looks++) {
    if (looks === GONE_LOOKS_MAX)
      throw new Error(`children of a dead worker cannot be killed: ${children.filter(isAlive).map(({ pid }) => pid)}`);
    await new Promise((resolve) => setTimeout(resolve, GONE_LOOK_MS));
  }
}

/** Empties a worker's directory but for its logs. */
export function clearDirectory(directory: string): void {
  if (isTooLong(directory)) rmSync(shortDirectory(directory), { recursive: true, force: true });
  for (const name of readdirSync(directory)) {
    if (!name.startsWith(WORKER_NAMES.log)) rmSync(join(directory, name), { recursive: true, force: true });
  }
}

/** In the worker's directory, or in one of its own where that path would be too long for a socket. */
function socketPath(directory: string): string {
  if (!isTooLong(directory)) return join(directory, WORKER_NAMES.socket);
  const short = shortDirectory(directory);
  rmSync(short, { recursive: true, force: true });
  // Fails where somebody else's is in the way: nobody but us may put a socket there.
  mkdirSync(short, { mode: 0o700 });
  return join(short, WORKER_NAMES.socket);
}

function isTooLong(directory: string): boolean {
  return Buffer.byteLength(join(directory, WORKER_NAMES.socket)) > SOCKET_PATH_BYTES_MAX;
}

/** The same each time, so that it can be removed whoever made it. */
function shortDirectory(directory: string): string {
  return join(tmpdir(), `polybolt-worker-${createHash('sha256').update(directory).digest('hex').slice(0, 16)}`);
}
