/**
 * The topology of examples/cluster on a cluster under test, and its books as they grow. Invariant: what has been read is not read again, so that looking often costs little; the verdict at
 * the end is of `check.ts`, over everything.
 */
import { closeSync, fstatSync, mkdirSync, openSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Account, readBooks, recoveryMs } from '../../examples/cluster/check.js';
import type { Cluster } from './cluster.js';
import { ROOT } from './run-cli.js';

const EXAMPLE = join(ROOT, 'examples', 'cluster');
export const POEM = join(EXAMPLE, 'poem.txt');

export interface LedgerOptions {
  readonly workers: number;
  /** Lines a second. */
  readonly rate: number;
  readonly name?: string;
  /** Keys of the topology's configuration. */
  readonly config?: Readonly<Record<string, unknown>>;
}

export class Ledger {
  readonly directory: string;
  readonly name: string;
  readonly rate: number;
  /** Times of first acks, in ms since 1970, as they were read. */
  readonly ackedAtMs: number[] = [];
  readonly #cluster: Cluster;
  readonly #emitted = new Set<number>();
  readonly #acked = new Set<number>();
  readonly #open = new Set<number>();
  readonly #emittedBook: Book;
  readonly #ackedBook: Book;

  private constructor(cluster: Cluster, { name = 'ledger', rate }: LedgerOptions) {
    this.#cluster = cluster;
    this.name = name;
    this.rate = rate;
    this.directory = join(cluster.directory, `books-${name}`);
    mkdirSync(this.directory);
    this.#emittedBook = new Book(join(this.directory, 'emitted'));
    this.#ackedBook = new Book(join(this.directory, 'acked'));
  }

  /** Submits it; resolves when lines are being acked. */
  static async submit(cluster: Cluster, options: LedgerOptions): Promise<Ledger> {
    const ledger = new Ledger(cluster, options);
    const { directory: books, name, rate } = ledger;
    const variables = { ledger: books, adapters: join(ROOT, 'adapters', 'python'), rate };
    const set = Object.entries(variables).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
    const config = Object.entries({ 'topology.workers': options.workers, ...options.config }).flatMap(([key, value]) => [
      '--config',
      `${key}=${value}`,
    ]);
    const { status, stderr } = await cluster.cli(['submit', join(EXAMPLE, 'topology.yaml'), '--name', name, ...set, ...config]);
    if (status !== 0) throw new Error(`polybolt submit ended with ${status}:\n${stderr}\n${cluster.log()}`);
    await cluster.untilRunning(name, options.workers);
    await ledger.untilMore(rate);
    return ledger;
  }

  /** Lines that have been acked so far, each counted once. */
  get acked(): number {
    this.#read();
    return this.#acked.size;
  }

  get emitted(): number {
    this.#read();
    return this.#emitted.size;
  }

  /** Lines that were emitted and not acked so far, those on their way among them. */
  get open(): readonly number[] {
    this.#read();
    return [...this.#open];
  }

  /** Acks of a time, in ms since 1970. */
  ackedBetween(fromMs: number, toMs: number): number {
    this.#read();
    return this.ackedAtMs.filter((atMs) => atMs >= fromMs && atMs < toMs).length;
  }

  /** How long after a fault the rate was full again, in ms; undefined as long as it is not: see `recoveryMs` of the example. */
  recoveryMs(atMs: number, windowMs: number): number | undefined {
    this.#read();
    const since = this.ackedAtMs.filter((ackedMs) => ackedMs >= atMs).sort((one, other) => one - other);
    return recoveryMs(since, atMs, Date.now(), this.rate, windowMs);
  }

  /** Resolves when so many more lines have been acked than now. */
  async untilMore(lines: number, timeoutMs?: number): Promise<void> {
    const wanted = this.acked + lines;
    await this.#cluster.until(`${wanted} lines of ${this.name} are acked`, () => this.acked >= wanted, timeoutMs);
  }

  /** Resolves when every line that has been emitted by now is acked; more are emitted meanwhile. */
  async untilSettled(timeoutMs?: number): Promise<void> {
    let left = this.open;
    await this.#cluster.until(
      `what has been emitted is acked, of ${this.name}`,
      () => {
        this.#read();
        left = left.filter((line) => !this.#acked.has(line));
        return left.length === 0;
      },
      timeoutMs,
    );
  }

  /**
   * Ends the emitting and gives account when every line has been acked. One that has been superseded may have emitted lines far ahead: whoever came after it gets there first.
   * @param timeoutMs what is open then is lost
   */
  async finish(timeoutMs = 60_000): Promise<Account> {
    await this.untilSettled(timeoutMs);
    writeFileSync(join(this.directory, 'stop'), '');
    await this.#cluster.until(`every line of ${this.name} is acked`, () => this.open.length === 0, timeoutMs);
    return this.account();
  }

  /** The books as they are. */
  account(): Account {
    return readBooks(this.directory, POEM);
  }

  #read(): void {
    for (const [line] of this.#emittedBook.read()) {
      this.#emitted.add(line as number);
      if (!this.#acked.has(line as number)) this.#open.add(line as number);
    }
    for (const [line, atMs] of this.#ackedBook.read()) {
      if (this.#acked.has(line as number)) continue;
      this.#acked.add(line as number);
      this.#open.delete(line as number);
      this.ackedAtMs.push(atMs as number);
    }
  }
}

/** A file of lines of numbers that grows. */
class Book {
  readonly #path: string;
  #offset = 0;
  #rest = '';

  constructor(path: string) {
    this.#path = path;
  }

  /** What has come since the last call. */
  read(): number[][] {
    const lines = (this.#rest + this.#more()).split('\n');
    this.#rest = lines.pop() as string;
    return lines.map((line) => line.split(' ').map(Number));
  }

  #more(): string {
    let file: number;
    try {
      file = openSync(this.#path, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      throw error;
    }
    try {
      const bytes = Buffer.alloc(fstatSync(file).size - this.#offset);
      this.#offset += readSync(file, bytes, 0, bytes.length, this.#offset);
      return bytes.toString('latin1');
    } finally {
      closeSync(file);
    }
  }
}
