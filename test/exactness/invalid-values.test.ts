/** Values that are not JSON are refused, quoted, and fail the input that they were anchored to: ML-FR-10, ML-FR-14. */
import t from 'tap';
import { inline, LocalCluster, type PolyboltError, type Spout, type SpoutCollector, shell, TopologyBuilder } from '../../src/index.js';
import { CHILDREN } from '../faults/hostile.js';
import { needs } from '../support/tools.js';
import { INVALID } from './values.js';

const hex = (latin1: string): string => Buffer.from(latin1, 'latin1').toString('hex');

/** Emits one value after the verdict on the one before. */
class OneByOne implements Spout {
  readonly verdicts: string[] = [];
  readonly #values: readonly string[];
  readonly #onDone: () => void;
  #next = 0;

  constructor(values: readonly string[], onDone: () => void) {
    this.#values = values;
    this.#onDone = onDone;
  }

  nextTuple(collector: SpoutCollector): void {
    if (this.verdicts.length < this.#next || this.#next === this.#values.length) return;
    collector.emit([this.#values[this.#next]], { id: this.#next++ });
  }

  ack(): void {
    this.#heard('acked');
  }

  fail(): void {
    this.#heard('failed');
  }

  #heard(verdict: string): void {
    this.verdicts.push(verdict);
    if (this.verdicts.length === this.#values.length) this.#onDone();
  }
}

t.test(
  'ML-FR-10: values that are not JSON end the incarnation, are quoted, and fail their anchor',
  { skip: needs('python3'), timeout: 60_000 },
  async (t) => {
    // A good value in between shows that the next incarnation works, and keeps the restarts free of charge.
    const values = INVALID.flatMap(({ bytes }) => [hex('["good"]'), hex(bytes)]);
    const errors: PolyboltError[] = [];
    const received: string[] = [];
    const cluster = await LocalCluster.start({
      onError: (_component, error) => errors.push(error),
      onFatal: (error) => errors.push(error),
    });
    t.teardown(() => cluster.shutdown());
    const done = new Promise<OneByOne>((resolve) => {
      const spout = new OneByOne(values, () => resolve(spout));
      const builder = new TopologyBuilder('invalid').config({
        'topology.max.error.report.per.interval': 1000,
        'supervisor.worker.shutdown.sleep.secs': 1,
      });
      builder.setSpout(
        'source',
        inline(() => spout, { outputs: ['hex'] }),
      );
      builder.setBolt('hostile', shell(['python3', 'hex_bolt.py'], { outputs: ['value'] })).shuffleGrouping('source');
      builder
        .setBolt(
          'sink',
          inline(() => ({
            execute: (tuple, collector): void => {
              received.push(tuple.text);
              collector.ack(tuple);
            },
          })),
        )
        .shuffleGrouping('hostile');
      void cluster.submit(builder.build({ resources: CHILDREN }));
    });
    const { verdicts } = await done;
    t.same(
      verdicts,
      INVALID.flatMap(() => ['acked', 'failed']),
    );
    t.same(
      received,
      INVALID.map(() => '["good"]'),
      'nothing invalid goes on',
    );
    t.equal(errors.length, INVALID.length);
    for (const [index, { quote }] of INVALID.entries()) {
      const error = errors[index] as PolyboltError;
      t.match(error.code, /^PB_FRAME_(UNREADABLE|NOT_UTF8)$/);
      t.ok(String(error.context['frame']).includes(quote), `quotes ${JSON.stringify(quote)}: ${JSON.stringify(error.context['frame'])}`);
      t.equal(error.context['component'], 'hostile');
    }
  },
);
