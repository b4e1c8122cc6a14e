/**
 * Frozen and cut off daemons and workers on a real cluster, and what they do when they come back: nothing. Invariant: one topology runs through all of it, and at the end its books show
 * that no line was lost.
 */
import t, { type Test } from 'tap';
import { identify } from '../../src/component/process-identity.js';
import type { StoreSession } from '../../src/coordination/store.js';
import { topologyPath } from '../../src/model/cluster-records.js';
import { Cluster, type Daemon, type RunningWorker } from '../support/cluster.js';
import { Ledger } from '../support/ledger.js';
import { type LoopbackProxy, startProxy } from '../support/proxy.js';
import { needs } from '../support/tools.js';
import { needsZooKeeper, startZooKeeper } from '../support/zookeeper.js';
import { openStore } from '../support/zookeeper-sessions.js';

const RATE = 200;
const WORKERS = 4;
const NAME = 'ledger';

interface Story {
  readonly cluster: Cluster;
  readonly ledger: Ledger;
  /** Before the servers of the third supervisor. */
  readonly proxy: LoopbackProxy;
  readonly store: StoreSession;
}

await t.test(
  'who comes back from a freeze or a cut changes nothing that is another’s by then',
  { skip: needsZooKeeper() || needs('python3') },
  async (t) => {
    const zookeeper = await startZooKeeper();
    t.teardown(() => zookeeper.close());
    const proxy = await startProxy(zookeeper.port);
    t.teardown(() => proxy.close());
    const cluster = await Cluster.start({
      zookeeper: [zookeeper.address],
      nimbuses: 2,
      supervisors: 3,
      slots: 2,
      zookeeperOf: { 'supervisor-3': [proxy.address] },
    });
    t.teardown(() => cluster.stop());
    const store = await openStore(zookeeper);
    t.teardown(() => store.close());
    const story = { cluster, ledger: await Ledger.submit(cluster, { workers: WORKERS, rate: RATE }), proxy, store };
    await frozenLeader(t, story);
    await frozenWorker(t, story);
    await cutOffSupervisor(t, story);
    await frozenMachine(t, story);
    const { emitted, acked, lost } = await story.ledger.finish();
    t.same({ acked, lost }, { acked: emitted, lost: [] }, 'every line is acked, and all of its words are in the books');
  },
);

async function frozenLeader(t: Test, { cluster, store, ledger }: Story): Promise<void> {
  await t.test('a leader that was frozen steps down, stands by, and none of its decisions counts', async (t) => {
    const old = await cluster.leader();
    const pid = old.pid;
    const workers = pidsOf(cluster.workers());
    await old.signal('SIGSTOP');
    await cluster.until('the other nimbus leads', async () => ![undefined, old.url].includes((await cluster.state())?.leader?.url));
    const successor = await cluster.leader();
    await post(successor, 'deactivate');
    // The system takes the connection; the leader that was finds the request when it wakes, and believes that it leads.
    const order = post(old, 'kill', { waitSecs: 0 });
    const change = await recordOf(store);
    t.equal(change.record.status, 'inactive');
    await old.signal('SIGCONT');
    const status = await order;
    t.ok(status >= 300, `it does not take the order to kill the topology: ${status}`);
    await cluster.until('it has stepped down and registered anew', async () => {
      const state = await cluster.state();
      return old.said('leadership.lost') > 0 && old.said('store.expired') > 0 && state?.nimbuses.length === 2;
    });
    t.equal((await cluster.leader()).name, successor.name);
    t.equal(old.pid, pid);
    t.same(await recordOf(store), change, 'the topology is as its successor has left it');
    t.equal(await post(successor, 'activate'), 200);
    await ledger.untilMore(RATE);
    t.same(pidsOf(cluster.workers()), workers, 'no worker has noticed');

    await successor.signal('SIGTERM');
    await cluster.until('it leads again', async () => (await cluster.state())?.leader?.url === old.url);
    successor.start();
  });
}

async function frozenWorker(t: Test, { cluster, ledger }: Story): Promise<void> {
  await t.test('a frozen worker is replaced by its next launch, and the others do not notice', async (t) => {
    const before = cluster.workers();
    const frozen = before.at(-1) as RunningWorker;
    process.kill(frozen.pid, 'SIGSTOP');
    await cluster.until('its supervisor has started another', () =>
      cluster.workers().some(({ port, pid }) => port === frozen.port && pid !== frozen.pid),
    );
    await cluster.untilRunning(NAME, WORKERS);
    await ledger.untilMore(RATE);
    const after = cluster.workers();
    const successor = after.find(({ port }) => port === frozen.port);
    t.match(successor, { incarnation: frozen.incarnation, launch: frozen.launch + 1 });
    t.same(pidsOf(after, frozen.port), pidsOf(before, frozen.port));
  });
}

