/**
 * From a scheduler's placement to the workers of a topology. Invariant: a living worker whose slot and executors are unchanged keeps its incarnation, and every
 * other one gets a name that was never given before, because each change raises the generation (design D7).
 */
import { type AssignedExecutor, type AssignedWorker, incarnationName } from '../model/assignment.js';
import type { PlacedWorker } from './scheduler.js';

export interface Issued {
  readonly generation: number;
  readonly workers: readonly AssignedWorker[];
}

/**
 * The workers after a placement: those that stay first and in their order, then the new ones. Undefined when nothing has changed.
 * @param generation of the assignment as it stands
 */
export function issueIncarnations(
  generation: number,
  old: readonly AssignedWorker[],
  placed: readonly PlacedWorker[],
  isAlive: (worker: AssignedWorker) => boolean,
): Issued | undefined {
  const bySlot = new Map(placed.map((worker) => [slotKey(worker), worker]));
  const stays = old.filter((worker) => {
    const now = bySlot.get(slotKey(worker));
    return now !== undefined && isAlive(worker) && sameExecutors(now.executors, worker.executors);
  });
  if (stays.length === old.length && stays.length === placed.length) return undefined;
  for (const worker of stays) bySlot.delete(slotKey(worker));
  const issued = [...bySlot.values()].map(
    ({ supervisor, port, executors }, index): AssignedWorker => ({
      incarnation: incarnationName(generation + 1, index),
      supervisor,
      port,
      executors: [...executors].sort((one, other) => one[0] - other[0]),
    }),
  );
  return { generation: generation + 1, workers: [...stays, ...issued] };
}

function sameExecutors(one: readonly AssignedExecutor[], other: readonly AssignedExecutor[]): boolean {
  if (one === other) return true;
  if (one.length !== other.length) return false;
  // In any order: each first task stands for one executor of a topology.
  const lastTasks = new Map(one);
  return other.every(([firstTask, lastTask]) => lastTasks.get(firstTask) === lastTask);
}

function slotKey({ supervisor, port }: PlacedWorker): string {
  return `${port} ${supervisor}`;
}
