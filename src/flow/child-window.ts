/**
 * How many tuples a child may have been sent without having shown that it read them. A pipe and a library's buffer hold thousands of small
 * tuples: with a slow bolt they would grow older than the message timeout there, unseen. Invariant: the window halves when a tuple
 * waited longer than the target to be read, doubles when it was the limit and the wait was short, and never closes. What shows
 * that a child has read up to a tuple is an ack, fail or anchor of it, or the answer to a heartbeat sent after it.
 */
import { CHILD_READ_DELAY_TARGET_MS, CHILD_WINDOW_FIRST, CHILD_WINDOW_MAX, CHILD_WINDOW_MIN } from '../model/limits.js';

export class ChildWindow {
  #limit = CHILD_WINDOW_FIRST;
  /** Sequence numbers: of the last tuple sent, and of the last one known to be read. */
  #sent = 0;
  #read = 0;
  /** One tuple is timed at a time: its sequence number (0 for none) and when it was sent. */
  #sample = 0;
  #sampledAtMs = 0;
  #wasLimit = false;

  /** Tuples that may be sent now. */
  get room(): number {
    return this.#limit - (this.#sent - this.#read);
  }

  /** Sequence number of the last tuple sent; remember it with what will show that it was read. */
  get sent(): number {
    return this.#sent;
  }

  /** Whether a heartbeat is worth sending as a probe: the window is shut and nothing else may ever open it. */
  get shut(): boolean {
    return this.room <= 0;
  }

  get limit(): number {
    return this.#limit;
  }

  onSent(nowMs: number): void {
    this.#sent++;
    if (this.#sample === 0) {
      this.#sample = this.#sent;
      this.#sampledAtMs = nowMs;
    }
    if (this.room <= 0) this.#wasLimit = true;
  }

  /** The child has shown that it has read the tuple with this sequence number, and so all before it. */
  onRead(sequence: number, nowMs: number): void {
    if (sequence <= this.#read) return;
    this.#read = sequence;
    if (this.#sample === 0 || sequence < this.#sample) return;
    const delayMs = nowMs - this.#sampledAtMs;
    this.#sample = 0;
    if (delayMs > CHILD_READ_DELAY_TARGET_MS) this.#limit = Math.max(CHILD_WINDOW_MIN, this.#limit >> 1);
    else if (this.#wasLimit && delayMs * 2 <= CHILD_READ_DELAY_TARGET_MS) this.#limit = Math.min(CHILD_WINDOW_MAX, this.#limit * 2);
    this.#wasLimit = false;
  }
}
