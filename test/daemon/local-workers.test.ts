/** Topologies over several worker processes of this machine: the same program, launcher and transport as on a cluster, with the store in this process. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { LocalCluster, type LocalClusterOptions } from '../../src/daemon/local/local-cluster.js';
import { createLocalProcessLauncher, type LocalProcessLauncher, type LocalProcessOptions } from '../../src/daemon/local/local-workers.js';
import type { WorkerHandle } from '../../src/daemon/worker-handle.js';
import { isWorkerSnapshot } from '../../src/metrics/snapshot.js';
import { inline } from '../../src/model/component-implementation.js';
import { SILENT_LOG } from '../../src/model/log.js';
import { TopologyBuilder } from '../../src/model/topology-builder.js';
import { COMPONENTS, numbersTopology } from './worker-processes.js';

/** A directory for temporary files of its own: what is left there is ours. */
const TEMPORARY = mkdtempSync(join(tmpdir(), 'polybolt-test-'));
process.env.TMPDIR = TEMPORARY;
t.teardown(() => rmSync(TEMPORARY, { recursive: true, force: true }));

interface Running {
  readonly cluster: LocalCluster;
  /** Of each worker that was launched, in order. */
  readonly handles: readonly WorkerHandle[];
}

async function start(t: Test, slots: number, options: Partial<LocalProcessOptions> = {}, more: LocalClusterOptions = {}): Promise<Running> {
  const local = await createLocalProcessLauncher({ slots, stopMs: 10_000, log: SILENT_LOG, ...options });
  const handles: WorkerHandle[] = [];
  const launcher: LocalProcessLauncher = {
    ...local,
    launcher: {
      leftRunning: () => local.launcher.leftRunning(),
      launch: (spec, events) => {
        const handle = local.launcher.launch(spec, events);
        handles.push(handle);
        return handle;
      },
    },
  };
  const cluster = await LocalCluster.start({ launcher, ...more });
  t.teardown(() => cluster.killNow());
  return { cluster, handles };
}

/** Numbers that a sink wrote down, with how often each. */
function written(file: string): Map<number, number> {
  const counts = new Map<number, number>();
  for (const line of readFileSync(file, 'utf8').trimEnd().split('\n')) counts.set(Number(line), (counts.get(Number(line)) ?? 0) + 1);
  return counts;
}

t.test('two processes count exactly what was emitted, and leave nothing behind', async (t) => {
  const directory = t.testdir(COMPONENTS);
  const file = join(directory, 'written');
  const printed: string[] = [];
  let firstAcks = 0;
  const { cluster, handles } = await start(t, 2, {
    print: { pass: [] },
    onPrint: (lines) => printed.push(...lines.trimEnd().split('\n')),
    onFirstAck: () => firstAcks++,
  });
  const topology = numbersTopology(directory, { count: 2000, passes: 3, file, config: { 'topology.workers': 2 } });
  await cluster.submit(topology);
  t.equal(await cluster.untilIdle('numbers', 100), true);
  const { roots, components } = cluster.summary('numbers');
  t.strictSame(roots, { emitted: 2000, acked: 2000, failed: 0, timedOut: 0, abandoned: 0, pending: 0, unreplayed: 0, unanchored: 0 });
  t.match(
    components.find(({ id }) => id === 'pass'),
    { tasks: 3, executed: 2000, emitted: 2000, acked: 2000 },
  );
  t.equal(handles.length, 2);
  const snapshots = (await Promise.all(handles.map((handle) => handle.snapshot()))).filter(isWorkerSnapshot);
  t.ok(new Set(snapshots.map(({ pid }) => pid)).size === 2 && snapshots.every(({ tasks }) => tasks.length > 0), 'both have work');
  await cluster.shutdown();
  t.same(
    [...written(file).keys()].sort((a, b) => a - b),
    Array.from({ length: 2000 }, (_, number) => number),
  );
  t.ok(
    [...written(file).values()].every((count) => count === 1),
    'each once',
  );
  t.equal(printed.length, 2000, 'and every tuple of a component in whatever process was printed');
  t.match(JSON.parse(printed[0] ?? ''), { component: 'pass', stream: 'default', values: [Number] });
  t.ok(firstAcks >= 1);
  t.same(readdirSync(TEMPORARY), []);
});

t.test('a worker that is killed while tuples pass is started anew, and nothing is lost', async (t) => {
  const directory = t.testdir(COMPONENTS);
  const file = join(directory, 'written');
  const { cluster, handles } = await start(t, 2);
  await cluster.submit(numbersTopology(directory, { count: 5000, passes: 2, file, config: { 'topology.workers': 2 } }));
  let victim: number | undefined;
  while (victim === undefined) {
    const snapshots = (await Promise.all(handles.map((handle) => handle.snapshot()))).filter(isWorkerSnapshot);
    const isUnderWay = snapshots.some(({ tasks }) => tasks.some(({ windows }) => windows[':all-time'].executed > 500));
    // One without the spout: what a spout of this process has emitted dies with it.
    if (isUnderWay) victim = snapshots.find(({ tasks }) => tasks.length > 0 && tasks.every(({ kind }) => kind === 'bolt'))?.pid;
    else await new Promise((resolve) => setImmediate(resolve));
    if (isUnderWay && victim === undefined) throw new Error('every worker has a spout');
  }
  process.kill(victim, 'SIGKILL');
  t.equal(await cluster.untilIdle('numbers', 100), true);
  const { roots } = cluster.summary('numbers');
  t.match(roots, { pending: 0, unreplayed: 0, timedOut: 0 }, 'the loss was heard of, not waited for');
  t.equal(roots.acked, 5000);
  t.equal(written(file).size, 5000);
  t.ok(handles.length > 2);
});

t.test('a component of this process cannot travel, and the error says what can be done', async (t) => {
  let failed: (error: unknown) => void = () => {};
  const failure = new Promise((resolve) => {
    failed = resolve;
  });
  const { cluster } = await start(t, 1, {}, { onError: (_component, error) => failed(error), onFatal: (error) => failed(error) });
  const builder = new TopologyBuilder('inline');
  builder.setSpout(
    'numbers',
    inline(() => ({ nextTuple: () => {} }), { outputs: ['n'] }),
    1,
  );
  builder
    .setBolt(
      'sink',
      inline(() => ({ execute: () => {} })),
      1,
    )
    .shuffleGrouping('numbers');
  cluster.submit(builder.build({ resources: process.cwd() })).catch(failed);
  t.match(await failure, { code: 'PB_TOPOLOGY_INLINE', message: /numbers is inline/, hint: /without worker processes/ });
});

t.test('a component that cannot run is told as the end of its topology', async (t) => {
  const directory = t.testdir(COMPONENTS);
  let failed: (error: unknown) => void = () => {};
  const failure = new Promise((resolve) => {
    failed = resolve;
  });
  const { cluster } = await start(t, 2, { onFatal: (error) => failed(error) });
  await cluster.submit(numbersTopology(directory, { does: 'crash', config: { 'topology.workers': 2 } }));
  t.match(await failure, { code: 'PB_RESTARTS_EXHAUSTED', context: { component: 'pass', stderr: /this component is broken/ } });
});
