/**
 * The roots that a spout task has emitted and that have no verdict yet. Invariant: every root leaves exactly once, as acked, failed, timed out or abandoned.
 * Two buckets rotated once every message timeout, so a timeout comes after one to two of them (Storm: executor/spout/SpoutExecutor.java).
 */
import { IdRing } from './id-ring.js';

export class PendingRoot {
  /** A module spout's message id, or the JSON text of a child's. */
  readonly messageId: unknown;
  readonly emittedAtMs: number;
  rotation: number;

  constructor(messageId: unknown, emittedAtMs: number, rotation: number) {
    this.messageId = messageId;
    this.emittedAtMs = emittedAtMs;
    this.rotation = rotation;
  }
}

export class SpoutPending {
  readonly #ring: IdRing<PendingRoot>;
  #rotation = 0;

  /** @param start random, so that verdicts on roots of an earlier life of this task do not meet roots of this one */
  constructor(start: number) {
    this.#ring = new IdRing(start);
  }

  get size(): number {
    return this.#ring.size;
  }

  /** Registers a root and returns the low half of its id. */
  add(messageId: unknown, nowMs: number): number {
    return this.#ring.add(new PendingRoot(messageId, nowMs, this.#rotation));
  }

  /** Takes a root out, if it is still pending. */
  remove(rootLow: number): PendingRoot | undefined {
    return this.#ring.remove(rootLow);
  }

  /** Once every message timeout: hands over what has been pending for a whole one. */
  rotate(expired: (root: PendingRoot) => void): void {
    this.#rotation++;
    this.#ring.forEach((root, id) => {
      if (root.rotation <= this.#rotation - 2) {
        this.#ring.remove(id);
        expired(root);
      }
    });
  }

  /** Takes out what was emitted up to a time, for the loss of a worker then. */
  takeUpTo(emittedAtMs: number, lost: (root: PendingRoot) => void): void {
    this.#ring.forEach((root, id) => {
      if (root.emittedAtMs > emittedAtMs) return;
      this.#ring.remove(id);
      lost(root);
    });
  }

  /** Empties everything, for the end of an incarnation. */
  clear(abandoned: (root: PendingRoot) => void): void {
    this.#ring.forEach((root, id) => {
      this.#ring.remove(id);
      abandoned(root);
    });
  }
}
