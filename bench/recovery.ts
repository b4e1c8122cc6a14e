/**
 * How long until a topology is at full rate again after something was killed, twenty times each. Invariant: what is measured is the user's: acks of
 * lines that were emitted at a steady rate, from the books that the topology of examples/cluster keeps; a line that is lost is a failure, not a figure.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ackedSoFar, readBooks, recoveryMs } from '../examples/cluster/check.js';
import { ADAPTER, type Benchmark, ROOT, type Setting } from './benchmark.js';
import type { Figure } from './figure.js';
import { childrenOf } from './processes.js';
import { clusterKills } from './recovery-cluster.js';
import { checkNoneLost, figuresOf, kills } from './recovery-figures.js';

const EXAMPLE = join(ROOT, 'examples', 'cluster');
const CLI = join(ROOT, 'dist', 'bundle', 'cli', 'main.js');
const RATE = 2000;
/** Time between two kills of a child. */
const CHILD_PAUSE_MS = 1000;

export const recovery: Benchmark = {
  name: 'recovery',
  summary: 'time to full rate after kills of a child, a worker and the leading nimbus',
  run: async (setting) => [...(await childKills(setting)), ...(await clusterKills(setting))],
};

/** The topology in one process, its `split` bolts killed in turn. */
async function childKills(setting: Setting): Promise<readonly Figure[]> {
  const ledger = mkdtempSync(join(setting.scratch, 'ledger-'));
  const variables = { ledger, adapters: ADAPTER, roots: 1_000_000, rate: RATE };
  const set = Object.entries(variables).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
  const args = ['run', join(EXAMPLE, 'topology.yaml'), ...set, '--config', 'topology.workers=1', '--log', 'error'];
  const run = spawn(process.execPath, [CLI, ...args], { cwd: ROOT, stdio: 'ignore' });
  try {
    await until(() => ackedSoFar(ledger) > 2 * RATE);
    const faults: number[] = [];
    const splits = splitPids(run);
    for (let kill = 0; kill < kills(setting); kill++) {
      faults.push(Date.now());
      process.kill(splits()[kill % 3] as number, 'SIGKILL');
      await pause(CHILD_PAUSE_MS);
    }
    run.kill('SIGINT');
    await once(run, 'exit');
    const account = readBooks(ledger, join(EXAMPLE, 'poem.txt'));
    checkNoneLost(account);
    const times = faults.map((atMs) => recoveryMs(account.ackedAtMs, atMs, atMs + CHILD_PAUSE_MS, RATE, 50));
    return figuresOf('child killed, to full rate', times, 250);
  } finally {
    run.kill('SIGKILL');
  }
}

/** Pids of the `split` bolts as they are now: a killed one has a successor. */
function splitPids(run: ChildProcess): () => number[] {
  return () => childrenOf(run.pid as number).filter((pid) => commandOf(pid).includes('split.py'));
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
}

/** Resolves when it holds; it is looked at every 20 ms. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await pause(20);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
