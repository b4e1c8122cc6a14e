/** Global grouping: the task with the lowest id gets every tuple. Any other grouping over one single task is this one. */
import { assert } from '../model/errors.js';
import type { Values } from '../model/values.js';
import type { Grouper } from './grouper.js';

export class GlobalGrouper implements Grouper {
  readonly #lowest: number;

  /** @param targets task ids of the subscriber, rising; at least one. */
  constructor(targets: readonly number[]) {
    const lowest = targets[0];
    assert(lowest !== undefined, 'global grouping needs a target');
    this.#lowest = lowest;
  }

  route(_values: Values, out: number[]): void {
    out.push(this.#lowest);
  }
}
