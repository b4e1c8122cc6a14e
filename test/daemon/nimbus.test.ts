/** Nimbus over the store in memory: placing, changing, removing, and one nimbus carrying on where another was lost. */
import t from 'tap';
import { errorsPath, isEmitting, supervisorPath, topologyPath, VERSIONS } from '../../src/model/cluster-records.js';
import { MOVE_PAUSE_MS_MIN } from '../../src/model/limits.js';
import { shown, TIMES, topologyOf, World } from './nimbus-world.js';
import { settled } from './supervisor-fakes.js';

const submission = (name: string, executors?: number, config?: Readonly<Record<string, unknown>>) =>
  ({ topology: topologyOf(name, executors, config), blob: `blob-of-${name}`, status: 'active' }) as const;

t.test('a topology that is submitted is in the store whole, with workers, in one write', async (t) => {
  const world = new World();
  await world.supervisor('s1', 2);
  await world.supervisor('s2', 2);
  const nimbus = await world.leader();
  const id = await nimbus.submit(submission('words'));
  t.equal(id, 'words-1-1700000000');
  const record = await world.topology('words');
  t.match(record, {
    id,
    name: 'words',
    status: 'active',
    blob: 'blob-of-words',
    workersWanted: 2,
    generation: 1,
    messageTimeoutMs: 30_000,
  });
  t.same(shown(record), ['1.0 s1:6700 1-1,3-3', '1.1 s2:6700 2-2,4-4']);
  t.same(record.hosts, { s1: 's1.host', s2: 's2.host' });
  t.ok(isEmitting(record));
  await settled();
  t.equal(await world.version('words'), 0);
});

