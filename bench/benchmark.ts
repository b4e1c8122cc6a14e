/** What a benchmark is, and what it is given. Invariant: a benchmark leaves nothing behind: its files are in `scratch`, which its caller removes. */
import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Figure } from './figure.js';
import type { Sample, SampleRequest } from './sample.js';

export interface Benchmark {
  readonly name: string;
  /** One line for the list of benchmarks. */
  readonly summary: string;
  readonly run: (setting: Setting) => Promise<readonly Figure[]>;
}

/** Where and how thoroughly to measure. */
export interface Setting {
  /** Fewer rounds of fewer tuples: for a look, not for a decision. */
  readonly quick: boolean;
  /** A directory for files. */
  readonly scratch: string;
  /** Where samples leave their CPU profiles, if they are to. */
  readonly profiles: string | undefined;
}

/** The project's directory; this file is compiled to dist/bench. */
export const ROOT = resolve(fileURLToPath(import.meta.url), '../../..');
export const ADAPTER = join(ROOT, 'adapters', 'python');

/** The path of a file of bench/fixtures. */
export function fixture(name: string): string {
  return join(ROOT, 'bench', 'fixtures', name);
}

export function rounds({ quick }: Setting): number {
  return quick ? 3 : 7;
}

/** Shrinks a number of tuples for a quick run. */
export function tuples({ quick }: Setting, count: number): number {
  return quick ? Math.ceil(count / 4) : count;
}

/** Takes one sample in a process of its own. Throws when a tuple was lost or a component complained. */
export async function sampleOf(setting: Setting, request: SampleRequest): Promise<Sample> {
  const flags = setting.profiles === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', setting.profiles];
  const { stdout } = await runToEnd(process.execPath, [...flags, join(ROOT, 'dist', 'bench', 'sample.js'), JSON.stringify(request)]);
  return JSON.parse(stdout) as Sample;
}

/** Runs a command; its stdout, its stderr and how long it took. Throws when it fails and `mayFail` is not set. */
export async function runToEnd(
  command: string,
  args: readonly string[],
  options: {
    readonly env?: NodeJS.ProcessEnv;
    readonly cwd?: string;
    readonly stdin?: number | 'ignore';
    readonly mayFail?: boolean;
    readonly keepStdout?: boolean;
  } = {},
): Promise<{ readonly stdout: string; readonly elapsedMs: number; readonly status: number | null }> {
  const startedAtMs = performance.now();
  const child = spawn(command, args, {
    cwd: options.cwd ?? ROOT,
    env: { ...process.env, ...options.env },
    stdio: [options.stdin ?? 'ignore', options.keepStdout === false ? 'ignore' : 'pipe', 'pipe'],
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
  let elapsedMs = 0;
  const status = await new Promise<number | null>((done, reject) => {
    child.on('error', reject);
    child.on('exit', () => {
      elapsedMs = performance.now() - startedAtMs;
    });
    child.on('close', (code) => done(code));
  });
  if (status !== 0 && options.mayFail !== true) {
    throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${Buffer.concat(err).toString().trim().slice(-2000)}`);
  }
  return { stdout: Buffer.concat(out).toString(), elapsedMs, status };
}

/** CPU seconds for a million tuples. */
export function perMillion(cpuMs: number, count: number): number {
  return (cpuMs * 1000) / count;
}
