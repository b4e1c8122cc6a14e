/**
 * How long to wait before something that has died is started again, and when to give up. Invariant: the first restart is immediate; a restart is
 * charged only if nothing was achieved since the last start, so what is broken spends the budget and what dies now and then never does
 * (design D8).
 */
const FIRST_BACKOFF_MS = 100;
const BACKOFF_MAX_MS = 10_000;

/**
 * Pause before a start, in ms: none after the first death in a row, then one that doubles.
 * @param deaths in a row, this one among them
 */
export function pauseMs(deaths: number, firstMs: number, longestMs: number): number {
  return deaths <= 1 ? 0 : Math.min(longestMs, firstMs * 2 ** (deaths - 2));
}

/** For the children of a worker, which are charged unless they completed a tuple. */
export class RestartBudget {
  readonly #restartsMax: number;
  #charged = 0;

  /** @param restartsMax restarts in a row that completed nothing */
  constructor(restartsMax: number) {
    this.#restartsMax = restartsMax;
  }

  /**
   * An incarnation has ended. @param completed whether it completed a tuple
   * @returns ms to wait before the next start, or undefined when the budget is spent
   */
  next(completed: boolean): number | undefined {
    if (completed) {
      this.#charged = 0;
      return 0;
    }
    this.#charged++;
    if (this.#charged > this.#restartsMax) return undefined;
    return pauseMs(this.#charged, FIRST_BACKOFF_MS, BACKOFF_MAX_MS);
  }
}
