import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { ZooKeeperSession } from '../../src/coordination/zookeeper-session.js';
import { projectRoot } from '../model/project-files.js';
import { startProxy } from '../support/proxy.js';
import { needsZooKeeper, startZooKeeper, type ZooKeeperServer } from '../support/zookeeper.js';
import { becomes, connection, opened, rawClient, storeAt } from './zookeeper-clients.js';

const CREDENTIALS = { scheme: 'digest', payload: 'polybolt:secret' } as const;
const PERMS_ALL = 31;
const CONFLICT = { code: 'PB_STORE_CONFLICT' };

await t.test('one ZooKeeper and the misfortunes of a session', { skip: needsZooKeeper() }, async (t) => {
  const server = await startZooKeeper();
  t.teardown(() => server.close());
  await protection(t, server);
  await halves(t, server);
  await lostAnswers(t, server);
  await outages(t, server);
});

async function protection(t: Test, server: ZooKeeperServer): Promise<void> {
  await t.test('with credentials every node is closed to others, from the root down', async (t) => {
    const session = await opened(t, storeAt([server.address], { root: '/above/closed', credentials: CREDENTIALS }));
    await session.create('/topologies/words', '{"secret":true}');
    const candidate = await session.createSequential('/leader/a-', '');
    await session.create('/supervisors/s', '', { ephemeral: true });
    const owner = await rawClient(server.address);
    t.teardown(() => owner.close());
    await t.rejects(owner.get('/above/closed/topologies/words', false), /^-102/);
    await t.rejects(owner.get_children('/above/closed', false), /^-102/);
    await t.rejects(owner.set('/above/closed/topologies/words', 'x', -1), /^-102/);
    await t.rejects(owner.delete_('/above/closed/topologies/words', -1), /^-102/);
    await t.rejects(owner.create('/above/closed/topologies/mine', '', 0), /^-102/);
    await t.rejects(owner.set_acl('/above/closed', -1, [{ perms: PERMS_ALL, scheme: 'world', auth: 'anyone' }]), /^-102/);
    await new Promise<number>((resolve) => owner.add_auth(CREDENTIALS.scheme, CREDENTIALS.payload, resolve));
    for (const path of ['', '/topologies', '/topologies/words', '/leader', candidate, '/supervisors', '/supervisors/s']) {
      const [list] = await owner.get_acl(`/above/closed${path}`);
      t.same(list, [{ perms: PERMS_ALL, scheme: 'digest', auth: 'polybolt:efA5xW/4obruOMnwkGul4Z59n1Y=' }], path);
    }
  });

  await t.test('a tree of others is refused when a session opens, whoever made it', async (t) => {
    const closed = storeAt([server.address], { root: '/closed', credentials: CREDENTIALS });
    await opened(t, closed);
    const message = { code: 'PB_STORE_FORBIDDEN', message: 'ZooKeeper refuses access to /closed.' };
    await t.rejects(storeAt([server.address], { root: '/closed' }).open(), message);
    const others = { scheme: 'digest', payload: 'polybolt:other' } as const;
    await t.rejects(storeAt([server.address], { root: '/closed', credentials: others }).open(), message);
    await opened(t, storeAt([server.address], { root: '/open' }));
    await t.rejects(storeAt([server.address], { root: '/open', credentials: CREDENTIALS }).open(), {
      code: 'PB_STORE_UNPROTECTED',
      message: '/open in ZooKeeper is open to others than our credentials: world:anyone (31).',
    });
  });

  await t.test('a node that an intruder puts in the way of a protected one gets nothing written into it', async (t) => {
    const session = await opened(t, storeAt([server.address], { root: '/guarded', credentials: CREDENTIALS }));
    const intruder = await rawClient(server.address);
    t.teardown(() => intruder.close());
    await new Promise<number>((resolve) => intruder.add_auth(CREDENTIALS.scheme, CREDENTIALS.payload, resolve));
    await intruder.create('/guarded/topologies', 'bait', 0);
    await intruder.set('/guarded/topologies', 'bait', -1);
    await t.rejects(session.create('/topologies/words', 'secret'), { code: 'PB_STORE_UNPROTECTED' });
    t.same(await intruder.get_children('/guarded/topologies', false), []);
  });
}

