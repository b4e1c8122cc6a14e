/**
 * Pauses between tries: doubling, with jitter. Invariant: many supervisors that fail together do not try again together.
 */
export class Backoff {
  readonly #firstMs: number;
  readonly #longestMs: number;
  readonly #random: () => number;
  #tries = 0;

  /** @param random from 0 to 1 */
  constructor(firstMs: number, longestMs: number, random: () => number) {
    this.#firstMs = firstMs;
    this.#longestMs = longestMs;
    this.#random = random;
  }

  /** ms to wait before the next try: half to one and a half of what doubling says. */
  next(): number {
    const pauseMs = Math.min(this.#longestMs, this.#firstMs * 2 ** Math.min(this.#tries++, 30));
    return Math.round(pauseMs * (0.5 + this.#random()));
  }

  /** A try went well. */
  reset(): void {
    this.#tries = 0;
  }
}
