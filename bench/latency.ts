/** Complete latency of Python spout → Python bolt at a thousand tuples a second. Invariant: medians of the runs' own quantiles, which the host's histogram gives within 7 %. */
import { ADAPTER, type Benchmark, fixture, rounds, sampleOf } from './benchmark.js';
import { median } from './statistics.js';

const RATE = 1000;

export const latency: Benchmark = {
  name: 'latency',
  summary: 'complete latency of Python spout → Python bolt at 1,000/s',
  run: async (setting) => {
    const seconds = setting.quick ? 2 : 5;
    const samples = [];
    for (let round = 0; round < rounds(setting); round++) {
      samples.push(
        await sampleOf(setting, {
          kind: 'latency',
          spout: ['python3', fixture('steady-spout.py'), String(RATE), String(seconds)],
          bolt: ['python3', fixture('echo-polybolt.py')],
          environment: { PYTHONPATH: ADAPTER, PYTHONDONTWRITEBYTECODE: '1' },
          roots: RATE * seconds,
        }),
      );
    }
    const p50s = samples.map(({ p50Ms }) => p50Ms as number);
    const p99s = samples.map(({ p99Ms }) => p99Ms as number);
    return [
      {
        benchmark: 'latency',
        name: 'p50',
        value: median(p50s),
        unit: 'ms',
        limit: { kind: 'at most', value: 0.3 },
        note: `best of ${p50s.length}: ${Math.min(...p50s)}`,
      },
      {
        benchmark: 'latency',
        name: 'p99',
        value: median(p99s),
        unit: 'ms',
        limit: { kind: 'at most', value: 2 },
        note: `best of ${p99s.length}: ${Math.min(...p99s)}`,
      },
    ];
  },
};
