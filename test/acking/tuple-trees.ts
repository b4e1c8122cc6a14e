/**
 * A topology in small: tuples that are executed in any order, split, join and fail, with the real ids, XOR rule, pending and ledger. Invariant: it
 * knows by counting which roots are complete, so that a test can hold the ledger to it.
 */
import { AckLedger } from '../../src/acking/ack-ledger.js';
import { EdgeIds } from '../../src/acking/edge-ids.js';
import { ackTuple, addRoot, anchor, failTuple, type RootSink } from '../../src/acking/tuple-tree.js';
import { Tuple, type TupleSource } from '../../src/model/tuple.js';
import { Values } from '../../src/model/values.js';
import { xorshift } from '../random.js';

export const SOURCE: TupleSource = { component: 'c', stream: 'default', task: 1, fields: [], head: '' };

export function tuple(): Tuple {
  return new Tuple(SOURCE, Values.fromText('[]'));
}

export function seededIds(seed: number): EdgeIds {
  const random = xorshift(seed);
  return new EdgeIds((pool) => {
    for (let i = 0; i < pool.length; i++) pool[i] = random(2 ** 32) | 0;
  });
}

/** One tuple and the roots it hangs on, as a naive reader of the design would write it down. */
interface Live {
  readonly tuple: Tuple;
  readonly roots: ReadonlySet<number>;
}

export class Forest implements RootSink {
  readonly verdicts: string[] = [];
  readonly live: Live[] = [];
  readonly ids: EdgeIds;
  /** By root: tuples that are live. */
  readonly open = new Map<number, number>();
  readonly failed = new Set<number>();
  readonly ledger: AckLedger;
  /** Messages to the acker, delivered when the test says so. */
  readonly mail: (() => void)[] = [];

  constructor(seed: number) {
    this.ids = seededIds(seed);
    this.ledger = new AckLedger({
      completed: (high, low) => this.verdicts.push(`ack ${high}:${low}`),
      failed: (high, low) => this.verdicts.push(`fail ${high}:${low}`),
    });
  }

  /** A spout emits a root to so many tasks. */
  root(low: number, targets: number): void {
    let xorHigh = 0;
    let xorLow = 0;
    for (let i = 0; i < targets; i++) {
      const child = tuple();
      this.ids.draw();
      addRoot(child, 9, low, this.ids.high, this.ids.low);
      xorHigh ^= this.ids.high;
      xorLow ^= this.ids.low;
      this.#add({ tuple: child, roots: new Set([low]) });
    }
    this.mail.push(() => this.ledger.init(9, low, xorHigh, xorLow));
  }

  /** A bolt emits one tuple to one task, anchored to these. */
  emit(anchors: readonly Live[]): void {
    const child = tuple();
    for (const { tuple: parent } of anchors) anchor(child, parent, this.ids);
    this.#add({ tuple: child, roots: new Set(anchors.flatMap(({ roots }) => [...roots])) });
  }

  ackLive(index: number): void {
    const [{ tuple: acked, roots }] = this.live.splice(index, 1) as [Live];
    for (const root of roots) this.open.set(root, (this.open.get(root) as number) - 1);
    ackTuple(acked, this);
  }

  failLive(index: number): void {
    const [{ tuple: lost, roots }] = this.live.splice(index, 1) as [Live];
    for (const root of roots) this.failed.add(root);
    failTuple(lost, this);
  }

  ack(rootHigh: number, rootLow: number, xorHigh: number, xorLow: number): void {
    this.mail.push(() => this.ledger.ack(rootHigh, rootLow, xorHigh, xorLow));
  }

  fail(rootHigh: number, rootLow: number): void {
    this.mail.push(() => this.ledger.fail(rootHigh, rootLow));
  }

  #add(live: Live): void {
    this.live.push(live);
    for (const root of live.roots) this.open.set(root, (this.open.get(root) ?? 0) + 1);
  }
}
