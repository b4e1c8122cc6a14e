/**
 * Batches that wait to be written to one peer, first in first out. Invariant: `bytes` is what they weigh, a batch that is partly taken counted whole; whoever
 * pushes looks at it.
 */
import type { Batch } from './transport.js';

/** What the objects weigh, values apart. */
const BATCH_BYTES = 512;
const TUPLE_BYTES = 128;
const NUMBER_BYTES = 8;

export class BatchQueue {
  #batches: Batch[] = [];
  #weights: number[] = [];
  #head = 0;
  #bytes = 0;
  /** Tuples of the first batch that have been taken. */
  taken = 0;

  get bytes(): number {
    return this.#bytes;
  }

  get first(): Batch | undefined {
    return this.#batches[this.#head];
  }

  push(batch: Batch): void {
    const weight = weightOf(batch);
    this.#batches.push(batch);
    this.#weights.push(weight);
    this.#bytes += weight;
  }

  /** Lets the first batch go. */
  shift(): void {
    this.#bytes -= this.#weights[this.#head] as number;
    this.#batches[this.#head++] = undefined as unknown as Batch;
    this.taken = 0;
    if (this.#head === this.#batches.length) this.clear();
    else if (this.#head > 1024 && this.#head * 2 > this.#batches.length) {
      this.#batches.splice(0, this.#head);
      this.#weights.splice(0, this.#head);
      this.#head = 0;
    }
  }

  clear(): void {
    this.#batches = [];
    this.#weights = [];
    this.#head = this.#bytes = this.taken = 0;
  }
}

// Hot path: once for every tuple.
function weightOf({ tuples, roots, congestion }: Batch): number {
  let bytes = BATCH_BYTES + TUPLE_BYTES * tuples.length + NUMBER_BYTES * (roots.length + congestion.length);
  for (let i = 0; i < tuples.length; i++) bytes += (tuples[i] as (typeof tuples)[number]).values.bytes;
  return bytes;
}
