/**
 * Message ids that failed and have not been acked since: a run ends well when there is none. Invariant: bounded; past the bound it can no longer say which, but still
 * says that something failed.
 */
const FAILED_IDS_MAX = 100_000;

export class FailedIds {
  readonly #ids = new Set<unknown>();
  #overflowed = false;

  failed(messageId: unknown): void {
    if (this.#ids.size < FAILED_IDS_MAX) this.#ids.add(keyOf(messageId));
    else this.#overflowed = true;
  }

  acked(messageId: unknown): void {
    if (this.#ids.size > 0) this.#ids.delete(keyOf(messageId));
  }

  /** How many are open; `Infinity` when there were too many to remember. */
  get size(): number {
    return this.#overflowed ? Number.POSITIVE_INFINITY : this.#ids.size;
  }
}

/** Ids of in-process spouts may be objects, which are the same when they read the same. */
function keyOf(messageId: unknown): unknown {
  return typeof messageId === 'object' ? JSON.stringify(messageId) : messageId;
}
