/** How long a user waits: for help, for the first acked tuple; and what a topology costs that does nothing. Invariant: whole commands, as a user types them. */
import { join } from 'node:path';
import { ADAPTER, type Benchmark, fixture, ROOT, runToEnd, type Setting, sampleOf } from './benchmark.js';
import type { Figure } from './figure.js';
import { inTurn, median } from './statistics.js';

const CLI = join(ROOT, 'dist', 'bundle', 'cli', 'main.js');
const ENVIRONMENT = { PYTHONPATH: ADAPTER, PYTHONDONTWRITEBYTECODE: '1' };
const MIB = 1024 * 1024;

export const start: Benchmark = {
  name: 'start',
  summary: 'first ack of `polybolt run` with three Python components; `polybolt --help`',
  run: async (setting) => {
    const times = await inTurn(5, {
      firstAck: () => firstAckMs(),
      help: async () => (await runToEnd(process.execPath, [CLI, '--help'])).elapsedMs,
      node: async () => (await runToEnd(process.execPath, ['-e', '0'])).elapsedMs,
      python: async () => (await runToEnd('python3', ['-c', 'import polybolt'], { env: ENVIRONMENT })).elapsedMs,
    });
    return [
      {
        benchmark: 'start',
        name: 'polybolt run, three Python components: firstAckMs',
        value: median(times.firstAck),
        unit: 'ms',
        limit: { kind: 'at most', value: 400 },
        note: 'median of 5',
      },
      {
        benchmark: 'start',
        name: 'polybolt --help',
        value: median(times.help),
        unit: 'ms',
        limit: { kind: 'at most', value: 150 },
        note: 'median of 5',
      },
      { benchmark: 'start', name: '  node alone', value: median(times.node), unit: 'ms' },
      { benchmark: 'start', name: '  python3 and our adapter alone', value: median(times.python), unit: 'ms' },
      ...(await idle(setting)),
    ];
  },
};

async function firstAckMs(): Promise<number> {
  const { stdout } = await runToEnd(process.execPath, [CLI, 'run', fixture('three-python.yaml'), '--until-idle', '50ms', '--json'], {
    env: ENVIRONMENT,
  });
  const summary = JSON.parse(stdout.trim().split('\n').at(-1) as string) as { readonly firstAckMs: number };
  return summary.firstAckMs;
}

async function idle(setting: Setting): Promise<readonly Figure[]> {
  const sample = await sampleOf(setting, {
    kind: 'idle',
    spout: ['python3', fixture('idle-spout.py')],
    bolt: ['python3', fixture('echo-polybolt.py')],
    environment: ENVIRONMENT,
  });
  const figure = (name: string, value: number, unit: string): Figure => ({
    benchmark: 'start',
    name: `idle topology of three Python components: ${name}`,
    value,
    unit,
  });
  return [
    figure('host memory', (sample.residentBytes as number) / MIB, 'MiB'),
    figure('memory of the three children', (sample.childResidentBytes as number) / MIB, 'MiB'),
    figure('host CPU', (100 * sample.hostCpuMs) / sample.elapsedMs, '% of a core'),
    figure('CPU of the three children', (100 * sample.childCpuMs) / sample.elapsedMs, '% of a core'),
  ];
}
