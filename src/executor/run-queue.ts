/**
 * Whose turn it is: the tasks of a worker that have something to do, once each, in order. Invariant: one turn handles a batch of tuples, nobody
 * has a second turn before everybody who waits had one, and sockets and timers are served at least every few milliseconds.
 */
export interface Runnable {
  /** Set by the queue. */
  isQueued: boolean;
  turn(nowMs: number): void;
}

export interface Flushable {
  isDirty: boolean;
  flush(nowMs: number): void;
}

/** Time after which a round of turns gives way to I/O. */
const ROUND_MS = 4;

export class RunQueue {
  readonly #now: () => number;
  #ready: Runnable[] = [];
  #next: Runnable[] = [];
  #dirty: Flushable[] = [];
  #scheduled = false;
  /** Monotonic time as of the turn at hand, in ms: one reading of the clock for a whole batch. */
  nowMs: number;

  constructor(now: () => number) {
    this.#now = now;
    this.nowMs = now();
  }

  /** Reads the clock, for work that comes from outside of a turn: bytes of a child, a frame of a peer. */
  touch(): number {
    this.nowMs = this.#now();
    return this.nowMs;
  }

  /** Gives it a turn soon; once, however often it asks. */
  add(runnable: Runnable): void {
    if (runnable.isQueued) return;
    runnable.isQueued = true;
    this.#next.push(runnable);
    this.#schedule();
  }

  /** Lets it write after all turns of this round: one write for each child and peer. */
  addDirty(flushable: Flushable): void {
    if (flushable.isDirty) return;
    flushable.isDirty = true;
    this.#dirty.push(flushable);
    this.#schedule();
  }

  /** Whether nobody waits for a turn or a write. */
  get isIdle(): boolean {
    return this.#next.length === 0 && this.#dirty.length === 0;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#round());
  }

  #round(): void {
    this.#scheduled = false;
    const startedAtMs = this.#now();
    this.nowMs = startedAtMs;
    while (this.#next.length > 0 && this.nowMs - startedAtMs < ROUND_MS) {
      [this.#ready, this.#next] = [this.#next, this.#ready];
      for (const runnable of this.#ready) {
        runnable.isQueued = false;
        runnable.turn(this.nowMs);
      }
      this.#ready.length = 0;
      this.nowMs = this.#now();
    }
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const flushable of dirty) {
      flushable.isDirty = false;
      flushable.flush(this.nowMs);
    }
    if (this.#next.length > 0) this.#schedule();
  }
}
