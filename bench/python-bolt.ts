/**
 * One Python bolt of emit and ack, on each library that people have, beside its ceiling. Invariant: a bolt and its ceiling are measured in turn, and their
 * ratio is taken round by round.
 */
import { ADAPTER, type Benchmark, fixture, perMillion, rounds, type Setting, sampleOf, tuples } from './benchmark.js';
import { ceilingOf, type Run, writeFrames } from './ceiling.js';
import type { Figure } from './figure.js';
import type { Sample } from './sample.js';
import { inTurn, median, medianRatio } from './statistics.js';
import { stormLibrary } from './storm-library.js';

interface Variant {
  readonly name: string;
  readonly program: string;
  /** Directory of its library, or why there is none. */
  readonly library: string | { readonly why: string };
  readonly count: number;
  readonly withReplies: boolean;
  /** Least share of the ceiling, in percent. */
  readonly shareMin?: number;
}

function variants(): readonly Variant[] {
  const storm = stormLibrary();
  const stormDirectory = 'directory' in storm ? storm.directory : storm;
  return [
    { name: 'our adapter', program: 'echo-polybolt.py', library: ADAPTER, count: 400_000, withReplies: false, shareMin: 90 },
    { name: 'our drop-in storm', program: 'echo-storm.py', library: ADAPTER, count: 400_000, withReplies: false },
    { name: 'Storm’s storm.py, emit waits for ids', program: 'echo-storm.py', library: stormDirectory, count: 40_000, withReplies: true },
    {
      name: 'Storm’s storm.py, emitBolt',
      program: 'echo-storm-emit-bolt.py',
      library: stormDirectory,
      count: 80_000,
      withReplies: true,
      shareMin: 80,
    },
  ];
}

function environmentOf(library: string): Record<string, string> {
  return { PYTHONPATH: library, PYTHONDONTWRITEBYTECODE: '1' };
}

function bolt(setting: Setting, variant: Variant, library: string, count: number, acking: boolean): Promise<Sample> {
  const command = ['python3', fixture(variant.program)];
  return sampleOf(setting, { kind: 'bolt', command, environment: environmentOf(library), warm: Math.ceil(count / 4), count, acking });
}

async function beside(setting: Setting, variant: Variant): Promise<readonly Figure[]> {
  const { name, library, program, withReplies, shareMin } = variant;
  const common = { benchmark: 'python-bolt' };
  const limit = shareMin === undefined ? {} : { limit: { kind: 'at least', value: shareMin } as const };
  if (typeof library !== 'string') return [{ ...common, name, value: Number.NaN, unit: '% of ceiling', ...limit, note: library.why }];
  const count = tuples(setting, variant.count);
  const files = writeFrames(setting, `${program}-${withReplies}`, count, withReplies);
  const taken = await inTurn<Sample | Run, 'bolt' | 'ceiling'>(rounds(setting), {
    bolt: () => bolt(setting, variant, library, count, true),
    ceiling: () => ceilingOf(files, ['python3', fixture(program)], environmentOf(library)),
  });
  const bolts = taken.bolt as Sample[];
  const ceilings = taken.ceiling as Run[];
  const rate = ({ elapsedMs }: Run | Sample): number => (count / elapsedMs) * 1000;
  return [
    {
      ...common,
      name,
      value: median(bolts.map(rate)),
      unit: 'tuples/s',
      hostCpuSecs: median(bolts.map(({ hostCpuMs }) => perMillion(hostCpuMs, count))),
      childCpuSecs: median(bolts.map(({ childCpuMs }) => perMillion(childCpuMs, count))),
    },
    {
      ...common,
      name: '  its ceiling',
      value: median(ceilings.map(rate)),
      unit: 'tuples/s',
      childCpuSecs: median(ceilings.map(({ cpuMs }) => perMillion(cpuMs, count))),
    },
    { ...common, name: '  its share', value: 100 * medianRatio(bolts.map(rate), ceilings.map(rate)), unit: '% of ceiling', ...limit },
  ];
}

/** What acking costs: the same bolt with and without. */
async function costOfAcking(setting: Setting): Promise<Figure> {
  const variant = variants()[0] as Variant;
  const count = tuples(setting, variant.count);
  const taken = await inTurn(rounds(setting), {
    on: () => bolt(setting, variant, ADAPTER, count, true),
    off: () => bolt(setting, variant, ADAPTER, count, false),
  });
  const rate = ({ elapsedMs }: Sample): number => (count / elapsedMs) * 1000;
  const share = medianRatio(taken.on.map(rate), taken.off.map(rate));
  return {
    benchmark: 'python-bolt',
    name: 'acking on costs our adapter',
    value: 100 * (1 - share),
    unit: '%',
    limit: { kind: 'at most', value: 3 },
  };
}

export const pythonBolt: Benchmark = {
  name: 'python-bolt',
  summary: 'one Python bolt of emit and ack on each library, beside its ceiling; what acking costs it',
  run: async (setting) => {
    const figures: Figure[] = [];
    for (const variant of variants()) figures.push(...(await beside(setting, variant)));
    return [...figures, await costOfAcking(setting)];
  },
};
