import t from 'tap';
import { ZooKeeperSession } from '../../src/coordination/zookeeper-session.js';
import { ZooKeeperStore } from '../../src/coordination/zookeeper-store.js';
import { SYSTEM_CLOCK } from '../../src/daemon/settings/system-clock.js';
import { startProxy } from '../support/proxy.js';
import { needsZooKeeper, startZooKeeper } from '../support/zookeeper.js';
import { storeContract } from './store-contract.js';
import { endSession } from './zookeeper-clients.js';

await t.test('a real ZooKeeper', { skip: needsZooKeeper() }, async (t) => {
  const server = await startZooKeeper();
  const proxy = await startProxy(server.port);
  t.teardown(async () => {
    await proxy.close();
    await server.close();
  });
  const common = { sessionTimeoutMs: 4000, connectionTimeoutMs: 20_000, clock: SYSTEM_CLOCK };
  let trees = 0;
  for (const credentials of [undefined, { scheme: 'digest', payload: 'polybolt:secret' } as const]) {
    await storeContract(t, credentials === undefined ? 'open ZooKeeper' : 'protected ZooKeeper', async () => {
      const sessions: ZooKeeperSession[] = [];
      const root = `/trees/t${trees++}`;
      const open = async (address: string): Promise<ZooKeeperSession> => {
        const store = new ZooKeeperStore({ ...common, servers: [address], root, ...(credentials && { credentials }) });
        const session = await store.open();
        sessions.push(session);
        return session;
      };
      return {
        client: { open: () => open(server.address) },
        expire: async (session) => {
          if (session instanceof ZooKeeperSession) await endSession(server.port, session);
        },
        unsteady: async () => ({ session: await open(proxy.address), lose: () => proxy.cut(), restore: () => proxy.resume() }),
        close: async () => void (await Promise.all(sessions.map((session) => session.close()))),
      };
    });
  }
});
