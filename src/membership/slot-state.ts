/**
 * What a slot of a supervisor can be, what can happen to it and what it can ask for. Invariant: a state says all there is to know; what runs in a slot, if
 * anything does, has one name, its launch.
 */
import type { AssignedWorker } from '../model/assignment.js';
import type { TopologyRecord, WorkerReport, WorkerState } from '../model/cluster-records.js';
import { assertNever } from '../model/errors.js';

/** What the assignment wants a slot to run. */
export interface Job {
  readonly record: TopologyRecord;
  readonly worker: AssignedWorker;
}

/** Names one start of a worker. */
export interface Launch {
  readonly topologyId: string;
  readonly incarnation: string;
  /** From 1. */
  readonly launch: number;
}

/** How often a job has been tried. */
export interface Tries {
  /** Number of the last launch; 0 before the first. */
  readonly launches: number;
  /** Deaths in a row that had no time to be of use before. */
  readonly deaths: number;
  /** Tells the answers to fetches apart. */
  readonly fetches: number;
}

export interface Tried {
  readonly job: Job;
  readonly tries: Tries;
}

/** What follows when the worker that ends is gone. */
export interface Next extends Tried {
  /** It is the same job again: how its last launch went. */
  readonly died?: { readonly wasOfUse: boolean; readonly reason: string };
}

export type SlotState =
  | { readonly kind: 'empty' }
  | ({ readonly kind: 'fetching' } & Tried)
  /** Launched; its components are not up yet. */
  | ({ readonly kind: 'starting'; readonly dueMs: number; readonly giveUpMs: number } & Tried)
  | ({ readonly kind: 'running'; readonly dueMs: number; readonly upAtMs: number } & Tried)
  /** Taken over from an earlier life of the supervisor, before the assignment has been read. */
  | { readonly kind: 'adopted'; readonly dueMs: number; readonly upAtMs: number; readonly launch: Launch }
  | { readonly kind: 'stopping' | 'killing'; readonly dueMs: number; readonly launch: Launch; readonly next: Next | undefined }
  | ({ readonly kind: 'backing-off'; readonly dueMs: number } & Tried)
  | ({ readonly kind: 'failed'; readonly dueMs: number } & Tried);

export type SlotEvent =
  /** The assignment as it was read. @param launches last launch number of this incarnation as far as anybody here remembers, 0 if none */
  | { readonly type: 'assigned'; readonly job: Job; readonly launches: number }
  | { readonly type: 'unassigned' }
  | { readonly type: 'codeReady'; readonly fetch: Fetch; readonly directory: string }
  /** @param isFinal whether trying again would not help */
  | { readonly type: 'codeFailed'; readonly fetch: Fetch; readonly reason: string; readonly isFinal: boolean }
  | { readonly type: 'beat'; readonly launch: Launch; readonly isUp: boolean }
  | { readonly type: 'exit'; readonly launch: Launch; readonly reason: string }
  | { readonly type: 'adopted'; readonly launch: Launch }
  | { readonly type: 'tick' };

/** Names one fetching of a job's code. */
export interface Fetch {
  readonly topologyId: string;
  readonly incarnation: string;
  readonly number: number;
}

export type SlotEffect =
  /** To be answered with `codeReady` or `codeFailed`. */
  | { readonly type: 'fetch'; readonly job: Job; readonly fetch: Fetch }
  | { readonly type: 'launch'; readonly job: Job; readonly launch: Launch; readonly directory: string }
  /** The next job's code may be brought in while the worker before it ends; no answer is wanted. */
  | { readonly type: 'prefetch'; readonly job: Job }
  /** Tells the worker its record as it stands now. */
  | { readonly type: 'update'; readonly job: Job }
  | { readonly type: 'stop' }
  | { readonly type: 'kill' }
  | {
      readonly type: 'log';
      readonly level: 'info' | 'warn' | 'error';
      readonly event: string;
      readonly fields: Readonly<Record<string, unknown>>;
    };

export interface SlotTimes {
  /** Longest silence of a worker (supervisor.worker.timeout.secs). */
  readonly workerTimeoutMs: number;
  /** Longest time until its first sign of life, and until its components are up (supervisor.worker.start.timeout.secs). */
  readonly startTimeoutMs: number;
  /** What its components are given to end by themselves (supervisor.worker.shutdown.sleep.secs). */
  readonly shutdownMs: number;
}

export interface SlotStep {
  readonly state: SlotState;
  readonly effects: readonly SlotEffect[];
}

export const EMPTY_SLOT: SlotState = { kind: 'empty' };

/** When the next `tick` is wanted; undefined when nothing waits for time. */
export function dueMsOf(state: SlotState): number | undefined {
  return 'dueMs' in state ? state.dueMs : undefined;
}

/** What the supervisor says of the slot to nimbus; nothing while nothing is assigned to it. */
export function reportOf(state: SlotState): WorkerReport | undefined {
  switch (state.kind) {
    case 'empty':
      return undefined;
    case 'fetching':
      return report(state, 'preparing');
    case 'starting':
    case 'backing-off':
      return report(state, 'starting');
    case 'running':
    case 'failed':
      return report(state, state.kind);
    case 'adopted':
      return { ...state.launch, state: 'running' };
    case 'stopping':
    case 'killing':
      return state.next === undefined ? undefined : report(state.next, state.next.died === undefined ? 'preparing' : 'starting');
    default:
      return assertNever(state);
  }
}

/** The job of a slot: what it runs or is to run. */
export function jobOf(state: SlotState): Job | undefined {
  if ('job' in state) return state.job;
  return 'next' in state ? state.next?.job : undefined;
}

/** What runs in the slot, or is ending there. */
export function launchIn(state: SlotState): Launch | undefined {
  if (state.kind === 'starting' || state.kind === 'running') return launchOf(state);
  return 'launch' in state ? state.launch : undefined;
}

/** The last launch of a job. */
export function launchOf({ job, tries }: Tried): Launch {
  return { topologyId: job.record.id, incarnation: job.worker.incarnation, launch: tries.launches };
}

function report({ job, tries }: Tried, state: WorkerState): WorkerReport {
  return { topologyId: job.record.id, incarnation: job.worker.incarnation, launch: Math.max(1, tries.launches), state };
}
