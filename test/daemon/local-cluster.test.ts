/**
 * Whole topologies of in-process components over nimbus, supervisor, workers, memory store and loopback: what only the parts together can show.
 */
import t from 'tap';
import { LocalCluster, type LocalClusterOptions } from '../../src/daemon/local/local-cluster.js';
import type { TopologySummary } from '../../src/daemon/local/summary.js';
import {
  BasicBolt,
  type Bolt,
  type BoltCollector,
  type InputTuple,
  type Spout,
  type SpoutCollector,
  type TaskContext,
} from '../../src/model/component-api.js';
import { inline } from '../../src/model/component-implementation.js';
import type { PolyboltError } from '../../src/model/errors.js';
import type { Topology } from '../../src/model/topology.js';
import { TopologyBuilder } from '../../src/model/topology-builder.js';

const QUIET_MS = 30;

/** Emits the numbers below a count, reliably, and again those that fail. */
class Numbers implements Spout {
  readonly #replay: number[] = [];
  readonly #count: number;
  #next = 0;

  constructor(count: number) {
    this.#count = count;
  }
  nextTuple(collector: SpoutCollector): void {
    const again = this.#replay.shift();
    const number = again ?? (this.#next < this.#count ? this.#next++ : undefined);
    if (number !== undefined) collector.emit([number, number % 7], { id: number });
  }
  fail(id: unknown): void {
    this.#replay.push(id as number);
  }
}

/** Tells a function of the test about each input, then acks it. */
class Sink implements Bolt {
  readonly #see: (tuple: InputTuple, context: TaskContext) => void;
  #context: TaskContext | undefined;

