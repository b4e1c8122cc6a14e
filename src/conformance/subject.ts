/**
 * The process under judgement: its pipes, its exit, its group. Invariant: nothing is done to it that was not asked for (no signal, no closed pipe), so
 * that what happens is its own doing; after `destroy` nothing of its group is left.
 */
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { ChildCommand, Spawn } from '../component/child.js';
import type { FifoPool } from '../component/fifo-pool.js';
import { EXIT_DRAIN_MS } from '../model/limits.js';

type Started = ReturnType<Spawn>;

export interface SubjectExit {
  readonly code: number | undefined;
  readonly signal: string | undefined;
  readonly startError: NodeJS.ErrnoException | undefined;
}

export interface SubjectEvents {
  onBytes(chunk: Buffer): void;
  onStderr(text: string): void;
  /** After the last of its stdout, or a moment after the exit when somebody else holds it open. */
  onExit(exit: SubjectExit): void;
  onStdoutEnd(): void;
}

/** Those that have not been destroyed. */
const living = new Set<Subject>();

/** Ends every process under judgement at once, for when we end early ourselves. */
export function killSubjects(): void {
  for (const subject of living) subject.kill();
}

export class Subject {
  readonly #events: SubjectEvents;
  readonly #process: Started;
  readonly #stdin: Socket;
  readonly #stdout: Socket;
  readonly #gone: Promise<void>;
  #exit: SubjectExit | undefined;
  #stdoutEnded = false;
  #toldExit = false;
  /** Writes that wait for the end of those byte by byte: a reply within a message would be garbage. */
  #waiting: Buffer[] | undefined;

  static async launch(spawn: Spawn, pool: FifoPool, command: ChildCommand, events: SubjectEvents): Promise<Subject> {
    const pipes = await pool.take();
    const process = spawn(command, { stdin: pipes.childStdin, stdout: pipes.childStdout });
    closeSync(pipes.childStdin);
    closeSync(pipes.childStdout);
    return new Subject(process, pipes.hostWrite, pipes.hostRead, events);
  }

  private constructor(process: Started, hostWrite: number, hostRead: number, events: SubjectEvents) {
    this.#events = events;
    this.#process = process;
    living.add(this);
    this.#stdin = new Socket({ fd: hostWrite, readable: false, writable: true });
    this.#stdin.on('error', () => this.#stdin.destroy()); // EPIPE: it reads no more; its exit tells the story.
    this.#stdout = new Socket({ fd: hostRead, readable: true, writable: false });
    this.#stdout.on('data', (chunk: Buffer) => events.onBytes(chunk));
    this.#stdout.on('close', () => this.#onStdoutEnd());
    this.#stdout.on('error', () => this.#stdout.destroy());
    process.stderr?.on('data', (chunk: Buffer) => events.onStderr(chunk.toString()));
    // The event and not the promise, which also waits for a stderr that somebody else may hold open.
    this.#gone = new Promise((resolve) => {
      const tell = (exit: SubjectExit): void => {
        this.#onExit(exit);
        resolve();
      };
      process.once('exit', (code, signal) => tell({ code: code ?? undefined, signal: signal ?? undefined, startError: undefined }));
      process.then(
        (result) => tell({ code: result.exitCode, signal: result.signal, startError: startErrorOf(result) }),
        (error: NodeJS.ErrnoException) => tell({ code: undefined, signal: undefined, startError: error }),
      );
    });
  }

  /** 0 when it could not be started. */
  get pid(): number {
    return this.#process.pid ?? 0;
  }

  write(bytes: Buffer): void {
    if (this.#waiting === undefined) this.#put(bytes);
    else this.#waiting.push(bytes);
  }

  /** Writes byte by byte, each a write of its own. */
  async writeBytes(bytes: Buffer): Promise<void> {
    const waiting: Buffer[] = [];
    this.#waiting = waiting;
    for (let at = 0; at < bytes.length; at++) {
      this.#put(bytes.subarray(at, at + 1));
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#waiting = undefined;
    for (const held of waiting) this.#put(held);
  }

  endStdin(): void {
    if (!this.#stdin.destroyed) this.#stdin.end();
  }

  /** Nobody reads its output any more: its next write meets a broken pipe. */
  closeStdout(): void {
    this.#stdout.destroy();
  }

  /** Whether any process of its group lives. */
  isGroupAlive(): boolean {
    if (this.pid === 0) return false;
    try {
      process.kill(-this.pid, 0);
      return true;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EPERM';
    }
  }

  /** Ends whatever is left of it, and waits for that. */
  async destroy(): Promise<void> {
    if (this.#exit === undefined || this.isGroupAlive()) this.kill();
    await this.#gone;
    living.delete(this);
    this.#stdin.destroy();
    this.#stdout.destroy();
    this.#process.stderr?.destroy();
  }

  /** KILL to its whole process group. */
  kill(): void {
    if (this.pid === 0) return;
    try {
      process.kill(-this.pid, 'SIGKILL');
    } catch (error) {
      // ESRCH: nobody is left. EPERM: it has become somebody else, and cannot be reached.
      if (!['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }

  #put(bytes: Buffer): void {
    if (!this.#stdin.destroyed && !this.#stdin.writableEnded) this.#stdin.write(bytes);
  }

  #onStdoutEnd(): void {
    if (this.#stdoutEnded) return;
    this.#stdoutEnded = true;
    this.#events.onStdoutEnd();
    if (this.#exit !== undefined) this.#tellExit();
  }

  #onExit(exit: SubjectExit): void {
    if (this.#exit !== undefined) return;
    this.#exit = exit;
    if (this.#stdoutEnded) this.#tellExit();
    else setTimeout(() => this.#tellExit(), EXIT_DRAIN_MS);
  }

  #tellExit(): void {
    if (this.#toldExit) return;
    this.#toldExit = true;
    this.#events.onExit(this.#exit as SubjectExit);
  }
}

function startErrorOf(result: Awaited<Started>): NodeJS.ErrnoException | undefined {
  const { cause } = result as { readonly cause?: NodeJS.ErrnoException };
  return result.exitCode === undefined && result.signal === undefined ? (cause ?? new Error('it could not be started')) : undefined;
}
