/**
 * The clock port: what decides about time is given one, so that a whole cluster can run under simulated time. Invariant: monotonic; a wall clock
 * that is set back or forward changes no duration.
 */
export interface Timer {
  /** No call comes after it. */
  cancel(): void;
}

export interface Clock {
  /** Monotonic, in ms. */
  now(): number;
  /** Calls `action` once, `ms` from now. */
  after(ms: number, action: () => void): Timer;
}
