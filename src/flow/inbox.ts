/**
 * The tuples that wait for one task, first in first out. Invariant: it says `congested` at its bound of bytes, tuples or age, and not again
 * until it is down to half of each (design D9); it never drops by itself: whoever pushes asks `isFull` inside a cycle.
 *
 * The age of the oldest tuple tells too late of a slow task: by then a fast sender has filled the inbox, and the last tuple will wait for all the others. So
 * the bound of tuples follows how long the inbox takes to empty by half.
 *
 * Hot path: push and take are an array access each.
 */
import { INBOX_BYTES_MAX, INBOX_HARD_FACTOR, INBOX_TUPLES_MAX, INBOX_TUPLES_MIN } from '../model/limits.js';
import type { Tuple } from '../model/tuple.js';

const COMPACT_AFTER = 1024;

export class Inbox {
  readonly #bytesMax: number;
  readonly #tuplesMax: number;
  readonly #ageMaxMs: number;
  readonly #onCongestion: (congested: boolean) => void;
  #queue: Tuple[] = [];
  #head = 0;
  #bytes = 0;
  /** Tuples before this index own their text. */
  #settled = 0;
  #congested = false;
  /** The latest time that it was told. */
  #nowMs = 0;
  /** Tuples that it takes now, between the least bound and `tuplesMax`. */
  #tuplesLimit: number;
  #congestedAtMs = 0;

  /** @param ageMaxMs `Infinity` where message timeouts are off */
  constructor(options: {
    readonly ageMaxMs: number;
    readonly bytesMax?: number;
    readonly tuplesMax?: number;
    /** The bound of tuples to start with; default `tuplesMax`. */
    readonly tuplesFirst?: number;
    readonly onCongestion: (congested: boolean) => void;
  }) {
    this.#bytesMax = options.bytesMax ?? INBOX_BYTES_MAX;
    this.#tuplesMax = options.tuplesMax ?? INBOX_TUPLES_MAX;
    this.#tuplesLimit = Math.min(this.#tuplesMax, options.tuplesFirst ?? this.#tuplesMax);
    this.#ageMaxMs = options.ageMaxMs;
    this.#onCongestion = options.onCongestion;
  }

  get size(): number {
    return this.#queue.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get congested(): boolean {
    return this.#congested;
  }

  /** At the hard bound, which only members of one cycle can reach. */
  get isFull(): boolean {
    return this.#bytes > this.#bytesMax * INBOX_HARD_FACTOR || this.size > this.#tuplesMax * INBOX_HARD_FACTOR;
  }

  push(tuple: Tuple, nowMs: number): void {
    this.#nowMs = tuple.arrivedAtMs = nowMs;
    tuple.bytes = tuple.values.bytes;
    this.#bytes += tuple.bytes;
    this.#queue.push(tuple);
    if (!this.#congested && (this.#bytes > this.#bytesMax || this.size > this.#tuplesLimit)) this.#set(true);
  }

  take(): Tuple | undefined {
    if (this.#head === this.#queue.length) return undefined;
    const tuple = this.#queue[this.#head] as Tuple;
    // The slot must not keep the tuple alive; a hole in the array would be slower than a shared dead value.
    this.#queue[this.#head++] = undefined as unknown as Tuple;
    this.#bytes -= tuple.bytes;
    if (this.#head === this.#queue.length) {
      this.#queue = this.#head > COMPACT_AFTER ? [] : this.#queue;
      this.#queue.length = 0;
      this.#head = this.#settled = 0;
    } else if (this.#head > COMPACT_AFTER && this.#head * 2 > this.#queue.length) {
      this.#queue.splice(0, this.#head);
      this.#settled = Math.max(0, this.#settled - this.#head);
      this.#head = 0;
    }
    if (this.#congested) this.#maybeRelease();
    return tuple;
  }

  /** Looks at the age of the oldest tuple; called a few times a second. */
  pulse(nowMs: number): void {
    this.#nowMs = nowMs;
    if (this.#congested) this.#maybeRelease();
    else if (this.#ageMs > this.#ageMaxMs) this.#set(true);
  }

  /**
   * Gives the tuples that stay behind after a turn their own copy of their text: a slice pins the whole chunk it was cut
   * from. Each tuple is looked at once.
   */
  settle(): void {
    for (let i = Math.max(this.#settled, this.#head); i < this.#queue.length; i++) (this.#queue[i] as Tuple).values.detach();
    this.#settled = this.#queue.length;
  }

  /** Empties the inbox, for a task that ends. */
  drain(each: (tuple: Tuple) => void): void {
    for (let tuple = this.take(); tuple !== undefined; tuple = this.take()) each(tuple);
  }

  /** How old the oldest tuple was when the inbox last heard the time, which `pulse` keeps recent enough. */
  get #ageMs(): number {
    const oldest = this.#queue[this.#head];
    return oldest === undefined ? 0 : this.#nowMs - oldest.arrivedAtMs;
  }

  #maybeRelease(): void {
    if (this.#bytes * 2 > this.#bytesMax || this.size * 2 > this.#tuplesLimit || this.#ageMs * 2 > this.#ageMaxMs) return;
    this.#adapt(2 * (this.#nowMs - this.#congestedAtMs));
    this.#set(false);
  }

  /** @param waitMs what the last tuple of a full inbox waits */
  #adapt(waitMs: number): void {
    if (waitMs * 2 <= this.#ageMaxMs) this.#tuplesLimit = Math.min(this.#tuplesMax, this.#tuplesLimit * 2);
    else if (waitMs > this.#ageMaxMs) this.#tuplesLimit = Math.max(Math.min(INBOX_TUPLES_MIN, this.#tuplesMax), this.#tuplesLimit >> 1);
  }

  #set(congested: boolean): void {
    this.#congested = congested;
    if (congested) this.#congestedAtMs = this.#nowMs;
    this.#onCongestion(congested);
  }
}
