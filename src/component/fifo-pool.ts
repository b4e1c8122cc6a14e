/**
 * Named pipes for the stdin and stdout of children. Node's own pipes are socket pairs: a child cannot reopen `/dev/stdin` on them, and
 * each of its small writes is a costly wake-up; over FIFOs a Python component ran at up to 1.4 times the speed. Invariant:
 * the host opens one end of each and never both, or neither EOF nor EPIPE would ever come; a FIFO has no name once both ends are open.
 */
import { closeSync, constants, mkdtempSync, openSync, rmSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Open descriptors of one child's pipes. The child's ends are to be closed here once it has been started. */
export interface ChildPipes {
  readonly hostWrite: number;
  readonly hostRead: number;
  readonly childStdin: number;
  readonly childStdout: number;
}

/** Pairs made by one run of `mkfifo`: it costs 3 ms, a component of usual parallelism none of its own. */
const PAIRS_AT_ONCE = 8;

export class FifoPool {
  readonly #makeFifos: (paths: readonly string[]) => Promise<void>;
  readonly #parent: string;
  readonly #paths: string[] = [];
  #directory = '';
  #made = 0;
  #making: Promise<void> | undefined;

  /**
   * @param makeFifos makes named pipes at these paths, mode 0600
   * @param parent where a directory for them is made
   */
  constructor(makeFifos: (paths: readonly string[]) => Promise<void>, parent = tmpdir()) {
    this.#makeFifos = makeFifos;
    this.#parent = parent;
  }

  /** Opens a fresh pair. Descriptors are close-on-exec, so that no other child inherits them. */
  async take(): Promise<ChildPipes> {
    while (this.#paths.length < 2) {
      this.#making ??= this.#make().finally(() => {
        this.#making = undefined;
      });
      await this.#making;
    }
    const [stdin, stdout] = [this.#paths.pop() as string, this.#paths.pop() as string];
    const [childStdin, hostWrite] = openBothEnds(stdin);
    try {
      const [hostRead, childStdout] = openBothEnds(stdout);
      return { hostWrite, hostRead, childStdin, childStdout };
    } catch (error) {
      closeSync(childStdin);
      closeSync(hostWrite);
      throw error;
    }
  }

  /** Removes the directory and the names that are left in it. */
  close(): void {
    if (this.#directory !== '') rmSync(this.#directory, { recursive: true, force: true });
    this.#directory = '';
    this.#paths.length = 0;
  }

  async #make(): Promise<void> {
    if (this.#directory === '') this.#directory = mkdtempSync(join(this.#parent, 'polybolt-'));
    const paths = Array.from({ length: 2 * PAIRS_AT_ONCE }, () => join(this.#directory, String(this.#made++)));
    await this.#makeFifos(paths);
    this.#paths.push(...paths);
  }
}

/** Closes the pipes of a child that was never started. */
export function closePipes({ hostWrite, hostRead, childStdin, childStdout }: ChildPipes): void {
  for (const descriptor of [hostWrite, hostRead, childStdin, childStdout]) closeSync(descriptor);
}

/** Opens a FIFO for reading and for writing, both blocking, and removes its name. libuv makes the host's end non-blocking. */
function openBothEnds(path: string): [read: number, write: number] {
  // An end blocks on opening until the other is open; this one, open both ways for a moment, is the other for both.
  const both = openSync(path, constants.O_RDWR);
  let read: number | undefined;
  try {
    read = openSync(path, constants.O_RDONLY);
    return [read, openSync(path, constants.O_WRONLY)];
  } catch (error) {
    if (read !== undefined) closeSync(read);
    throw error;
  } finally {
    closeSync(both);
    unlinkSync(path);
  }
}
