/**
 * Kills on a cluster of real daemons over ZooKeeper: of workers, and of the leading nimbus. Invariant: what is measured of a topology comes from the books that it keeps; the daemons run as an
 * operator would run them, but for shorter timeouts.
 */
import { Cluster, type RunningWorker } from '../test/support/cluster.js';
import { Ledger } from '../test/support/ledger.js';
import { startZooKeeper, type ZooKeeperServer } from '../test/support/zookeeper.js';
import type { Setting } from './benchmark.js';
import type { Figure } from './figure.js';
import { BENCHMARK, checkNoneLost, figuresOf, kills } from './recovery-figures.js';
import { median } from './statistics.js';

const RATE = 500;
const WORKERS = 4;
/** The rate is looked at in windows of this length. */
const WINDOW_MS = 100;
const SESSION_MS = 4000;
const HEARTBEAT_SECS = 2;
const CONFIG = {
  'storm.zookeeper.session.timeout': SESSION_MS,
  'worker.heartbeat.frequency.secs': HEARTBEAT_SECS,
  'supervisor.worker.timeout.secs': 3 * HEARTBEAT_SECS,
};

export async function clusterKills(setting: Setting): Promise<readonly Figure[]> {
  let zookeeper: ZooKeeperServer;
  try {
    zookeeper = await startZooKeeper();
  } catch (error) {
    return [{ benchmark: BENCHMARK, name: 'kills on a cluster', value: Number.NaN, unit: '', note: `no ZooKeeper: ${String(error)}` }];
  }
  let cluster: Cluster | undefined;
  try {
    cluster = await Cluster.start({ zookeeper: [zookeeper.address], nimbuses: 2, supervisors: 3, slots: 2, config: CONFIG });
    const ledger = await Ledger.submit(cluster, { workers: WORKERS, rate: RATE });
    const figures = [...(await workerKills(setting, cluster, ledger)), ...(await leaderKills(setting, cluster, ledger))];
    checkNoneLost(await ledger.finish());
    return figures;
  } finally {
    await cluster?.stop();
    await zookeeper.close();
  }
}

/** Each worker in turn. */
async function workerKills(setting: Setting, cluster: Cluster, ledger: Ledger): Promise<readonly Figure[]> {
  const times: number[] = [];
  for (let kill = 0; kill < kills(setting); kill++) {
    const { pid } = byPort(cluster)[kill % WORKERS] as RunningWorker;
    const atMs = Date.now();
    process.kill(pid, 'SIGKILL');
    times.push(await untilRecovered(cluster, ledger, atMs));
    await cluster.untilRunning(ledger.name, WORKERS);
    await ledger.untilMore(2 * RATE);
  }
  return figuresOf(`worker killed, heartbeats of ${HEARTBEAT_SECS} s, to full rate`, times, 5000);
}

/** The leader each time; the other takes over while the topology runs on. */
async function leaderKills(setting: Setting, cluster: Cluster, ledger: Ledger): Promise<readonly Figure[]> {
  const times: number[] = [];
  const rates: number[] = [];
  const workers = pidsOf(cluster);
  for (let kill = 0; kill < kills(setting); kill++) {
    const leader = await cluster.leader();
    const other = cluster.nimbuses.find((nimbus) => nimbus !== leader) as typeof leader;
    const terms = other.said('leadership.won');
    const atMs = Date.now();
    await leader.signal('SIGKILL');
    await cluster.until('the other leads', () => other.said('leadership.won') > terms, undefined, 5);
    const untilMs = Date.now();
    times.push(untilMs - atMs);
    rates.push(ledger.ackedBetween(atMs, untilMs) / ((untilMs - atMs) / 1000));
    leader.start();
    await cluster.untilWhole();
  }
  if (pidsOf(cluster).join() !== workers.join()) throw new Error('workers were started anew although only nimbuses were killed');
  const name = 'leading nimbus killed';
  return [
    ...figuresOf(`${name}, to the next, session timeout ${SESSION_MS / 1000} s`, times, SESSION_MS + 2000),
    {
      benchmark: BENCHMARK,
      name: `${name}: lowest rate until the next`,
      value: Math.min(...rates),
      unit: 'lines/s',
      limit: { kind: 'at least', value: 0.9 * RATE },
      note: `of ${RATE} lines/s; median ${median(rates).toFixed(0)}`,
    },
  ];
}

/** Resolves to how long it took, when it is over. */
async function untilRecovered(cluster: Cluster, ledger: Ledger, atMs: number): Promise<number> {
  let tookMs: number | undefined;
  await cluster.until('the rate is full again', () => {
    tookMs = ledger.recoveryMs(atMs, WINDOW_MS);
    // A rate that has not fallen yet may still fall.
    return tookMs !== undefined && (tookMs > 0 || Date.now() - atMs > 50 * WINDOW_MS);
  });
  return tookMs as number;
}

function byPort(cluster: Cluster): RunningWorker[] {
  return cluster.workers().sort((one, other) => one.port - other.port);
}

function pidsOf(cluster: Cluster): number[] {
  return byPort(cluster).map(({ pid }) => pid);
}
