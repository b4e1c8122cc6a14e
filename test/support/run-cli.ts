/**
 * Runs the command `polybolt` as a child process, as a user would. Invariant: nothing is left of it when the test ends.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { RootSummary } from '../../src/daemon/local/summary.js';

/** The root of the project; tests run in `dist/test/…`. */
export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');

export const CLI = join(ROOT, 'dist', 'bundle', 'cli', 'main.js');

export interface CliResult {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Hears each line of stderr as it comes. */
  readonly onStderrLine?: (line: string, child: ChildProcess) => void;
  /** Hears each line of stdout as it comes. */
  readonly onStdoutLine?: (line: string, child: ChildProcess) => void;
}

/** Resolves when the command has ended and its output is read. */
export async function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const { cwd = ROOT, env = process.env, onStderrLine, onStdoutLine } = options;
  const child = spawn(process.execPath, [CLI, ...args], { cwd, env: { ...env, NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'pipe'] });
  const lines = { stdout: '', stderr: '' };
  for (const [name, onLine] of [
    ['stdout', onStdoutLine],
    ['stderr', onStderrLine],
  ] as const) {
    createInterface({ input: child[name] }).on('line', (line) => {
      lines[name] += `${line}\n`;
      onLine?.(line, child);
    });
  }
  const onExit = (): void => void child.kill('SIGKILL');
  process.on('exit', onExit);
  const [status, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  process.off('exit', onExit);
  return { status, signal, ...lines };
}

/** The tuples that `--print` wrote, in order. */
export function printedTuples(
  stdout: string,
): { readonly component: string; readonly stream: string; readonly task: number; readonly values: readonly unknown[] }[] {
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{"component"'))
    .map((line) => JSON.parse(line));
}

/** The object that `--json` ends with. */
export function summaryOf(stdout: string): {
  readonly roots: RootSummary;
  readonly components: readonly Readonly<Record<string, unknown>>[];
  readonly firstAckMs: number | null;
  readonly elapsedMs: number;
  readonly status: number;
} {
  return JSON.parse(stdout.split('\n').findLast((line) => line.startsWith('{"topology"')) ?? '{}');
}
