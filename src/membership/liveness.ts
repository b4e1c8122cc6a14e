/**
 * Which assigned workers count as dead. Invariant: judged by the leader's own monotonic clock since it saw a state itself; so a leader that has just taken over
 * moves nothing, and no other machine's clock matters.
 */
import type { AssignedWorker } from '../model/assignment.js';
import type { SupervisorRecord, TopologyRecord, WorkerReport } from '../model/cluster-records.js';
import { AVOID_MS, MOVE_PAUSE_MS_MAX, MOVE_PAUSE_MS_MIN, SUPERVISOR_GRACE_MS } from '../model/limits.js';

export interface LivenessLimits {
  /** `nimbus.task.timeout.secs`: how long nothing may be heard of a worker. */
  readonly taskTimeoutMs: number;
  /** `nimbus.supervisor.timeout.secs`: how long nothing may be heard of a supervisor. */
  readonly supervisorTimeoutMs: number;
  /** `nimbus.task.launch.secs`: how long a worker may take until it runs. */
  readonly launchMs: number;
  /** Silence that had already passed when the store gave a supervisor's session up. */
  readonly sessionMs: number;
}

export interface Dead {
  readonly topologyId: string;
  readonly worker: AssignedWorker;
  /** For people. */
  readonly reason: 'supervisor gone' | 'failed' | 'not running in time';
}

export interface Verdict {
  readonly dead: readonly Dead[];
  /** When to look again although nothing has changed, in ms of the caller's clock. */
  readonly nextMs: number;
}

/** `preparing` has no deadline: what a topology prepares takes its time, and its supervisor ends what takes too long. */
type Phase = 'running' | 'launching' | 'preparing' | 'failed' | 'absent';

export class Liveness {
  readonly #limits: LivenessLimits;
  /** Since when each worker has been in its phase. */
  readonly #phases = new Map<string, { readonly phase: Phase; readonly sinceMs: number }>();
  /** Until when a topology keeps away from a supervisor. */
  readonly #avoided = new Map<string, Map<string, number>>();
  /** How often in a row workers of a topology failed, and when last: one that fails wherever it goes must not be moved without end. */
  readonly #failures = new Map<string, { readonly count: number; readonly atMs: number }>();

  constructor(limits: LivenessLimits) {
    this.#limits = limits;
  }

  look(topologies: readonly TopologyRecord[], supervisors: readonly SupervisorRecord[], nowMs: number): Verdict {
    const reports = new Map(supervisors.map(({ id, workers }) => [id, reportsOf(workers)]));
    const dead: Dead[] = [];
    const seen = new Set<string>();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const { id, workers } of topologies) {
      for (const worker of workers) {
        const key = keyOf(id, worker.incarnation);
        seen.add(key);
        const { phase, sinceMs } = this.#enter(key, phaseOf(reports.get(worker.supervisor), key), nowMs);
        const deadlineMs = sinceMs + (phase === 'failed' ? this.#pauseMs(id, nowMs) : this.#allowance(phase));
        if (deadlineMs > nowMs) nextMs = Math.min(nextMs, deadlineMs);
        else dead.push({ topologyId: id, worker, reason: reasonOf(phase) });
      }
    }
    for (const key of this.#phases.keys()) if (!seen.has(key)) this.#phases.delete(key);
    this.#forget(topologies, nowMs);
    this.#avoid(dead, nowMs);
    return { dead, nextMs };
  }

  /** Supervisors where workers of this topology failed not long ago. */
  avoidedBy(topologyId: string): ReadonlySet<string> {
    return new Set(this.#avoided.get(topologyId)?.keys());
  }

  #enter(key: string, phase: Phase, nowMs: number): { readonly phase: Phase; readonly sinceMs: number } {
    const before = this.#phases.get(key);
    if (before?.phase === phase) return before;
    const entered = { phase, sinceMs: nowMs };
    this.#phases.set(key, entered);
    return entered;
  }

  #allowance(phase: Phase): number {
    const { taskTimeoutMs, supervisorTimeoutMs, sessionMs, launchMs } = this.#limits;
    if (phase === 'launching') return launchMs;
    if (phase === 'absent') return Math.max(SUPERVISOR_GRACE_MS, Math.min(taskTimeoutMs, supervisorTimeoutMs) - sessionMs);
    return Number.POSITIVE_INFINITY;
  }

  /** What a failed worker waits before it is moved: nothing the first time, then twice as long each time. */
  #pauseMs(topologyId: string, nowMs: number): number {
    const failures = this.#failures.get(topologyId);
    if (failures === undefined || nowMs - failures.atMs > AVOID_MS) return 0;
    return Math.min(MOVE_PAUSE_MS_MAX, MOVE_PAUSE_MS_MIN * 2 ** (failures.count - 1));
  }

  #forget(topologies: readonly TopologyRecord[], nowMs: number): void {
    const known = new Set(topologies.map(({ id }) => id));
    for (const [id, supervisors] of this.#avoided) {
      for (const [supervisor, untilMs] of supervisors) if (untilMs <= nowMs) supervisors.delete(supervisor);
      if (supervisors.size === 0 || !known.has(id)) this.#avoided.delete(id);
    }
    for (const [id, { atMs }] of this.#failures) if (!known.has(id) || nowMs - atMs > AVOID_MS) this.#failures.delete(id);
  }

  #avoid(dead: readonly Dead[], nowMs: number): void {
    for (const { topologyId, worker, reason } of dead) {
      if (reason === 'supervisor gone') continue;
      const supervisors = this.#avoided.get(topologyId) ?? new Map<string, number>();
      this.#avoided.set(topologyId, supervisors.set(worker.supervisor, nowMs + AVOID_MS));
    }
    // Several workers that failed at the same time are one failure.
    for (const id of new Set(dead.filter(({ reason }) => reason === 'failed').map(({ topologyId }) => topologyId))) {
      this.#failures.set(id, { count: (this.#failures.get(id)?.count ?? 0) + 1, atMs: nowMs });
    }
  }
}

function reportsOf(workers: readonly WorkerReport[]): ReadonlyMap<string, WorkerReport> {
  return new Map(workers.map((report) => [keyOf(report.topologyId, report.incarnation), report]));
}

/** @param reports of the worker's supervisor; undefined when that is not there */
function phaseOf(reports: ReadonlyMap<string, WorkerReport> | undefined, key: string): Phase {
  if (reports === undefined) return 'absent';
  const state = reports.get(key)?.state ?? 'starting';
  return state === 'starting' ? 'launching' : state;
}

function reasonOf(phase: Phase): Dead['reason'] {
  if (phase === 'absent') return 'supervisor gone';
  return phase === 'failed' ? 'failed' : 'not running in time';
}

function keyOf(topologyId: string, incarnation: string): string {
  return `${topologyId} ${incarnation}`;
}
