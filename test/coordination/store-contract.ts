/**
 * What every implementation of the store port must do, as tests. Invariant: nothing here knows an implementation or waits for
 * time to pass: what one session does, another waits to be told of, as a real store is read from replicas that lag behind.
 */
import type { Test } from 'tap';
import type { StoreClient, StoreSession, StoreSubject } from '../../src/coordination/store.js';
import { STORE_DATA_BYTES_MAX } from '../../src/model/limits.js';

export interface StoreUnderTest {
  /** Opens sessions over the one tree of this store. */
  readonly client: StoreClient;
  /** Makes the store give a session of its own up; resolves when the session knows. */
  expire(session: StoreSession): Promise<void>;
  /** A session that can be cut off from its store, for less than its timeout. */
  unsteady(): Promise<UnsteadySession>;
  /** Called after each test; the sessions may be open still. */
  close(): Promise<void>;
}

export interface UnsteadySession {
  readonly session: StoreSession;
  /** Takes the store out of its reach. */
  lose(): Promise<void>;
  restore(): Promise<void>;
}

const CONFLICT = { code: 'PB_STORE_CONFLICT' };
const ENDED = { code: 'PB_STORE_SESSION_ENDED' };

/** Runs the contract as one subtest; `makeStore` makes an empty store for each test. */
export function storeContract(t: Test, name: string, makeStore: () => Promise<StoreUnderTest>): Promise<unknown> {
  return t.test(`the ${name} store keeps the contract of the store port`, async (t) => {
    const check = (title: string, body: (t: Test, store: StoreUnderTest, one: StoreSession, other: StoreSession) => Promise<void>) =>
      t.test(title, async (t) => {
        const store = await makeStore();
        try {
          await body(t, store, await store.client.open(), await store.client.open());
        } finally {
          await store.close();
        }
      });

    await check('what was created is read back, and nothing is where nothing was created', async (t, _store, one) => {
      t.equal(await one.get('/topologies/words'), undefined);
      t.same(await one.children('/topologies'), []);
      await one.create('/topologies/words', '{"status":"größe 💧"}');
      t.same(await one.get('/topologies/words'), { data: '{"status":"größe 💧"}', version: 0, owned: false });
      t.same(await one.get('/topologies'), { data: '', version: 0, owned: false }, 'what was missing above was created empty');
      await one.create('/topologies/empty', '');
      t.same(await one.get('/topologies/empty'), { data: '', version: 0, owned: false });
    });

    await check('of many sessions that create one path, one does and the others meet a conflict', async (t, store, one, other) => {
      const sessions = [one, other, await store.client.open(), await store.client.open()];
      const results = await Promise.allSettled(
        sessions.map((session, index) => session.create('/leader', `${index}`, { ephemeral: true })),
      );
      const won = results.flatMap((result, index) => (result.status === 'fulfilled' ? [index] : []));
      t.equal(won.length, 1);
      for (const result of results) if (result.status === 'rejected') t.match(result.reason, CONFLICT);
      t.same(await (sessions[won[0] as number] as StoreSession).get('/leader'), { data: `${won[0]}`, version: 0, owned: true });
    });

    await check('a write that names the version there replaces it and gets the next', async (t, _store, one) => {
      await one.create('/a', 'zero');
      t.equal(await one.setIfVersion('/a', 'one', 0), 1);
      t.equal(await one.setIfVersion('/a', 'two', 1), 2);
      t.same(await one.get('/a'), { data: 'two', version: 2, owned: false });
    });

    await check('a write that names another version, or a path that is gone, changes nothing', async (t, _store, one) => {
      await one.create('/a', 'zero');
      await one.setIfVersion('/a', 'one', 0);
      await t.rejects(one.setIfVersion('/a', 'late', 0), CONFLICT);
      await t.rejects(one.setIfVersion('/a', 'early', 2), CONFLICT);
      await t.rejects(one.setIfVersion('/b', 'lost', 0), CONFLICT);
      await t.rejects(one.deleteIfVersion('/a', 0), CONFLICT);
      await t.rejects(one.deleteIfVersion('/b', 0), CONFLICT);
      await t.rejects(one.create('/a', 'again'), CONFLICT);
      t.same(await one.get('/a'), { data: 'one', version: 1, owned: false });
      t.equal(await one.get('/b'), undefined);
    });

    await check('of two sessions that write over one version, one does', async (t, _store, one, other) => {
      await one.create('/a', '');
      await until(other, '/a', 'entry', async () => (await other.get('/a')) !== undefined);
      const results = await Promise.allSettled([one.setIfVersion('/a', 'one', 0), other.setIfVersion('/a', 'other', 0)]);
      const won = results.filter((result) => result.status === 'fulfilled');
      t.equal(won.length, 1);
      t.equal(won[0]?.value, 1);
      t.match(results.find((result) => result.status === 'rejected')?.reason, CONFLICT);
    });

    await check('a deleted entry is gone, and may be created anew from version 0', async (t, _store, one) => {
      await one.create('/a/b', 'first');
      await one.setIfVersion('/a/b', 'second', 0);
      await one.deleteIfVersion('/a/b', 1);
      t.equal(await one.get('/a/b'), undefined);
      t.same(await one.children('/a'), []);
      await one.create('/a/b', 'third');
      t.same(await one.get('/a/b'), { data: 'third', version: 0, owned: false });
    });

    await check('an entry with children is not deleted', async (t, _store, one) => {
      await one.create('/a/b/c', '');
      await t.rejects(one.deleteIfVersion('/a', 0), CONFLICT);
      await one.deleteIfVersion('/a/b/c', 0);
      await one.deleteIfVersion('/a/b', 0);
      await one.deleteIfVersion('/a', 0);
      t.equal(await one.get('/a'), undefined);
    });

    await check('children are the sorted names right under a path', async (t, _store, one) => {
      for (const path of ['/s/b', '/s/a/deep/er', '/s/C', '/sibling', '/s/é']) await one.create(path, '');
      t.same(await one.children('/s'), ['C', 'a', 'b', 'é']);
      t.same(await one.children('/s/a'), ['deep']);
      t.same(await one.children('/s/b'), []);
    });

    await check('a name may hold any character but a slash and control characters', async (t, _store, one, other) => {
      const names = ['100%', 'a b', 'é', '\ue000', '💧', '%F0%9F', '_', '\uffee'];
      const seen = readings(other, '/n/💧', 'entry', async () => (await other.get('/n/💧'))?.data);
      for (const name of names) await one.create(`/n/${name}`, name);
      t.same(await one.children('/n'), [...names].sort());
      for (const name of names) t.equal((await one.get(`/n/${name}`))?.data, name);
      await seen.next('💧');
      t.match(await one.createSequential('/n/💧-', ''), /^\/n\/💧-\d{10}$/u);
    });

    await check('operations of one session take effect in the order of the calls, awaited or not', async (t, _store, one) => {
      const created = one.create('/a', '');
      const versions = [0, 1, 2, 3].map((version) => one.setIfVersion('/a', `${version}`, version));
      const read = one.get('/a');
      const deleted = one.deleteIfVersion('/a', 4);
      const last = one.get('/a');
      await created;
      t.same(await Promise.all(versions), [1, 2, 3, 4]);
      t.same(await read, { data: '3', version: 4, owned: false });
      await deleted;
      t.equal(await last, undefined);
    });

    for (const end of ['closed', 'expired'] as const) {
      await check(`when a session is ${end} its ephemerals go, and only they, and it can do nothing more`, async (t, store, one, other) => {
        await one.create('/members/one', '', { ephemeral: true });
        await one.create('/members/kept', 'by one');
        await other.create('/members/other', '', { ephemeral: true });
        await until(other, '/members', 'children', async () => String(await other.children('/members')) === 'kept,one,other');
        t.match(await other.get('/members/one'), { owned: false });
        await (end === 'closed' ? one.close() : store.expire(one));
        t.equal(await one.ended, end);
        await until(other, '/members', 'children', async () => String(await other.children('/members')) === 'kept,other');
        await until(other, '/members/one', 'entry', async () => (await other.get('/members/one')) === undefined);
        await t.rejects(one.get('/members/kept'), ENDED);
        await t.rejects(one.children('/members'), ENDED);
        await t.rejects(one.create('/late', ''), ENDED);
        await t.rejects(one.createSequential('/late-', ''), ENDED);
        await t.rejects(one.setIfVersion('/members/kept', 'late', 0), ENDED);
        await t.rejects(one.deleteIfVersion('/members/kept', 0), ENDED);
        t.throws(() => one.subscribe('/members', 'children', () => {}), ENDED);
        t.throws(() => one.onConnection(() => {}), ENDED);
        t.equal(one.isConnected, false);
        await one.close();
        t.equal(await one.ended, end, 'closing it again changes nothing');
        await t.rejects(one.get('/members/kept'), { ...ENDED, context: { end } });
        await other.create('/members/one', 'other', { ephemeral: true });
        t.match(await other.get('/members/kept'), { data: 'by one', version: 0 });
      });
    }

    await check(
      'sequential ephemerals are numbered upwards under one parent, whatever their prefix and whoever makes them',
      async (t, _store, one, other) => {
        const paths = [await one.createSequential('/latch/a-', 'first')];
        t.match(paths[0], /^\/latch\/a-\d{10}$/);
        t.same(await one.get(paths[0] as string), { data: 'first', version: 0, owned: true });
        await one.deleteIfVersion(paths[0] as string, 0);
        paths.push(await other.createSequential('/latch/b-', ''));
        paths.push(await one.createSequential('/latch/a-', ''), await one.createSequential('/latch/-', ''));
        const numbers = paths.map((path) => path.slice(-10));
        t.same([...new Set(numbers)].sort(), numbers, 'every one is higher than those before, the deleted one too');
        await other.close();
        const left = paths.slice(2).map((path) => path.slice('/latch/'.length));
        await until(one, '/latch', 'children', async () => String(await one.children('/latch')) === String([...left].sort()));
      },
    );

    await check('a sequential entry has nothing ephemeral above it', async (t, _store, one) => {
      await one.create('/latch', '', { ephemeral: true });
      await t.rejects(one.createSequential('/latch/a-', ''), CONFLICT);
      t.same(await one.children('/latch'), []);
    });

    await check('a session that loses its store waits, tells of it, and goes on where it was', async (t, store, one) => {
      const { session, lose, restore } = await store.unsteady();
      t.equal(session.isConnected, true);
      await session.create('/member', '', { ephemeral: true });
      const connections: boolean[] = [];
      const changes = eventsOf<boolean>((tell) =>
        session.onConnection((isConnected) => connections.push(isConnected) && tell(isConnected)),
      );
      session.onConnection(() => t.fail('a closed subscription is told')).close();
      const seen = readings(session, '/a', 'entry', async () => (await session.get('/a'))?.data);
      await seen.next(undefined);
      await lose();
      await changes.next(false);
      t.equal(session.isConnected, false);
      const written = session.create('/b', 'late');
      const version = session.setIfVersion('/b', 'later', 0);
      const numbered = session.createSequential('/numbered/x-', '');
      await one.create('/a', 'meanwhile');
      await restore();
      await changes.next(true);
      t.equal(session.isConnected, true);
      t.same(connections, [false, true]);
      await seen.next('meanwhile');
      await written;
      t.equal(await version, 1);
      t.match(await session.get(await numbered), { owned: true });
      t.same(await session.children('/numbered'), [(await numbered).slice('/numbered/'.length)], 'one, however often it was tried');
      t.match(await session.get('/member'), { owned: true }, 'it is the same session');
      await session.close();
      t.same(connections, [false, true], 'the end is no loss of connection');
    });

    await check('an ephemeral has no children', async (t, _store, one) => {
      await one.create('/latch', '', { ephemeral: true });
      await t.rejects(one.create('/latch/child', ''), CONFLICT);
      await t.rejects(one.create('/latch/grand/child', ''), CONFLICT);
      t.same(await one.children('/latch'), []);
    });

    await check('an ephemeral can be written and deleted by any session', async (t, _store, one, other) => {
      await one.create('/beat', '1', { ephemeral: true });
      t.equal(await one.setIfVersion('/beat', '2', 0), 1);
      await until(other, '/beat', 'entry', async () => (await other.get('/beat'))?.version === 1);
      await other.deleteIfVersion('/beat', 1);
      await until(one, '/beat', 'entry', async () => (await one.get('/beat')) === undefined);
      t.equal(await one.get('/beat'), undefined);
    });

    await check(
      'a subscriber to an entry hears of its creation, its writes, its deletion and its next creation',
      async (t, _store, one, other) => {
        const seen = readings(other, '/a', 'entry', async () => (await other.get('/a'))?.data);
        await seen.next(undefined);
        await one.create('/a', 'zero');
        await seen.next('zero');
        await one.setIfVersion('/a', 'one', 0);
        await seen.next('one');
        await one.deleteIfVersion('/a', 1);
        await seen.next(undefined);
        await one.create('/a', 'again');
        await seen.next('again');
        t.pass();
      },
    );

    await check(
      'a subscriber to children hears of them come and go, even under a path that did not exist',
      async (t, _store, one, other) => {
        const seen = readings(other, '/s', 'children', async () => String(await other.children('/s')));
        await seen.next('');
        await one.create('/s/b', '');
        await seen.next('b');
        await one.create('/s/a', '', { ephemeral: true });
        await seen.next('a,b');
        await one.deleteIfVersion('/s/b', 0);
        await seen.next('a');
        await one.close();
        await seen.next('');
        t.pass();
      },
    );

    await check('a session is told of its own changes as well', async (t, _store, one) => {
      const seen = readings(one, '/a', 'entry', async () => (await one.get('/a'))?.data);
      await one.create('/a', 'mine');
      await seen.next('mine');
      t.pass();
    });

    await check('after any burst of changes the last one is heard of', async (t, _store, one, other) => {
      await one.create('/a', '');
      const seen = readings(other, '/a', 'entry', async () => (await other.get('/a'))?.version);
      for (let version = 0; version < 100; version++) void one.setIfVersion('/a', `${version}`, version);
      await seen.next(100);
      t.pass();
    });

    await check('subscribe calls nobody before it has returned, and a closed subscription calls nobody', async (t, _store, one) => {
      let calls = 0;
      const subscription = one.subscribe('/a', 'entry', () => calls++);
      t.equal(calls, 0);
      subscription.close();
      subscription.close();
      const seen = readings(one, '/a', 'entry', async () => (await one.get('/a'))?.data);
      await one.create('/a', 'one');
      await seen.next('one');
      t.equal(calls, 0);
    });

    await check('a subscription goes silent with its session', async (t, _store, one, other) => {
      let calls = 0;
      const seen = readings(one, '/a', 'entry', async () => true);
      await seen.next(true);
      one.subscribe('/a', 'entry', () => calls++);
      await one.close();
      const callsAtEnd = calls;
      const others = readings(other, '/a', 'entry', async () => (await other.get('/a'))?.data);
      await other.create('/a', 'one');
      await others.next('one');
      t.equal(calls, callsAtEnd);
    });

    await check('data at the bound is kept, data beyond it refused', async (t, _store, one) => {
      const most = `${'é'.repeat(STORE_DATA_BYTES_MAX / 2 - 1)}xx`;
      await one.create('/big', most);
      t.equal((await one.get('/big'))?.data === most, true);
      await t.rejects(one.create('/bigger', `${most}x`), { code: 'PB_STORE_TOO_LARGE' });
      await t.rejects(one.setIfVersion('/big', `${most}x`, 0), { code: 'PB_STORE_TOO_LARGE' });
      t.match(await one.get('/big'), { version: 0 });
    });

    await check('a path that is none is our own mistake', async (t, _store, one) => {
      for (const path of ['', '/', 'a', '/a/', '//a', '/a//b', '/a/../b', '/.', '/a\u0000', '/a\n']) {
        await t.rejects(one.create(path, ''), /is not a path in the store/, JSON.stringify(path));
        await t.rejects(one.get(path), /is not a path in the store/, JSON.stringify(path));
        t.throws(() => one.subscribe(path, 'entry', () => {}), /is not a path in the store/, JSON.stringify(path));
      }
    });
  });
}

