/**
 * What one task has done so far. Invariant: plain numbers that only grow, written by the executor and read by whoever looks; for a spout emitted =
 * acked + failed + abandoned + pending holds at every moment.
 */
import { LatencyHistogram } from './latency-histogram.js';

export class TaskCounters {
  /** Tuples emitted; a spout's reliable ones are counted in `roots` too. */
  emitted = 0;
  /** Deliveries: one emit to three tasks counts three. */
  transferred = 0;
  /** Inputs given to the component. */
  executed = 0;
  /** Inputs acked (bolt) or roots acked (spout). */
  acked = 0;
  /** Inputs failed (bolt) or roots failed (spout), timeouts included. */
  failed = 0;
  /** Reliable emits of a spout. */
  roots = 0;
  /** Roots failed because nobody completed them in time; part of `failed`. */
  timedOut = 0;
  /** Roots whose spout incarnation ended before their verdict. */
  abandoned = 0;
  /** Incarnations after the first. */
  restarts = 0;
  errors = 0;
  /** Of all inputs acked (bolt): from being given to the component to the ack, in ms. */
  processMs = 0;
  /** Time that the component (bolt) was busy, in ms: measured for a module, for a child the time in which it held an input. */
  executeMs = 0;
  /** From a root's emit to its ack, in ms. */
  readonly completeLatency = new LatencyHistogram();
}
