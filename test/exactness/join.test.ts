/** Trees that meet again, with real processes: ML-EM-22 and design D4. */
import t from 'tap';
import {
  type Bolt,
  type BoltCollector,
  type InputTuple,
  inline,
  LocalCluster,
  type Spout,
  type SpoutCollector,
  shell,
  TopologyBuilder,
} from '../../src/index.js';
import { CHILDREN } from '../faults/hostile.js';
import { needs } from '../support/tools.js';

const ROOTS = 500;

class Numbers implements Spout {
  acked = 0;
  failed = 0;
  #emitted = 0;
  readonly #onAck: () => void;

  constructor(onAck: () => void) {
    this.#onAck = onAck;
  }
  nextTuple(collector: SpoutCollector): void {
    if (this.#emitted < ROOTS) collector.emit([this.#emitted], { id: this.#emitted++ });
  }
  ack(): void {
    this.acked++;
    this.#onAck();
  }
  fail(): void {
    this.failed++;
  }
}

/** Keeps all joined tuples, which alone hold their roots open by then. */
class Keeper implements Bolt {
  readonly kept: { readonly tuple: InputTuple; readonly collector: BoltCollector }[] = [];
  readonly #onAll: () => void;

  constructor(onAll: () => void) {
    this.#onAll = onAll;
  }
  execute(tuple: InputTuple, collector: BoltCollector): void {
    this.kept.push({ tuple, collector });
    if (this.kept.length === ROOTS) this.#onAll();
  }
}

t.test(
  'ML-EM-22: a join that is anchored to two tuples of one root never completes the root early',
  { skip: needs('python3'), timeout: 60_000 },
  async (t) => {
    let onAck = (): void => {};
    const spout = new Numbers(() => onAck());
    let onAll = (): void => {};
    const all = new Promise<void>((resolve) => {
      onAll = resolve;
    });
    const keeper = new Keeper(() => onAll());
    const builder = new TopologyBuilder('join').config({ 'supervisor.worker.shutdown.sleep.secs': 1 });
    builder.setSpout(
      'numbers',
      inline(() => spout, { outputs: ['key'] }),
    );
    builder.setBolt('pair', shell(['python3', 'pair.py'], { outputs: ['key', 'side'] }), 2).shuffleGrouping('numbers');
    builder.setBolt('join', shell(['python3', 'join.py'], { outputs: ['key'] }), 2).fieldsGrouping('pair', ['key']);
    builder
      .setBolt(
        'keeper',
        inline(() => keeper),
      )
      .shuffleGrouping('join');
    const cluster = await LocalCluster.start();
    t.teardown(() => cluster.shutdown());
    await cluster.submit(builder.build({ resources: CHILDREN }));
    await all;
    // The joins' own acks are on their way until every one of their inputs is answered.
    await new Promise<void>((resolve) => {
      const look = (): void =>
        cluster.summary('join').components.find(({ id }) => id === 'join')?.acked === 2 * ROOTS ? resolve() : void setImmediate(look);
      look();
    });
    t.equal(spout.acked, 0, 'no root is complete while its joined tuple is held');
    const acked = new Promise<void>((resolve) => {
      onAck = (): void => {
        if (spout.acked === ROOTS) resolve();
      };
    });
    for (const { tuple, collector } of keeper.kept) collector.ack(tuple);
    await acked;
    t.equal(spout.acked, ROOTS);
    t.equal(spout.failed, 0);
  },
);
