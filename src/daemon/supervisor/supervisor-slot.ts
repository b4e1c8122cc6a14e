/**
 * Carries out what the state machine of a slot decides: fetches code, starts and ends its worker, minds its timer. Invariant: one event after the other, each
 * with all of its effects; a worker's words are heard only under the name of its own launch.
 */

import type { SlotRules } from '../../membership/slot.js';
import {
  dueMsOf,
  EMPTY_SLOT,
  type Fetch,
  type Job,
  jobOf,
  type Launch,
  launchIn,
  reportOf,
  type SlotEffect,
  type SlotEvent,
  type SlotState,
} from '../../membership/slot-state.js';
import type { Clock, Timer } from '../../model/clock.js';
import type { ReportedError, TopologyRecord, WorkerReport } from '../../model/cluster-records.js';
import { assertNever, PolyboltError } from '../../model/errors.js';
import type { Log } from '../../model/log.js';
import type { AdoptedWorker, WorkerEvents, WorkerHandle, WorkerLauncher } from '../worker-handle.js';
import type { CodeCache } from './code-cache.js';
import type { LaunchNumbers } from './supervisor-launches.js';

export interface SlotPorts {
  readonly rules: SlotRules;
  readonly launcher: WorkerLauncher;
  readonly code: CodeCache;
  readonly launches: LaunchNumbers;
  readonly clock: Clock;
  readonly log: Log;
}

export interface SlotListener {
  /** The slot has another state. */
  onChange(): void;
  /** A component of its worker has met an error. */
  onError(topologyId: string, error: ReportedError): void;
  /** The code of a topology cannot be had, or not be prepared. */
  onCodeFailed(record: TopologyRecord, port: number, error: PolyboltError): void;
}

/** What may be better the next time; all else is a mistake in the code itself. */
const PASSING: ReadonlySet<string> = new Set(['PB_CODE_UNAVAILABLE', 'PB_DISK_FULL', 'PB_BLOB_CORRUPT']);

/** What a timer of the system takes; what is due later is looked at again. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/**
 * A timer that comes so late tells that this very process was still, frozen or starved: what its worker has said meanwhile is yet to be read, and a worker that was
 * frozen with it is yet to speak.
 */
const LATE_MS = 250;
const SECOND_LOOK_MS = 1000;

export class SupervisorSlot {
  readonly port: number;
  readonly #ports: SlotPorts;
  readonly #listener: SlotListener;
  readonly #events: SlotEvent[] = [];
  #isStepping = false;
  #state: SlotState = EMPTY_SLOT;
  #handle: WorkerHandle | undefined;
  #timer: Timer | undefined;
  /** The timer came late, and looks a second time. */
  #wasLate = false;
  #isLetGo = false;
  #onEmpty: () => void = () => {};

  constructor(port: number, ports: SlotPorts, listener: SlotListener) {
    this.port = port;
    this.#ports = ports;
    this.#listener = listener;
  }

