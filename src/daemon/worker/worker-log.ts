/**
 * The log of a worker's process: events as NDJSON lines in `worker.log`, beside whatever else the process prints there. Invariant: never more than `filesMax` files of about `bytesMax`
 * bytes; the descriptor stays the same, since what a module prints goes to it too, so a full log is copied away and emptied.
 */
import { copyFileSync, existsSync, fstatSync, ftruncateSync, renameSync, writeSync } from 'node:fs';
import { FORWARDED_LINES_PER_SECOND } from '../../model/limits.js';
import type { Log, LogFields } from '../../model/log.js';
import { LOG_LEVELS, type LogLevel } from './worker-file.js';
import type { FromWorker } from './worker-messages.js';

/** Bytes written between two looks at the size: others write to the same file. */
const LOOK_BYTES = 64 * 1024;
const LINE_CHARS_MAX = 64 * 1024;

export interface WorkerLogOptions {
  /** Path of the log, of which `descriptor` is open for appending. */
  readonly path: string;
  readonly descriptor: number;
  readonly bytesMax: number;
  /** Files of the log, the one that is written to among them. */
  readonly filesMax: number;
  readonly isDebug: boolean;
  /** Wall clock, in ms since 1970. */
  readonly epochMs: () => number;
}

export class WorkerLog implements Log {
  readonly #options: WorkerLogOptions;
  #bytesToLook = 0;

  constructor(options: WorkerLogOptions) {
    this.#options = options;
  }

  debug(event: string, fields?: LogFields): void {
    if (this.#options.isDebug) this.#write('debug', event, fields);
  }
  info(event: string, fields?: LogFields): void {
    this.#write('info', event, fields);
  }
  warn(event: string, fields?: LogFields): void {
    this.#write('warn', event, fields);
  }
  error(event: string, fields?: LogFields): void {
    this.#write('error', event, fields);
  }

  /** Looks at the size, which others' output changes too. */
  pulse(): void {
    const { path, descriptor, bytesMax, filesMax } = this.#options;
    this.#bytesToLook = LOOK_BYTES;
    try {
      if (fstatSync(descriptor).size < bytesMax) return;
      for (let number = filesMax - 2; number >= 1; number--) {
        if (existsSync(`${path}.${number}`)) renameSync(`${path}.${number}`, `${path}.${number + 1}`);
      }
      if (filesMax > 1) copyFileSync(path, `${path}.1`);
      ftruncateSync(descriptor, 0);
    } catch {
      // A full disk: what is not logged is lost, the worker goes on.
    }
  }

  #write(level: LogLevel, event: string, fields: LogFields = {}): void {
    const line = `${clip(JSON.stringify({ time: new Date(this.#options.epochMs()).toISOString(), level, event, ...fields }, plain))}\n`;
    try {
      writeSync(this.#options.descriptor, line);
    } catch {
      return; // As above.
    }
    this.#bytesToLook -= line.length;
    if (this.#bytesToLook < 0) this.pulse();
  }
}

/** Errors have no JSON of their own, and a BigInt none at all. */
function plain(_key: string, value: unknown): unknown {
  if (value instanceof Error) return value.stack ?? value.message;
  return typeof value === 'bigint' ? String(value) : value;
}

/** A line is one event whatever its fields hold; what is cut off is said, and the line stays JSON. */
function clip(line: string): string {
  if (line.length <= LINE_CHARS_MAX) return line;
  const { time, level, event, component, task } = JSON.parse(line) as Record<string, unknown>;
  return JSON.stringify({ time, level, event, component, task, clipped: line.length, start: line.slice(0, LINE_CHARS_MAX / 4) });
}

/** A log whose events from a level on go to the parent too, but for a flood. @param now monotonic, in ms */
export function forwardingLog(log: Log, lowest: LogLevel, parent: { send(message: FromWorker): void }, now: () => number): Log {
  let second = Number.NEGATIVE_INFINITY;
  let left = 0;
  const at =
    (level: LogLevel) =>
    (event: string, fields: LogFields = {}): void => {
      log[level](event, fields);
      if (LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(lowest)) return;
      const thisSecond = Math.floor(now() / 1000);
      if (thisSecond !== second) [second, left] = [thisSecond, FORWARDED_LINES_PER_SECOND];
      if (left-- > 0) parent.send({ type: 'log', level, event, fields });
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