/** What a subscription tells, one after the other. */
function eventsOf<T>(subscribe: (tell: (event: T) => void) => unknown): { next(event: T): Promise<void> } {
  const events: T[] = [];
  let check = (): void => {};
  subscribe((event) => {
    events.push(event);
    check();
  });
  return {
    next: (event) =>
      new Promise((resolve, reject) => {
        check = () => {
          if (events.length === 0) return;
          check = () => {};
          const first = events.shift();
          if (first === event) resolve();
          else reject(new Error(`told ${String(first)} and not ${String(event)}`));
        };
        check();
      }),
  };
}

/** Resolves when what is read on being told of a change satisfies. */
async function until(session: StoreSession, path: string, subject: StoreSubject, satisfied: () => Promise<boolean>): Promise<void> {
  await readings(session, path, subject, satisfied).next(true);
}

/** Reads whenever told to; `next` resolves as soon as the latest reading is the value. */
function readings<T>(
  session: StoreSession,
  path: string,
  subject: StoreSubject,
  read: () => Promise<T>,
): { next(value: T): Promise<void> } {
  let latest: { value: T } | undefined;
  let check = (): void => {};
  let fail = (_error: unknown): void => {};
  session.subscribe(path, subject, () => {
    read().then(
      (value) => {
        latest = { value };
        check();
      },
      (error) => fail(error),
    );
  });
  return {
    next: (value) =>
      new Promise((resolve, reject) => {
        fail = reject;
        check = () => {
          if (latest?.value === value) resolve();
        };
        check();
      }),
  };
}
