/**
 * One measurement in a process of its own: builds a topology, runs it and prints one JSON line. Invariant: what is measured is the steady state, from the
 * tuple after the warm-up to the last; every root is acked in the end or the sample is an error. A fresh process each time, because code that V8 has seen
 * in another role is slower than what a user gets.
 *
 * Usage: node sample.js '{"kind":"chain","warm":200000,"count":1000000,"acking":true}'
 */
import { type Bolt, inline, LocalCluster, type Spout, shell, type Topology, TopologyBuilder } from '../src/index.js';
import { childrenOf, cpuMsOf, residentBytesOf } from './processes.js';

/** What to run. */
export type SampleRequest =
  | {
      readonly kind: 'bolt';
      readonly command: readonly string[];
      readonly environment: Readonly<Record<string, string>>;
      readonly warm: number;
      readonly count: number;
      readonly acking: boolean;
    }
  | { readonly kind: 'chain'; readonly warm: number; readonly count: number; readonly acking: boolean }
  | {
      readonly kind: 'latency';
      readonly spout: readonly string[];
      readonly bolt: readonly string[];
      readonly environment: Readonly<Record<string, string>>;
      readonly roots: number;
    }
  | {
      readonly kind: 'idle';
      readonly spout: readonly string[];
      readonly bolt: readonly string[];
      readonly environment: Readonly<Record<string, string>>;
    };

/** What came of it; numbers that do not apply are missing. */
export interface Sample {
  readonly elapsedMs: number;
  readonly hostCpuMs: number;
  readonly childCpuMs: number;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  readonly residentBytes?: number;
  readonly childResidentBytes?: number;
}

const FIELDS = ['word', 'number'];
/** A line of text much like those of a word count. */
const VALUES: readonly unknown[] = Object.freeze(['conscience', 12345]);
const VALUES_TEXT = JSON.stringify(VALUES);

/** Marks the beginning and the end of the steady state. */
class Stopwatch {
  readonly #warm: number;
  readonly #count: number;
  #seen = 0;
  #started = { atMs: 0, hostMs: 0, childMs: 0 };
  #finish: (sample: Sample) => void = () => {};
  readonly finished = new Promise<Sample>((resolve) => {
    this.#finish = resolve;
  });

  constructor(warm: number, count: number) {
    this.#warm = warm;
    this.#count = count;
  }

  tick(): void {
    this.#seen++;
    if (this.#seen === this.#warm) this.#started = reading();
    else if (this.#seen === this.#warm + this.#count) {
      const now = reading();
      this.#finish({
        elapsedMs: now.atMs - this.#started.atMs,
        hostCpuMs: now.hostMs - this.#started.hostMs,
        childCpuMs: now.childMs - this.#started.childMs,
      });
    }
  }
}

function reading(): { atMs: number; hostMs: number; childMs: number } {
  const { user, system } = process.cpuUsage();
  const childMs = childrenOf(process.pid).reduce((sum, pid) => sum + cpuMsOf(pid), 0);
  return { atMs: performance.now(), hostMs: (user + system) / 1000, childMs };
}

/** Emits the same values so many times. As text where a child is to read them: that is how they come from another child. */
class CountingSpout implements Spout {
  #left: number;
  readonly #asText: boolean;
  #id = 0;

  constructor(count: number, asText: boolean) {
    this.#left = count;
    this.#asText = asText;
  }

