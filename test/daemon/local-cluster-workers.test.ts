/** The local cluster as a cluster: worker processes instead of the inline ones, topologies that come and go, and what it must not load. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { LocalCluster } from '../../src/daemon/local/local-cluster.js';
import { createLocalProcessLauncher } from '../../src/daemon/local/local-workers.js';
import { inline, module } from '../../src/model/component-implementation.js';
import { SILENT_LOG } from '../../src/model/log.js';
import type { Topology } from '../../src/model/topology.js';
import { TopologyBuilder } from '../../src/model/topology-builder.js';

const resources = `${process.cwd()}/test/fixtures/modules`;

function wordsInUpperCase(name: string): Topology {
  const builder = new TopologyBuilder(name).config({ 'topology.workers': 2 });
  builder.setSpout('words', module('./words.mjs', { export: 'Words', outputs: ['word'] }), 1);
  builder.setBolt('upper', module('./upper.ts', { outputs: ['word'] }), 2).shuffleGrouping('words');
  return builder.build({ resources });
}

t.test('with a launcher the workers are processes, and everything else is the same', async (t) => {
  const launcher = await createLocalProcessLauncher({ slots: 2, stopMs: 5000, log: SILENT_LOG });
  const cluster = await LocalCluster.start({ launcher, onFatal: (error) => t.fail(error.message) });
  try {
    await cluster.submit(wordsInUpperCase('words'));
    await t.rejects(cluster.submit(wordsInUpperCase('words')), { code: 'PB_TOPOLOGY_EXISTS' });
    t.equal(await cluster.untilIdle('words', 100, 30_000), true);
    t.match(cluster.summary('words'), {
      roots: { emitted: 6, acked: 6, pending: 0 },
      components: [
        { id: 'words', tasks: 1 },
        { id: 'upper', tasks: 2, executed: 6 },
      ],
    });
    await cluster.kill('words');
    t.throws(() => cluster.summary('words'), { code: 'PB_TOPOLOGY_NOT_FOUND' });
  } finally {
    await cluster.shutdown();
  }
});

t.test('a component that is an object of this process is refused with worker processes, and nothing is left of it', async (t) => {
  const launcher = await createLocalProcessLauncher({ slots: 1, stopMs: 5000, log: SILENT_LOG });
  const cluster = await LocalCluster.start({ launcher });
  const builder = new TopologyBuilder('words');
  builder.setSpout(
    'words',
    inline(() => ({ nextTuple: () => {} }), { outputs: ['word'] }),
    1,
  );
  await t.rejects(cluster.submit(builder.build({ resources })), { code: 'PB_TOPOLOGY_INLINE' });
  t.throws(() => cluster.summary('words'), { code: 'PB_TOPOLOGY_NOT_FOUND' });
  await cluster.shutdown();
});

t.test('a topology that was killed can be submitted again, at once and often', async (t) => {
  const cluster = await LocalCluster.start({ onFatal: (error) => t.fail(error.message) });
  const ids = new Set<string>();
  for (let round = 0; round < 20; round++) {
    ids.add(await cluster.submit(wordsInUpperCase('words')));
    // Every other time it is killed before its workers are up.
    if (round % 2 === 0) await cluster.untilIdle('words', 1);
    await cluster.kill('words');
  }
  t.equal(ids.size, 20);
  await cluster.shutdown();
});

t.test('several topologies share the process, and one is killed without the other', async (t) => {
  const cluster = await LocalCluster.start();
  await cluster.submit(wordsInUpperCase('one'));
  await cluster.submit(wordsInUpperCase('two'), { active: false });
  await cluster.untilIdle('one', 5);
  t.equal(cluster.summary('one').roots.acked, 6);
  await cluster.kill('one');
  t.equal(cluster.summary('two').roots.emitted, 0);
  await cluster.activate('two');
  while (cluster.summary('two').roots.acked < 6) await new Promise((done) => setImmediate(done));
  await cluster.shutdown();
});

/** All modules that a file imports when it is loaded, by name or path, and theirs. */
function closure(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const [, name = ''] of readFileSync(file, 'utf8').matchAll(/^(?:import|export)\b[^'"]*?(?:from )?['"]([^'"]+)['"];?$/gm)) {
    if (name.startsWith('.')) closure(resolve(dirname(file), name), seen);
    else seen.add(name);
  }
  return seen;
}

t.test('running locally loads nothing of the network: no HTTP, no sockets, no ZooKeeper', async (t) => {
  const file = fileURLToPath(new URL('../../src/daemon/local/local-cluster.js', import.meta.url));
  const loaded = [...closure(file)];
  t.ok(loaded.length > 50, `${loaded.length} modules`);
  t.same(
    loaded.filter((name) =>
      /^(?:node:)?(?:https?|tls|zlib)$|^(?:ws|zookeeper|find-my-way|tar|pino|chokidar)$|\/(?:http-\w+|zookeeper-\w+)\.js$/.test(name),
    ),
    [],
  );
});