async function cutOffSupervisor(t: Test, { cluster, ledger, proxy, store }: Story): Promise<void> {
  await t.test('a supervisor that is cut off loses its work, and when it comes back stops what is no longer its own', async (t) => {
    const supervisor = cluster.supervisors[2] as Daemon;
    const { pid } = supervisor;
    const stale = workersOf(cluster, supervisor);
    t.not(stale.length, 0);
    await proxy.freeze();
    await untilMovedFrom(cluster, supervisor);
    t.same(pidsOf(workersOf(cluster, supervisor)), pidsOf(stale), 'what it runs, it knows no reason to stop');
    await ledger.untilMore(RATE);
    const moved = await recordOf(store);
    await proxy.resume();
    await comesBack(t, cluster, supervisor, stale);
    t.equal(supervisor.pid, pid);
    await ledger.untilMore(RATE);
    t.same(await recordOf(store), moved);
  });
}

async function frozenMachine(t: Test, { cluster, ledger, store }: Story): Promise<void> {
  await t.test('workers of a frozen machine wake up to find their places taken', async (t) => {
    const supervisor = cluster.supervisors[0] as Daemon;
    const stale = workersOf(cluster, supervisor);
    t.not(stale.length, 0);
    const components = stale.flatMap(({ children }) => children);
    await supervisor.signal('SIGSTOP');
    for (const { pid } of stale) process.kill(pid, 'SIGSTOP');
    for (const component of components) process.kill(component, 'SIGSTOP');
    await untilMovedFrom(cluster, supervisor);
    const moved = await recordOf(store);
    const successors = pidsOf(cluster.workers().filter((worker) => worker.supervisor !== supervisor));
    for (const component of components) process.kill(component, 'SIGCONT');
    for (const { pid } of stale) process.kill(pid, 'SIGCONT');
    await ledger.untilMore(2 * RATE);
    await supervisor.signal('SIGCONT');
    await comesBack(t, cluster, supervisor, stale);
    await ledger.untilMore(RATE);
    t.same(pidsOf(cluster.workers()), successors, 'those who have the work keep it');
    t.same(await recordOf(store), moved);
  });
}

/** Resolves when a topology has all of its workers, none of them where they were. */
async function untilMovedFrom(cluster: Cluster, supervisor: Daemon): Promise<void> {
  await cluster.until(`${NAME} runs without ${supervisor.name}`, async () => {
    const workers = await cluster.assigned(NAME);
    return workers.length === WORKERS && workers.every((worker) => worker.state === 'running' && worker.supervisor !== supervisor.id);
  });
}

async function comesBack(t: Test, cluster: Cluster, supervisor: Daemon, stale: readonly RunningWorker[]): Promise<void> {
  await cluster.until(`${supervisor.name} is registered again`, async () =>
    ((await cluster.state())?.supervisors ?? []).some(({ id }) => id === supervisor.id),
  );
  await cluster.until('it has ended what is no longer its own', () => workersOf(cluster, supervisor).length === 0);
  t.ok(stale.every(({ children }) => children.every((child) => identify(child) === undefined)));
}

function workersOf(cluster: Cluster, supervisor: Daemon): RunningWorker[] {
  return cluster.workers().filter((worker) => worker.supervisor === supervisor);
}

/** @param but the worker of this port */
function pidsOf(workers: readonly RunningWorker[], but?: number): number[] {
  return workers.flatMap(({ pid, port }) => (port === but ? [] : [pid])).sort();
}

async function recordOf(store: StoreSession): Promise<{ readonly version: number; readonly record: { readonly status: string } }> {
  const entry = await store.get(topologyPath(NAME));
  return { version: entry?.version ?? -1, record: JSON.parse(entry?.data ?? 'null') };
}

/** Asks a nimbus for a change of the topology; resolves to the status of its answer. */
async function post({ url }: Daemon, change: string, body: object = {}): Promise<number> {
  const response = await fetch(`${url}/v1/topologies/${NAME}/${change}`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  await response.arrayBuffer();
  return response.status;
}
