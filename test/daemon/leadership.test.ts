import t from 'tap';
import { MemoryStore, type MemoryStoreSession } from '../../src/coordination/memory-store.js';
import type { StoreClient, StoreSession } from '../../src/coordination/store.js';
import { Leadership, readLeaderId } from '../../src/daemon/session/leadership.js';
import { SessionKeeper } from '../../src/daemon/session/session-keeper.js';
import { LEADER_PATH } from '../../src/model/cluster-records.js';
import { PolyboltError } from '../../src/model/errors.js';
import { LATCH_RETRY_MS, STORE_REOPEN_MS_MAX, STORE_REOPEN_MS_MIN } from '../../src/model/limits.js';
import { type Log, SILENT_LOG } from '../../src/model/log.js';
import { FakeClock, settled } from './supervisor-fakes.js';

function candidate(session: StoreSession, id: string, clock = new FakeClock()): { leadership: Leadership; heard: boolean[] } {
  const heard: boolean[] = [];
  const leadership = new Leadership(session, id, { clock, log: SILENT_LOG }, (isLeader) => heard.push(isLeader));
  return { leadership, heard };
}

t.test('of three candidates one leads, and when it goes the next in line does, and only that one looks', async (t) => {
  const store = new MemoryStore();
  const sessions = [store.session(), store.session(), store.session()] as [MemoryStoreSession, MemoryStoreSession, MemoryStoreSession];
  const all = [];
  for (const [index, session] of sessions.entries()) {
    all.push(candidate(session, `n${index}`));
    await settled();
  }
  const [one, two, three] = all as [(typeof all)[0], (typeof all)[0], (typeof all)[0]];
  t.same([one.leadership.isLeader, two.leadership.isLeader, three.leadership.isLeader], [true, false, false]);
  t.equal(await readLeaderId(sessions[2]), 'n0');
  const reads: string[] = [];
  const children = sessions[2].children.bind(sessions[2]);
  sessions[2].children = (path) => {
    reads.push(path);
    return children(path);
  };
  sessions[0].expire();
  t.equal(one.leadership.isLeader, false, 'before anybody is told');
  await settled();
  t.same([one.heard, two.heard, three.heard], [[true, false], [true], []]);
  t.same(reads, [], 'no herd');
  await two.leadership.close();
  t.same(await sessions[1].children(LEADER_PATH), ['n2-0000000002'], 'it gave its candidate back');
  await settled();
  t.same([two.heard, three.heard], [[true], [true]], 'who closes is not told');
});

t.test('a leader that loses its store does not lead until it is back and has read, and one that is not replaced leads again', async (t) => {
  const session = new MemoryStore().session();
  const { leadership, heard } = candidate(session, 'n');
  await settled();
  session.suspend();
  t.equal(leadership.isLeader, false);
  await settled();
  t.same(heard, [true, false]);
  session.resume();
  t.equal(leadership.isLeader, false);
  await settled();
  t.equal(leadership.isLeader, true);
  t.same(heard, [true, false, true]);
});

t.test('a candidate of the same name that an earlier session has left is a rival like any other', async (t) => {
  const store = new MemoryStore();
  const [earlier, later] = [store.session(), store.session()];
  await earlier.createSequential(`${LEADER_PATH}/n-`, '');
  const { leadership, heard } = candidate(later, 'n');
  await settled();
  t.equal(leadership.isLeader, false);
  earlier.expire();
  await settled();
  t.same(heard, [true]);
});

t.test('a leader whose candidate an operator deletes is deposed, and stands again at the end of the line', async (t) => {
  const store = new MemoryStore();
  const [session, other] = [store.session(), store.session()];
  const { heard } = candidate(session, 'n');
  await settled();
  await other.createSequential(`${LEADER_PATH}/other-`, '');
  await other.deleteIfVersion(`${LEADER_PATH}/n-0000000000`, 0);
  await settled();
  t.same(heard, [true, false]);
  t.same(await other.children(LEADER_PATH), ['n-0000000002', 'other-0000000001']);
});

t.test('a candidate whose creation is answered with an error is looked for, later, before another is made', async (t) => {
  const session = new MemoryStore().session();
  const clock = new FakeClock();
  const create = session.createSequential.bind(session);
  session.createSequential = async (prefix, data) => {
    await create(prefix, data);
    throw new PolyboltError('PB_STORE_UNREACHABLE', { message: 'The answer was lost.' });
  };
  const { leadership } = candidate(session, 'n', clock);
  await settled();
  t.equal(leadership.isLeader, false);
  await clock.advance(LATCH_RETRY_MS);
  t.equal(leadership.isLeader, true);
  t.same(await session.children(LEADER_PATH), ['n-0000000000']);
  await leadership.close();
  t.equal(clock.timers, 0);
  t.same(await session.children(LEADER_PATH), []);
});

