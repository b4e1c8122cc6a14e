/**
 * Errors of components on their way to `/errors/<topology id>/<component>`. Invariant: nobody waits for them; at most the last ones of a component are kept, at
 * most one write a second and component is made, and none for a topology that is gone.
 */
import type { StoreSession } from '../../coordination/store.js';
import type { Clock, Timer } from '../../model/clock.js';
import { errorsPath, type ReportedError } from '../../model/cluster-records.js';
import { PolyboltError } from '../../model/errors.js';
import { STORED_ERROR_CHARS_MAX, STORED_ERRORS_MAX, WAITING_ERRORS_MAX } from '../../model/limits.js';
import type { Log } from '../../model/log.js';
import { Backoff } from './supervisor-backoff.js';

export interface ErrorWriterPorts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** Whether a topology is there still. */
  readonly isKnown: (topologyId: string) => boolean;
}

interface Waiting {
  readonly topologyId: string;
  readonly component: string;
  errors: readonly ReportedError[];
}

/** Storm's name for what belongs to no component of the topology. */
const SYSTEM_COMPONENT = '__system';
const SYSTEM_TASK = -1;
const WRITE_EVERY_MS = 1000;
const RETRY_LONGEST_MS = 30_000;
/** Supervisors that write to one component at the same time take turns. */
const TRIES_MAX = 5;

export class ErrorWriter {
  readonly #ports: ErrorWriterPorts;
  readonly #backoff: Backoff;
  readonly #waiting = new Map<string, Waiting>();
  #session: StoreSession | undefined;
  #timer: Timer | undefined;
  #isWriting = false;

  constructor(ports: ErrorWriterPorts) {
    this.#ports = ports;
    this.#backoff = new Backoff(WRITE_EVERY_MS, RETRY_LONGEST_MS, ports.random);
  }

  /** Writes through this session from now on; without one, what comes waits. */
  attach(session: StoreSession | undefined): void {
    this.#session = session;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#schedule(WRITE_EVERY_MS * this.#ports.random());
  }

  add(topologyId: string, error: ReportedError): void {
    const path = errorsPath(topologyId, error.component);
    const waiting = this.#waiting.get(path);
    const errors = [...(waiting?.errors ?? []), shortened(error)].slice(-STORED_ERRORS_MAX);
    if (waiting !== undefined) waiting.errors = errors;
    else if (this.#waiting.size < WAITING_ERRORS_MAX) this.#waiting.set(path, { topologyId, component: error.component, errors });
    // The first is written at once; those that follow it in the same second make one write.
    this.#schedule(0);
  }

  #schedule(delayMs: number): void {
    if (this.#session === undefined || this.#isWriting || this.#waiting.size === 0) return;
    this.#timer ??= this.#ports.clock.after(delayMs, () => void this.#writeAll());
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    let pauseMs = WRITE_EVERY_MS;
    for (const [path, waiting] of [...this.#waiting]) {
      const { errors, topologyId } = waiting;
      this.#waiting.delete(path);
      if (!this.#ports.isKnown(topologyId)) continue;
      try {
        await this.#write(path, errors);
        this.#backoff.reset();
      } catch (error) {
        this.#ports.log.debug('errors.write-failed', { path, reason: String(error) });
        this.#putBack(path, waiting, errors);
        pauseMs = Math.max(pauseMs, this.#backoff.next());
        break;
      }
    }
    this.#isWriting = false;
    this.#timer = this.#session === undefined ? undefined : this.#ports.clock.after(pauseMs, () => this.#rest());
  }

  /** The second is over. */
  #rest(): void {
    this.#timer = undefined;
    this.#schedule(0);
  }

  /** Behind what has come meanwhile, in time before it. */
  #putBack(path: string, waiting: Waiting, errors: readonly ReportedError[]): void {
    const newer = this.#waiting.get(path)?.errors ?? [];
    this.#waiting.set(path, { ...waiting, errors: [...errors, ...newer].slice(-STORED_ERRORS_MAX) });
  }

  async #write(path: string, errors: readonly ReportedError[]): Promise<void> {
    for (let tries = 1; ; tries++) {
      const session = this.#session;
      if (session === undefined) throw new Error('no session');
      try {
        const entry = await session.get(path);
        const data = JSON.stringify([...parse(entry?.data), ...errors].slice(-STORED_ERRORS_MAX));
        if (entry === undefined) await session.create(path, data);
        else await session.setIfVersion(path, data, entry.version);
        return;
      } catch (error) {
        if (tries >= TRIES_MAX || !(error instanceof PolyboltError && error.code === 'PB_STORE_CONFLICT')) throw error;
      }
    }
  }
}

/** What is not a list of errors is replaced. */
function parse(data: string | undefined): readonly ReportedError[] {
  try {
    const errors: unknown = JSON.parse(data ?? '[]');
    return Array.isArray(errors) ? (errors as ReportedError[]) : [];
  } catch {
    return [];
  }
}

/** The ends of texts, which is where programs say what is wrong. */
function shortened(error: ReportedError): ReportedError {
  const context: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(error.context)) {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    context[key] = text === undefined || text.length <= STORED_ERROR_CHARS_MAX ? value : tail(text);
  }
  return { ...error, message: tail(error.message), hint: tail(error.hint), context };
}

function tail(text: string): string {
  return text.length <= STORED_ERROR_CHARS_MAX ? text : `…${text.slice(1 - STORED_ERROR_CHARS_MAX)}`;
}

/** An error of the code of a topology as one of its errors: no component is at fault. */
export function codeError(error: PolyboltError, where: Pick<ReportedError, 'supervisor' | 'port' | 'at'>): ReportedError {
  const { code, message, hint, context } = error;
  return { component: SYSTEM_COMPONENT, task: SYSTEM_TASK, ...where, code, message, hint, context, suppressed: 0 };
}
