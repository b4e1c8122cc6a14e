/**
 * The logs of many workers as one sequence of lines. Invariant: lines of one worker stay in their order; a slow reader slows the workers' streams down, and nothing
 * piles up here beyond a bound.
 */
import type { Readable } from 'node:stream';
import { PolyboltError } from '../../model/errors.js';
import { LOG_LINE_BYTES_MAX, LOG_LINES_WAITING_MAX } from '../../model/limits.js';
import type { WorkerAnswer } from '../nimbus/nimbus-api.js';
import type { NimbusCaller } from './nimbus-client-http.js';

/** A line out of the log of a worker. */
export interface LogLine {
  readonly host: string;
  readonly port: number;
  /** As the worker wrote it: mostly one JSON object. */
  readonly line: string;
}

export interface LogOptions {
  /** Only workers that run this component, and only its lines. */
  readonly component?: string;
  /** Go on with what is written from now on, also by workers that start later. */
  readonly follow?: boolean;
  /** Last lines of each worker. Default: 100. */
  readonly lines?: number;
  readonly signal?: AbortSignal;
  /** How often to look for workers that start later, in ms. Default: 2,000. */
  readonly pollMs?: number;
  /** Hears of a worker whose log cannot be had, and why; once for each reason. */
  readonly onGap?: (text: string) => void;
}

export interface LogPorts {
  readonly workers: () => Promise<readonly WorkerAnswer[]>;
  readonly caller: Pick<NimbusCaller, 'stream'>;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

const LINES = 100;
const POLL_MS = 2_000;
/** How long to read on when the topology is gone. */
const LINGER_MS = 1_000;

/** Puts the lines of a topology's workers into a merger until they have ended, or the topology, or the signal says so. */
export async function gatherLogs(id: string, options: LogOptions, ports: LogPorts, merger: LineMerger, signal: AbortSignal): Promise<void> {
  const { follow = false, pollMs = POLL_MS } = options;
  const gatherer = new LogGatherer(id, options, ports, merger, signal);
  for (;;) {
    const workers = await ports.workers().catch((error: unknown) => {
      if (follow && error instanceof PolyboltError && error.code === 'PB_TOPOLOGY_NOT_FOUND') return undefined;
      throw error;
    });
    // What they still have to say may be on its way; a stream that is followed does not end by itself.
    if (workers === undefined) return Promise.race([gatherer.settled(), ports.pause(LINGER_MS, signal)]);
    for (const worker of workers) {
      const reading = gatherer.attach(worker);
      // One worker after the other, so that their lines do not mix.
      if (!follow) await reading;
    }
    if (!follow) return;
    await ports.pause(pollMs, signal);
  }
}

class LogGatherer {
  readonly #open = new Set<string>();
  readonly #reading = new Set<Promise<void>>();
  /** Workers whose last lines have been had. */
  readonly #begun = new Set<string>();
  readonly #gaps = new Set<string>();

  constructor(
    readonly id: string,
    readonly options: LogOptions,
    readonly ports: LogPorts,
    readonly merger: LineMerger,
    readonly signal: AbortSignal,
  ) {}

  /** Reads the log of a worker to its end, unless that is being done. Never rejects. */
  async attach(worker: WorkerAnswer): Promise<void> {
    const reading = this.#read(worker);
    this.#reading.add(reading);
    await reading;
    this.#reading.delete(reading);
  }

  /** Resolves when every log that is being read has ended. */
  async settled(): Promise<void> {
    await Promise.all(this.#reading);
  }

  async #read({ supervisorUrl: url, host, port, executors }: WorkerAnswer): Promise<void> {
    const { component, follow = false, lines = LINES } = this.options;
    const key = `${url} ${port}`;
    if (component !== undefined && executors.every((executor) => executor.component !== component)) return;
    if (this.#open.has(key)) return;
    if (url === null) return this.#gap(`${host}:${port}: its supervisor is away`);
    this.#open.add(key);
    const query = new URLSearchParams({
      lines: String(this.#begun.has(key) ? 0 : lines),
      ...(component === undefined ? {} : { component }),
    });
    if (follow) query.set('follow', '1');
    try {
      const reply = await this.ports.caller.stream(url, `/v1/workers/${encodeURIComponent(this.id)}/${port}/log?${query}`, this.signal);
      this.#begun.add(key);
      for await (const line of linesOf(reply)) await this.merger.add({ host, port, line });
    } catch (error) {
      if (!this.signal.aborted) this.#gap(`${host}:${port}: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      this.#open.delete(key);
    }
  }

  #gap(text: string): void {
    if (this.#gaps.has(text)) return;
    this.#gaps.add(text);
    this.options.onGap?.(text);
  }
}

/** Lines of a stream of text; one without an end is cut into pieces. */
export async function* linesOf(stream: Readable): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() as string;
    for (const line of lines) yield line;
    for (; rest.length >= LOG_LINE_BYTES_MAX; rest = rest.slice(LOG_LINE_BYTES_MAX)) yield rest.slice(0, LOG_LINE_BYTES_MAX);
  }
  if (rest !== '') yield rest;
}

/** Many writers, one reader. */
export class LineMerger {
  readonly #lines: LogLine[] = [];
  #wakeReader: () => void = () => {};
  #wakeWriters: (() => void)[] = [];
  #isEnded = false;
  #error: unknown;

  /** Resolves when there is room for more; at once after the end. */
  async add(line: LogLine): Promise<void> {
    if (this.#isEnded) return;
    this.#lines.push(line);
    this.#wakeReader();
    if (this.#lines.length >= LOG_LINES_WAITING_MAX) await new Promise<void>((resolve) => this.#wakeWriters.push(resolve));
  }

  /** No more comes; the reader gets what is there, and then the error if there is one. */
  end(error?: unknown): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#error = error;
    this.#wakeReader();
    this.#release();
  }

  async *lines(): AsyncGenerator<LogLine> {
    try {
      for (;;) {
        const line = this.#lines.shift();
        if (line !== undefined) {
          if (this.#lines.length === 0) this.#release();
          yield line;
        } else if (this.#isEnded) {
          if (this.#error !== undefined) throw this.#error;
          return;
        } else {
          await new Promise<void>((resolve) => {
            this.#wakeReader = resolve;
          });
        }
      }
    } finally {
      this.end();
    }
  }

  #release(): void {
    const writers = this.#wakeWriters;
    this.#wakeWriters = [];
    for (const wake of writers) wake();
  }
}
