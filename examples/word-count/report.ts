// Keeps the newest count of each word and emits the ten most frequent words, at every tick that finds something new.
// It runs inside the worker: values arrive as arrays, and no text is made of them on the way.
import { BasicBolt, type EmitOptions, type InputTuple } from 'polybolt';

const RANKS = 10;

type Emit = (values: readonly unknown[], options?: EmitOptions) => readonly number[];

export class Report extends BasicBolt {
  readonly #counts = new Map<string, number>();
  #isNews = false;

  process(tuple: InputTuple): void {
    const [word, count] = tuple.values as [string, number];
    this.#counts.set(word, count);
    this.#isNews = true;
  }

  override processTick(_tick: InputTuple, emit: Emit): void {
    if (!this.#isNews) return;
    this.#isNews = false;
    for (const [index, [word, count]] of this.#mostFrequent().entries()) emit([index + 1, word, count]);
  }

  /** Words of equal count in the order of the alphabet. */
  #mostFrequent(): [string, number][] {
    return [...this.#counts].sort(([wordA, a], [wordB, b]) => b - a || (wordA < wordB ? -1 : 1)).slice(0, RANKS);
  }
}
