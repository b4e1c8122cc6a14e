/** A bolt in C that does nothing but emit and ack: what is left is the host's own cost. Invariant: its program is compiled afresh, outside of the tree. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { type Benchmark, fixture, perMillion, rounds, type Setting, sampleOf, tuples } from './benchmark.js';
import type { Figure } from './figure.js';
import { median } from './statistics.js';

const RATE_MIN = 500_000;
const LIMIT = { kind: 'at least', value: RATE_MIN } as const;

/** Compiles the fixture; returns its path, or why there is none. */
export function compileEcho(setting: Setting): { readonly path: string } | { readonly why: string } {
  const path = join(setting.scratch, 'echo');
  const { status, error, stderr } = spawnSync('cc', ['-O2', '-D_GNU_SOURCE', '-o', path, fixture('echo.c')], { encoding: 'utf8' });
  if (error !== undefined) return { why: 'no C compiler (cc)' };
  return status === 0 ? { path } : { why: `cc failed: ${stderr.trim().split('\n')[0]}` };
}

export const cEcho: Benchmark = {
  name: 'c-echo',
  summary: 'acked tuples per second through a bolt in C: the host’s own limit',
  run: async (setting) => {
    const echo = compileEcho(setting);
    const name = 'spout → C bolt → sink';
    if ('why' in echo) return [{ benchmark: 'c-echo', name, value: Number.NaN, unit: 'acked tuples/s', limit: LIMIT, note: echo.why }];
    const count = tuples(setting, 1_000_000);
    const samples = [];
    for (let round = 0; round < rounds(setting); round++) {
      samples.push(await sampleOf(setting, { kind: 'bolt', command: [echo.path], environment: {}, warm: 100_000, count, acking: true }));
    }
    const common = {
      benchmark: 'c-echo',
      unit: 'acked tuples/s',
      limit: LIMIT,
      hostCpuSecs: median(samples.map(({ hostCpuMs }) => perMillion(hostCpuMs, count))),
      childCpuSecs: median(samples.map(({ childCpuMs }) => perMillion(childCpuMs, count))),
    };
    const rates = samples.map(({ elapsedMs }) => (count / elapsedMs) * 1000);
    return [
      { ...common, name, value: median(rates), note: `median; best of ${rates.length}: ${Math.round(Math.max(...rates))}` },
      {
        benchmark: 'c-echo',
        name: 'the same by the host’s CPU time alone',
        value: 1_000_000 / common.hostCpuSecs,
        unit: 'acked tuples/CPU s',
        limit: LIMIT,
        note: 'less disturbed by other processes, not undisturbed',
      },
    ] satisfies Figure[];
  },
};