async function halves(t: Test, server: ZooKeeperServer): Promise<void> {
  await t.test('an entry that is still being created is not there, and whoever looked for it hears when it is', async (t) => {
    const store = storeAt([server.address], { root: '/halves' });
    const session = await opened(t, store);
    const raw = await rawClient(server.address);
    t.teardown(() => raw.close());
    await session.create('/members/first', 'one');
    const seen: string[] = [];
    const whole = becomes(session, '/members', 'children', async () => {
      const names = await session.children('/members');
      const entries = await Promise.all(names.map((name) => session.get(`/members/${name}`)));
      seen.push(entries.map((entry) => entry?.data ?? 'nothing').join());
      return entries.length === 2 && entries.every((entry) => entry !== undefined);
    });
    await raw.create('/halves/members/second', '', 0);
    await becomes(session, '/members', 'children', async () => (await session.children('/members')).length === 2);
    t.equal(await session.get('/members/second'), undefined);
    await t.rejects(session.setIfVersion('/members/second', 'x', 0), { ...CONFLICT, message: /nothing is there/ });
    await t.rejects(session.deleteIfVersion('/members/second', 0), CONFLICT);
    const other = await opened(t, store);
    await other.create('/members/second', 'two');
    await whole;
    t.equal(seen.at(-1), 'one,two');
    t.same(await other.get('/members/second'), { data: 'two', version: 0, owned: false });
    await t.rejects(other.create('/members/second', 'three'), CONFLICT);
  });

  await t.test('what a creator left half-way keeps nobody from creating or deleting', async (t) => {
    const session = await opened(t, storeAt([server.address], { root: '/left' }));
    const raw = await rawClient(server.address);
    t.teardown(() => raw.close());
    for (const path of ['/left/a', '/left/a/b', '/left/member']) await raw.create(path, '', 0);
    await session.create('/member', 'mine', { ephemeral: true });
    t.same(await session.get('/member'), { data: 'mine', version: 0, owned: true });
    await session.create('/a', 'whole');
    await session.deleteIfVersion('/a', 0);
    t.same(await session.children('/a'), []);
    await raw.create('/left/busy', '', 1);
    await t.rejects(session.create('/busy', ''), { ...CONFLICT, message: /another session is creating it/ });
  });
}

async function lostAnswers(t: Test, server: ZooKeeperServer): Promise<void> {
  await t.test('a write whose answer is lost is done once, and its caller hears the truth', async (t) => {
    const proxy = await startProxy(server.port);
    t.teardown(() => proxy.close());
    const options = { root: '/answers', credentials: CREDENTIALS };
    const direct = await opened(t, storeAt([server.address], options));
    const store = storeAt([proxy.address], { ...options, sessionTimeoutMs: 4000 });
    // A write waits for the one before it, so each is of another session.
    const [numberer, writer, creator, deleter] = (await Promise.all([1, 2, 3, 4].map(() => opened(t, store)))) as [
      ZooKeeperSession,
      ZooKeeperSession,
      ZooKeeperSession,
      ZooKeeperSession,
    ];
    for (const path of ['/latch', '/set', '/dir/deleted']) await direct.create(path, '');
    // What is above has been verified once, so that the first request of each is the write.
    await numberer.createSequential('/latch/before-', '');
    await creator.create('/dir/before', '');
    await proxy.deafen();
    const numbered = numberer.createSequential('/latch/me-', '');
    const written = writer.setIfVersion('/set', 'new', 0);
    const created = creator.create('/dir/created', 'x', { ephemeral: true });
    const deleted = deleter.deleteIfVersion('/dir/deleted', 0);
    // The server has done what it was asked first; of the creations that is an empty node.
    await becomes(direct, '/latch', 'children', async () => (await direct.children('/latch')).length === 2);
    await becomes(direct, '/set', 'entry', async () => (await direct.get('/set'))?.data === 'new');
    await becomes(direct, '/dir', 'children', async () => String(await direct.children('/dir')) === 'before,created');
    const lost = Promise.all([numberer, writer, creator, deleter].map((session) => connection(session, false)));
    await proxy.disconnect();
    await proxy.resume();
    await lost;
    const path = await numbered;
    t.equal((await direct.children('/latch')).length, 2, 'one candidate');
    t.match(await numberer.get(path), { owned: true, version: 0 });
    t.equal(await written, 1);
    await created;
    t.same(await creator.get('/dir/created'), { data: 'x', version: 0, owned: true });
    await deleted;
    t.equal(await deleter.get('/dir/deleted'), undefined);
  });
}

