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

/** Where a peer listens. */
export interface PeerAddress {
  readonly host: string;
  readonly port: number;
}

/** A worker of a topology is named by its incarnation, `G.N`, throughout; which of its launches is at the other end is the transport's to know. */
export interface Transport {
  /** The workers to talk to from now on, and where they listen. Those that stay keep their connections. */
  setPeers(peers: ReadonlyMap<string, PeerAddress>): void;
  /** Sends to a worker of the same topology. A batch to a worker that is no peer is dropped. */
  send(worker: string, batch: Batch): void;
  /** Stops sending and receiving. */
  close(): void;
}

export interface TransportEvents {
  /** A batch that was addressed to this very launch, from a worker that is a peer now and not superseded. */
  receive(from: string, batch: Batch): void;
  /** What waits for a peer has reached its bound (or the peer is not there yet), or is well below it again. */
  onCongestion(peer: string, isCongested: boolean): void;
  /** A launch of a peer is gone, and what was on its way to or from it may be lost. */
  onLost(peer: string): void;
}