  nextTuple(collector: Parameters<Spout['nextTuple']>[0]): void {
    if (this.#left === 0) return;
    this.#left--;
    if (this.#asText) collector.emitText(VALUES_TEXT, { id: ++this.#id });
    else collector.emit(VALUES, { id: ++this.#id });
  }
}

class Echo implements Bolt {
  execute(tuple: Parameters<Bolt['execute']>[0], collector: Parameters<Bolt['execute']>[1]): void {
    collector.emit(tuple.values, { anchors: tuple });
    collector.ack(tuple);
  }
}

class Sink implements Bolt {
  readonly #onTuple: () => void;

  constructor(onTuple: () => void) {
    this.#onTuple = onTuple;
  }

  execute(tuple: Parameters<Bolt['execute']>[0], collector: Parameters<Bolt['execute']>[1]): void {
    collector.ack(tuple);
    this.#onTuple();
  }
}

function ackers(acking: boolean): Record<string, unknown> {
  return acking ? {} : { 'topology.acker.executors': 0 };
}

async function steadyState(request: Extract<SampleRequest, { kind: 'bolt' | 'chain' }>): Promise<Sample> {
  const { warm, count, acking } = request;
  const watch = new Stopwatch(warm, count);
  const builder = new TopologyBuilder(request.kind).config(ackers(acking));
  builder.setSpout(
    'spout',
    inline(() => new CountingSpout(warm + count, request.kind === 'bolt'), { outputs: FIELDS }),
  );
  const middle =
    request.kind === 'bolt'
      ? shell(request.command, { outputs: FIELDS, environment: request.environment })
      : inline(() => new Echo(), { outputs: FIELDS });
  builder.setBolt('bolt', middle).shuffleGrouping('spout');
  builder
    .setBolt(
      'sink',
      inline(() => new Sink(() => watch.tick())),
    )
    .shuffleGrouping('bolt');
  return run(builder.build(), async (cluster) => {
    const sample = await watch.finished;
    await cluster.untilIdle(request.kind, 0);
    const { roots } = cluster.summary(request.kind);
    if (roots.acked !== roots.emitted) throw new Error(`${roots.emitted} roots emitted, ${roots.acked} acked, ${roots.failed} failed`);
    return sample;
  });
}

async function latency(request: Extract<SampleRequest, { kind: 'latency' }>): Promise<Sample> {
  const builder = new TopologyBuilder('latency');
  builder.setSpout('spout', shell(request.spout, { outputs: FIELDS, environment: request.environment }));
  builder.setBolt('bolt', shell(request.bolt, { outputs: FIELDS, environment: request.environment })).shuffleGrouping('spout');
  return run(builder.build(), async (cluster) => {
    const started = reading();
    await cluster.untilIdle('latency', 300);
    const now = reading();
    const { components, roots } = cluster.summary('latency');
    if (roots.acked !== request.roots) throw new Error(`${request.roots} roots to emit, ${roots.acked} acked`);
    const { p50, p99 } = (components[0] as (typeof components)[number]).completeLatencyMs;
    return {
      elapsedMs: now.atMs - started.atMs,
      hostCpuMs: now.hostMs - started.hostMs,
      childCpuMs: now.childMs - started.childMs,
      p50Ms: p50,
      p99Ms: p99,
    };
  });
}

async function idle(request: Extract<SampleRequest, { kind: 'idle' }>): Promise<Sample> {
  const builder = new TopologyBuilder('idle');
  const bolt = shell(request.bolt, { outputs: FIELDS, environment: request.environment });
  builder.setSpout('spout', shell(request.spout, { outputs: FIELDS, environment: request.environment }));
  builder.setBolt('first', bolt).shuffleGrouping('spout');
  builder.setBolt('second', bolt).shuffleGrouping('first');
  return run(builder.build(), async (cluster) => {
    await cluster.untilIdle('idle', 200);
    const started = reading();
    await new Promise((resolve) => setTimeout(resolve, 2000));
    const now = reading();
    const children = childrenOf(process.pid).reduce((sum, pid) => sum + residentBytesOf(pid), 0);
    return {
      elapsedMs: now.atMs - started.atMs,
      hostCpuMs: now.hostMs - started.hostMs,
      childCpuMs: now.childMs - started.childMs,
      residentBytes: process.memoryUsage.rss(),
      childResidentBytes: children,
    };
  });
}

async function run(topology: Topology, measure: (cluster: LocalCluster) => Promise<Sample>): Promise<Sample> {
  let fail: (error: unknown) => void = () => {};
  const failed = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  const cluster = await LocalCluster.start({ onError: (_component, error) => fail(error), onFatal: fail });
  try {
    await cluster.submit(topology);
    return await Promise.race([measure(cluster), failed]);
  } finally {
    await cluster.shutdown();
  }
}

function measure(request: SampleRequest): Promise<Sample> {
  switch (request.kind) {
    case 'latency':
      return latency(request);
    case 'idle':
      return idle(request);
    default:
      return steadyState(request);
  }
}

process.stdout.write(`${JSON.stringify(await measure(JSON.parse(process.argv[2] as string) as SampleRequest))}\n`);
