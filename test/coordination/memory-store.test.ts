import t from 'tap';
import { MemoryStore, MemoryStoreSession } from '../../src/coordination/memory-store.js';
import { storeContract } from './store-contract.js';

await storeContract(t, 'memory', async () => {
  const store = new MemoryStore();
  const sessions: MemoryStoreSession[] = [];
  const open = async (): Promise<MemoryStoreSession> => {
    const session = await store.open();
    sessions.push(session);
    return session;
  };
  return {
    client: { open },
    expire: async (session) => {
      if (session instanceof MemoryStoreSession) session.expire();
    },
    unsteady: async () => {
      const session = await open();
      return { session, lose: async () => session.suspend(), restore: async () => session.resume() };
    },
    close: async () => {
      for (const session of sessions) await session.close();
    },
  };
});

t.test('the memory store does a write before the call returns, and makes one call of all changes of a turn', async (t) => {
  const store = new MemoryStore();
  const [one, other] = [store.session(), store.session()];
  const calls: string[] = [];
  other.subscribe('/a', 'entry', () => calls.push('entry'));
  other.subscribe('/a', 'children', () => calls.push('children'));
  await Promise.resolve();
  t.same(calls.splice(0), ['entry', 'children'], 'both are told to read at first');
  void one.create('/a/b', '');
  void one.setIfVersion('/a/b', 'x', 0);
  void one.deleteIfVersion('/a/b', 1);
  const read = other.children('/a');
  t.same(calls, []);
  await Promise.resolve();
  t.same(calls, ['entry', 'children']);
  t.same(await read, []);
});

t.test('a store of the memory kind shares nothing with another', async (t) => {
  await new MemoryStore().session().create('/a', '');
  t.equal(await new MemoryStore().session().get('/a'), undefined);
});
