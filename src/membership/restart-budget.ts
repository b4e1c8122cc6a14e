/**
 * How long to wait before the next incarnation of a child, and when to give up. Invariant: the first restart is immediate; a restart is
 * charged only if no tuple was completed since the last start, so a poison tuple spends the budget and a component that
 * dies now and then never does (design D8).
 */
const FIRST_BACKOFF_MS = 100;
const BACKOFF_MAX_MS = 10_000;

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
    return this.#charged === 1 ? 0 : Math.min(BACKOFF_MAX_MS, FIRST_BACKOFF_MS * 2 ** (this.#charged - 2));
  }
}
