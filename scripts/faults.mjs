// `npm run faults`: a cluster of real daemons on this machine, a topology that keeps books at a steady rate, and a random sequence of faults. Invariant: the same seed gives the same
// sequence; the last line is `roots N emitted, N acked, N lost`, and the status is 0 only if none was lost.
// `-- --minutes N` (10), `--seed N`, `--rate N` lines a second (300), `--zookeeper-away SECS` instead of the sequence, `--keep` leaves everything where it was for a look.
import { parseArgs } from 'node:util';
import { Faults, seconds } from './fault-kinds.mjs';
import { build, fail, installPackages } from './setup.mjs';
import { TOOLS } from './tools.mjs';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e6)) },
    rate: { type: 'string', default: '300' },
    'zookeeper-away': { type: 'string' },
    keep: { type: 'boolean', default: false },
    'skip-build': { type: 'boolean', default: false },
  },
});
const [minutes, seed, rate] = [values.minutes, values.seed, values.rate].map(Number);
const WORKERS = 4;
/** Longest time until lines are acked at the full rate again, whatever has happened. */
const RECOVERY_MS = 120_000;
const AGAIN = 0.4;
const AT_ONCE_MAX = 4;

if (!values['skip-build']) {
  installPackages();
  build();
}
const missing = TOOLS.filter(({ name, present }) => ['python3', 'zookeeper', 'zookeeper-client'].includes(name) && !present());
if (missing.length > 0) fail(`needs ${missing.map(({ name }) => name).join(', ')}`);
const { Cluster } = await import('../dist/test/support/cluster.js');
const { Ledger } = await import('../dist/test/support/ledger.js');
const { startProxy } = await import('../dist/test/support/proxy.js');
const { startZooKeeper } = await import('../dist/test/support/zookeeper.js');

const startedAtMs = performance.now();
let faults;
let zookeeper;
let proxies = [];
let cluster;
let ledger;
let status = 1;
try {
  await start();
  if (values['zookeeper-away'] === undefined) await campaign();
  else await zookeeperAway(Number(values['zookeeper-away']));
  status = await finish();
} catch (error) {
  console.error(`\n${error instanceof Error ? error.stack : error}`);
  if (ledger !== undefined) console.log(verdict(ledger.account()));
} finally {
  if (values.keep && status !== 0) console.error(`left as it was: ${cluster?.directory}; this process ends on SIGINT`);
  if (values.keep && status !== 0) await new Promise((resolve) => process.once('SIGINT', resolve));
  await cluster?.stop();
  for (const proxy of proxies) await proxy.close();
  await zookeeper?.close();
}
process.exit(status);

async function start() {
  say(`seed ${seed}, ${rate} lines a second: ZooKeeper, two nimbuses, three supervisors with two slots each`);
  zookeeper = await startZooKeeper();
  const names = ['nimbus-1', 'nimbus-2', 'supervisor-1', 'supervisor-2', 'supervisor-3'];
  proxies = await Promise.all(names.map(() => startProxy(zookeeper.port)));
  const zookeeperOf = Object.fromEntries(names.map((name, index) => [name, [proxies[index].address]]));
  cluster = await Cluster.start({ zookeeper: [zookeeper.address], nimbuses: 2, supervisors: 3, slots: 2, zookeeperOf });
  ledger = await Ledger.submit(cluster, { workers: WORKERS, rate });
  say('lines are acked at the full rate');
  faults = new Faults({ cluster, zookeeper, proxies, seed, say });
}

async function campaign() {
  const untilMs = performance.now() + minutes * 60_000;
  while (performance.now() < untilMs) {
    const mends = [await faults.any()];
    // Now and then the next one comes before the last has been dealt with.
    while (faults.random() < AGAIN && mends.length < AT_ONCE_MAX) {
      await pause(faults.random() * 3000);
      mends.push(await faults.any());
    }
    for (const mend of mends) await mend();
    await recovered();
  }
}

/** Resolves when every daemon is in its place and lines flow as before, those that were on their way included. */
async function recovered() {
  const sinceMs = performance.now();
  await cluster.untilWhole(RECOVERY_MS);
  await cluster.untilRunning(ledger.name, WORKERS, RECOVERY_MS);
  await ledger.untilSettled(RECOVERY_MS);
  await ledger.untilMore(rate, RECOVERY_MS);
  say(`  all is well again after ${seconds(performance.now() - sinceMs)}; ${ledger.acked} lines`);
}

/** A longer absence of ZooKeeper: lines flow as if nothing were. */
async function zookeeperAway(secs) {
  const before = await rateFor('with ZooKeeper', secs / 4);
  const workers = cluster.workers().map(({ pid }) => pid);
  await zookeeper.kill();
  const during = await rateFor('without it', secs);
  await zookeeper.restart();
  const after = await rateFor('with it again', secs / 4);
  await cluster.untilWhole();
  say('every daemon is registered again');
  const same = cluster.workers().map(({ pid }) => pid);
  if (same.join() !== workers.join()) throw new Error(`workers were restarted: ${workers} are ${same}`);
  if (Math.min(during, after) < 0.9 * before) throw new Error('the rate fell');
}

async function rateFor(what, secs) {
  const fromMs = Date.now();
  await pause(secs * 1000);
  const perSecond = ledger.ackedBetween(fromMs, fromMs + secs * 1000) / secs;
  say(`${what}: ${perSecond.toFixed(1)} lines a second in ${secs} s`);
  return perSecond;
}

async function finish() {
  say('no more lines; waiting for those on their way');
  const account = await ledger.finish(RECOVERY_MS);
  for (const [what, count] of faults.counts) console.log(`${String(count).padStart(5)}  ${what}`);
  console.log(`\nseed ${seed}, ${((performance.now() - startedAtMs) / 1000).toFixed(0)} s, ${rate} lines a second`);
  console.log(verdict(account));
  return account.lost.length === 0 && account.acked === account.emitted ? 0 : 1;
}

function verdict({ emitted, acked, lost }) {
  if (lost.length > 0) console.log(`lost: ${lost.slice(0, 50).join(' ')}`);
  return `roots ${emitted} emitted, ${acked} acked, ${lost.length} lost`;
}

function say(text) {
  console.log(`${seconds(performance.now() - startedAtMs).padStart(8)}  ${text}`);
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
