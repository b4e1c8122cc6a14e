/**
 * How long the pending changes of topologies have waited. Invariant: a wait begins when the leader first sees the change, so a new leader waits it out anew and
 * nothing happens sooner than it was said.
 */
import type { TopologyRecord } from '../model/cluster-records.js';

export interface DueChanges {
  /** Ids of the topologies whose change has waited long enough. */
  readonly due: ReadonlySet<string>;
  /** When the next one will have, in ms of the caller's clock. */
  readonly nextMs: number;
}

export class PendingWaits {
  readonly #seen = new Map<string, { readonly change: string; readonly dueMs: number }>();

  /** Looks at all topologies. */
  look(records: readonly TopologyRecord[], nowMs: number): DueChanges {
    const due = new Set<string>();
    let nextMs = Number.POSITIVE_INFINITY;
    const waiting = new Set<string>();
    for (const { id, pending } of records) {
      if (pending === undefined) continue;
      waiting.add(id);
      const change = JSON.stringify(pending);
      let seen = this.#seen.get(id);
      if (seen?.change !== change) {
        seen = { change, dueMs: nowMs + pending.waitMs };
        this.#seen.set(id, seen);
      }
      if (seen.dueMs <= nowMs) due.add(id);
      else nextMs = Math.min(nextMs, seen.dueMs);
    }
    for (const id of this.#seen.keys()) if (!waiting.has(id)) this.#seen.delete(id);
    return { due, nextMs };
  }

  /** Lets a change wait anew that somebody asked for again. */
  forget(id: string): void {
    this.#seen.delete(id);
  }
}
