/**
 * Which slot of a supervisor is to run what, by the records of all topologies. Invariant: one job a slot, even while two records name the same one because only one of
 * them has been read again.
 */
import type { Job } from '../../membership/slot-state.js';
import type { TopologyRecord } from '../../model/cluster-records.js';

/** @param held what each slot has now: it keeps it while that is assigned */
export function jobsBySlot(
  records: readonly TopologyRecord[],
  supervisor: string,
  held: ReadonlyMap<number, { readonly topologyId: string; readonly incarnation: string } | undefined>,
): ReadonlyMap<number, Job> {
  const jobs = new Map<number, Job>();
  for (const record of records) {
    for (const worker of record.workers) {
      if (worker.supervisor !== supervisor) continue;
      const holder = held.get(worker.port);
      const isHeld = holder?.topologyId === record.id && holder.incarnation === worker.incarnation;
      if (isHeld || !jobs.has(worker.port)) jobs.set(worker.port, { record, worker });
    }
  }
  return jobs;
}
