/**
 * ZooKeeper in trouble under a running topology, and daemons that end and start over: what runs, runs on. Invariant: through all of it no worker is started or moved, and at the end the books
 * show that no line was lost.
 */
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { nimbusPath, supervisorPath, topologyPath } from '../../src/model/cluster-records.js';
import { Cluster, type Daemon } from '../support/cluster.js';
import { Ledger } from '../support/ledger.js';
import { needs } from '../support/tools.js';
import { needsZooKeeper, startZooKeeperEnsemble, type ZooKeeperEnsemble, type ZooKeeperServer } from '../support/zookeeper.js';
import { expireSession, openStore } from '../support/zookeeper-sessions.js';

const RATE = 200;
const WORKERS = 3;
const NAME = 'ledger';
const AWAY_MS = 10_000;
/** `supervisor.worker.timeout.secs` of a cluster under test. */
const WORKER_TIMEOUT_MS = 2000;
/** Of all daemons together, until they are as before: some hundred are needed. */
const REQUESTS_MAX = 300;

interface Story {
  readonly cluster: Cluster;
  readonly ledger: Ledger;
  readonly ensemble: ZooKeeperEnsemble;
}

const skip = needsZooKeeper() || needs('python3');

await t.test('what runs, runs on while ZooKeeper is in trouble and daemons start over', { skip }, async (t) => {
  const ensemble = await startZooKeeperEnsemble();
  t.teardown(() => ensemble.close());
  // Long enough for a daemon that starts over on a busy machine: here nothing is to be moved.
  const config = { 'storm.zookeeper.session.timeout': 6000, 'nimbus.task.timeout.secs': 60 };
  const cluster = await Cluster.start({ zookeeper: ensemble.addresses, nimbuses: 2, supervisors: 2, slots: 2, config });
  t.teardown(() => cluster.stop());
  const story = { cluster, ensemble, ledger: await Ledger.submit(cluster, { workers: WORKERS, rate: RATE }) };
  const before = await factsOf(story);
  t.equal(before.workers.length, WORKERS);
  await leaderOfEnsemble(t, story);
  await away(t, story);
  await expiry(t, story);
  for (const signal of ['SIGKILL', 'SIGTERM'] as const) await adoption(t, story, signal);
  await frozenSupervisor(t, story);
  t.same(await factsOf(story), before, 'every worker is the process that it was at the beginning');
  const { emitted, acked, lost } = await story.ledger.finish();
  t.same({ acked, lost }, { acked: emitted, lost: [] }, 'every line is acked, and all of its words are in the books');
});

async function leaderOfEnsemble(t: Test, story: Story): Promise<void> {
  await t.test('of three servers the leader is killed: a line in the log, and nothing else', async (t) => {
    const { cluster, ensemble, ledger } = story;
    const before = await factsOf(story);
    const leader = (await cluster.leader()).name;
    const server = await ensemble.leader();
    await server.kill();
    await cluster.until('the others have a leader', async () =>
      (await Promise.all(ensemble.servers.map((each) => each.mode()))).includes('leader'),
    );
    await ledger.untilMore(2 * RATE);
    await cluster.untilWhole();
    t.equal((await cluster.leader()).name, leader);
    for (const daemon of cluster.daemons) t.equal(daemon.said('store.expired'), 0, daemon.name);
    t.same(await factsOf(story), before);
    await server.restart();
  });
}

async function away(t: Test, story: Story): Promise<void> {
  await t.test('ZooKeeper is away for longer than sessions live: lines flow as before, and nobody comes back as a herd', async (t) => {
    const { cluster, ensemble, ledger } = story;
    const before = await factsOf(story);
    const pids = cluster.daemons.map(({ pid }) => pid);
    await Promise.all(ensemble.servers.map((server) => server.kill()));
    const goneMs = Date.now();
    await cluster.until('ten seconds have passed', () => Date.now() - goneMs >= AWAY_MS);
    const acked = ledger.ackedBetween(goneMs, goneMs + AWAY_MS);
    t.ok(acked > (0.7 * RATE * AWAY_MS) / 1000, `${acked} of ${(RATE * AWAY_MS) / 1000} lines`);
    await Promise.all(ensemble.servers.map((server) => server.restart()));
    await cluster.untilWhole();
    const requests = (await Promise.all(ensemble.servers.map(requestsOf))).reduce((sum, each) => sum + each, 0);
    t.ok(requests < REQUESTS_MAX, `${requests} requests`);
    t.same(
      cluster.daemons.map(({ pid }) => pid),
      pids,
    );
    await ledger.untilMore(RATE);
    t.same(await factsOf(story), before);
  });
}

