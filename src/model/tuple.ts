/**
 * A tuple on its way to one task, with its place in the tuple trees it belongs to. Invariant: `accumulator` is the XOR of the ids of all
 * tuples that were anchored to this one, and `edge` that of the ids drawn for this one (design D4); both are pairs of
 * int32, because they fit V8's small integers where a BigInt or a string would be allocated for each.
 */
import type { Values } from './values.js';

/** Where tuples of one stream of one task come from; one object for all of them. */
export interface TupleSource {
  readonly component: string;
  readonly stream: string;
  readonly task: number;
  readonly fields: readonly string[];
  /** Constant part of the multilang message, from `tupleHead`. */
  readonly head: string;
}

/** Source of tick tuples. */
export const TICK_COMPONENT = '__system';
export const TICK_STREAM = '__tick';
export const SYSTEM_TASK = -1;

export class Tuple {
  readonly source: TupleSource;
  values: Values;
  /** Number of tuple trees that this tuple belongs to: 0 for an unanchored one. */
  rootCount = 0;
  /** The first root: its id names its acker task and its spout task (high) and its pending entry (low). */
  rootHigh = 0;
  rootLow = 0;
  edgeHigh = 0;
  edgeLow = 0;
  /** Further roots, four numbers each: root high, root low, edge high, edge low. */
  moreRoots: number[] | undefined = undefined;
  accumulatorHigh = 0;
  accumulatorLow = 0;
  /** Monotonic time of its arrival in the inbox, in ms. */
  arrivedAtMs = 0;
  /** Its place in the order in which a child was sent tuples. */
  sequence = 0;
  /** What it weighs in a queue. */
  bytes = 0;

  constructor(source: TupleSource, values: Values) {
    this.source = source;
    this.values = values;
  }
}

/** Packs the acker task and the spout task into the high half of a root id. */
export function rootHighOf(ackerTask: number, spoutTask: number): number {
  return (ackerTask << 16) | spoutTask;
}

export function ackerTaskOf(rootHigh: number): number {
  return rootHigh >>> 16;
}

export function spoutTaskOf(rootHigh: number): number {
  return rootHigh & 0xffff;
}
