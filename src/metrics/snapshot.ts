/**
 * What a worker has counted, as data that travels: from the worker to its supervisor, from there to nimbus. Invariant: numbers and short texts only; what is
 * computed of them (rates, capacity, means) is computed by whoever shows them, in `aggregate.ts`.
 */
import type { LatencyData } from './latency-histogram.js';
import { type RollingWindows, WINDOWS, type WindowName } from './rolling-windows.js';
import type { TaskCounters } from './task-counters.js';

/** Sums over a window. */
export interface WindowCounts {
  /** Time that the window really covers so far, in ms. */
  readonly coveredMs: number;
  readonly emitted: number;
  readonly transferred: number;
  readonly executed: number;
  readonly acked: number;
  readonly failed: number;
  readonly processMs: number;
  readonly executeMs: number;
  /** Roots that were acked, and how long they took together, in ms. */
  readonly completed: number;
  readonly completeMs: number;
}

export interface TaskSnapshot {
  readonly task: number;
  readonly component: string;
  readonly kind: 'spout' | 'bolt';
  readonly isRunning: boolean;
  /** Inputs that wait in its inbox, and their bytes (bolt). */
  readonly queued: number;
  readonly queuedBytes: number;
  /** Inputs that its component holds (bolt). */
  readonly held: number;
  /** Roots without a verdict (spout). */
  readonly pending: number;
  /** Since the start, as in `TaskCounters`. */
  readonly roots: number;
  readonly timedOut: number;
  readonly abandoned: number;
  readonly restarts: number;
  readonly errors: number;
  /** Message ids that failed and have not been acked since; null when there were too many to remember. */
  readonly unreplayed: number | null;
  /** Of all time (spout). */
  readonly completeLatency: LatencyData;
  readonly windows: Readonly<Record<WindowName, WindowCounts>>;
}

/** What passed between two workers, seen from one of them: tuples and root records since the other's launch was first heard of. */
export interface LinkSnapshot {
  readonly sent: number;
  readonly received: number;
}

export interface WorkerSnapshot {
  readonly snapshot: 1;
  readonly incarnation: string;
  readonly pid: number;
  readonly upMs: number;
  /** Resident memory of the worker's process without its children, in bytes. */
  readonly memoryBytes: number;
  /** Nothing is pending, queued, held or about to be sent. */
  readonly isIdle: boolean;
  /** Tuples and root records for tasks that no worker ran at that time. */
  readonly unroutable: number;
  /** By incarnation of the peer. */
  readonly links: Readonly<Record<string, LinkSnapshot>>;
  readonly tasks: readonly TaskSnapshot[];
}

/** Whether something that came from a worker is a snapshot that this version can read. */
export function isWorkerSnapshot(value: unknown): value is WorkerSnapshot {
  const { snapshot, tasks, links } = (value ?? {}) as Partial<WorkerSnapshot>;
  return snapshot === 1 && Array.isArray(tasks) && typeof links === 'object';
}

/** The counters that have windows, in the order in which they are sampled. */
export function windowedCounters({
  emitted,
  transferred,
  executed,
  acked,
  failed,
  processMs,
  executeMs,
  completeLatency,
}: TaskCounters): number[] {
  return [emitted, transferred, executed, acked, failed, processMs, executeMs, completeLatency.count, completeLatency.sumMs];
}

/** The windows of a task. */
export function windowsOf(counters: TaskCounters, rolling: RollingWindows, nowMs: number): TaskSnapshot['windows'] {
  const now = windowedCounters(counters);
  const entries = WINDOWS.map((name): [WindowName, WindowCounts] => {
    const { values, coveredMs } = rolling.over(name, nowMs, now);
    const [emitted, transferred, executed, acked, failed, processMs, executeMs, completed, completeMs] = values as unknown as number[];
    return [
      name,
      { coveredMs, emitted, transferred, executed, acked, failed, processMs, executeMs, completed, completeMs } as WindowCounts,
    ];
  });
  return Object.fromEntries(entries) as Record<WindowName, WindowCounts>;
}