async function expiry(t: Test, story: Story): Promise<void> {
  await t.test('a daemon whose session has expired registers again, without a restart', async (t) => {
    const { cluster, ensemble } = story;
    const before = await factsOf(story);
    const server = ensemble.servers[0] as ZooKeeperServer;
    for (const daemon of cluster.daemons) {
      const { pid, id } = daemon;
      const count = daemon.said('store.expired');
      await expireSession(server, `/polybolt${daemon.name.startsWith('nimbus') ? nimbusPath(id) : supervisorPath(id)}`);
      await cluster.until(`${daemon.name} has noticed`, () => daemon.said('store.expired') > count);
      await cluster.untilWhole();
      t.equal(daemon.pid, pid);
      t.ok(daemon.isRunning, daemon.name);
    }
    t.same(await factsOf(story), before);
  });
}

async function adoption(t: Test, story: Story, signal: NodeJS.Signals): Promise<void> {
  await t.test(`a supervisor that ended by ${signal} leaves its workers running, and its next life takes them over`, async (t) => {
    const { cluster, ledger } = story;
    const before = await factsOf(story);
    const supervisor = cluster.supervisors[0] as Daemon;
    const own = cluster.workers().filter((worker) => worker.supervisor === supervisor);
    t.not(own.length, 0);
    const adopted = supervisor.said('worker.adopted');
    await supervisor.signal(signal);
    await ledger.untilMore(RATE);
    t.same(await factsOf(story), before, 'without it');
    supervisor.start();
    await cluster.until('it has its workers', () => supervisor.said('worker.adopted') === adopted + own.length);
    await cluster.untilWhole();
    await cluster.untilRunning(NAME, WORKERS);
    await ledger.untilMore(RATE);
    t.same(await factsOf(story), before, 'with it');
  });
}

async function frozenSupervisor(t: Test, story: Story): Promise<void> {
  await t.test('a supervisor that was frozen for longer than a worker may be silent takes none for dead', async (t) => {
    const { cluster, ledger } = story;
    const before = await factsOf(story);
    const supervisor = cluster.supervisors[0] as Daemon;
    await supervisor.signal('SIGSTOP');
    const frozenMs = Date.now();
    await cluster.until('workers have been silent to it for too long', () => Date.now() - frozenMs > 1.5 * WORKER_TIMEOUT_MS);
    await supervisor.signal('SIGCONT');
    await cluster.until('it answers', async () => (await fetch(`${supervisor.url}/v1/workers`)).ok);
    await ledger.untilMore(RATE);
    t.equal(supervisor.said('worker.timeout'), 0);
    t.same(await factsOf(story), before);
  });
}

/** What is not to change: the processes, and what the store says of the topology. */
async function factsOf({ cluster, ensemble }: Story): Promise<{ readonly workers: readonly object[]; readonly record: unknown }> {
  const store = await openStore(ensemble.servers[1] as ZooKeeperServer);
  try {
    const entry = await store.get(topologyPath(NAME));
    const workers = cluster.workers().map(({ pid, port, incarnation, launch }) => ({ pid, port, incarnation, launch }));
    return { workers, record: entry && { version: entry.version, data: entry.data } };
  } finally {
    await store.close();
  }
}

/** Requests that a server has got since it was started. */
async function requestsOf({ port }: ZooKeeperServer): Promise<number> {
  const socket = connect(port, '127.0.0.1', () => socket.end('srvr'));
  return Number(/^Received: (\d+)$/m.exec(await text(socket))?.[1]);
}
