/**
 * One command from its start to its end, such as a topology's `prepare`. Invariant: always from an argv, never a shell; when it is over, its whole process group is
 * gone, and of what it wrote the end is kept.
 */
import { execa, type ResultPromise } from 'execa';
import type { PolyboltError } from '../model/errors.js';
import { EXIT_DRAIN_MS, STDERR_TAIL_BYTES } from '../model/limits.js';
import type { ChildCommand } from './child.js';
import { restOfStdio } from './inherited.js';
import { explainStartError } from './start-error.js';

export interface RunCommandOptions {
  readonly timeoutMs: number;
  /** Ends it at once. */
  readonly signal?: AbortSignal;
  /** What it writes, stdout and stderr as they come. */
  readonly onOutput?: (chunk: Buffer) => void;
}

export interface CommandEnd {
  /** Exit code, when it exited by itself. */
  readonly code: number | undefined;
  readonly signal: string | undefined;
  readonly isTimedOut: boolean;
  /** Why it could not be started at all. */
  readonly startError: PolyboltError | undefined;
  /** The end of what it wrote on stdout and stderr, at most 64 KiB. */
  readonly output: string;
}

/** Runs a command as the leader of its own process group, without standard input. Never rejects. */
export async function runCommand(command: ChildCommand, options: RunCommandOptions): Promise<CommandEnd> {
  const tail = new Tail();
  const [file, ...args] = command.argv as [string, ...string[]];
  const child = execa(file, args, {
    cwd: command.cwd,
    env: command.env,
    extendEnv: false,
    stdio: ['ignore', 'pipe', 'pipe', ...restOfStdio()],
    buffer: false,
    reject: false,
    detached: true,
    cleanup: false,
  }) as unknown as ResultPromise;
  const onChunk = (chunk: Buffer): void => {
    tail.add(chunk);
    options.onOutput?.(chunk);
  };
  child.stdout?.on('data', onChunk);
  child.stderr?.on('data', onChunk);
  let isTimedOut = false;
  const timer = setTimeout(() => {
    isTimedOut = true;
    killGroup(child.pid);
  }, options.timeoutMs);
  const onAbort = (): void => killGroup(child.pid);
  options.signal?.addEventListener('abort', onAbort);
  if (options.signal?.aborted === true) onAbort();
  const end = await endOf(child);
  clearTimeout(timer);
  options.signal?.removeEventListener('abort', onAbort);
  // What it left in its group is not wanted any more, and would hold the pipes open.
  killGroup(child.pid);
  await drained(child);
  const startError = end.error === undefined ? undefined : explainStartError(end.error, command);
  return { code: end.code, signal: end.signal, isTimedOut, startError, output: tail.text };
}

interface ProcessEnd {
  readonly code: number | undefined;
  readonly signal: string | undefined;
  readonly error: NodeJS.ErrnoException | undefined;
}

/** Not execa's promise alone: it waits for the pipes, which a process that was left behind may hold open for ever. */
async function endOf(child: ResultPromise): Promise<ProcessEnd> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code: code ?? undefined, signal: signal ?? undefined, error: undefined }));
    const onEnd = (result: unknown): void => {
      const { exitCode, signal, cause } = result as { exitCode?: number; signal?: string; cause?: NodeJS.ErrnoException };
      const isStarted = exitCode !== undefined || signal !== undefined;
      resolve({ code: exitCode, signal, error: isStarted ? undefined : (cause ?? new Error('it could not be started')) });
    };
    child.then(onEnd, onEnd);
  });
}

/** Until both pipes are read to their ends, or a moment later if somebody outside of the group holds them open. */
async function drained(child: ResultPromise): Promise<void> {
  const pipes = [child.stdout, child.stderr].filter((pipe) => pipe !== null && pipe !== undefined);
  const ends = pipes.map((pipe) => (pipe.closed ? undefined : new Promise((resolve) => pipe.once('close', resolve))));
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, EXIT_DRAIN_MS);
  });
  await Promise.race([Promise.all(ends), late]);
  clearTimeout(timer);
  for (const pipe of pipes) pipe.destroy();
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // ESRCH: nobody is left. EPERM: it has become somebody else, and cannot be reached.
    if (!['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/** The last bytes of what is added. */
class Tail {
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    while (this.#bytes - (this.#chunks[0]?.length ?? 0) >= STDERR_TAIL_BYTES) this.#bytes -= (this.#chunks.shift() as Buffer).length;
  }

  get text(): string {
    return Buffer.concat(this.#chunks).subarray(-STDERR_TAIL_BYTES).toString();
  }
}
