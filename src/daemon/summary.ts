/**
 * What a topology has done, component by component. Invariant: roots emitted = acked + failed + abandoned + pending, for each spout and in total.
 */
import { LatencyHistogram } from '../metrics/latency-histogram.js';
import type { Topology } from '../model/topology.js';
import type { Worker } from './worker.js';

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

export function summarise(topology: Topology, workers: readonly Worker[]): TopologySummary {
  const components = Object.values(topology.components).map(({ id, kind }) =>
    kind === 'spout' ? spoutSummary(id, workers) : boltSummary(id, workers),
  );
  const spouts = workers.flatMap((worker) => worker.spouts);
  const roots = total(spouts, (spout) => spout.counters.roots);
  const unreplayed = total(spouts, (spout) => spout.failedIds.size);
  return {
    topology: topology.name,
    components,
    roots: {
      emitted: roots,
      acked: total(spouts, (spout) => spout.counters.acked),
      failed: total(spouts, (spout) => spout.counters.failed),
      timedOut: total(spouts, (spout) => spout.counters.timedOut),
      abandoned: total(spouts, (spout) => spout.counters.abandoned),
      pending: total(spouts, (spout) => spout.pending.size),
      unreplayed: Number.isFinite(unreplayed) ? unreplayed : null,
      unanchored: total(spouts, (spout) => spout.counters.emitted) - roots,
    },
  };
}

function spoutSummary(id: string, workers: readonly Worker[]): ComponentSummary {
  const spouts = workers.flatMap((worker) => worker.spouts).filter(({ component }) => component === id);
  const latency = new LatencyHistogram();
  for (const { counters } of spouts) latency.merge(counters.completeLatency);
  const pending = total(spouts, (spout) => spout.pending.size);
  return { id, kind: 'spout', ...counted(spouts), pending, completeLatencyMs: quantiles(latency) };
}

function boltSummary(id: string, workers: readonly Worker[]): ComponentSummary {
  const bolts = workers.flatMap((worker) => worker.bolts).filter(({ component }) => component === id);
  const pending = total(bolts, (bolt) => bolt.inbox.size + bolt.host.heldCount);
  return { id, kind: 'bolt', ...counted(bolts), pending, completeLatencyMs: quantiles(new LatencyHistogram()) };
}

type Counted = Pick<ComponentSummary, 'tasks' | 'emitted' | 'transferred' | 'executed' | 'acked' | 'failed' | 'restarts' | 'errors'>;

function counted(tasks: readonly Worker['bolts' | 'spouts'][number][]): Counted {
  const sum = (key: 'emitted' | 'transferred' | 'executed' | 'acked' | 'failed' | 'restarts' | 'errors'): number =>
    total(tasks, ({ counters }) => counters[key]);
  return {
    tasks: tasks.length,
    emitted: sum('emitted'),
    transferred: sum('transferred'),
    executed: sum('executed'),
    acked: sum('acked'),
    failed: sum('failed'),
    restarts: sum('restarts'),
    errors: sum('errors'),
  };
}

function quantiles(latency: LatencyHistogram): ComponentSummary['completeLatencyMs'] {
  const round = (ms: number): number => Math.round(ms * 1000) / 1000;
  return { mean: round(latency.meanMs), p50: round(latency.quantileMs(0.5)), p99: round(latency.quantileMs(0.99)) };
}

function total<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0);
}
