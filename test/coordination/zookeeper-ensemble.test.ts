import t from 'tap';
import type { ZooKeeperSession } from '../../src/coordination/zookeeper-session.js';
import { needsZooKeeper, startZooKeeperEnsemble } from '../support/zookeeper.js';
import { becomes, opened, storeAt } from './zookeeper-clients.js';

await t.test('an ensemble of three whose leader is killed loses nothing', { skip: needsZooKeeper() }, async (t) => {
  const ensemble = await startZooKeeperEnsemble();
  t.teardown(() => ensemble.close());
  const store = storeAt(ensemble.addresses, { sessionTimeoutMs: 12_000 });
  const sessions = await Promise.all([opened(t, store), opened(t, store), opened(t, store)]);
  const [one, ...others] = sessions as [ZooKeeperSession, ...ZooKeeperSession[]];
  await one.create('/member', 'me', { ephemeral: true });
  await one.create('/topology', '0');
  const leader = await ensemble.leader();
  for (let version = 0; version < 20; version++) {
    if (version === 5) await leader.kill();
    t.equal(await one.setIfVersion('/topology', `${version + 1}`, version), version + 1);
  }
  for (const session of others) {
    await becomes(session, '/topology', 'entry', async () => (await session.get('/topology'))?.data === '20');
    t.same(await session.get('/member'), { data: 'me', version: 0, owned: false });
  }
  t.match(await one.get('/member'), { owned: true }, 'the session is the same');
});
