/**
 * What a supervisor and a worker say to each other over the worker's socket: one JSON object a line. Invariant: a line that is too long or is no such object ends its connection and
 * nothing else; types that are not known are left aside, so that either side may be the newer one.
 */
import type { ReportedError, TopologyRecord } from '../../model/cluster-records.js';
import { PolyboltError } from '../../model/errors.js';
import { CONTROL_LINE_BYTES_MAX } from '../../model/limits.js';
import type { LogLevel } from './worker-file.js';

/** An error without the place, which the supervisor knows. */
export type WorkerError = Omit<ReportedError, 'supervisor' | 'port'>;

export type ToWorker =
  | { readonly type: 'update'; readonly record: TopologyRecord }
  | { readonly type: 'snapshot'; readonly id: number }
  /** Reads the topology again and starts these components anew by it; for `polybolt dev`. */
  | { readonly type: 'restart'; readonly id: number; readonly components: readonly string[] }
  | { readonly type: 'stop' };

export type FromWorker =
  | { readonly type: 'beat'; readonly isUp: boolean }
  | { readonly type: 'error'; readonly error: WorkerError }
  | { readonly type: 'snapshot'; readonly id: number; readonly snapshot: unknown }
  /** @param error why a component was not started anew, and goes on as it was */
  | { readonly type: 'restarted'; readonly id: number; readonly error?: WorkerError }
  /** It is about to end. @param error why, if it is not because it was asked to */
  | { readonly type: 'exit'; readonly reason: string; readonly error?: WorkerError }
  // The rest is for local mode.
  | { readonly type: 'firstAck' }
  | { readonly type: 'print'; readonly text: string }
  | {
      readonly type: 'log';
      readonly level: LogLevel;
      readonly event: string;
      readonly fields: Readonly<Record<string, unknown>>;
    };

/** An error that has travelled as data. */
export function errorOf({ code, message, hint, context }: WorkerError): PolyboltError {
  return new PolyboltError(code as PolyboltError['code'], { message, hint, context });
}

/** Cuts bytes into lines and lines into messages. */
export class MessageReader {
  readonly #onMessage: (message: { readonly type: string }) => void;
  readonly #bytesMax: number;
  #chunks: Buffer[] = [];
  #bytes = 0;

  /** @param bytesMax of one line */
  constructor(onMessage: (message: { readonly type: string }) => void, bytesMax = CONTROL_LINE_BYTES_MAX) {
    this.#onMessage = onMessage;
    this.#bytesMax = bytesMax;
  }

  /** Throws PB_CONTROL_INVALID for what is no message; nothing can be read after that. */
  push(chunk: Buffer): void {
    let rest = chunk;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      this.#add(rest.subarray(0, end));
      rest = rest.subarray(end + 1);
      const line = Buffer.concat(this.#chunks).toString();
      this.#chunks = [];
      this.#bytes = 0;
      if (line !== '') this.#onMessage(parse(line));
    }
    if (rest.length > 0) this.#add(Buffer.from(rest));
  }

  #add(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#bytesMax) throw invalid(`a line of more than ${this.#bytesMax} bytes`);
    this.#chunks.push(chunk);
  }
}

function parse(line: string): { readonly type: string } {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw invalid(`no JSON: ${line.slice(0, 100)}`);
  }
  if (typeof (value as { type?: unknown } | null)?.type !== 'string') throw invalid(`no message: ${line.slice(0, 100)}`);
  return value as { readonly type: string };
}

function invalid(what: string): PolyboltError {
  return new PolyboltError('PB_CONTROL_INVALID', { message: `the control socket of a worker brought ${what}` });
}
