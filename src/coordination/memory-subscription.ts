/**
 * One subscription to the memory store. Invariant: it calls back after the work of the turn that changed something, once for all changes of it, and never
 * while its session is out of the store's reach.
 */
import type { Subscription } from './store.js';

export class MemorySubscription implements Subscription {
  readonly key: string;
  readonly #onChange: () => void;
  readonly #onClose: () => void;
  #pending = false;
  #closed = false;
  #isHeld = false;

  constructor(key: string, onChange: () => void, onClose: () => void) {
    this.key = key;
    this.#onChange = onChange;
    this.#onClose = onClose;
  }

  /** Calls back once this turn's work is done, however often it was notified in it; not while it is held. */
  notify(): void {
    if (this.#pending) return;
    this.#pending = true;
    if (!this.#isHeld) queueMicrotask(() => this.#call());
  }

  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    if (this.#pending) queueMicrotask(() => this.#call());
  }

  close(): void {
    this.#closed = true;
    this.#onClose();
  }

  #call(): void {
    if (this.#isHeld || !this.#pending) return;
    this.#pending = false;
    if (!this.#closed) this.#onChange();
  }
}
