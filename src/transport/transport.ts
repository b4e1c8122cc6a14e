/**
 * How workers of one topology talk. Invariant: batches arrive in the order in which they were sent between two workers, at most once, and are
 * never sent again: replay is the spout's (design D7).
 */
import type { Tuple } from '../model/tuple.js';

/** Kinds of root records. The first three go to an acker, the others to a spout. */
export const ROOT_INIT = 0;
export const ROOT_ACK = 1;
export const ROOT_FAIL = 2;
export const ROOT_COMPLETED = 3;
export const ROOT_FAILED = 4;
/** Numbers in a root record: kind, root high, root low, xor high, xor low. */
export const ROOT_RECORD_LENGTH = 5;

/** What one worker has for another after a turn. */
export class Batch {
  /** Target task of each tuple. */
  readonly tasks: number[] = [];
  readonly tuples: Tuple[] = [];
  /** Root records, one after the other. */
  readonly roots: number[] = [];
  /** Tasks of the sender that became congested (positive) or free (negative). */
  readonly congestion: number[] = [];
}

export interface Transport {
  /** Sends to a worker of the same topology, by its id. A batch to a worker that is gone is dropped. */
  send(worker: string, batch: Batch): void;
  /** Stops receiving. */
  close(): void;
}

export type Receiver = (from: string, batch: Batch) => void;
