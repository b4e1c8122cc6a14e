/** The clock of the machine. Invariant: monotonic; a timer of it keeps the process alive until it has fired or is cancelled. */
import type { Clock } from '../../model/clock.js';

export const SYSTEM_CLOCK: Clock = {
  now: () => performance.now(),
  after(ms, action) {
    const timer = setTimeout(action, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};
