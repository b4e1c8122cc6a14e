// `npm run faults`: a cluster of real daemons on this machine, a topology that keeps books at a steady rate, and a random sequence of faults. Invariant: the same seed gives the same
// sequence; the last line is `roots N emitted, N acked, N lost`, and the status is 0 only if none was lost.
// `-- --minutes N` (10), `--seed N`, `--rate N` lines a second (300), `--zookeeper-away SECS` instead of the sequence, `--keep` leaves everything where it was for a look.
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
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
const ZOOKEEPER_AWAY_SECS_MAX = 60;

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

/** Each says what it does and does it; what it returns puts things back in order. */
const FAULTS = [
  [
    'a component killed',
    (what) => {
      const victim = pick(cluster.workers().flatMap(({ children }) => children));
      say(`${what}: ${victim}`);
      kill(victim, 'SIGKILL');
      return nothing;
    },
  ],
  [
    'a worker killed',
    (what) => {
      const worker = pick(cluster.workers());
      say(`${what}: ${nameOf(worker)}`);
      kill(worker?.pid, 'SIGKILL');
      return nothing;
    },
  ],
  ['a supervisor killed', (what) => ended(what, pick(cluster.supervisors), 'SIGKILL', 8000)],
  ['a supervisor restarted', (what) => ended(what, pick(cluster.supervisors), 'SIGTERM', 500)],
  [
    'a machine lost',
    (what) => {
      const supervisor = pick(cluster.supervisors);
      const victims = processesOf(supervisor);
      const mend = ended(what, supervisor, 'SIGKILL', 15_000);
      for (const victim of victims) kill(victim, 'SIGKILL');
      return mend;
    },
  ],
  ['a nimbus killed', (what) => ended(what, pick(cluster.nimbuses), 'SIGKILL', 8000)],
  [
    'the leading nimbus killed',
    async (what) => {
      const url = (await cluster.state())?.leader?.url;
      return ended(what, cluster.nimbuses.find((nimbus) => nimbus.url === url) ?? cluster.nimbuses[0], 'SIGKILL', 8000);
    },
  ],
  [
    'a component frozen',
    (what) => {
      const victim = pick(cluster.workers().flatMap(({ children }) => children));
      return frozen(`${what}: ${victim}`, [victim], 15_000);
    },
  ],
  [
    'a worker frozen',
    (what) => {
      const worker = pick(cluster.workers());
      return frozen(`${what}: ${nameOf(worker)}`, [worker?.pid], 8000);
    },
  ],
  [
    'a daemon frozen',
    (what) => {
      const daemon = pick(cluster.daemons);
      return frozen(`${what}: ${daemon.name}`, [daemon.pid], 15_000);
    },
  ],
  [
    'a machine frozen',
    (what) => {
      const supervisor = pick(cluster.supervisors);
      return frozen(`${what}: ${supervisor.name}`, [supervisor.pid, ...processesOf(supervisor)], 15_000);
    },
  ],
  [
    'a daemon cut off',
    async (what) => {
      const index = Math.floor(random() * proxies.length);
      const way = pick(['freeze', 'deafen', 'cut', 'disconnect']);
      const forMs = random() * 15_000;
      say(`${what}: ${cluster.daemons[index].name}, ${way} for ${seconds(forMs)}`);
      await proxies[index][way]();
      return after(forMs, () => proxies[index].resume());
    },
  ],
  [
    'ZooKeeper away',
    async (what) => {
      const forMs = random() ** 2 * ZOOKEEPER_AWAY_SECS_MAX * 1000;
      const isFrozen = random() < 0.5;
      say(`${what}: ${isFrozen ? 'frozen' : 'killed'} for ${seconds(forMs)}`);
      if (isFrozen) zookeeper.freeze();
      else await zookeeper.kill();
      return after(forMs, () => (isFrozen ? zookeeper.thaw() : zookeeper.restart()));
    },
  ],
];

const startedAtMs = performance.now();
const random = randomOf(seed);
const counts = new Map();
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
  say(`seed ${seed}, ${minutes} minutes, ${rate} lines a second: ZooKeeper, two nimbuses, three supervisors with two slots each`);
  zookeeper = await startZooKeeper();
  const names = ['nimbus-1', 'nimbus-2', 'supervisor-1', 'supervisor-2', 'supervisor-3'];
  proxies = await Promise.all(names.map(() => startProxy(zookeeper.port)));
  const zookeeperOf = Object.fromEntries(names.map((name, index) => [name, [proxies[index].address]]));
  cluster = await Cluster.start({ zookeeper: [zookeeper.address], nimbuses: 2, supervisors: 3, slots: 2, zookeeperOf });
  ledger = await Ledger.submit(cluster, { workers: WORKERS, rate });
  say('lines are acked at the full rate');
}

async function campaign() {
  const untilMs = performance.now() + minutes * 60_000;
  while (performance.now() < untilMs) {
    // Now and then two at once: the second comes before the first has been dealt with.
    const mends = [await anyFault()];
    if (random() < 0.3) {
      await pause(random() * 3000);
      mends.push(await anyFault());
    }
    for (const mend of mends) await mend();
    await recovered();
  }
}

/** One fault; resolves to what puts things back in order, which waits first. */
async function anyFault() {
  const [what, act] = pick(FAULTS);
  counts.set(what, (counts.get(what) ?? 0) + 1);
  return act(what);
}

async function ended(what, daemon, signal, forMsMax) {
  const forMs = random() * forMsMax;
  say(`${what}: ${daemon.name}, for ${seconds(forMs)}`);
  await daemon.signal(signal);
  return after(forMs, () => {
    if (!daemon.isRunning) daemon.start();
  });
}

function frozen(what, pids, forMsMax) {
  const forMs = random() * forMsMax;
  say(`${what}, for ${seconds(forMs)}`);
  for (const pid of pids) kill(pid, 'SIGSTOP');
  return after(forMs, () => {
    for (const pid of pids) kill(pid, 'SIGCONT');
  });
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
  for (const [what, count] of counts) console.log(`${String(count).padStart(5)}  ${what}`);
  console.log(`\nseed ${seed}, ${((performance.now() - startedAtMs) / 1000).toFixed(0)} s, ${rate} lines a second`);
  console.log(verdict(account));
  return account.lost.length === 0 && account.acked === account.emitted ? 0 : 1;
}

function verdict({ emitted, acked, lost }) {
  if (lost.length > 0) console.log(`lost: ${lost.slice(0, 50).join(' ')}`);
  return `roots ${emitted} emitted, ${acked} acked, ${lost.length} lost`;
}

function processesOf(supervisor) {
  return cluster.workers().flatMap(({ supervisor: owner, pid, children }) => (owner === supervisor ? [pid, ...children] : []));
}

function nameOf(worker) {
  return worker === undefined ? 'none' : `${worker.incarnation} launch ${worker.launch} of ${worker.supervisor.name}`;
}

function nothing() {}

function after(ms, action) {
  const due = pause(ms);
  return async () => {
    await due;
    await action();
  };
}

function kill(pid, signal) {
  if (pid === undefined || !existsSync(`/proc/${pid}`)) return;
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

function pick(list) {
  return list[Math.floor(random() * list.length)];
}

/** Mulberry32: numbers from 0 up to 1. */
function randomOf(number) {
  let state = number >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}

function say(text) {
  console.log(`${seconds(performance.now() - startedAtMs).padStart(8)}  ${text}`);
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