t.test('a name is taken once, also when two submissions race for it', async (t) => {
  const world = new World();
  await world.supervisor('s1', 4);
  const nimbus = await world.leader();
  const tried = await Promise.allSettled([nimbus.submit(submission('words')), nimbus.submit(submission('words'))]);
  t.same(tried.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  await t.rejects(nimbus.submit(submission('words')), { code: 'PB_TOPOLOGY_EXISTS' });
  // Somebody else's topology comes between the look and the write.
  world.beforeWrite = () => {
    world.beforeWrite = () => {};
    void world.session.create(topologyPath('other'), JSON.stringify({ id: 'other-9-1' }));
  };
  await t.rejects(nimbus.submit(submission('other')), { code: 'PB_TOPOLOGY_EXISTS' });
});

t.test('a topology that finds no slot waits for one, and one that finds too few spreads when more come', async (t) => {
  const world = new World();
  const nimbus = await world.leader();
  await nimbus.submit(submission('words'));
  t.same(shown(await world.topology('words')), []);
  await world.supervisor('s1', 1);
  t.same(shown(await world.topology('words')), ['1.0 s1:6700 1-1,2-2,3-3,4-4']);
  await world.supervisor('s2', 1);
  t.same(shown(await world.topology('words')).length, 2);
});

t.test('at rest nothing is written, however often nimbus looks', async (t) => {
  const world = new World();
  await world.supervisor('s1', 4);
  const nimbus = await world.leader();
  await nimbus.submit(submission('words'));
  await world.report('running');
  const { writes } = world;
  await world.clock.advance(20 * TIMES.monitorMs);
  await world.supervisor('s2', 4);
  await world.clock.advance(TIMES.monitorMs);
  t.equal(world.writes, writes, 'also when supervisors join: that is for a rebalance');
});

t.test('the store is written once for each topology, and once more for the number in its id', async (t) => {
  const world = new World();
  for (let index = 0; index < 10; index++) await world.supervisor(`s${index}`, 4);
  const nimbus = await world.leader();
  for (let index = 0; index < 10; index++) await nimbus.submit(submission(`words${index}`, 20, { 'topology.workers': 4 }));
  t.equal(world.writes, 10, 'ten topologies of forty executors on ten supervisors');
  await world.report('running');
  await world.remove(supervisorPath('s0'));
  await world.clock.advance(TIMES.taskTimeoutMs);
  t.equal(
    world.writes,
    20 - (await world.topologies()).filter(({ generation }) => generation === 1).length,
    'and one for each that changes',
  );
});

t.test('activate, deactivate', async (t) => {
  const world = new World();
  const nimbus = await world.leader();
  await nimbus.submit({ ...submission('words'), status: 'inactive' });
  t.equal((await world.topology('words')).status, 'inactive');
  await nimbus.activate('words');
  await nimbus.activate('words');
  t.equal((await world.topology('words')).status, 'active');
  t.equal(await world.version('words'), 1);
  await nimbus.deactivate('words');
  t.notOk(isEmitting(await world.topology('words')));
  await t.rejects(nimbus.activate('nothing'), { code: 'PB_TOPOLOGY_NOT_FOUND' });
});

t.test('a kill waits with the spouts still, then the topology goes, and its errors with it', async (t) => {
  const world = new World();
  await world.supervisor('s1', 4);
  const nimbus = await world.leader();
  const id = await nimbus.submit(submission('words'));
  await world.session.create(errorsPath(id, 'bolt'), '[]');
  await nimbus.kill('words', 5000);
  t.match(await world.topology('words'), { status: 'killed', pending: { kind: 'kill', waitMs: 5000 } });
  await t.rejects(nimbus.activate('words'), { code: 'PB_TOPOLOGY_KILLED' });
  await world.clock.advance(4999);
  t.equal((await world.topology('words')).status, 'killed');
  t.equal((await world.topology('words')).workers.length, 2, 'what is on its way may arrive');
  await world.clock.advance(1);
  t.same(await world.topologies(), []);
  t.same(await world.session.children('/errors'), []);
  await nimbus.submit(submission('words'));
  t.equal((await world.topology('words')).id, 'words-2-1700000000');
});

t.test('errors that come after their topology are swept away', async (t) => {
  const world = new World();
  await world.leader();
  await world.session.create(errorsPath('gone-1-1', 'bolt'), '[]');
  await world.clock.advance(TIMES.monitorMs);
  t.same(await world.session.children('/errors'), []);
});

t.test('a kill without a wait is done when it returns; without a number it waits the message timeout', async (t) => {
  const world = new World();
  const nimbus = await world.leader();
  await nimbus.submit(submission('words', 1, { 'topology.message.timeout.secs': 7 }));
  await nimbus.kill('words');
  t.equal((await world.topology('words')).pending?.waitMs, 7000);
  await nimbus.kill('words', 0);
  t.same(await world.topologies(), []);
});

t.test('the slots of a killed topology are given away only when it is gone', async (t) => {
  const world = new World();
  await world.supervisor('s1', 2);
  const nimbus = await world.leader();
  await nimbus.submit(submission('words'));
  await nimbus.kill('words', 5000);
  await nimbus.submit(submission('next'));
  t.same(shown(await world.topology('next')), []);
  await world.clock.advance(5000);
  t.same(shown(await world.topology('next')).length, 2);
});

t.test('a rebalance waits with the spouts still, then cuts and places anew in one write', async (t) => {
  const world = new World();
  await world.supervisor('s1', 2);
  const nimbus = await world.leader();
  await nimbus.submit(submission('words', 4, { 'topology.workers': 1 }));
  await world.supervisor('s2', 2);
  await world.report('running');
  t.same(shown(await world.topology('words')), ['1.0 s1:6700 1-1,2-2,3-3,4-4,5-5,6-6,7-7,8-8']);
  await nimbus.rebalance('words', { waitMs: 1000, workers: 2, executors: { bolt: 2 } });
  t.notOk(isEmitting(await world.topology('words')));
  await world.clock.advance(1000);
  const record = await world.topology('words');
  t.ok(isEmitting(record));
  t.equal(record.workersWanted, 2);
  t.same(shown(record), ['2.0 s1:6700 1-2,5-5,7-7', '2.1 s2:6700 3-4,6-6,8-8']);
  t.equal(await world.version('words'), 2);
  await t.rejects(nimbus.rebalance('words', { executors: { bolt: 9 } }), { code: 'PB_CHANGE_INVALID' });
});

t.test('a rebalance that changes nothing restarts nobody', async (t) => {
  const world = new World();
  await world.supervisor('s1', 2);
  const nimbus = await world.leader();
  await nimbus.submit(submission('words'));
  const before = await world.topology('words');
  await nimbus.rebalance('words', { waitMs: 0 });
  t.same(await world.topology('words'), before);
});

t.test('the workers of a supervisor that is lost move, and the others keep their incarnations', async (t) => {
  const world = new World();
  for (const id of ['s1', 's2', 's3']) await world.supervisor(id, 1);
  const nimbus = await world.leader();
  await nimbus.submit(submission('words'));
  await world.report('running');
  t.same(shown(await world.topology('words')), ['1.0 s1:6700 1-1,3-3', '1.1 s2:6700 2-2,4-4']);
  await world.remove(supervisorPath('s1'));
  await world.clock.advance(9999);
  t.equal((await world.topology('words')).generation, 1);
  await world.clock.advance(1);
  t.same(shown(await world.topology('words')), ['1.1 s2:6700 2-2,4-4', '2.0 s3:6700 1-1,3-3']);
  t.same((await world.topology('words')).hosts, { s2: 's2.host', s3: 's3.host' });
});

t.test('a worker that failed moves to another supervisor, and only where there is none stays', async (t) => {
  const world = new World();
  await world.supervisor('s1', 4);
  const nimbus = await world.leader();
  await nimbus.submit(submission('words', 1));
  await world.report('failed', ({ incarnation }) => incarnation === '1.0');
  t.equal(shown(await world.topology('words'))[1], '2.0 s1:6700 1-1');
  await world.supervisor('s2', 1);
  await world.report('failed', ({ incarnation }) => incarnation === '2.0');
  t.equal((await world.topology('words')).generation, 2, 'not as fast as it can fail');
  await world.clock.advance(MOVE_PAUSE_MS_MIN);
  t.equal(shown(await world.topology('words'))[1], '3.0 s2:6700 1-1');
});

t.test('a supervisor with another address takes its workers along, and no generation changes', async (t) => {
  const world = new World();
  await world.supervisor('s1', 4);
  const nimbus = await world.leader();
  await nimbus.submit(submission('words'));
  await world.supervisor('s1', 4, { host: 'elsewhere' });
  t.match(await world.topology('words'), { generation: 1, hosts: { s1: 'elsewhere' } });
});

t.test('supervisors of another version get no work beside ours, and keep what they have among themselves', async (t) => {
  const world = new World();
  const old = { versions: { frames: 0, grouping: 1 } };
  await world.supervisor('o1', 2, old);
  const nimbus = await world.leader();
  await nimbus.submit(submission('words'));
  t.same(shown(await world.topology('words')), [], 'not to one that may not understand us');
  await world.supervisor('s1', 1);
  await world.report('running');
  t.same(shown(await world.topology('words')), ['1.0 s1:6700 1-1,2-2,3-3,4-4']);
  // The machine of the only worker comes back as another version: the topology goes on growing there and not here.
  await world.supervisor('s1', 2, old);
  await world.supervisor('s2', 2);
  await world.clock.advance(TIMES.monitorMs);
  t.ok((await world.topology('words')).workers.every(({ supervisor }) => supervisor !== 's2'));
});

t.test("the scheduler is anybody's, and one that answers nonsense changes nothing", async (t) => {
  const world = new World();
  await world.supervisor('s1', 4);
  const nimbus = await world.leader();
  world.schedule = ({ topologies }) =>
    topologies.map(({ topologyId }) => ({ topologyId, workers: [{ supervisor: 's9', port: 1, executors: [[1, 1]] }] }));
  await t.rejects(nimbus.submit(submission('words')), { code: 'PB_SCHEDULE_INVALID' });
  t.same(await world.topologies(), []);
  world.schedule = ({ topologies }) =>
    topologies.map(({ topologyId }) => ({ topologyId, workers: [{ supervisor: 's1', port: 6703, executors: [[1, 1]] }] }));
  await nimbus.submit(submission('words'));
  t.same(shown(await world.topology('words')), ['1.0 s1:6703 1-1']);
});

t.test('a topology that is too large for the store is refused, and leaves nothing', async (t) => {
  const world = new World();
  const nimbus = await world.leader();
  await t.rejects(nimbus.submit(submission('words', 15_000)), { code: 'PB_STORE_TOO_LARGE' });
  t.same(await world.topologies(), []);
});

t.test('nimbuses register; only the leader acts, and the other one says who that is', async (t) => {
  const world = new World();
  const first = await world.leader('n1');
  const second = world.nimbus('n2');
  await second.start();
  await settled();
  t.same(
    (await second.nimbuses()).map(({ id }) => id),
    ['n1', 'n2'],
  );
  t.equal((await second.leader())?.url, 'http://n1');
  t.ok(first.isLeader);
  t.notOk(second.isLeader);
  await t.rejects(second.submit(submission('words')), { code: 'PB_NOT_LEADER', context: { leader: 'http://n1' } });
  await t.rejects(second.kill('words'), { code: 'PB_NOT_LEADER' });
  t.same(await second.topologies(), []);
  await first.stop();
  await second.whenLeading();
  t.same(
    (await second.nimbuses()).map(({ id }) => id),
    ['n2'],
  );
  await second.submit(submission('words'));
});

t.test('when the leader dies the other carries on: running topologies are not touched, numbers go on', async (t) => {
  const world = new World();
  await world.supervisor('s1', 2);
  await world.supervisor('s2', 2);
  const first = await world.leader('n1');
  const second = world.nimbus('n2');
  await second.start();
  await first.submit(submission('words'));
  await world.report('running');
  const before = await world.topology('words');
  await world.expire('n1');
  await second.whenLeading();
  await world.clock.advance(5 * TIMES.monitorMs);
  t.same(await world.topology('words'), before);
  t.equal(await world.version('words'), 0);
  t.equal(await second.submit(submission('more')), 'more-2-1700000000');
});

t.test('a supervisor that was away when leaders changed has all of its time again', async (t) => {
  const world = new World();
  for (const id of ['s1', 's2', 's3']) await world.supervisor(id, 1);
  const first = await world.leader('n1');
  const second = world.nimbus('n2');
  await second.start();
  await first.submit(submission('words'));
  await world.report('running');
  await world.remove(supervisorPath('s1'));
  await world.clock.advance(9000);
  await first.stop();
  await second.whenLeading();
  await world.clock.advance(9000);
  t.equal((await world.topology('words')).generation, 1);
  await world.clock.advance(1000);
  t.equal((await world.topology('words')).generation, 2);
});

t.test('a kill and a rebalance that wait are carried on by the next leader, who waits them out anew', async (t) => {
  const world = new World();
  await world.supervisor('s1', 4);
  const first = await world.leader('n1');
  const second = world.nimbus('n2');
  await second.start();
  await first.submit(submission('dying'));
  await first.submit(submission('growing', 4, { 'topology.workers': 1 }));
  await first.kill('dying', 1000);
  await first.rebalance('growing', { waitMs: 1000, workers: 2 });
  await world.clock.advance(900);
  await first.stop();
  await second.whenLeading();
  await world.clock.advance(900);
  t.equal((await world.topologies()).length, 2);
  await world.clock.advance(100);
  t.same(
    (await world.topologies()).map(({ name }) => name),
    ['growing'],
  );
  t.equal((await world.topology('growing')).workersWanted, 2);
});

t.test('a leader whose session is over changes nothing more, whatever it was in the middle of', async (t) => {
  const world = new World();
  await world.supervisor('s1', 4);
  const first = await world.leader('n1');
  const second = world.nimbus('n2');
  await second.start();
  await first.submit(submission('words'));
  const before = await world.topology('words');
  // It froze between its decision and its write; when it goes on, the store has given it up.
  world.beforeWrite = () => {
    world.beforeWrite = () => {};
    world.sessions.get('n1')?.at(-1)?.expire();
  };
  await t.rejects(first.kill('words', 0), { code: 'PB_STORE_SESSION_ENDED' });
  t.same(await world.topology('words'), before);
  await second.whenLeading();
  t.ok(second.isLeader);
  await second.deactivate('words');
  t.equal((await world.topology('words')).status, 'inactive');
});

t.test('a leader that loses the latch between its look and its write does not write, although its session lives', async (t) => {
  const world = new World();
  const first = await world.leader('n1');
  const second = world.nimbus('n2');
  await second.start();
  await first.submit(submission('words'));
  world.beforeRead = async () => {
    world.beforeRead = async () => {};
    const [lowest] = (await world.session.children('/leader')).filter((name) => name.startsWith('n1-'));
    await world.remove(`/leader/${lowest}`);
  };
  await t.rejects(first.deactivate('words'), { code: 'PB_NOT_LEADER' });
  t.equal((await world.topology('words')).status, 'active');
  t.ok(second.isLeader);
});

t.test('10,000 executors over 500 supervisors are one write of the topology', async (t) => {
  const world = new World();
  const ports = [6700, 6701, 6702, 6703];
  for (let index = 0; index < 500; index++) {
    const record = { id: `s${index}`, host: `host${index}`, ports, url: '', versions: VERSIONS, workers: [] };
    await world.session.create(supervisorPath(record.id), JSON.stringify(record));
  }
  const nimbus = await world.leader();
  await nimbus.submit(submission('words', 5000, { 'topology.workers': 500 }));
  const { workers } = await world.topology('words');
  t.equal(workers.length, 500);
  t.equal(new Set(workers.map(({ supervisor }) => supervisor)).size, 500);
  t.same([...new Set(workers.map(({ executors }) => executors.length))], [20]);
  await settled();
  t.equal(world.writes, 1);
});

t.test('a write that meets another version is decided anew', async (t) => {
  const world = new World();
  const nimbus = await world.leader();
  await nimbus.submit(submission('words'));
  world.beforeWrite = () => {
    world.beforeWrite = () => {};
    const { store } = world;
    const entry = store.find(topologyPath('words'));
    store.update(topologyPath('words'), JSON.stringify({ ...JSON.parse(entry?.data ?? ''), blob: 'changed meanwhile' }), 0);
  };
  await nimbus.deactivate('words');
  t.match(await world.topology('words'), { status: 'inactive', blob: 'changed meanwhile' });
});

t.test('after its session has expired a nimbus registers again and stands again, without a restart', async (t) => {
  const world = new World();
  const nimbus = await world.leader('n1');
  await nimbus.submit(submission('words'));
  await world.expire('n1');
  t.notOk(nimbus.isLeader);
  await t.rejects(nimbus.activate('words'), { code: 'PB_STORE_UNREACHABLE' });
  await world.clock.advance(5000);
  t.ok(nimbus.isLeader);
  t.same(
    (await nimbus.nimbuses()).map(({ id }) => id),
    ['n1'],
  );
  await nimbus.deactivate('words');
  t.equal((await world.topology('words')).status, 'inactive');
});

t.test('every nimbus lets go of the code that no topology has, leader or not', async (t) => {
  const world = new World();
  const first = await world.leader('n1');
  const second = world.nimbus('n2');
  await second.start();
  await first.submit(submission('words'));
  world.retained.length = 0;
  await world.clock.advance(TIMES.monitorMs);
  t.same(world.retained, [['blob-of-words'], ['blob-of-words']]);
});

t.test('what is no record in the store is reported and left alone', async (t) => {
  const world = new World();
  await world.session.create(topologyPath('odd'), 'no json');
  await world.session.create(supervisorPath('odd'), '[');
  await world.supervisor('s1', 2);
  const nimbus = await world.leader();
  await nimbus.submit(submission('words'));
  t.equal((await world.topology('words')).workers.length, 2);
  t.ok(world.logged.includes('store.unreadable'));
  t.equal((await world.session.get(topologyPath('odd')))?.data, 'no json');
});

t.test('a nimbus that stops leaves no timer and no watch behind', async (t) => {
  const world = new World();
  await world.supervisor('s1', 2);
  const nimbus = await world.leader();
  await nimbus.submit(submission('words'));
  await nimbus.stop();
  t.equal(world.clock.timers, 0);
  t.notOk(nimbus.isLeader);
});