  get report(): WorkerReport | undefined {
    return reportOf(this.#state);
  }

  /** What it runs or is to run. */
  get job(): Job | undefined {
    return jobOf(this.#state);
  }

  /** The worker that is there, be it on its way out. */
  get running(): Launch | undefined {
    return launchIn(this.#state);
  }

  /** Whether the worker that is there is not, or not known to be, the one that is wanted. */
  get hasStranger(): boolean {
    const { running, job } = this;
    return running !== undefined && (running.topologyId !== job?.record.id || running.incarnation !== job.worker.incarnation);
  }

  get isEmpty(): boolean {
    return this.#state.kind === 'empty';
  }

  /** Takes over a worker of an earlier life of this supervisor. Only once, before anything else. */
  adopt(worker: AdoptedWorker): void {
    const { topologyId, incarnation, launch } = worker;
    const name = { topologyId, incarnation, launch };
    if (!this.isEmpty) {
      // Two in one slot: only a disk that was tampered with tells of that.
      this.#ports.log.error('worker.unexpected', { ...name, port: this.port });
      return this.#own(worker.adopt(this.#eventsOf(name)).kill(), 'kill');
    }
    this.#ports.log.info('worker.adopted', { ...name, port: this.port });
    this.#ports.launches.adopt(this.port, name);
    this.#step({ type: 'adopted', launch: name });
    this.#handle = worker.adopt(this.#eventsOf(name));
  }

  /** What the assignment says of this slot now. */
  assign(job: Job | undefined): void {
    if (job === undefined) return this.#step({ type: 'unassigned' });
    this.#step({ type: 'assigned', job, launches: this.#ports.launches.last(this.port, job.record.id, job.worker.incarnation) });
  }

  /** What its worker has counted; undefined when there is none or it does not answer. */
  async snapshot(): Promise<unknown> {
    return this.#handle?.snapshot();
  }

  /** Ends what runs here. Resolves when it is gone. */
  async end(): Promise<void> {
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    this.assign(undefined);
    if (!this.isEmpty) await empty;
  }

  /** Does nothing from now on, and leaves what runs as it is. */
  letGo(): void {
    this.#isLetGo = true;
    this.#timer?.cancel();
  }

  #step(event: SlotEvent): void {
    this.#events.push(event);
    if (this.#isStepping) return;
    this.#isStepping = true;
    const before = this.#state;
    for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) {
      if (this.#isLetGo) continue;
      const { state, effects } = this.#ports.rules.step(this.#state, next, this.#ports.clock.now());
      this.#state = state;
      for (const effect of effects) this.#carryOut(effect);
    }
    this.#isStepping = false;
    if (this.running === undefined) this.#handle = undefined;
    if (this.#isLetGo || this.#state === before) return;
    this.#setTimer();
    this.#listener.onChange();
    if (this.isEmpty) this.#onEmpty();
  }

  #carryOut(effect: SlotEffect): void {
    switch (effect.type) {
      case 'fetch':
        void this.#fetch(effect.job, effect.fetch);
        return;
      case 'prefetch':
        // Whoever needs it asks again, and is told what is wrong.
        this.#ports.code
          .fetch(effect.job.record)
          .catch((error: unknown) => this.#ports.log.debug('code.prefetch-failed', { reason: String(error) }));
        return;
      case 'launch':
        return this.#launch(effect.job, effect.launch, effect.directory);
      case 'update':
        this.#handle?.update(effect.job.record);
        return;
      case 'stop':
        this.#own(this.#handle?.stop(), 'stop');
        return;
      case 'kill':
        this.#own(this.#handle?.kill(), 'kill');
        return;
      case 'log':
        this.#ports.log[effect.level](effect.event, { ...effect.fields, port: this.port });
        return;
      default:
        assertNever(effect);
    }
  }

  #launch({ record, worker }: Job, launch: Launch, codeDirectory: string): void {
    const { launches, launcher, log } = this.#ports;
    try {
      launches.note(this.port, launch);
    } catch (error) {
      // A number that is not kept could be used again, and then a frozen worker of that number would be let in.
      return this.#step({ type: 'exit', launch, reason: `its launch could not be put on record: ${String(error)}` });
    }
    log.info('worker.launching', { ...launch, port: this.port });
    this.#handle = launcher.launch({ record, worker, launch: launch.launch, codeDirectory }, this.#eventsOf(launch));
  }

  /** That a worker is gone is known by its exit; that it could not be ended is worth a line, and it is tried again. */
  #own(ending: Promise<void> | undefined, what: string): void {
    ending?.catch((error: unknown) => this.#ports.log.error('worker.end-failed', { what, port: this.port, reason: String(error) }));
  }

  async #fetch(job: Job, fetch: Fetch): Promise<void> {
    try {
      const directory = await this.#ports.code.fetch(job.record);
      this.#step({ type: 'codeReady', fetch, directory });
    } catch (error) {
      const failure = error instanceof PolyboltError ? error : codeUnusable(job.record, error);
      if (!this.#isLetGo) this.#listener.onCodeFailed(job.record, this.port, failure);
      this.#step({ type: 'codeFailed', fetch, reason: failure.message, isFinal: !PASSING.has(failure.code) });
    }
  }

  #eventsOf(launch: Launch): WorkerEvents {
    return {
      onBeat: (isUp) => this.#step({ type: 'beat', launch, isUp }),
      onError: (error) => {
        if (!this.#isLetGo) this.#listener.onError(launch.topologyId, error);
      },
      onExit: (reason) => this.#step({ type: 'exit', launch, reason }),
    };
  }

  #setTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#wasLate = false;
    const dueMs = dueMsOf(this.#state);
    if (dueMs === undefined) return;
    const delayMs = Math.min(TIMER_MS_MAX, Math.max(0, dueMs - this.#ports.clock.now()));
    this.#timer = this.#ports.clock.after(delayMs, () => this.#onTimer());
  }

  get #lateMs(): number {
    return this.#ports.clock.now() - (dueMsOf(this.#state) ?? Number.POSITIVE_INFINITY);
  }

  #onTimer(): void {
    this.#timer = undefined;
    if (!this.#wasLate && this.#lateMs > LATE_MS) {
      this.#wasLate = true;
      this.#timer = this.#ports.clock.after(SECOND_LOOK_MS, () => this.#onTimer());
      return;
    }
    this.#step({ type: 'tick' });
    // A timer may come a fraction of a millisecond early, or have been too short.
    if (this.#timer === undefined && !this.#isLetGo) this.#setTimer();
  }
}

/** Disk full, directory not writable, and the like. */
function codeUnusable(record: TopologyRecord, cause: unknown): PolyboltError {
  return new PolyboltError('PB_CODE_UNAVAILABLE', {
    message: `the code of \`${record.name}\` cannot be kept here: ${cause instanceof Error ? cause.message : String(cause)}`,
    hint: 'see to the disk of the supervisor: storm.local.dir must be writable and have room',
    context: { blob: record.blob },
    cause,
  });
}
