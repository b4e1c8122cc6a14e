/** All grouping: every task of the subscriber gets every tuple, in the order of the task ids. */
import type { Values } from '../model/values.js';
import type { Grouper } from './grouper.js';

export class AllGrouper implements Grouper {
  readonly #targets: readonly number[];

  /** @param targets task ids of the subscriber, rising. */
  constructor(targets: readonly number[]) {
    this.#targets = targets;
  }

  route(_values: Values, out: number[]): void {
    const targets = this.#targets;
    for (let index = 0; index < targets.length; index++) out.push(targets[index] as number);
  }
}
