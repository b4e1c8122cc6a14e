/**
 * Many snapshots into the figures that people look at: per component and per topology, over one of Storm's windows. Invariant: pure, and the same numbers whether a topology runs in
 * one worker or in many; means are weighted by what they are means of.
 */
import { LatencyHistogram } from './latency-histogram.js';
import { ALL_TIME, type WindowName } from './rolling-windows.js';
import type { TaskSnapshot, WindowCounts, WorkerSnapshot } from './snapshot.js';

export interface ComponentFigures {
  readonly id: string;
  readonly kind: 'spout' | 'bolt';
  readonly tasks: number;
  /** Tasks whose component is up. */
  readonly running: number;
  readonly emitted: number;
  readonly transferred: number;
  readonly executed: number;
  readonly acked: number;
  readonly failed: number;
  /** From an input's being given to the component to its ack (bolt), mean in ms. */
  readonly processLatencyMs: number;
  /** Time that the component is busy with one input (bolt), mean in ms. */
  readonly executeLatencyMs: number;
  /** From a root's emit to its ack (spout), mean in ms. */
  readonly completeLatencyMs: number;
  /** Share of the time in which its busiest task was busy (bolt): at 1 it is what holds the topology back. */
  readonly capacity: number;
  readonly queued: number;
  readonly held: number;
  readonly pending: number;
  readonly restarts: number;
  readonly errors: number;
}

export interface TopologyFigures {
  readonly window: WindowName;
  readonly workers: number;
  readonly unroutable: number;
  /** Of spouts. */
  readonly acked: number;
  readonly failed: number;
  readonly emitted: number;
  readonly transferred: number;
  readonly pending: number;
  readonly completeLatencyMs: { readonly mean: number; readonly p50: number; readonly p99: number };
  readonly components: readonly ComponentFigures[];
}

/** Figures of all components that any snapshot knows, by name. Quantiles are of all time, everything else of the window but for what is there now. */
export function aggregate(snapshots: readonly WorkerSnapshot[], window: WindowName = ALL_TIME): TopologyFigures {
  const byComponent = new Map<string, TaskSnapshot[]>();
  for (const task of tasksIn(snapshots)) {
    const tasks = byComponent.get(task.component);
    if (tasks === undefined) byComponent.set(task.component, [task]);
    else tasks.push(task);
  }
  const components = [...byComponent].sort(([a], [b]) => (a < b ? -1 : 1)).map(([id, tasks]) => componentFigures(id, tasks, window));
  const spouts = components.filter(({ kind }) => kind === 'spout');
  const latency = completeLatency(tasksIn(snapshots));
  const counts = tasksIn(snapshots).map(({ windows }) => windows[window]);
  return {
    window,
    workers: snapshots.length,
    unroutable: total(snapshots, ({ unroutable }) => unroutable),
    acked: total(spouts, ({ acked }) => acked),
    failed: total(spouts, ({ failed }) => failed),
    emitted: total(components, ({ emitted }) => emitted),
    transferred: total(components, ({ transferred }) => transferred),
    pending: total(spouts, ({ pending }) => pending),
    completeLatencyMs: {
      mean: round(
        mean(
          total(counts, ({ completeMs }) => completeMs),
          total(counts, ({ completed }) => completed),
        ),
      ),
      p50: round(latency.quantileMs(0.5)),
      p99: round(latency.quantileMs(0.99)),
    },
    components,
  };
}

/** The latencies of these tasks in one histogram. */
export function completeLatency(tasks: readonly TaskSnapshot[]): LatencyHistogram {
  const latency = new LatencyHistogram();
  for (const task of tasks) latency.merge(task.completeLatency);
  return latency;
}

function componentFigures(id: string, tasks: readonly TaskSnapshot[], window: WindowName): ComponentFigures {
  const sum = (key: keyof WindowCounts): number => total(tasks, ({ windows }) => windows[window][key]);
  const now = (key: 'queued' | 'held' | 'pending' | 'restarts' | 'errors'): number => total(tasks, (task) => task[key]);
  const kind = tasks[0]?.kind ?? 'bolt';
  const [executed, acked] = [sum('executed'), sum('acked')];
  return {
    id,
    kind,
    tasks: tasks.length,
    running: tasks.filter(({ isRunning }) => isRunning).length,
    emitted: sum('emitted'),
    transferred: sum('transferred'),
    executed,
    acked,
    failed: sum('failed'),
    processLatencyMs: round(kind === 'bolt' ? mean(sum('processMs'), acked) : 0),
    executeLatencyMs: round(mean(sum('executeMs'), executed)),
    completeLatencyMs: round(mean(sum('completeMs'), sum('completed'))),
    capacity: round(Math.max(0, ...tasks.map(({ windows }) => mean(windows[window].executeMs, windows[window].coveredMs)))),
    queued: now('queued'),
    held: now('held'),
    pending: now('pending'),
    restarts: now('restarts'),
    errors: now('errors'),
  };
}

function tasksIn(snapshots: readonly WorkerSnapshot[]): readonly TaskSnapshot[] {
  return snapshots.flatMap(({ tasks }) => tasks);
}

function mean(sum: number, count: number): number {
  return count > 0 ? sum / count : 0;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function total<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0);
}
