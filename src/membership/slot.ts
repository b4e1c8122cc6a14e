/**
 * One slot of a supervisor: what to do with its worker when the assignment changes, the code is there, the worker beats, dies or falls silent, or time
 * passes. Invariant: no worker is launched before the one before it is known to be gone, and nothing is done for an incarnation that is not assigned any more but to
 * end it. Pure: (state, event, now) → (state, effects). Storm: daemon/supervisor/Slot.java.
 */
import { assertNever } from '../model/errors.js';
import { WORKER_RESTARTS_MAX } from '../model/limits.js';
import { pauseMs } from './restart-budget.js';
import {
  EMPTY_SLOT,
  type Fetch,
  type Job,
  type Launch,
  launchIn,
  launchOf,
  type Next,
  type SlotEffect,
  type SlotEvent,
  type SlotState,
  type SlotStep,
  type SlotTimes,
  type Tried,
} from './slot-state.js';

/** A worker whose components were up for so long was of use: its death is not charged. */
const OF_USE_MS = 2000;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;
/** Nimbus is to move what has failed; where it cannot, it is tried again this much later. */
const FAILED_RETRY_MS = 60_000;
/** A worker that stops needs a little longer than it grants its components. */
const STOP_SLACK_MS = 2000;
/** A killed worker that is still there is killed again. */
const KILL_AGAIN_MS = 5000;

export class SlotRules {
  readonly #times: SlotTimes;
  readonly #random: () => number;

  /** @param random from 0 to 1, for the jitter of pauses */
  constructor(times: SlotTimes, random: () => number) {
    this.#times = times;
    this.#random = random;
  }

  /** What a slot becomes, and what is to be done in this order. An event that comes too late changes nothing. */
  step(state: SlotState, event: SlotEvent, nowMs: number): SlotStep {
    switch (event.type) {
      case 'assigned':
        return this.#onAssigned(state, { job: event.job, tries: { launches: event.launches, deaths: 0, fetches: 0 } }, nowMs);
      case 'unassigned':
        return this.#onUnassigned(state, nowMs);
      case 'codeReady':
        return isFetching(state, event.fetch) ? this.#launch(state, event.directory, nowMs) : only(state);
      case 'codeFailed':
        if (!isFetching(state, event.fetch)) return only(state);
        return this.#afterDeath(state, event.isFinal ? 'final' : 'useless', event.reason, nowMs);
      case 'beat':
        return this.#onBeat(state, event.launch, event.isUp, nowMs);
      case 'exit':
        return this.#onExit(state, event.launch, event.reason, nowMs);
      case 'adopted':
        if (state.kind !== 'empty') return only(state);
        return only({ kind: 'adopted', dueMs: nowMs + this.#times.workerTimeoutMs, upAtMs: nowMs, launch: event.launch });
      case 'tick':
        return 'dueMs' in state && nowMs >= state.dueMs ? this.#onDue(state, nowMs) : only(state);
      default:
        return assertNever(event);
    }
  }

  #onAssigned(state: SlotState, tried: Tried, nowMs: number): SlotStep {
    const { job } = tried;
    switch (state.kind) {
      case 'empty':
        return fetch(tried);
      case 'fetching':
      case 'backing-off':
      case 'failed':
        return isSame(state.job, job) ? only({ ...state, job }) : fetch(tried);
      case 'starting':
      case 'running':
        if (!isSame(state.job, job)) return this.#stop(launchOf(state), tried, nowMs);
        return state.job.record === job.record ? only(state) : { state: { ...state, job }, effects: [{ type: 'update', job }] };
      case 'adopted': {
        if (!isLaunchOf(state.launch, job)) return this.#stop(state.launch, tried, nowMs);
        const { dueMs, upAtMs } = state;
        const tries = { ...tried.tries, launches: state.launch.launch };
        return { state: { kind: 'running', job, tries, dueMs, upAtMs }, effects: [{ type: 'update', job }] };
      }
      case 'stopping':
      case 'killing': {
        if (state.next !== undefined && isSame(state.next.job, job)) return only({ ...state, next: { ...state.next, job } });
        return { state: { ...state, next: tried }, effects: [{ type: 'prefetch', job }] };
      }
      default:
        return assertNever(state);
    }
  }

  #onUnassigned(state: SlotState, nowMs: number): SlotStep {
    switch (state.kind) {
      case 'empty':
      case 'fetching':
      case 'backing-off':
      case 'failed':
        return only(EMPTY_SLOT);
      case 'starting':
      case 'running':
        return this.#stop(launchOf(state), undefined, nowMs);
      case 'adopted':
        return this.#stop(state.launch, undefined, nowMs);
      case 'stopping':
      case 'killing':
        return only({ ...state, next: undefined });
      default:
        return assertNever(state);
    }
  }

