/**
 * A histogram of durations with buckets that grow by an eighth: quantiles within 7 %, 2 KiB, no allocation. Invariant: `count` is the sum of all buckets.
 */
const BUCKETS = 256;
/** Lower edge of bucket 0, in ms; below it everything is one bucket. */
const FIRST_MS = 0.001;
const GROWTH = 1.125;
const LOG_GROWTH = Math.log(GROWTH);

/** A histogram on its way to another process: pairs of bucket and count, empty buckets left out. */
export interface LatencyData {
  readonly sumMs: number;
  readonly buckets: readonly number[];
}

export class LatencyHistogram {
  readonly #buckets = new Uint32Array(BUCKETS);
  #count = 0;
  #sumMs = 0;

  add(ms: number): void {
    const index = ms <= FIRST_MS ? 0 : Math.min(BUCKETS - 1, Math.floor(Math.log(ms / FIRST_MS) / LOG_GROWTH));
    this.#buckets[index] = (this.#buckets[index] as number) + 1;
    this.#count++;
    this.#sumMs += ms;
  }

  get count(): number {
    return this.#count;
  }

  get sumMs(): number {
    return this.#sumMs;
  }

  get meanMs(): number {
    return this.#count === 0 ? 0 : this.#sumMs / this.#count;
  }

  get data(): LatencyData {
    const buckets: number[] = [];
    for (let i = 0; i < BUCKETS; i++) if (this.#buckets[i] !== 0) buckets.push(i, this.#buckets[i] as number);
    return { sumMs: this.#sumMs, buckets };
  }

  /** Adds all that another has counted; a bucket that does not exist is left out. */
  merge({ sumMs, buckets }: LatencyData): void {
    for (let i = 0; i + 1 < buckets.length; i += 2) {
      const [index, count] = [buckets[i] as number, buckets[i + 1] as number];
      if (!(index >= 0 && index < BUCKETS)) continue;
      this.#buckets[index] = (this.#buckets[index] as number) + count;
      this.#count += count;
    }
    this.#sumMs += sumMs;
  }

  /** @param share 0.5 for the median; returns ms, 0 when nothing was counted */
  quantileMs(share: number): number {
    if (this.#count === 0) return 0;
    let left = Math.ceil(share * this.#count);
    for (let i = 0; i < BUCKETS; i++) {
      left -= this.#buckets[i] as number;
      if (left <= 0) return FIRST_MS * GROWTH ** (i + 0.5);
    }
    return FIRST_MS * GROWTH ** BUCKETS;
  }
}
