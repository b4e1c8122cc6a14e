/**
 * Partial key grouping: each key has two tasks, and a tuple goes to the one that this emitter has used less. Invariant: the
 * two differ, and depend on the key and the sorted target tasks alone (spec/grouping.md). From Nasir et al., "The power of
 * both choices" (ICDE 2015), as Storm's PartialKeyGrouping.
 */
import { assert } from '../model/errors.js';
import type { Values } from '../model/values.js';
import { hashFields } from './canonical-hash.js';
import type { Grouper } from './grouper.js';
import { avalanche } from './word-hash.js';

/** Makes the second hash another function of the key than the first: 2^32 over the golden ratio. */
const SECOND_HASH = 0x9e3779b9;

export class PartialKeyGrouper implements Grouper {
  readonly #targets: readonly number[];
  readonly #positions: readonly number[];
  /** Tuples sent to each target by this emitter. */
  readonly #sent: Float64Array;

  /**
   * @param targets task ids of the subscriber, rising; at least two.
   * @param positions of the chosen fields in the values, in the order in which the grouping names them.
   */
  constructor(targets: readonly number[], positions: readonly number[]) {
    assert(targets.length > 1, 'partial key grouping needs two targets to choose from');
    this.#targets = targets;
    this.#positions = positions;
    this.#sent = new Float64Array(targets.length);
  }

  // Hot path: one hash and two divisions.
  route(values: Values, out: number[]): void {
    const targets = this.#targets;
    const sent = this.#sent;
    const hash = hashFields(values, this.#positions);
    const first = hash % targets.length;
    // One of the others: those from `first` on move up by one.
    let second = avalanche(hash ^ SECOND_HASH) % (targets.length - 1);
    if (second >= first) second++;
    const chosen = (sent[second] as number) < (sent[first] as number) ? second : first;
    sent[chosen] = (sent[chosen] as number) + 1;
    out.push(targets[chosen] as number);
  }
}