  #onBeat(state: SlotState, launch: Launch, isUp: boolean, nowMs: number): SlotStep {
    const dueMs = nowMs + this.#times.workerTimeoutMs;
    if (state.kind === 'adopted') return isEqual(state.launch, launch) ? only({ ...state, dueMs }) : only(state);
    if ((state.kind !== 'starting' && state.kind !== 'running') || !isEqual(launchOf(state), launch)) return only(state);
    if (state.kind === 'running') return only({ ...state, dueMs });
    if (!isUp) return only({ ...state, dueMs: Math.min(dueMs, state.giveUpMs) });
    const { job, tries } = state;
    return { state: { kind: 'running', job, tries, dueMs, upAtMs: nowMs }, effects: [log('info', 'worker.up', launch)] };
  }

  #onExit(state: SlotState, launch: Launch, reason: string, nowMs: number): SlotStep {
    const running = launchIn(state);
    if (running === undefined || !isEqual(running, launch)) return only(state);
    switch (state.kind) {
      case 'starting':
      case 'running':
        return withFirst(
          log('warn', 'worker.died', launch, { reason }),
          this.#afterDeath(state, this.#verdict(state, nowMs), reason, nowMs),
        );
      case 'adopted':
        return { state: EMPTY_SLOT, effects: [log('warn', 'worker.died', launch, { reason })] };
      case 'stopping':
      case 'killing': {
        const { next } = state;
        const ended = log('info', 'worker.ended', launch, { reason });
        if (next === undefined) return { state: EMPTY_SLOT, effects: [ended] };
        if (next.died === undefined) return withFirst(ended, fetch(next));
        return withFirst(ended, this.#afterDeath(next, next.died.wasOfUse ? 'of use' : 'useless', next.died.reason, nowMs));
      }
      default:
        return only(state);
    }
  }

  #onDue(state: Extract<SlotState, { readonly dueMs: number }>, nowMs: number): SlotStep {
    switch (state.kind) {
      case 'starting':
      case 'running': {
        const launch = launchOf(state);
        const reason = state.kind === 'running' ? 'no sign of life' : 'it did not come up';
        const next = { job: state.job, tries: state.tries, died: { wasOfUse: this.#verdict(state, nowMs) === 'of use', reason } };
        return this.#kill(launch, next, log('warn', 'worker.timeout', launch, { reason }), nowMs);
      }
      case 'adopted':
        return this.#kill(state.launch, undefined, log('warn', 'worker.timeout', state.launch, { reason: 'no sign of life' }), nowMs);
      case 'stopping':
        return this.#kill(state.launch, state.next, log('warn', 'worker.overstayed', state.launch), nowMs);
      case 'killing':
        return this.#kill(state.launch, state.next, log('error', 'worker.unkillable', state.launch), nowMs);
      case 'backing-off':
        return fetch(state);
      case 'failed':
        return fetch({ job: state.job, tries: { ...state.tries, deaths: WORKER_RESTARTS_MAX } });
      default:
        return assertNever(state);
    }
  }

  #launch({ job, tries }: Tried, directory: string, nowMs: number): SlotStep {
    const launches = tries.launches + 1;
    const giveUpMs = nowMs + this.#times.startTimeoutMs;
    const state = { kind: 'starting', job, tries: { ...tries, launches }, dueMs: giveUpMs, giveUpMs } as const;
    return { state, effects: [{ type: 'launch', job, launch: launchOf(state), directory }] };
  }

  #stop(launch: Launch, next: Next | undefined, nowMs: number): SlotStep {
    const dueMs = nowMs + this.#times.shutdownMs + STOP_SLACK_MS;
    const prefetch: readonly SlotEffect[] = next === undefined ? [] : [{ type: 'prefetch', job: next.job }];
    const effects: readonly SlotEffect[] = [log('info', 'worker.stopping', launch), { type: 'stop' }, ...prefetch];
    return { state: { kind: 'stopping', dueMs, launch, next }, effects };
  }

  #kill(launch: Launch, next: Next | undefined, why: SlotEffect, nowMs: number): SlotStep {
    return { state: { kind: 'killing', dueMs: nowMs + KILL_AGAIN_MS, launch, next }, effects: [why, { type: 'kill' }] };
  }

  #verdict(state: Extract<SlotState, { readonly upAtMs: number } | { readonly giveUpMs: number }>, nowMs: number): 'of use' | 'useless' {
    return state.kind === 'running' && nowMs - state.upAtMs >= OF_USE_MS ? 'of use' : 'useless';
  }

  /** Again at once, later, or not before long. */
  #afterDeath({ job, tries }: Tried, verdict: 'of use' | 'useless' | 'final', reason: string, nowMs: number): SlotStep {
    const deaths = verdict === 'of use' ? 1 : tries.deaths + 1;
    const tried = { job, tries: { ...tries, deaths } };
    const where = { topology: job.record.name, incarnation: job.worker.incarnation, port: job.worker.port };
    if (verdict === 'final' || deaths > WORKER_RESTARTS_MAX) {
      const effect = { type: 'log', level: 'error', event: 'worker.failed', fields: { ...where, reason } } as const;
      return { state: { kind: 'failed', ...tried, dueMs: nowMs + FAILED_RETRY_MS }, effects: [effect] };
    }
    const delayMs = Math.round(pauseMs(deaths, FIRST_PAUSE_MS, LONGEST_PAUSE_MS) * (0.5 + this.#random()));
    if (delayMs === 0) return fetch(tried);
    const effect = { type: 'log', level: 'info', event: 'worker.restart-delayed', fields: { ...where, delayMs } } as const;
    return { state: { kind: 'backing-off', ...tried, dueMs: nowMs + delayMs }, effects: [effect] };
  }
}

