/**
 * One child process: its pipes, its stderr, its exit and its end. Invariant: `onExit` comes exactly once, after the last byte of stdout and stderr that
 * there is to read (or 100 ms, because a grandchild may hold them open), and the whole process group is gone afterwards.
 */
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';
import type { ResultPromise } from 'execa';
import { ReadRhythm } from '../flow/read-rhythm.js';
import { EXIT_DRAIN_MS, READ_CHUNK_BYTES, READ_REST_MS, READ_TURN_BYTES, STDERR_TAIL_BYTES } from '../model/limits.js';
import type { ChildPipes } from './fifo-pool.js';

export interface ChildCommand {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface ChildExit {
  /** Exit code, when it exited by itself. */
  readonly code: number | undefined;
  readonly signal: string | undefined;
  /** The error of a command that could not be started at all. */
  readonly startError: NodeJS.ErrnoException | undefined;
}

export interface ChildEvents {
  /** Bytes of stdout; the buffer is used again afterwards. */
  onBytes(chunk: Buffer): void;
  onStderr(text: string): void;
  /** Stdout has ended while the process may live on. */
  onStdoutEnd(): void;
  onExit(exit: ChildExit): void;
  /** The pipe has taken everything that was written. */
  onDrain(): void;
  /** Nobody reads its stdin any more, though we have not closed it; the process may live on. */
  onStdinClosed(): void;
}

/** How children are started; `execa` but for tests. */
export type Spawn = (command: ChildCommand, stdio: { readonly stdin: number; readonly stdout: number }) => ResultPromise;

export class Child {
  readonly #events: ChildEvents;
  readonly #process: ResultPromise;
  readonly #stdin: Socket;
  readonly #stdout: Socket;
  readonly #stderrText = new StringDecoder('utf8');
  readonly #stderrChunks: Buffer[] = [];
  #stderrBytes = 0;
  #turnBytes = 0;
  #wantsPause = false;
  #isPaused = false;
  /** What it writes is left to collect for a moment. */
  #isResting = false;
  readonly #rhythm = new ReadRhythm();
  #stdoutEnded = false;
  #stderrEnded = false;
  #exit: ChildExit | undefined;
  #finished = false;

