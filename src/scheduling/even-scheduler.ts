/**
 * Storm's even scheduler: as many workers as the topology asks for, on as many supervisors as there are, with as many executors
 * each, and each component spread over all of them. Invariant: a worker that is alive and has its fair share is left
 * alone; the same input again changes nothing; supervisors that join a topology which has its workers get none of them
 * before a rebalance. (EvenScheduler.java and DefaultScheduler.badSlots.)
 */
import { type AssignedExecutor, type AssignedWorker, executorKey } from '../model/assignment.js';
import type { ExecutorRange, TaskTable } from '../model/task-table.js';
import type { PlacedWorker, Placement, Scheduler, SchedulingTopology } from './scheduler.js';
import { FreeSlots, type Slot } from './slots.js';

/** A worker in the making. */
interface Draft {
  readonly slot: Slot;
  readonly executors: AssignedExecutor[];
  /** The worker that runs in the slot now, if one stays. */
  readonly kept: AssignedWorker | undefined;
}

/** Cost: executors to place times workers of their topology; 10,000 executors on 500 supervisors take 0.2 s, cold. */
export const scheduleEvenly: Scheduler = ({ supervisors, topologies, isAlive }) => {
  // Who stays is settled for all topologies before any takes a slot, so that none misses a slot that another gives back.
  const stays = topologies.map((topology) => survivors(topology, isAlive));
  const slots = new FreeSlots(supervisors, stays.flat().map(slotOf));
  return topologies.map((topology, index) => {
    const drafts = draftWorkers(topology, stays[index] as readonly Draft[], slots);
    placeExecutors(topology.table, drafts);
    return { topologyId: topology.topologyId, workers: drafts.map(placed) } satisfies Placement;
  });
};

/** The workers that stay, each with those of its executors that still are. */
function survivors({ table, assignment, workers }: SchedulingTopology, isAlive: (worker: AssignedWorker) => boolean): readonly Draft[] {
  const unclaimed = new Set(table.executors.map(({ firstTask, lastTask }) => executorKey([firstTask, lastTask])));
  const alive = assignment?.workers.filter(isAlive) ?? [];
  const drafts = alive.map((worker): Draft => {
    // A rebalance may have cut the executors anew: those that are no more are dropped.
    const executors = worker.executors.filter((executor) => unclaimed.delete(executorKey(executor)));
    return { slot: { supervisor: worker.supervisor, port: worker.port }, executors, kept: worker };
  });
  const busy = drafts.filter((draft) => draft.executors.length > 0);
  return keepSpread(busy, workers);
}

/** Adds empty workers in the slots that the topology may take besides, and starts those anew that run more than their share. */
function draftWorkers(topology: SchedulingTopology, stays: readonly Draft[], slots: FreeSlots): readonly Draft[] {
  const executorCount = topology.table.executors.length;
  const target = Math.min(topology.workers, executorCount, stays.length + slots.count);
  if (target <= stays.length) return stays;
  const fair = keepFair(stays, executorCount, target);
  const staying = new Set(fair);
  for (const draft of stays) if (!staying.has(draft)) slots.release(draft.slot);
  const taken = slots.take(target - fair.length, fair.map(slotOf), topology.avoid);
  return [...fair, ...taken.map((slot): Draft => ({ slot, executors: [], kept: undefined }))];
}

function slotOf(draft: Draft): Slot {
  return draft.slot;
}

/** At most so many workers: of those that are too many, the ones that share a supervisor with others go first. */
function keepSpread(drafts: readonly Draft[], workersMax: number): readonly Draft[] {
  if (drafts.length <= workersMax) return drafts;
  const seen = new Map<string, number>();
  const ranked = drafts.map((draft) => {
    const rank = seen.get(draft.slot.supervisor) ?? 0;
    seen.set(draft.slot.supervisor, rank + 1);
    return { draft, rank };
  });
  const staying = new Set([...ranked].sort((one, other) => one.rank - other.rank).slice(0, workersMax));
  return ranked.filter((each) => staying.has(each)).map(({ draft }) => draft);
}

/** Where there is room for more workers, those that run more than their share make way and are placed anew. */
function keepFair(drafts: readonly Draft[], executorCount: number, workers: number): readonly Draft[] {
  const share = Math.floor(executorCount / workers);
  let oneMore = executorCount % workers;
  return drafts.filter(({ executors }) => {
    if (executors.length <= share) return true;
    return executors.length === share + 1 && oneMore-- > 0;
  });
}

/**
 * Gives each executor that nobody runs to the worker that runs the fewest; among those to a new one, which has nothing to
 * lose by it; among those to the one that runs the fewest of its component. Ackers are a component like any other: where there
 * is one for each worker, each worker gets one.
 */
function placeExecutors(table: TaskTable, drafts: readonly Draft[]): void {
  if (drafts.length === 0) return;
  const placed = new Map<string, number[]>();
  const componentOf = (executor: AssignedExecutor): string => table.components[executor[0] - 1] as string;
  const runs = new Set<string>();
  for (const [index, draft] of drafts.entries()) {
    for (const executor of draft.executors) {
      runs.add(executorKey(executor));
      const workers = placed.get(componentOf(executor));
      if (workers === undefined) placed.set(componentOf(executor), [index]);
      else workers.push(index);
    }
  }

  // Twice the executors, and one more for a worker that would have to start anew: the smaller, the sooner it gets more.
  const costs = Int32Array.from(drafts, ({ executors, kept }) => 2 * executors.length + (kept === undefined ? 0 : 1));
  const ofComponent = new Int32Array(drafts.length);
  let component: string | undefined;
  for (const executor of table.executors.filter((range) => !runs.has(executorKey([range.firstTask, range.lastTask])))) {
    if (executor.component !== component) {
      component = executor.component;
      ofComponent.fill(0);
      for (const index of placed.get(component) ?? []) ofComponent[index] = (ofComponent[index] as number) + 1;
    }
    const chosen = cheapest(costs, ofComponent);
    give(drafts[chosen] as Draft, executor);
    costs[chosen] = (costs[chosen] as number) + 2;
    ofComponent[chosen] = (ofComponent[chosen] as number) + 1;
  }
}

/** Index of the lowest cost; of several, the one with the lowest second cost; of several, the first. */
function cheapest(costs: Int32Array, secondCosts: Int32Array): number {
  let best = 0;
  for (let index = 1; index < costs.length; index++) {
    const difference = (costs[index] as number) - (costs[best] as number) || (secondCosts[index] as number) - (secondCosts[best] as number);
    if (difference < 0) best = index;
  }
  return best;
}

function give(draft: Draft, { firstTask, lastTask }: ExecutorRange): void {
  draft.executors.push([firstTask, lastTask]);
}

function placed({ slot, executors, kept }: Draft): PlacedWorker {
  if (kept !== undefined && sameExecutors(kept.executors, executors)) return kept;
  return { ...slot, executors: executors.sort((one, other) => one[0] - other[0]) };
}

function sameExecutors(one: readonly AssignedExecutor[], other: readonly AssignedExecutor[]): boolean {
  return one.length === other.length && one.every((executor, index) => executor === other[index]);
}
