/**
 * When to let a child's output collect before it is read on. Storm's own libraries flush every message, so that each costs the child and us a wake-up; a
 * millisecond's rest makes one read of thirty. Invariant: only a child that writes small pieces in quick succession is left to rest, and one that waits for
 * our answer (nothing has collected after a rest) is read at once for a while, twice as long each time.
 */
import {
  READ_REST_AGAIN_MS_MAX,
  READ_REST_AGAIN_MS_MIN,
  READ_REST_GAIN_MIN,
  READ_SMALL_BYTES_MAX,
  READS_BEFORE_REST,
} from '../model/limits.js';

/** Reads that many follow each other within this time, or they do not count. */
const SUCCESSION_MS = 2;

export class ReadRhythm {
  /** Of the small reads of the succession at hand. */
  #reads = 0;
  #bytes = 0;
  #sinceMs = 0;
  /** Mean size of the small reads that led to the rest, while it is being judged; 0 otherwise. */
  #usualBytes = 0;
  /** Whether one of the rests that followed each other has been worth it. */
  #hasPaid = false;
  #notBeforeMs = 0;
  #againMs = READ_REST_AGAIN_MS_MIN;

  /** Takes note of a read; returns whether the next one should wait. */
  restAfter(bytes: number, nowMs: number): boolean {
    if (this.#usualBytes > 0) return this.#judge(bytes, nowMs);
    if (bytes > READ_SMALL_BYTES_MAX || nowMs - this.#sinceMs > SUCCESSION_MS) {
      this.#sinceMs = nowMs;
      this.#reads = this.#bytes = 0;
    }
    if (bytes > READ_SMALL_BYTES_MAX) return false;
    this.#reads++;
    this.#bytes += bytes;
    if (this.#reads < READS_BEFORE_REST || nowMs < this.#notBeforeMs) return false;
    this.#usualBytes = this.#bytes / this.#reads;
    this.#reads = this.#bytes = 0;
    return true;
  }

  /** The first read after a rest: was it worth it? */
  #judge(bytes: number, nowMs: number): boolean {
    if (bytes >= this.#usualBytes * READ_REST_GAIN_MIN) {
      this.#againMs = READ_REST_AGAIN_MS_MIN;
      this.#hasPaid = true;
      return true;
    }
    this.#usualBytes = 0;
    if (this.#hasPaid) {
      // It paused for a reason of its own; if it goes on as before, so do we.
      this.#hasPaid = false;
      return false;
    }
    this.#notBeforeMs = nowMs + this.#againMs;
    this.#againMs = Math.min(READ_REST_AGAIN_MS_MAX, this.#againMs * 2);
    return false;
  }
}
