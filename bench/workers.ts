/** The word count in two worker processes against one process. Invariant: whole commands, in turn; every root is acked in both. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Benchmark, ROOT, runToEnd, type Setting, tuples } from './benchmark.js';
import { inTurn, median, medianRatio } from './statistics.js';

const CLI = join(ROOT, 'dist', 'bundle', 'cli', 'main.js');
const TOPOLOGY = join(ROOT, 'examples', 'word-count', 'topology.yaml');
const LINES = 20_000;

interface Summary {
  readonly elapsedMs: number;
  readonly roots: { readonly emitted: number; readonly acked: number };
}

export const workers: Benchmark = {
  name: 'workers',
  summary: 'word count with --workers 2 against one process',
  run: async (setting) => {
    const input = writeText(setting, tuples(setting, LINES));
    const taken = await inTurn(setting.quick ? 1 : 3, { one: () => wordCount(input), two: () => wordCount(input, '--workers', '2') });
    const rate = ({ elapsedMs, roots }: Summary): number => (1000 * roots.acked) / elapsedMs;
    const common = { benchmark: 'workers', unit: 'lines/s' };
    return [
      { ...common, name: 'word count in one process', value: median(taken.one.map(rate)) },
      { ...common, name: 'word count with --workers 2', value: median(taken.two.map(rate)) },
      {
        benchmark: 'workers',
        name: '  two workers to one process',
        value: medianRatio(taken.two.map(rate), taken.one.map(rate)),
        unit: 'times',
        note: 'five components share the cores with them',
      },
    ];
  },
};

/** This repository's own texts, over and over. */
function writeText(setting: Setting, lines: number): string {
  const pages = readdirSync(join(ROOT, 'spec')).filter((name) => name.endsWith('.md'));
  const text = pages.flatMap((name) => readFileSync(join(ROOT, 'spec', name), 'utf8').split('\n'));
  const path = join(setting.scratch, 'text.txt');
  writeFileSync(path, Array.from({ length: lines }, (_, index) => `${text[index % text.length]}\n`).join(''));
  return path;
}

async function wordCount(input: string, ...options: readonly string[]): Promise<Summary> {
  const args = ['run', TOPOLOGY, '--set', `input=${input}`, '--until-idle', '200ms', '--log', 'error', '--json', ...options];
  const { stdout } = await runToEnd(process.execPath, [CLI, ...args]);
  const summary = JSON.parse(stdout.trim().split('\n').at(-1) as string) as Summary;
  if (summary.roots.acked !== summary.roots.emitted)
    throw new Error(`${summary.roots.emitted} roots emitted, ${summary.roots.acked} acked`);
  return summary;
}
