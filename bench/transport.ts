/**
 * One hop between two workers, each in its own process, over ws on loopback: what passes at most, what a tuple costs on either side, and how long it takes at half of that rate. Invariant: the same
 * transport as on a cluster, and nothing else of a worker.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Benchmark, perMillion, ROOT, rounds, type Setting, tuples } from './benchmark.js';
import type { Figure } from './figure.js';
import { median } from './statistics.js';
import type { HopRequest, HopSample } from './transport-worker.js';

const RATE_MIN = 1_000_000;
const CPU_SECS_MAX = 0.9;
const P99_MS_MAX = 5;
const BATCH = 512;

interface Hop {
  readonly sender: HopSample;
  readonly receiver: HopSample;
}

export const transport: Benchmark = {
  name: 'transport',
  summary: 'tuples per second over one hop between two worker processes, and their latency at half a million a second',
  run: async (setting) => {
    const count = tuples(setting, 4_000_000);
    const flood = { warm: 1_000_000, count, batch: BATCH, rate: 0 };
    const steady = { ...flood, count: tuples(setting, 2_000_000), rate: RATE_MIN / 2 };
    const floods: Hop[] = [];
    const steadies: Hop[] = [];
    for (let round = 0; round < rounds(setting); round++) {
      floods.push(await hop(setting, flood));
      steadies.push(await hop(setting, steady));
    }
    return [...floodFigures(floods, count), ...latencyFigures(steadies, steady.count)];
  },
};

function floodFigures(hops: readonly Hop[], count: number): readonly Figure[] {
  const rates = hops.map(({ receiver }) => (count * 1000) / receiver.elapsedMs);
  const cpu = (end: keyof Hop): Figure => ({
    benchmark: 'transport',
    name: `one hop, CPU of the ${end} per million tuples`,
    value: median(hops.map((each) => perMillion(each[end].cpuMs, count))),
    unit: 's',
    limit: { kind: 'at most', value: CPU_SECS_MAX },
  });
  return [
    {
      benchmark: 'transport',
      name: 'one hop, tuples of 150 bytes with one root',
      value: median(rates),
      unit: 'tuples/s',
      limit: { kind: 'at least', value: RATE_MIN },
      note: `best of ${rates.length}: ${Math.round(Math.max(...rates)).toLocaleString('en-US')}`,
    },
    cpu('sender'),
    cpu('receiver'),
  ];
}

function latencyFigures(hops: readonly Hop[], count: number): readonly Figure[] {
  const quantile = (name: 'p50Ms' | 'p99Ms'): readonly number[] => hops.map(({ receiver }) => receiver[name] as number);
  const common = { benchmark: 'transport', unit: 'ms' };
  const rate = median(hops.map(({ receiver }) => (count * 1000) / receiver.elapsedMs));
  return [
    {
      ...common,
      name: 'one hop at 500,000/s: p50',
      value: median(quantile('p50Ms')),
      note: `${Math.round(rate).toLocaleString('en-US')} tuples/s came`,
    },
    {
      ...common,
      name: 'one hop at 500,000/s: p99',
      value: median(quantile('p99Ms')),
      limit: { kind: 'at most', value: P99_MS_MAX },
      note: `best of ${hops.length}: ${Math.min(...quantile('p99Ms')).toFixed(2)}`,
    },
  ];
}

/** One measurement in two processes. */
async function hop(setting: Setting, request: Omit<HopRequest, 'end'>): Promise<Hop> {
  const ends = [startEnd(setting, { ...request, end: 'sender' }), startEnd(setting, { ...request, end: 'receiver' })] as const;
  const [sender, receiver] = ends;
  try {
    const ports = [await sender.line(), await receiver.line()];
    sender.tell(ports[1] as string);
    receiver.tell(ports[0] as string);
    const ofReceiver = JSON.parse(await receiver.line()) as HopSample;
    sender.tell('end');
    receiver.tell('end');
    const ofSender = JSON.parse(await sender.line()) as HopSample;
    await Promise.all(ends.map(({ exited }) => exited));
    return { sender: ofSender, receiver: ofReceiver };
  } finally {
    for (const { child } of ends) child.kill('SIGKILL');
  }
}

interface End {
  readonly child: ChildProcess;
  readonly exited: Promise<void>;
  /** The next line that it prints. Rejects when it ends before. */
  line(): Promise<string>;
  tell(line: string): void;
}

function startEnd({ profiles }: Setting, request: HopRequest): End {
  const flags = profiles === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profiles];
  const child = spawn(process.execPath, [...flags, join(ROOT, 'dist', 'bench', 'transport-worker.js'), JSON.stringify(request)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    child,
    exited: new Promise((resolve) => child.once('exit', () => resolve())),
    line: async () => {
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`the ${request.end} ended before it had measured`);
      return value;
    },
    tell: (line) => child.stdin.write(`${line}\n`),
  };
}
