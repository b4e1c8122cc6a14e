// `npm run demo:cluster`: a cluster of real daemons on this machine, a topology that keeps books, and everything that can go wrong with machines. Invariant: ends with 0
// only if every line that was emitted was acked and written down. `-- --short` takes half a minute.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, fail, installPackages, root } from './setup.mjs';
import { TOOLS } from './tools.mjs';

const isShort = process.argv.includes('--short');
const RATE = isShort ? 500 : 1000;
/** Steady time before, between and after faults. */
const STEADY_MS = isShort ? 1500 : 5000;
const WINDOW_MS = 500;
const WORKERS = 4;

installPackages();
build();
const missing = TOOLS.filter(({ name, present }) => ['python3', 'zookeeper', 'zookeeper-client'].includes(name) && !present());
if (missing.length > 0) {
  fail(
    `the demo needs ${missing.map(({ name }) => name).join(', ')}; on Debian: apt-get install ${missing.flatMap(({ packages }) => packages).join(' ')}`,
  );
}
const { Cluster } = await import('../dist/test/support/cluster.js');
const { startZooKeeper } = await import('../dist/test/support/zookeeper.js');
const { readBooks, recoveryMs } = await import('../dist/examples/cluster/check.js');

const startedAtMs = performance.now();
const scratch = mkdtempSync(join(tmpdir(), 'polybolt-demo-'));
const ledger = join(scratch, 'ledger');
const elsewhere = join(scratch, 'elsewhere');
for (const directory of [ledger, elsewhere]) mkdirSync(directory);
const poem = join(root, 'examples', 'cluster', 'poem.txt');
const results = [];

let zookeeper;
let cluster;
let status = 1;
try {
  status = await story();
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : error}`);
} finally {
  await cluster?.stop();
  await zookeeper?.close();
  rmSync(scratch, { recursive: true, force: true });
}
process.exit(status);

async function story() {
  say('starting ZooKeeper, two nimbuses, and three supervisors with two slots each');
  zookeeper = await startZooKeeper();
  cluster = await Cluster.start({ zookeeper: [zookeeper.address], nimbuses: 2, supervisors: 3, slots: 2 });
  await submit();
  await fault('rebalance from 2 to 4 workers', rebalance);
  await fault('the leading nimbus killed', killLeader);
  await fault('a supervisor and its workers killed', killSupervisor);
  await fault('a worker stopped past its timeout, then continued', freezeWorker);
  return finish();
}

async function submit() {
  const variables = { ledger, adapters: join(root, 'adapters', 'python'), rate: RATE };
  const set = Object.entries(variables).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
  say(`polybolt submit topology.yaml --config topology.workers=2 --wait, from ${elsewhere}`);
  await polybolt('submit', join(root, 'examples', 'cluster', 'topology.yaml'), ...set, '--config', 'topology.workers=2', '--wait');
  await cluster.until('lines are acked at the full rate', () => readBooks(ledger, poem).acked > 2 * RATE);
  await pause(STEADY_MS);
}

async function rebalance() {
  await polybolt('rebalance', 'ledger', '-n', String(WORKERS), '-w', '1');
  await cluster.untilRunning('ledger', WORKERS);
}

async function killLeader() {
  const leader = await cluster.leader();
  await leader.signal('SIGKILL');
  await cluster.until('the other nimbus leads', async () => {
    const state = await cluster.state();
    return (state?.leader ?? null) !== null && state.leader.url !== leader.url;
  });
  return () => leader.start();
}

async function killSupervisor() {
  const { supervisor } = cluster.workers()[0];
  const victims = cluster.workers().filter((worker) => worker.supervisor === supervisor);
  await supervisor.signal('SIGKILL');
  for (const { pid, children } of victims) for (const victim of [pid, ...children]) kill(victim, 'SIGKILL');
  return () => supervisor.start();
}

async function freezeWorker() {
  const victim = cluster.workers().at(-1);
  kill(victim.pid, 'SIGSTOP');
  await cluster.until('its supervisor has started another in its place', () =>
    cluster.workers().some(({ supervisor, port, pid }) => supervisor === victim.supervisor && port === victim.port && pid !== victim.pid),
  );
  kill(victim.pid, 'SIGCONT');
}

/** Does it, waits until lines are acked at the full rate again, and notes how long that took. What `action` returns puts things back in order. */
async function fault(what, action) {
  say(what);
  const atMs = Date.now();
  const mend = await action();
  let tookMs;
  await cluster.until('the rate is full again', () => {
    const untilMs = Date.now();
    tookMs = recoveryMs(readBooks(ledger, poem).ackedAtMs, atMs, untilMs, RATE, WINDOW_MS);
    // A rate that has not fallen yet may still fall.
    return tookMs !== undefined && (tookMs > 0 || untilMs - atMs > 5 * WINDOW_MS + STEADY_MS);
  });
  results.push({ what, tookMs });
  mend?.();
  await pause(STEADY_MS);
}

async function finish() {
  writeFileSync(join(ledger, 'stop'), '');
  say('no more lines; waiting for those on their way');
  let books;
  await cluster.until('every line is acked', () => {
    books = readBooks(ledger, poem);
    return books.acked >= books.emitted;
  });
  await polybolt('kill', 'ledger', '-w', '0');
  await cluster.until('its workers have ended', () => cluster.workers().length === 0);
  console.log('\nback at the full rate after');
  for (const { what, tookMs } of results)
    console.log(`  ${what.padEnd(52)} ${tookMs === 0 ? 'never below it' : `${(tookMs / 1000).toFixed(1)} s`}`);
  console.log(`\n${((performance.now() - startedAtMs) / 1000).toFixed(0)} s, ${RATE} lines a second`);
  console.log(`roots ${books.emitted} emitted, ${books.acked} acked, ${books.lost.length} lost`);
  return books.lost.length === 0 && books.acked === books.emitted ? 0 : 1;
}

async function polybolt(...args) {
  const { status: code, stderr } = await cluster.cli(args, elsewhere);
  if (code !== 0) throw new Error(`polybolt ${args.join(' ')} ended with ${code}:\n${stderr}\n${cluster.log()}`);
}

function say(text) {
  console.log(`${((performance.now() - startedAtMs) / 1000).toFixed(1).padStart(6)} s  ${text}`);
}

function kill(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
