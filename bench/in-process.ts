/** A chain of three components in TypeScript: what acking and routing cost where no pipe is in the way. Invariant: acking on and off are measured in turn. */
import { type Benchmark, perMillion, rounds, sampleOf, tuples } from './benchmark.js';
import type { Figure } from './figure.js';
import type { Sample } from './sample.js';
import { inTurn, median, medianRatio } from './statistics.js';

const INPUTS_MIN = 1_000_000;
/** Each root is one input of both bolts. */
const INPUTS_PER_ROOT = 2;

export const inProcess: Benchmark = {
  name: 'in-process',
  summary: 'bolt inputs per second of spout → bolt → bolt in TypeScript, acking on and off',
  run: async (setting) => {
    const count = tuples(setting, 1_000_000);
    const sample = (acking: boolean) => () => sampleOf(setting, { kind: 'chain', warm: 200_000, count, acking });
    const samples = await inTurn(rounds(setting), { on: sample(true), off: sample(false) });
    const ratesOf = (taken: readonly Sample[]): number[] => taken.map(({ elapsedMs }) => (INPUTS_PER_ROOT * count * 1000) / elapsedMs);
    const figure = (name: string, taken: readonly Sample[]): Figure => ({
      benchmark: 'in-process',
      name,
      value: median(ratesOf(taken)),
      unit: 'bolt inputs/s',
      hostCpuSecs: median(taken.map(({ hostCpuMs }) => perMillion(hostCpuMs, INPUTS_PER_ROOT * count))),
    });
    return [
      { ...figure('acking on', samples.on), limit: { kind: 'at least', value: INPUTS_MIN } },
      figure('acking off', samples.off),
      {
        benchmark: 'in-process',
        name: 'acking on, share of acking off',
        value: 100 * medianRatio(ratesOf(samples.on), ratesOf(samples.off)),
        unit: '%',
      },
    ];
  },
};