  constructor(spawn: Spawn, command: ChildCommand, pipes: ChildPipes, events: ChildEvents) {
    this.#events = events;
    this.#process = spawn(command, { stdin: pipes.childStdin, stdout: pipes.childStdout });
    closeSync(pipes.childStdin);
    closeSync(pipes.childStdout);
    this.#stdin = new Socket({ fd: pipes.hostWrite, readable: false, writable: true, writableHighWaterMark: 1 } as ConstructorParameters<
      typeof Socket
    >[0]);
    // With a mark of one byte, `drain` says that the pipe has taken everything.
    this.#stdin.on('error', () => this.#onBrokenPipe());
    this.#stdin.on('drain', () => events.onDrain());
    const buffer = Buffer.allocUnsafeSlow(READ_CHUNK_BYTES);
    this.#stdout = new Socket({
      fd: pipes.hostRead,
      readable: true,
      writable: false,
      onread: { buffer, callback: (bytes: number) => this.#onRead(bytes, buffer) },
    } as ConstructorParameters<typeof Socket>[0]);
    this.#stdout.on('end', () => this.#onStdoutEnd());
    this.#stdout.on('error', () => this.#onStdoutEnd());
    this.#stdout.resume();
    this.#process.stderr?.on('data', (chunk: Buffer) => this.#onStderr(chunk));
    this.#process.stderr?.on('close', () => this.#onStderrEnd());
    // Not the promise: it waits for the end of stderr, which a grandchild may hold open for ever.
    this.#process.once('exit', (code, signal) =>
      this.#onExit({ code: code ?? undefined, signal: signal ?? undefined, startError: undefined }),
    );
    this.#process.then(
      (result) => this.#onStartError(startErrorOf(result)),
      (error: NodeJS.ErrnoException) => this.#onStartError(error),
    );
  }

  /** 0 when the process could not be started. */
  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** Bytes that the pipe has not taken yet. */
  get unwrittenBytes(): number {
    return this.#stdin.writableLength;
  }

  get hasExited(): boolean {
    return this.#exit !== undefined;
  }

  /** Whether we ourselves decline to read. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** The last lines of what it wrote on stderr, of the last 64 KiB at most. Costs what the lines do, not what is kept: a component may report errors by the thousand. */
  stderrLines(count: number): string {
    let first = this.#stderrChunks.length;
    for (let breaks = 0; first > 0 && breaks <= count; first--) breaks += lineBreaks(this.#stderrChunks[first - 1] as Buffer);
    const tail = Buffer.concat(this.#stderrChunks.slice(first)).subarray(-STDERR_TAIL_BYTES).toString();
    return tail.trimEnd().split('\n').slice(-count).join('\n');
  }

  /** Writes to its stdin; what the pipe does not take waits in memory, which the caller bounds by `unwrittenBytes`. */
  write(text: string, encoding: 'utf8' | 'latin1' = 'utf8'): void {
    if (!this.#stdin.destroyed && !this.#stdin.writableEnded) this.#stdin.write(text, encoding);
  }

  /** EOF on its stdin, after what has been written. */
  endStdin(): void {
    if (!this.#stdin.destroyed) this.#stdin.end();
  }

  /** Stops or resumes reading its stdout. What a dead process has left in the pipe is always read. */
  pause(paused: boolean): void {
    this.#wantsPause = paused && this.#exit === undefined;
    this.#maybeResume();
  }

  /** To the whole process group, which the child leads. */
  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    if (this.pid === 0) return;
    try {
      process.kill(-this.pid, signal);
    } catch (error) {
      // ESRCH: nobody is left. EPERM: it has become somebody else, and cannot be reached.
      if (!['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }

  /** Called by Node for each read; false stops reading. */
  #onRead(bytes: number, buffer: Buffer): boolean {
    this.#events.onBytes(bytes === buffer.length ? buffer : buffer.subarray(0, bytes));
    this.#turnBytes += bytes;
    if (this.#finished) return false;
    if (this.#wantsPause) {
      this.#isPaused = true;
      return false;
    }
    if (this.#rhythm.restAfter(bytes, performance.now())) {
      this.#rest();
      return false;
    }
    if (this.#turnBytes === bytes) setImmediate(() => this.#endTurn());
    if (this.#turnBytes < READ_TURN_BYTES) return true;
    // A flood: the neighbours have a turn first.
    this.#isPaused = true;
    return false;
  }

  #endTurn(): void {
    this.#turnBytes = 0;
    this.#maybeResume();
  }

  #rest(): void {
    this.#isPaused = this.#isResting = true;
    setTimeout(() => {
      this.#isResting = false;
      this.#maybeResume();
    }, READ_REST_MS);
  }

  #maybeResume(): void {
    if (this.#isPaused && !this.#isResting && !this.#wantsPause) this.#resume();
  }

  #resume(): void {
    this.#isPaused = false;
    this.#turnBytes = 0;
    if (!this.#stdout.destroyed) this.#stdout.resume();
  }

  #onStderr(chunk: Buffer): void {
    this.#stderrChunks.push(chunk);
    this.#stderrBytes += chunk.length;
    while (this.#stderrBytes - (this.#stderrChunks[0]?.length ?? 0) >= STDERR_TAIL_BYTES) {
      this.#stderrBytes -= (this.#stderrChunks.shift() as Buffer).length;
    }
    this.#events.onStderr(this.#stderrText.write(chunk));
  }

  #onStderrEnd(): void {
    this.#stderrEnded = true;
    if (this.#exit !== undefined && this.#stdoutEnded) this.#finish();
  }

  /** EPIPE. Mostly the exit of the child is about to tell the story. */
  #onBrokenPipe(): void {
    const isOurs = this.#stdin.writableEnded;
    this.#stdin.destroy();
    if (!isOurs && this.#exit === undefined) this.#events.onStdinClosed();
  }

  #onStdoutEnd(): void {
    if (this.#stdoutEnded) return;
    this.#stdoutEnded = true;
    this.#stdout.destroy();
    if (this.#exit === undefined) this.#events.onStdoutEnd();
    else if (this.#stderrEnded) this.#finish();
  }

  #onStartError(error: NodeJS.ErrnoException | undefined): void {
    if (error === undefined || this.#exit !== undefined) return;
    this.#exit = { code: undefined, signal: undefined, startError: error };
    this.#finish();
  }

  #onExit(exit: ChildExit): void {
    if (this.#exit !== undefined) return;
    this.#exit = exit;
    if (this.#stdoutEnded && this.#stderrEnded) return this.#finish();
    // What it wrote before it died is still to be had, also when we had paused.
    this.pause(false);
    // An overdue timer comes before the pipes have been looked at; the immediate behind it comes after.
    setTimeout(() => setImmediate(() => this.#finish()), EXIT_DRAIN_MS);
  }

  #finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.kill('SIGKILL');
    this.#stdin.destroy();
    this.#stdout.destroy();
    this.#process.stderr?.destroy();
    this.#events.onExit(this.#exit as ChildExit);
  }
}

function lineBreaks(chunk: Buffer): number {
  let count = 0;
  for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) count++;
  return count;
}

function startErrorOf(result: Awaited<ResultPromise>): NodeJS.ErrnoException | undefined {
  const { cause } = result as { readonly cause?: NodeJS.ErrnoException };
  return result.exitCode === undefined && result.signal === undefined ? (cause ?? new Error('it could not be started')) : undefined;
}