async function outages(t: Test, server: ZooKeeperServer): Promise<void> {
  await t.test('a server that is killed and comes back within the session timeout costs nothing but time', async (t) => {
    const store = storeAt([server.address], { sessionTimeoutMs: 15_000 });
    const session = await opened(t, store);
    await session.create('/member', 'me', { ephemeral: true });
    const told = becomes(session, '/watched', 'entry', async () => (await session.get('/watched'))?.data === 'after');
    await becomes(session, '/watched', 'entry', async () => true);
    const lost = connection(session, false);
    await server.kill();
    await lost;
    t.equal(session.isConnected, false);
    const back = connection(session, true);
    const written = session.create('/late', 'patience');
    await server.restart();
    await written;
    await back;
    t.same(await session.get('/member'), { data: 'me', version: 0, owned: true });
    const other = await opened(t, store);
    t.equal((await other.get('/late'))?.data, 'patience');
    await other.create('/watched', 'after');
    await told;
  });

  await t.test('a server that stays away ends the session by our own clock, and close returns', async (t) => {
    const session = await opened(t, storeAt([server.address], { sessionTimeoutMs: 1000 }));
    const other = await opened(t, storeAt([server.address]));
    await server.kill();
    const waiting = session.get('/never').catch((error: unknown) => error);
    t.equal(await session.ended, 'expired');
    t.match(await waiting, { code: 'PB_STORE_SESSION_ENDED', context: { end: 'expired' } });
    await t.rejects(session.children('/x'), { code: 'PB_STORE_SESSION_ENDED' });
    await session.close();
    await other.close();
    t.equal(await other.ended, 'closed');
    await t.rejects(storeAt([server.address], { connectionTimeoutMs: 100 }).open(), {
      code: 'PB_STORE_UNREACHABLE',
      message: `No server of ZooKeeper answered within 100 ms: ${server.address}.`,
    });
    await server.restart();
  });

  await t.test('a server that is frozen ends the session as well, and can be left without its consent', async (t) => {
    const session = await opened(t, storeAt([server.address], { sessionTimeoutMs: 1000 }));
    const other = await opened(t, storeAt([server.address]));
    server.freeze();
    t.equal(await session.ended, 'expired');
    await other.close();
    server.thaw();
    t.equal(await other.ended, 'closed');
  });
}

await t.test('wrong settings are refused before anything is connected', async (t) => {
  const code = 'PB_DAEMON_CONFIG_INVALID';
  t.throws(() => storeAt([]), { code });
  for (const root of ['polybolt', '/polybolt/', '', '/a/../b', '/zookeeper']) t.throws(() => storeAt(['a:1'], { root }), { code }, root);
  for (const payload of ['polybolt', ':secret', 'polybolt:', '']) {
    t.throws(() => storeAt(['a:1'], { credentials: { scheme: 'digest', payload } }), { code }, payload);
  }
});

await t.test('where the package is missing a session says so; where it is there, nothing is printed', async (t) => {
  const program = `
    const { ZooKeeperStore } = await import(${JSON.stringify(join(projectRoot, 'dist/src/coordination/zookeeper-store.js'))});
    const { SYSTEM_CLOCK } = await import(${JSON.stringify(join(projectRoot, 'dist/src/daemon/settings/system-clock.js'))});
    const options = { servers: ['127.0.0.1:1'], root: '/p', sessionTimeoutMs: 1000, connectionTimeoutMs: 100, clock: SYSTEM_CLOCK };
    await new ZooKeeperStore(options).open().catch((error) => { process.exitCode = error.code === process.argv[1] ? 7 : 8; });`;
  const hide = `data:text/javascript,${encodeURIComponent(`
    import { register } from 'node:module';
    register('data:text/javascript,' + encodeURIComponent(\`export async function resolve(name, context, next) {
      if (name === 'zookeeper') throw new Error('not installed');
      return next(name, context);
    }\`));`)}`;
  const run = (args: readonly string[], code: string): unknown => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [...args, '--input-type=module', '-e', program, code], {
      encoding: 'utf8',
    });
    return { status, stdout, stderr };
  };
  t.same(run(['--import', hide], 'PB_STORE_CLIENT_MISSING'), { status: 7, stdout: '', stderr: '' });
  if (needsZooKeeper() === false) t.same(run([], 'PB_STORE_UNREACHABLE'), { status: 7, stdout: '', stderr: '' });
});
