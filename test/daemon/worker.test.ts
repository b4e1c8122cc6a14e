/** One worker of several, with a transport that a test plays: peers that come, go, freeze and are lost. Its own components are modules of this process. */
import { randomFillSync } from 'node:crypto';
import t, { type Test } from 'tap';
import { createFifoPool, spawnChild } from '../../src/component/spawn.js';
import { Worker } from '../../src/daemon/worker/worker.js';
import type { TopologyRecord } from '../../src/model/cluster-records.js';
import type { Spout, SpoutCollector } from '../../src/model/component-api.js';
import { inline } from '../../src/model/component-implementation.js';
import { SILENT_LOG } from '../../src/model/log.js';
import { TopologyBuilder } from '../../src/model/topology-builder.js';
import { LoopbackNetwork } from '../../src/transport/loopback.js';
import type { Batch, PeerAddress, TransportEvents } from '../../src/transport/transport.js';
import { recordOf } from './worker-processes.js';

/** Hears of things that a test waits for. */
class Heard {
  readonly all: string[] = [];
  #waiting: { readonly text: string; readonly resolve: () => void }[] = [];

  add(text: string): void {
    this.all.push(text);
    for (const { resolve } of this.#waiting.filter((each) => each.text === text)) resolve();
  }

  /** Resolves when it is heard for the first time from now on. */
  next(text: string): Promise<void> {
    return new Promise((resolve) => this.#waiting.push({ text, resolve }));
  }
}

/** Emits one number more each time it is asked and allowed. */
class Numbers implements Spout {
  static allowed = 0;
  #next = 0;
  readonly #heard: Heard;

  constructor(heard: Heard) {
    this.#heard = heard;
  }
  nextTuple(collector: SpoutCollector): void {
    if (this.#next >= Numbers.allowed) return;
    collector.emit([this.#next], { id: this.#next });
    this.#heard.add(`emit ${this.#next++}`);
  }
  fail(id: unknown): void {
    this.#heard.add(`fail ${id}`);
  }
  ack(id: unknown): void {
    this.#heard.add(`ack ${id}`);
  }
}

/** A worker of numbers whose sinks, tasks 3 and 4, are elsewhere: worker 1.1 runs both. */
async function setUp(t: Test, allowed: number, change: (record: TopologyRecord) => TopologyRecord = (record) => record) {
  Numbers.allowed = allowed;
  const heard = new Heard();
  const builder = new TopologyBuilder('split').config({ 'topology.acker.executors': 1 });
  builder.setSpout(
    'numbers',
    inline(() => new Numbers(heard), { outputs: ['n'] }),
    1,
  );
  builder
    .setBolt(
      'relay',
      inline(() => ({ execute: (tuple, collector) => collector.ack(tuple) })),
      1,
    )
    .shuffleGrouping('numbers');
  builder
    .setBolt(
      'sink',
      inline(() => ({ execute: () => {} })),
      2,
    )
    .shuffleGrouping('numbers');
  const topology = builder.build({ resources: process.cwd() });
  const record = change(recordOf(topology, [['numbers', 'relay', '__acker'], ['sink']], [6700, 6701]));
  const clock = { nowMs: 1000 };
  const sent: { readonly to: string; readonly batch: Batch }[] = [];
  let peers: ReadonlyMap<string, PeerAddress> = new Map();
  let events: TransportEvents | undefined;
  const fifos = createFifoPool();
  const worker = new Worker({
    record,
    worker: record.workers[0] as TopologyRecord['workers'][number],
    topology,
    ports: {
      now: () => clock.nowMs,
      random: Math.random,
      fillRandom: (pool) => randomFillSync(pool),
      shell: { spawn: spawnChild, fifos, record: undefined },
      pidDir: '',
      environment: {},
      join: (_id, given) => {
        events = given;
        return {
          setPeers: (given) => {
            peers = given;
          },
          send: (to, batch) => {
            sent.push({ to, batch });
            heard.add(`sent to ${to}`);
          },
          close: () => {},
        };
      },
      log: SILENT_LOG,
      observerOf: () => undefined,
    },
    events: { onError: (_component, error) => t.fail(error.message), onFatal: (error) => t.fail(error.message), onFirstAck: () => {} },
  });
  t.teardown(() => worker.stop());
  if (events !== undefined) t.fail('it joined before there was anybody here to receive');
  await worker.start();
  const tuplesTo = (peer: string): number => sent.reduce((sum, { to, batch }) => sum + (to === peer ? batch.tasks.length : 0), 0);
  return { worker, record, heard, sent, clock, tuplesTo, peers: () => peers, events: events as TransportEvents };
}

/** Many turns of the event loop, in which a spout that may emit does. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
}

t.test('a worker tells its transport where its peers listen, and sends them what is theirs', async (t) => {
  const { peers, heard, tuplesTo, worker } = await setUp(t, 3);
  t.same([...peers()], [['1.1', { host: '127.0.0.1', port: 6701 }]]);
  while (tuplesTo('1.1') < 3) await heard.next('sent to 1.1');
  t.match(worker.snapshot(), { unroutable: 0, isIdle: false, links: { '1.1': { sent: 3, received: 0 } } });
});

t.test('tuples for tasks that no worker runs are counted, and a record that names one brings the rest there', async (t) => {
  const { worker, record, heard, tuplesTo, peers } = await setUp(t, 2, (record) => ({ ...record, workers: record.workers.slice(0, 1) }));
  await heard.next('emit 1');
  t.same([...peers()], []);
  t.equal(worker.snapshot().unroutable, 2);
  const [own] = record.workers;
  const other = {
    incarnation: '2.0',
    supervisor: 'here',
    port: 6702,
    executors: [
      [4, 4],
      [5, 5],
    ] as const,
  };
  worker.update({ ...record, generation: 2, workers: [own as NonNullable<typeof own>, other] });
  Numbers.allowed = 4;
  while (tuplesTo('2.0') < 2) await heard.next('sent to 2.0');
  t.equal(worker.snapshot().unroutable, 2);
});

t.test('a record of an earlier generation changes nothing', async (t) => {
  const { worker, record, peers } = await setUp(t, 0);
  worker.update({ ...record, generation: 0, workers: [], status: 'inactive' });
  t.equal(peers().size, 1);
});

t.test('spouts are still while the topology is inactive or a change of it waits', async (t) => {
  const { worker, record, heard } = await setUp(t, 5, (record) => ({ ...record, status: 'inactive' }));
  t.same(
    heard.all.filter((each) => each.startsWith('emit')),
    [],
  );
  const emitted = heard.next('emit 4');
  worker.update({ ...record, status: 'active' });
  await emitted;
  worker.update({ ...record, status: 'active', pending: { kind: 'kill', waitMs: 1 } });
  Numbers.allowed = 6;
  await turns();
  t.notOk(heard.all.includes('emit 5'));
});

t.test('a peer that cannot be sent to stops the spouts that feed it, and hears of every task here when it is back', async (t) => {
  const { heard, events, sent } = await setUp(t, 0);
  events.onCongestion('1.1', true);
  Numbers.allowed = 1;
  await turns();
  t.notOk(heard.all.includes('emit 0'));
  const emitted = heard.next('emit 0');
  const before = sent.length;
  events.onCongestion('1.1', false);
  await emitted;
  t.same(sent[before]?.batch.congestion, [-3], 'task 3 is the relay, and it is free');
});

t.test('when a peer is lost, roots emitted before fail a second later and not at the message timeout; later ones wait', async (t) => {
  const { heard, events, clock } = await setUp(t, 1);
  while (!heard.all.includes('emit 0')) await heard.next('emit 0');
  clock.nowMs = 2000;
  events.onLost('1.1');
  clock.nowMs = 2500;
  Numbers.allowed = 2;
  await heard.next('emit 1');
  t.notOk(heard.all.includes('fail 0'));
  const failed = heard.next('fail 0');
  clock.nowMs = 3000;
  await failed;
  t.notOk(heard.all.includes('fail 1'));
});

t.test('a peer that the record no longer names is lost too', async (t) => {
  const { worker, record, heard, clock } = await setUp(t, 1);
  while (!heard.all.includes('emit 0')) await heard.next('emit 0');
  worker.update({ ...record, generation: 2, workers: record.workers.slice(0, 1) });
  const failed = heard.next('fail 0');
  clock.nowMs += 1000;
  await failed;
  t.same(worker.snapshot().links, {}, 'and what passed between them says nothing any more');
});

t.test('a stalled worker emits nothing until it may again', async (t) => {
  const { worker, heard } = await setUp(t, 0);
  worker.stall(true);
  Numbers.allowed = 1;
  await turns();
  t.notOk(heard.all.includes('emit 0'));
  const emitted = heard.next('emit 0');
  worker.stall(false);
  await emitted;
});

t.test('in one process, a peer that has not joined yet or has left is as congested as one that cannot be reached', async (t) => {
  const network = new LoopbackNetwork();
  const said: string[] = [];
  const events = (): TransportEvents => ({
    receive: () => said.push('received'),
    onCongestion: (peer, isCongested) => said.push(`${peer} ${isCongested ? 'congested' : 'free'}`),
    onLost: (peer) => said.push(`${peer} lost`),
  });
  const first = network.join('1.0', events());
  first.setPeers(new Map([['1.1', { host: '', port: 0 }]]));
  const second = network.join('1.1', { receive: () => {}, onCongestion: () => {}, onLost: () => {} });
  second.close();
  second.close();
  t.same(said, ['1.1 congested', '1.1 free', '1.1 congested', '1.1 lost']);
});
