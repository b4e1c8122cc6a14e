/**
 * What a topology has done, component by component. Invariant: roots emitted = acked + failed + abandoned + pending, for each spout and in total.
 */
import { completeLatency } from '../../metrics/aggregate.js';
import { ALL_TIME } from '../../metrics/rolling-windows.js';
import type { TaskSnapshot, WorkerSnapshot } from '../../metrics/snapshot.js';
import type { Topology } from '../../model/topology.js';

export interface ComponentSummary {
  readonly id: string;
  readonly kind: 'spout' | 'bolt';
  readonly tasks: number;
  readonly emitted: number;
  readonly transferred: number;
  /** Inputs given to the component (bolt). */
  readonly executed: number;
  /** Inputs (bolt) or roots (spout) acked. */
  readonly acked: number;
  readonly failed: number;
  /** Inputs queued or held (bolt), roots without a verdict (spout). */
  readonly pending: number;
  readonly restarts: number;
  readonly errors: number;
  /** From a root's emit to its ack (spout), in ms; 0 where there is none. */
  readonly completeLatencyMs: { readonly mean: number; readonly p50: number; readonly p99: number };
}

export interface RootSummary {
  readonly emitted: number;
  readonly acked: number;
  readonly failed: number;
  /** Part of `failed`. */
  readonly timedOut: number;
  readonly abandoned: number;
  readonly pending: number;
  /** Message ids that failed or were abandoned and have not been acked since; null when there were too many to remember. */
  readonly unreplayed: number | null;
  /** Emits of spouts without a message id. */
  readonly unanchored: number;
}

export interface TopologySummary {
  readonly topology: string;
  readonly components: readonly ComponentSummary[];
  readonly roots: RootSummary;
}

/** @param snapshots of the topology's workers, wherever they run; a task that none of them has counts nothing */
export function summarise(topology: Topology, snapshots: readonly WorkerSnapshot[]): TopologySummary {
  const tasks = snapshots.flatMap((snapshot) => snapshot.tasks);
  const spouts = tasks.filter(({ kind }) => kind === 'spout');
  const roots = total(spouts, (spout) => spout.roots);
  return {
    topology: topology.name,
    components: Object.values(topology.components).map(({ id, kind }) =>
      componentSummary(
        id,
        kind,
        tasks.filter(({ component }) => component === id),
      ),
    ),
    roots: {
      emitted: roots,
      acked: total(spouts, ({ windows }) => windows[ALL_TIME].acked),
      failed: total(spouts, ({ windows }) => windows[ALL_TIME].failed),
      timedOut: total(spouts, (spout) => spout.timedOut),
      abandoned: total(spouts, (spout) => spout.abandoned),
      pending: total(spouts, (spout) => spout.pending),
      unreplayed: spouts.some(({ unreplayed }) => unreplayed === null) ? null : total(spouts, ({ unreplayed }) => unreplayed ?? 0),
      unanchored: total(spouts, ({ windows }) => windows[ALL_TIME].emitted) - roots,
    },
  };
}

function componentSummary(id: string, kind: 'spout' | 'bolt', tasks: readonly TaskSnapshot[]): ComponentSummary {
  const sum = (key: 'emitted' | 'transferred' | 'executed' | 'acked' | 'failed'): number =>
    total(tasks, ({ windows }) => windows[ALL_TIME][key]);
  const latency = completeLatency(tasks);
  return {
    id,
    kind,
    tasks: tasks.length,
    emitted: sum('emitted'),
    transferred: sum('transferred'),
    executed: sum('executed'),
    acked: sum('acked'),
    failed: sum('failed'),
    pending: total(tasks, ({ pending, queued, held }) => pending + queued + held),
    restarts: total(tasks, ({ restarts }) => restarts),
    errors: total(tasks, ({ errors }) => errors),
    completeLatencyMs: { mean: round(latency.meanMs), p50: round(latency.quantileMs(0.5)), p99: round(latency.quantileMs(0.99)) },
  };
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

function total<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0);
}
