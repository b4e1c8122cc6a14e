/**
 * What a scheduler returned, checked before anybody acts on it: schedulers can be the user's. Invariant: placements that pass give each executor at most once, and each
 * slot, which exists, to one worker.
 */
import { executorKey } from '../model/assignment.js';
import { PolyboltError } from '../model/errors.js';
import type { Placement, SchedulingInput, SchedulingTopology } from './scheduler.js';

/** Throws PB_SCHEDULE_INVALID. */
export function checkPlacements(input: SchedulingInput, placements: readonly Placement[]): void {
  if (!Array.isArray(placements) || placements.length !== input.topologies.length) {
    throw invalid(`one placement for each of ${input.topologies.length} topologies was expected`, {});
  }
  const slots = new Set(input.supervisors.flatMap(({ id, ports }) => ports.map((port) => `${id}:${port}`)));
  // A worker that lives may stay in a slot that its supervisor is not there to show.
  for (const { assignment } of input.topologies) {
    for (const worker of assignment?.workers ?? []) if (input.isAlive(worker)) slots.add(`${worker.supervisor}:${worker.port}`);
  }
  for (const [index, topology] of input.topologies.entries()) checkPlacement(topology, placements[index], slots);
}

/** @param slots free ones; those that are used are taken out */
function checkPlacement({ topologyId, table }: SchedulingTopology, placement: Placement | undefined, slots: Set<string>): void {
  if (placement?.topologyId !== topologyId || !Array.isArray(placement.workers)) {
    throw invalid(`no placement for ${topologyId} stands where it should`, { topologyId });
  }
  const executors = new Set(table.executors.map(({ firstTask, lastTask }) => executorKey([firstTask, lastTask])));
  for (const worker of placement.workers) {
    const slot = `${worker.supervisor}:${worker.port}`;
    if (!slots.delete(slot))
      throw invalid(`a worker of ${topologyId} is in ${slot}, which is no slot, or is given away twice`, { topologyId, slot });
    if (!(worker.executors?.length > 0)) throw invalid(`the worker of ${topologyId} in ${slot} runs nothing`, { topologyId, slot });
    for (const executor of worker.executors) {
      const key = executorKey(executor);
      if (!executors.delete(key)) throw invalid(`${topologyId} has no executor ${key}, or it is given away twice`, { topologyId, slot });
    }
  }
}

function invalid(problem: string, context: Readonly<Record<string, unknown>>): PolyboltError {
  return new PolyboltError('PB_SCHEDULE_INVALID', {
    message: `the scheduler's answer cannot be used: ${problem}`,
    hint: 'nothing was changed; mend the module that storm.scheduler names, or take the setting away',
    context,
  });
}
