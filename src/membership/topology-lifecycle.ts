/**
 * What may become of a topology: (record, change) → record. Invariant: task ids never move, a killed topology never comes back, and spouts are still while a kill or a
 * rebalance waits. (Storm: StormCommon's topology state transitions.)
 */
import type { PendingChange, TopologyRecord } from '../model/cluster-records.js';
import { assertNever, PolyboltError } from '../model/errors.js';
import { CHANGE_WAIT_MS_MAX, TASKS_MAX } from '../model/limits.js';
import { didYouMean } from '../model/suggest.js';
import type { ExecutorRange, TaskTable } from '../model/task-table.js';

/** What a user may ask for. Without `waitMs`, the wait is the topology's message timeout. */
export type TopologyChange =
  | { readonly kind: 'activate' }
  | { readonly kind: 'deactivate' }
  | { readonly kind: 'kill'; readonly waitMs?: number | undefined }
  | RebalanceChange;

export interface RebalanceChange {
  readonly kind: 'rebalance';
  readonly waitMs?: number | undefined;
  readonly workers?: number | undefined;
  /** New number of executors by component. */
  readonly executors?: Readonly<Record<string, number>> | undefined;
}

const MESSAGE_TIMEOUT_MS = 30_000;

/**
 * The record after a change; the very same where it changes nothing. A rebalance that meets one that waits adds to it, and
 * both wait anew; a kill takes the place of whatever waits. Throws PB_TOPOLOGY_KILLED and PB_CHANGE_INVALID.
 */
export function changeTopology(record: TopologyRecord, change: TopologyChange): TopologyRecord {
  switch (change.kind) {
    case 'activate':
    case 'deactivate': {
      checkNotKilled(record, change.kind);
      const status = change.kind === 'activate' ? 'active' : 'inactive';
      return status === record.status ? record : { ...record, status };
    }
    case 'kill':
      return { ...record, status: 'killed', pending: { kind: 'kill', waitMs: waitOf(record, change) } };
    case 'rebalance':
      checkNotKilled(record, change.kind);
      return { ...record, pending: pendingRebalance(record, change) };
    default:
      return assertNever(change);
  }
}

/** The record once its pending rebalance has waited: executors are cut anew, who runs them is for the scheduler. A killed one is undefined. */
export function finishPending(record: TopologyRecord): TopologyRecord | undefined {
  const { pending, ...rest } = record;
  if (pending === undefined) return record;
  if (pending.kind === 'kill') return undefined;
  return {
    ...rest,
    workersWanted: pending.workers ?? record.workersWanted,
    table: pending.executors === undefined ? record.table : cutExecutors(record.table, pending.executors),
  };
}

/** The same tasks in so many executors; components that are not named stay as they are. */
export function cutExecutors(table: TaskTable, counts: Readonly<Record<string, number>>): TaskTable {
  const executors: ExecutorRange[] = [];
  for (const [component, ranges] of rangesByComponent(table)) {
    // A component may be called `constructor`.
    const count = Object.hasOwn(counts, component) ? counts[component] : undefined;
    if (count === undefined || count === ranges.length) executors.push(...ranges);
    else executors.push(...cut(component, ranges, count));
  }
  return { ...table, executors };
}

/** The tasks of a component are consecutive; the first executors take one more where they do not divide evenly, as at the submission. */
function cut(component: string, ranges: readonly ExecutorRange[], count: number): ExecutorRange[] {
  let firstTask = (ranges[0] as ExecutorRange).firstTask;
  const tasks = (ranges.at(-1) as ExecutorRange).lastTask - firstTask + 1;
  return Array.from({ length: count }, (_, index): ExecutorRange => {
    const lastTask = firstTask + Math.floor(tasks / count) - (index < tasks % count ? 0 : 1);
    const range = { component, firstTask, lastTask };
    firstTask = lastTask + 1;
    return range;
  });
}

function rangesByComponent(table: TaskTable): Map<string, ExecutorRange[]> {
  const byComponent = new Map<string, ExecutorRange[]>();
  for (const range of table.executors) {
    const ranges = byComponent.get(range.component);
    if (ranges === undefined) byComponent.set(range.component, [range]);
    else ranges.push(range);
  }
  return byComponent;
}

function pendingRebalance(record: TopologyRecord, change: RebalanceChange): PendingChange {
  const before = record.pending?.kind === 'rebalance' ? record.pending : undefined;
  if (change.workers !== undefined) checkCount('workers', change.workers, TASKS_MAX, 'tasks that a topology may have');
  for (const [component, count] of Object.entries(change.executors ?? {})) checkExecutors(record, component, count);
  const workers = change.workers ?? before?.workers;
  const executors = { ...before?.executors, ...change.executors };
  return {
    kind: 'rebalance',
    waitMs: waitOf(record, change),
    ...(workers === undefined ? {} : { workers }),
    ...(Object.keys(executors).length === 0 ? {} : { executors }),
  };
}

function checkExecutors({ name, table }: TopologyRecord, component: string, count: number): void {
  const tasks = table.components.reduce((sum, each) => sum + (each === component ? 1 : 0), 0);
  if (tasks === 0) {
    const known = [...new Set(table.components)];
    throw invalid(`the topology "${name}" has no component ${JSON.stringify(component)}`, didYouMean(component, known, 'its components'), {
      component,
    });
  }
  checkCount(`executors of ${component}`, count, tasks, 'tasks, whose number was fixed when the topology was submitted');
}

function checkCount(what: string, count: number, max: number, maxOf: string): void {
  if (Number.isSafeInteger(count) && count > 0 && count <= max) return;
  const problem =
    Number.isSafeInteger(count) && count > 0
      ? `${count} are more than the ${max} ${maxOf}`
      : `${JSON.stringify(count)} is not a whole number above 0`;
  throw invalid(`the number of ${what} cannot be set: ${problem}`, `give a whole number from 1 to ${max}`, { count, max });
}

function waitOf(record: TopologyRecord, { waitMs }: { readonly waitMs?: number | undefined }): number {
  if (waitMs === undefined) return Math.min(record.messageTimeoutMs ?? MESSAGE_TIMEOUT_MS, CHANGE_WAIT_MS_MAX);
  if (Number.isFinite(waitMs) && waitMs >= 0 && waitMs <= CHANGE_WAIT_MS_MAX) return waitMs;
  throw invalid(`the wait of ${waitMs / 1000} s is not possible`, `give seconds from 0 to ${CHANGE_WAIT_MS_MAX / 1000}`, { waitMs });
}

function checkNotKilled({ name, status }: TopologyRecord, wanted: string): void {
  if (status !== 'killed') return;
  throw new PolyboltError('PB_TOPOLOGY_KILLED', {
    message: `the topology "${name}" is being killed: it is too late to ${wanted} it`,
    hint: 'submit it again once it is gone',
    context: { topology: name },
  });
}

function invalid(message: string, hint: string, context: Readonly<Record<string, unknown>>): PolyboltError {
  return new PolyboltError('PB_CHANGE_INVALID', { message, hint, context });
}
