/**
 * Fresh non-zero 64-bit ids as pairs of int32, from a pool that the caller's random source fills. Invariant: no id is (0, 0),
 * which would vanish in an XOR, and no bits are used twice.
 *
 * Hot path: two array reads an id; one call of the random source for 8,192 ids.
 */
const POOL_INTS = 16 * 1024;

export class EdgeIds {
  readonly #pool = new Int32Array(POOL_INTS);
  readonly #fill: (pool: Int32Array) => void;
  #next = POOL_INTS;
  high = 0;
  low = 0;

  /** @param fill overwrites the whole pool with random bits, such as `crypto.randomFillSync` */
  constructor(fill: (pool: Int32Array) => void) {
    this.#fill = fill;
  }

  /** Draws the next id into `high` and `low`. */
  draw(): void {
    do {
      if (this.#next === POOL_INTS) {
        this.#fill(this.#pool);
        this.#next = 0;
      }
      this.high = this.#pool[this.#next] as number;
      this.low = this.#pool[this.#next + 1] as number;
      this.#next += 2;
    } while (this.high === 0 && this.low === 0);
  }
}