function fetch({ job, tries }: Tried): SlotStep {
  const number = tries.fetches + 1;
  return {
    state: { kind: 'fetching', job, tries: { ...tries, fetches: number } },
    effects: [{ type: 'fetch', job, fetch: { topologyId: job.record.id, incarnation: job.worker.incarnation, number } }],
  };
}

function isFetching(state: SlotState, fetch: Fetch): state is SlotState & { readonly kind: 'fetching' } {
  return state.kind === 'fetching' && isLaunchOf(fetch, state.job) && state.tries.fetches === fetch.number;
}

function isLaunchOf(launch: Pick<Launch, 'topologyId' | 'incarnation'>, job: Job): boolean {
  return launch.topologyId === job.record.id && launch.incarnation === job.worker.incarnation;
}

function isSame(one: Job, other: Job): boolean {
  return one.record.id === other.record.id && one.worker.incarnation === other.worker.incarnation;
}

function isEqual(one: Launch, other: Launch): boolean {
  return one.launch === other.launch && one.incarnation === other.incarnation && one.topologyId === other.topologyId;
}

function only(state: SlotState): SlotStep {
  return { state, effects: [] };
}

function withFirst(effect: SlotEffect, { state, effects }: SlotStep): SlotStep {
  return { state, effects: [effect, ...effects] };
}

function log(level: 'info' | 'warn' | 'error', event: string, launch: Launch, more: Readonly<Record<string, unknown>> = {}): SlotEffect {
  return {
    type: 'log',
    level,
    event,
    fields: { topologyId: launch.topologyId, incarnation: launch.incarnation, launch: launch.launch, ...more },
  };
}
