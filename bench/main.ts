/**
 * `npm run bench`: runs the benchmarks and prints one table. Invariant: each figure that has a limit is printed beside it with its mark; the exit status is 0
 * whether limits are met or not, unless `--strict` is given, and 1 when a benchmark could not run.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Benchmark, Setting } from './benchmark.js';
import { cEcho } from './c-echo.js';
import { codec } from './codec.js';
import { type Figure, markOf, tableOf } from './figure.js';
import { inProcess } from './in-process.js';
import { latency } from './latency.js';
import { pythonBolt } from './python-bolt.js';
import { recovery } from './recovery.js';
import { scheduling } from './scheduling.js';
import { start } from './start.js';
import { transport } from './transport.js';
import { workers } from './workers.js';

const BENCHMARKS: readonly Benchmark[] = [codec, pythonBolt, cEcho, inProcess, latency, start, transport, recovery, scheduling, workers];

const HELP = `Usage: npm run bench -- [NAME...] [--quick] [--json] [--strict] [--profile]

${BENCHMARKS.map(({ name, summary }) => `  ${name.padEnd(12)} ${summary}`).join('\n')}

  --quick      fewer rounds of fewer tuples
  --json       one JSON line for each figure instead of the table
  --strict     exit status 1 when a limit is missed
  --profile    also print where the host's CPU time went
`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      strict: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      'profile-dir': { type: 'string' },
    },
  });
  const unknown = positionals.filter((name) => BENCHMARKS.every((benchmark) => benchmark.name !== name));
  if (values.help || unknown.length > 0) {
    if (unknown.length > 0) console.error(`polybolt: there is no benchmark ${unknown.join(', ')}`);
    console.error(HELP);
    return unknown.length > 0 ? 2 : 0;
  }
  const chosen = BENCHMARKS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  const scratch = mkdtempSync(join(tmpdir(), 'polybolt-bench-'));
  try {
    const figures = await runAll(chosen, { quick: values.quick, scratch, profiles: values['profile-dir'] });
    if (values.json) for (const figure of figures) process.stdout.write(`${JSON.stringify({ ...figure, mark: markOf(figure) })}\n`);
    else process.stdout.write(`${tableOf(figures)}\n\nCPU is in seconds for a million tuples (codec: frames).\n`);
    return values.strict && figures.some((figure) => markOf(figure) === 'MISSED') ? 1 : 0;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function runAll(benchmarks: readonly Benchmark[], setting: Setting): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const { name, run } of benchmarks) {
    console.error(`polybolt: ${name} …`);
    try {
      figures.push(...(await run(setting)));
    } catch (error) {
      process.exitCode = 1;
      figures.push({
        benchmark: name,
        name: 'failed',
        value: Number.NaN,
        unit: '',
        note: error instanceof Error ? error.message.replaceAll('\n', ' ') : String(error),
      });
    }
  }
  return figures;
}

const status = await main();
if (status !== 0) process.exitCode = status;