t.test('who gives up while its store is away does not wait for it, and its candidate goes when the store is back', async (t) => {
  const store = new MemoryStore();
  const [session, other] = [store.session(), store.session()];
  const { leadership } = candidate(session, 'n');
  await settled();
  session.suspend();
  await leadership.close();
  t.equal((await other.children(LEADER_PATH)).length, 1);
  session.resume();
  await settled();
  t.same(await other.children(LEADER_PATH), []);
});

/** A client whose next sessions are refused while `error` is set; and what was logged. */
class Client implements StoreClient {
  readonly store = new MemoryStore();
  readonly sessions: MemoryStoreSession[] = [];
  attempts = 0;
  error: Error | undefined;

  async open(): Promise<MemoryStoreSession> {
    this.attempts++;
    if (this.error !== undefined) throw this.error;
    const session = this.store.session();
    this.sessions.push(session);
    return session;
  }
}

function keeperOf(client: Client, random = 0.5): { keeper: SessionKeeper; clock: FakeClock; got: StoreSession[]; events: string[] } {
  const [clock, got, events]: [FakeClock, StoreSession[], string[]] = [new FakeClock(), [], []];
  const record = (event: string): void => void events.push(event);
  const log: Log = { debug: record, info: record, warn: record, error: record };
  return { keeper: new SessionKeeper(client, { clock, random: () => random, log }, (session) => got.push(session)), clock, got, events };
}

const AWAY = new PolyboltError('PB_STORE_UNREACHABLE', { message: 'away' });

t.test('a daemon whose session has expired gets the next, and hears of each once', async (t) => {
  const client = new Client();
  const { keeper, clock, got, events } = keeperOf(client);
  await keeper.start();
  t.equal(got[0], client.sessions[0]);
  client.sessions[0]?.suspend();
  client.sessions[0]?.resume();
  client.sessions[0]?.expire();
  await settled();
  t.equal(keeper.session, undefined);
  await clock.advance(STORE_REOPEN_MS_MIN);
  t.equal(keeper.session, client.sessions[1]);
  t.equal(got.length, 2);
  t.same(events, ['store.connected', 'store.suspended', 'store.connected', 'store.expired', 'store.connected']);
  await keeper.stop();
  t.equal(await client.sessions[1]?.ended, 'closed');
  t.equal(got.length, 2);
});

t.test('while the store is away attempts become rarer, at times of their own for each daemon', async (t) => {
  const client = new Client();
  client.error = AWAY;
  const [few, many] = [keeperOf(client, 0.99), keeperOf(client, 0)];
  for (const { keeper } of [few, many]) void keeper.start();
  await few.clock.advance(60_000);
  const attempts = client.attempts;
  t.ok(attempts > 60_000 / (STORE_REOPEN_MS_MAX + STORE_REOPEN_MS_MIN) && attempts < 20, `${attempts} attempts`);
  client.attempts = 0;
  await many.clock.advance(10_000);
  t.equal(client.attempts, 40);
  client.error = undefined;
  await few.clock.advance(STORE_REOPEN_MS_MAX);
  t.equal(few.got.length, 1);
  await Promise.all([few.keeper.stop(), many.keeper.stop()]);
  t.equal(many.got.length, 0);
  t.equal(few.clock.timers + many.clock.timers, 0);
});

t.test('what waiting does not mend is said at the start, and waited for once the daemon runs', async (t) => {
  const client = new Client();
  const refused = new PolyboltError('PB_STORE_FORBIDDEN', { message: 'refused' });
  client.error = refused;
  await t.rejects(keeperOf(client).keeper.start(), refused);
  client.error = undefined;
  const { keeper, clock, got } = keeperOf(client);
  await keeper.start();
  client.error = refused;
  client.sessions[0]?.expire();
  await clock.advance(60_000);
  client.error = undefined;
  await clock.advance(STORE_REOPEN_MS_MAX + STORE_REOPEN_MS_MIN);
  t.equal(got.length, 2);
  await keeper.stop();
});

t.test('a session that opens after stop was called is closed and handed to nobody', async (t) => {
  const client = new Client();
  let release = (): void => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const open = client.open.bind(client);
  client.open = async () => {
    await gate;
    return open();
  };
  const { keeper, got } = keeperOf(client);
  const started = keeper.start();
  const stopped = keeper.stop();
  release();
  await Promise.all([started, stopped]);
  t.equal(got.length, 0);
  t.equal(await client.sessions[0]?.ended, 'closed');
});