  constructor(see: (tuple: InputTuple, context: TaskContext) => void) {
    this.#see = see;
  }
  prepare(context: TaskContext): void {
    this.#context = context;
  }
  execute(tuple: InputTuple, collector: BoltCollector): void {
    this.#see(tuple, this.#context as TaskContext);
    collector.ack(tuple);
  }
}

function numbers(count: number): ReturnType<typeof inline> {
  return inline(() => new Numbers(count), { outputs: ['number', 'key'] });
}

/** Runs a topology until nothing is left to do; what came of it. */
async function run(topology: Topology, options: LocalClusterOptions = {}): Promise<TopologySummary> {
  const cluster = await LocalCluster.start({ onFatal: (error) => t.fail(error.message), ...options });
  try {
    await cluster.submit(topology);
    await cluster.untilIdle(topology.name, QUIET_MS);
    return cluster.summary(topology.name);
  } finally {
    await cluster.shutdown();
  }
}

/** A topology of numbers into one sink, with whatever grouping is declared. */
function intoSink(
  count: number,
  tasks: number,
  declare: (sink: ReturnType<TopologyBuilder['setBolt']>) => void,
  see: (tuple: InputTuple, context: TaskContext) => void,
  config: Readonly<Record<string, unknown>> = {},
): Topology {
  const builder = new TopologyBuilder('test').config(config);
  builder.setSpout('numbers', numbers(count), 1);
  declare(
    builder.setBolt(
      'sink',
      inline(() => new Sink(see)),
      tasks,
    ),
  );
  return builder.build({ resources: process.cwd() });
}

/** What each task of the sink saw. */
function collected(): { see: (tuple: InputTuple, context: TaskContext) => void; byTask: Map<number, unknown[]> } {
  const byTask = new Map<number, unknown[]>();
  return { byTask, see: (tuple, { task }) => void byTask.set(task, [...(byTask.get(task) ?? []), tuple.values[0]]) };
}

t.test('every root is acked, and emitted = acked + failed + abandoned + pending', async (t) => {
  const { see, byTask } = collected();
  const { roots, components } = await run(intoSink(1000, 3, (sink) => sink.shuffleGrouping('numbers'), see));
  t.strictSame(roots, { emitted: 1000, acked: 1000, failed: 0, timedOut: 0, abandoned: 0, pending: 0, unreplayed: 0, unanchored: 0 });
  t.strictSame([...byTask.values()].map((seen) => seen.length).sort(), [333, 333, 334], 'shuffle is even');
  t.equal(components.find(({ id }) => id === 'sink')?.executed, 1000);
});

t.test('a fields grouping sends one key to one task', async (t) => {
  const taskOfKey = new Map<unknown, Set<number>>();
  const see = (tuple: InputTuple, { task }: TaskContext): void => {
    taskOfKey.set(tuple.get('key'), (taskOfKey.get(tuple.get('key')) ?? new Set()).add(task));
  };
  await run(intoSink(700, 4, (sink) => sink.fieldsGrouping('numbers', ['key']), see));
  t.equal(taskOfKey.size, 7);
  t.ok([...taskOfKey.values()].every((tasks) => tasks.size === 1));
});

t.test('an all grouping sends to every task, and the root waits for all of them', async (t) => {
  const { see, byTask } = collected();
  const { roots } = await run(intoSink(100, 3, (sink) => sink.allGrouping('numbers'), see));
  t.strictSame(
    [...byTask.values()].map((seen) => seen.length),
    [100, 100, 100],
  );
  t.equal(roots.acked, 100);
});

t.test('a global grouping sends to the lowest task', async (t) => {
  const { see, byTask } = collected();
  await run(intoSink(50, 3, (sink) => sink.globalGrouping('numbers'), see));
  // __acker is task 1, numbers task 2, the sink tasks 3 to 5.
  t.strictSame([...byTask.keys()], [3]);
});

for (const [ackers, workers] of [
  [null, 1],
  [null, 3],
  [2, 1],
  [2, 3],
  [0, 1],
  [0, 3],
] as const) {
  t.test(`with ${ackers ?? 'default'} ackers and ${workers} workers every root is acked`, async (t) => {
    const builder = new TopologyBuilder('test').config({ 'topology.acker.executors': ackers, 'topology.workers': workers });
    builder.setSpout('numbers', numbers(300), 2);
    class Twice extends BasicBolt {
      process(tuple: InputTuple, emit: (values: readonly unknown[]) => readonly number[]): void {
        emit([tuple.values[0]]);
        emit([tuple.values[0]]);
      }
    }
    let seen = 0;
    builder
      .setBolt(
        'twice',
        inline(() => new Twice(), { outputs: ['number'] }),
        3,
      )
      .shuffleGrouping('numbers');
    builder
      .setBolt(
        'sink',
        inline(() => new Sink(() => void seen++)),
        4,
      )
      .fieldsGrouping('twice', ['number']);
    const { roots } = await run(builder.build({ resources: process.cwd() }));
    t.match(roots, { emitted: 600, acked: 600, failed: 0, pending: 0 });
    t.equal(seen, 1200);
  });
}

t.test('a reliable emit that nobody listens to is acked at once', async (t) => {
  const builder = new TopologyBuilder('test');
  builder.setSpout('numbers', numbers(10), 1);
  t.match((await run(builder.build({ resources: process.cwd() }))).roots, { emitted: 10, acked: 10, pending: 0 });
});

t.test('a failed tuple comes back to its spout, and its replay clears the account', async (t) => {
  const failedOnce = new Set<unknown>();
  class FailFirst implements Bolt {
    execute(tuple: InputTuple, collector: BoltCollector): void {
      const [number] = tuple.values;
      if ((number as number) % 10 !== 0 || failedOnce.has(number)) return collector.ack(tuple);
      failedOnce.add(number);
      collector.fail(tuple);
    }
  }
  const builder = new TopologyBuilder('test');
  builder.setSpout('numbers', numbers(100), 1);
  builder
    .setBolt(
      'flaky',
      inline(() => new FailFirst()),
      2,
    )
    .shuffleGrouping('numbers');
  const { roots } = await run(builder.build({ resources: process.cwd() }));
  t.match(roots, { emitted: 110, acked: 100, failed: 10, timedOut: 0, unreplayed: 0, pending: 0 });
});

t.test('a tuple that is never acked times out after one to two message timeouts and is failed', async (t) => {
  const dropped = new Set<unknown>();
  class DropFirst implements Bolt {
    execute(tuple: InputTuple, collector: BoltCollector): void {
      const [number] = tuple.values;
      if (number === 3 && !dropped.has(number)) dropped.add(number);
      else collector.ack(tuple);
    }
  }
  const builder = new TopologyBuilder('test').config({ 'topology.message.timeout.secs': 0.2 });
  builder.setSpout('numbers', numbers(5), 1);
  builder
    .setBolt(
      'dropper',
      inline(() => new DropFirst()),
      1,
    )
    .shuffleGrouping('numbers');
  const cluster = await LocalCluster.start();
  await cluster.submit(builder.build({ resources: process.cwd() }));
  // The bolt holds what it dropped for ever, so the topology is never idle: what is awaited is the replay.
  const acked = async (): Promise<void> => {
    while (cluster.summary('test').roots.acked < 5) await new Promise((resolve) => setImmediate(resolve));
  };
  await acked();
  t.match(cluster.summary('test').roots, { emitted: 6, acked: 5, failed: 1, timedOut: 1, unreplayed: 0 });
  await cluster.shutdown();
});

t.test('topology.max.spout.pending is never exceeded', async (t) => {
  let open = 0;
  let most = 0;
  class Slow implements Bolt {
    async execute(tuple: InputTuple, collector: BoltCollector): Promise<void> {
      most = Math.max(most, ++open);
      await new Promise((resolve) => setImmediate(resolve));
      open--;
      collector.ack(tuple);
    }
  }
  const builder = new TopologyBuilder('test').config({ 'topology.max.spout.pending': 3 });
  builder.setSpout('numbers', numbers(200), 1);
  builder
    .setBolt(
      'slow',
      inline(() => new Slow()),
      10,
    )
    .shuffleGrouping('numbers');
  t.match((await run(builder.build({ resources: process.cwd() }))).roots, { emitted: 200, acked: 200 });
  t.ok(most <= 3, `${most} at a time`);
});

t.test('ML-TK: a bolt with topology.tick.tuple.freq.secs gets ticks from __system, and they cost no root', async (t) => {
  const ticks: unknown[] = [];
  let done: () => void = () => {};
  const ticked = new Promise<void>((resolve) => {
    done = resolve;
  });
  class Ticking implements Bolt {
    execute(tuple: InputTuple, collector: BoltCollector): void {
      if (tuple.isTick) ticks.push([tuple.component, tuple.stream, tuple.task, tuple.values]);
      collector.ack(tuple);
      if (ticks.length === 3) done();
    }
  }
  const builder = new TopologyBuilder('test');
  builder.setSpout('numbers', numbers(5), 1);
  builder
    .setBolt(
      'ticking',
      inline(() => new Ticking()),
      1,
    )
    .shuffleGrouping('numbers')
    .addConfiguration('topology.tick.tuple.freq.secs', 0.02);
  const cluster = await LocalCluster.start();
  await cluster.submit(builder.build({ resources: process.cwd() }));
  await ticked;
  t.strictSame(ticks[0], ['__system', '__tick', -1, [0.02]]);
  t.match(cluster.summary('test').roots, { emitted: 5, acked: 5 });
  await cluster.shutdown();
});

t.test('an executor runs several tasks', async (t) => {
  const { see, byTask } = collected();
  await run(intoSink(60, 2, (sink) => sink.setNumTasks(6).shuffleGrouping('numbers'), see));
  t.strictSame([...byTask.keys()].sort(), [3, 4, 5, 6, 7, 8]);
  t.ok([...byTask.values()].every((seen) => seen.length === 10));
});

t.test('a component that throws is started anew; what it held fails and is replayed', async (t) => {
  const errors: string[] = [];
  let thrown = false;
  class ThrowOnce implements Bolt {
    execute(tuple: InputTuple, collector: BoltCollector): void {
      if (tuple.values[0] === 50 && !thrown) {
        thrown = true;
        throw new Error('the fiftieth');
      }
      collector.ack(tuple);
    }
  }
  const builder = new TopologyBuilder('test');
  builder.setSpout('numbers', numbers(100), 1);
  builder
    .setBolt(
      'thrower',
      inline(() => new ThrowOnce()),
      1,
    )
    .shuffleGrouping('numbers');
  const summary = await run(builder.build({ resources: process.cwd() }), {
    onError: (_component, error) => errors.push(`${error.code} ${error.message}`),
  });
  t.match(summary.roots, { acked: 100, failed: 1, unreplayed: 0, pending: 0 });
  t.equal(summary.components.find(({ id }) => id === 'thrower')?.restarts, 1);
  t.strictSame(errors, ['PB_MODULE_THREW Error: the fiftieth']);
});

t.test('a component that throws at every tuple spends its budget and ends the worker', async (t) => {
  class Thrower implements Bolt {
    execute(): void {
      throw new Error('always');
    }
  }
  const builder = new TopologyBuilder('test').config({ 'polybolt.child.restarts.max': 2 });
  builder.setSpout('numbers', numbers(10), 1);
  builder
    .setBolt(
      'thrower',
      inline(() => new Thrower()),
      1,
    )
    .shuffleGrouping('numbers');
  let tell: (error: PolyboltError) => void = () => {};
  const fatal = new Promise<PolyboltError>((resolve) => {
    tell = resolve;
  });
  const cluster = await LocalCluster.start({ onFatal: tell });
  await cluster.submit(builder.build({ resources: process.cwd() }));
  const { code, context } = await fatal;
  t.equal(code, 'PB_RESTARTS_EXHAUSTED');
  t.match(context, { component: 'thrower', task: 3 });
  await cluster.killNow();
});

t.test('a cycle does not wait for itself', async (t) => {
  /** Sends a tuple around so many times. */
  class Loop implements Bolt {
    execute(tuple: InputTuple, collector: BoltCollector): void {
      const left = tuple.stream === 'again' ? (tuple.values[0] as number) : 50;
      if (left > 0) collector.emit([left - 1], { stream: 'again', anchors: tuple });
      collector.ack(tuple);
    }
  }
  const builder = new TopologyBuilder('test');
  builder.setSpout('numbers', numbers(500), 1);
  builder
    .setBolt(
      'loop',
      inline(() => new Loop(), { outputs: { again: ['left'] } }),
      2,
    )
    .shuffleGrouping('numbers')
    .shuffleGrouping('loop', 'again');
  t.match((await run(builder.build({ resources: process.cwd() }))).roots, { emitted: 500, acked: 500, failed: 0 });
});

t.test('deactivate stops the spouts, activate lets them go on, kill removes the topology', async (t) => {
  class Endless implements Spout {
    #next = 0;
    nextTuple(collector: SpoutCollector): void {
      collector.emit([this.#next], { id: this.#next++ });
    }
  }
  let seen = 0;
  const builder = new TopologyBuilder('test').config({ 'topology.max.spout.pending': 10 });
  builder.setSpout(
    'endless',
    inline(() => new Endless(), { outputs: ['number'] }),
    1,
  );
  builder
    .setBolt(
      'sink',
      inline(() => new Sink(() => void seen++)),
      1,
    )
    .shuffleGrouping('endless');
  const topology = builder.build({ resources: process.cwd() });
  const cluster = await LocalCluster.start();
  await cluster.submit(topology);
  const emitted = async (atLeast: number): Promise<void> => {
    while (cluster.summary('test').roots.emitted < atLeast) await new Promise((resolve) => setImmediate(resolve));
  };
  await emitted(100);
  await t.rejects(cluster.submit(topology), { code: 'PB_TOPOLOGY_EXISTS' });
  await cluster.deactivate('test');
  t.equal(await cluster.untilIdle('test', QUIET_MS), true);
  const stopped = cluster.summary('test').roots;
  t.equal(stopped.pending, 0);
  t.equal(stopped.acked, seen);
  await cluster.activate('test');
  await emitted(stopped.emitted + 100);
  await cluster.kill('test', 5000);
  t.throws(() => cluster.summary('test'), { code: 'PB_TOPOLOGY_NOT_FOUND' });
  await t.rejects(cluster.activate('test'), { code: 'PB_TOPOLOGY_NOT_FOUND' });
  await cluster.shutdown();
});

t.test('an in-process component that breaks a rule of emits is told so by an exception', async (t) => {
  const codes: string[] = [];
  const codeOf = (action: () => unknown): void => {
    try {
      action();
    } catch (error) {
      codes.push((error as PolyboltError).code);
    }
  };
  class Wrong implements Bolt {
    execute(tuple: InputTuple, collector: BoltCollector): void {
      codeOf(() => collector.emit([1], { stream: 'nowhere' }));
      codeOf(() => collector.emit([1, 2]));
      codeOf(() => collector.emit([1], { task: 3 }));
      codeOf(() => collector.emitText('[1,]'));
      codeOf(() => collector.emitText('{}'));
      collector.ack(tuple);
      codeOf(() => collector.ack(tuple));
      codeOf(() => collector.fail(tuple));
      codeOf(() => collector.emit([1], { anchors: tuple }));
    }
  }
  const builder = new TopologyBuilder('test');
  builder.setSpout('numbers', numbers(1), 1);
  builder
    .setBolt(
      'wrong',
      inline(() => new Wrong(), { outputs: ['number'] }),
      1,
    )
    .shuffleGrouping('numbers');
  t.match((await run(builder.build({ resources: process.cwd() }))).roots, { emitted: 1, acked: 1 });
  t.strictSame(codes, [
    'PB_STREAM_UNDECLARED',
    'PB_ARITY_WRONG',
    'PB_DIRECT_MISMATCH',
    'PB_VALUES_INVALID',
    'PB_VALUES_INVALID',
    'PB_TUPLE_UNKNOWN',
    'PB_TUPLE_UNKNOWN',
    'PB_TUPLE_UNKNOWN',
  ]);
});
