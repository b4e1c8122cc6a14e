/**
 * Whether a topology has come to rest, told from its workers' snapshots. Invariant: it says so only when nothing has moved for long enough, no worker has anything to do, and
 * nothing is on its way between two of them: what one has sent the other has received.
 */
import { ALL_TIME } from './rolling-windows.js';
import type { WorkerSnapshot } from './snapshot.js';

/** A link that lost something never adds up again; what can still be on its way has arrived long before. */
const LOST_AFTER_MS = 5000;

export class QuietWatch {
  readonly #quietMs: number;
  #state = '';
  #sinceMs = Number.NEGATIVE_INFINITY;

  constructor(quietMs: number) {
    this.#quietMs = quietMs;
  }

  /**
   * Whether it has been quiet for long enough now.
   * @param snapshots one of each worker there should be; undefined for one that does not answer
   */
  observe(nowMs: number, snapshots: readonly (WorkerSnapshot | undefined)[]): boolean {
    const known = snapshots.filter((snapshot) => snapshot !== undefined);
    if (known.length === 0 || known.length < snapshots.length || !known.every(({ isIdle }) => isIdle)) {
      this.#state = '';
      return false;
    }
    const state = stateOf(known);
    if (state !== this.#state) {
      this.#state = state;
      this.#sinceMs = nowMs;
    }
    const quietMs = nowMs - this.#sinceMs;
    return quietMs >= this.#quietMs && (isBalanced(known) || quietMs >= LOST_AFTER_MS);
  }
}

/** What changes when anything moves. Inputs alone do not count: ticks never end. */
function stateOf(snapshots: readonly WorkerSnapshot[]): string {
  return snapshots
    .map(({ incarnation, pid, links, tasks }) => {
      const emitted = tasks.map(({ windows, restarts }) => `${windows[ALL_TIME].emitted},${restarts}`);
      return `${incarnation} ${pid} ${JSON.stringify(links)} ${emitted.join(' ')}`;
    })
    .sort()
    .join('\n');
}

function isBalanced(snapshots: readonly WorkerSnapshot[]): boolean {
  const byName = new Map(snapshots.map((snapshot) => [snapshot.incarnation, snapshot]));
  return snapshots.every(({ incarnation, links }) =>
    Object.entries(links).every(([peer, { sent }]) => {
      const other = byName.get(peer);
      return other === undefined || sent === (other.links[incarnation]?.received ?? 0);
    }),
  );
}
