/**
 * Fields grouping: tuples with equal values in the chosen fields go to the same task. Invariant: the choice depends on the
 * values and the sorted target tasks alone, so it holds across tasks, workers and restarts (spec/grouping.md).
 */
import type { Values } from '../model/values.js';
import { hashFields } from './canonical-hash.js';
import type { Grouper } from './grouper.js';

export class FieldsGrouper implements Grouper {
  readonly #targets: readonly number[];
  readonly #positions: readonly number[];

  /**
   * @param targets task ids of the subscriber, rising.
   * @param positions of the chosen fields in the values, in the order in which the grouping names them.
   */
  constructor(targets: readonly number[], positions: readonly number[]) {
    this.#targets = targets;
    this.#positions = positions;
  }

  // Hot path: one hash and one division.
  route(values: Values, out: number[]): void {
    const targets = this.#targets;
    out.push(targets[hashFields(values, this.#positions) % targets.length] as number);
  }
}
