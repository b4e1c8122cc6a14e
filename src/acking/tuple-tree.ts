/**
 * How tuples hang together: the XOR rule of design D4, one function for each of its sentences. Invariant: for each target and each distinct anchor one
 * fresh id goes into the anchor's accumulator and into the child's edge for every root of that anchor. (One id for a target
 * instead of one for a target and an anchor would cancel out when two anchors share a root, and lose data.)
 */
import type { Tuple } from '../model/tuple.js';
import type { EdgeIds } from './edge-ids.js';

/** Makes `child` depend on `anchor`. Call once for each target and each distinct anchor. */
export function anchor(child: Tuple, parent: Tuple, ids: EdgeIds): void {
  if (parent.rootCount === 0) return;
  ids.draw();
  parent.accumulatorHigh ^= ids.high;
  parent.accumulatorLow ^= ids.low;
  addRoot(child, parent.rootHigh, parent.rootLow, ids.high, ids.low);
  const more = parent.moreRoots;
  if (more === undefined) return;
  for (let i = 0; i < more.length; i += 4) addRoot(child, more[i] as number, more[i + 1] as number, ids.high, ids.low);
}

/** XORs an edge into the tuple's edge for a root, which it may have already. */
export function addRoot(tuple: Tuple, rootHigh: number, rootLow: number, edgeHigh: number, edgeLow: number): void {
  if (tuple.rootCount === 0) {
    tuple.rootCount = 1;
    tuple.rootHigh = rootHigh;
    tuple.rootLow = rootLow;
    tuple.edgeHigh = edgeHigh;
    tuple.edgeLow = edgeLow;
    return;
  }
  if (tuple.rootHigh === rootHigh && tuple.rootLow === rootLow) {
    tuple.edgeHigh ^= edgeHigh;
    tuple.edgeLow ^= edgeLow;
    return;
  }
  tuple.moreRoots ??= [];
  const more = tuple.moreRoots;
  for (let i = 0; i < more.length; i += 4) {
    if (more[i] === rootHigh && more[i + 1] === rootLow) {
      more[i + 2] = (more[i + 2] as number) ^ edgeHigh;
      more[i + 3] = (more[i + 3] as number) ^ edgeLow;
      return;
    }
  }
  tuple.rootCount++;
  more.push(rootHigh, rootLow, edgeHigh, edgeLow);
}

/** Where acks and fails of single roots go: the ledger in this worker or a frame to another. */
export interface RootSink {
  ack(rootHigh: number, rootLow: number, xorHigh: number, xorLow: number): void;
  fail(rootHigh: number, rootLow: number): void;
}

/** Acks a tuple: for each root, its edge XOR what was anchored to it. */
export function ackTuple(tuple: Tuple, sink: RootSink): void {
  if (tuple.rootCount === 0) return;
  const { accumulatorHigh: high, accumulatorLow: low, moreRoots: more } = tuple;
  sink.ack(tuple.rootHigh, tuple.rootLow, tuple.edgeHigh ^ high, tuple.edgeLow ^ low);
  if (more === undefined) return;
  for (let i = 0; i < more.length; i += 4) {
    sink.ack(more[i] as number, more[i + 1] as number, (more[i + 2] as number) ^ high, (more[i + 3] as number) ^ low);
  }
}

/** Fails every root of a tuple. */
export function failTuple(tuple: Tuple, sink: RootSink): void {
  if (tuple.rootCount === 0) return;
  sink.fail(tuple.rootHigh, tuple.rootLow);
  const more = tuple.moreRoots;
  if (more === undefined) return;
  for (let i = 0; i < more.length; i += 4) sink.fail(more[i] as number, more[i + 1] as number);
}
