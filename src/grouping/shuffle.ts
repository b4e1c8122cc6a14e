/**
 * Shuffle grouping: rounds over a ring of all targets in random order, shuffled anew for each round. Invariant: no target
 * gets two tuples in one round, and a round ends only when every target that is free has had one; so after any number of
 * tuples, two targets that were never congested differ by at most one.
 */
import type { Values } from '../model/values.js';
import type { Grouper } from './grouper.js';

export class ShuffleGrouper implements Grouper {
  readonly #ring: number[];
  readonly #random: () => number;
  readonly #isCongested: ((task: number) => boolean) | undefined;
  /** Targets before it have had their tuple of this round. */
  #next: number;

  /**
   * @param targets task ids; at least one.
   * @param random from 0 up to but not including 1; asked once per tuple on average.
   * @param isCongested whether a target should be spared while another is free.
   */
  constructor(targets: readonly number[], random: () => number, isCongested?: ((task: number) => boolean) | undefined) {
    this.#ring = [...targets];
    this.#random = random;
    this.#isCongested = isCongested;
    this.#next = targets.length;
  }

  // Hot path: a few ns; with congested targets, one question for each that is passed over.
  route(_values: Values, out: number[]): void {
    const ring = this.#ring;
    if (this.#next === ring.length) this.#startRound();
    if (this.#isCongested?.(ring[this.#next] as number)) this.#bringFreeTarget(this.#isCongested);
    out.push(ring[this.#next++] as number);
  }

  #startRound(): void {
    const ring = this.#ring;
    for (let last = ring.length - 1; last > 0; last--) this.#swap(last, Math.floor(this.#random() * (last + 1)));
    this.#next = 0;
  }

  /**
   * Moves a free target to the front of those whose turn is still to come. Where only congested ones are left, their turns
   * lapse and a new round starts; where all are congested, nothing changes and they go on taking turns.
   */
  #bringFreeTarget(isCongested: (task: number) => boolean): void {
    const ring = this.#ring;
    const waiting = this.#findFree(isCongested, this.#next + 1, ring.length);
    if (waiting >= 0) {
      this.#swap(this.#next, waiting);
      return;
    }
    if (this.#findFree(isCongested, 0, this.#next) < 0) return;
    this.#startRound();
    const free = this.#findFree(isCongested, 0, ring.length);
    if (free > 0) this.#swap(0, free);
  }

  #findFree(isCongested: (task: number) => boolean, from: number, to: number): number {
    for (let index = from; index < to; index++) {
      if (!isCongested(this.#ring[index] as number)) return index;
    }
    return -1;
  }

  #swap(one: number, other: number): void {
    const ring = this.#ring;
    const task = ring[one] as number;
    ring[one] = ring[other] as number;
    ring[other] = task;
  }
}
