/** The host of a spout and the keeper of its incarnations, with children that the test plays: ML-SP, ML-LC-12 to ML-LC-17. */
import t, { type Test } from 'tap';
import { ShellSpout } from '../../src/component/shell-spout.js';
import { UNPAUSED_EMITS_MAX } from '../../src/model/limits.js';
import { type FakeChild, until, World } from './fake-child.js';

const NEXT = '{"command":"next","id":""}';
const ACTIVATE = '{"command":"activate","id":""}';
const DEACTIVATE = '{"command":"deactivate","id":""}';
const SYNC = '{"command":"sync"}';

interface Fixture {
  readonly world: World;
  readonly spout: ShellSpout;
  readonly child: FakeChild;
}

async function spoutOf(
  t: Test,
  options: { readonly compat?: object; readonly restartsMax?: number; readonly isUp?: boolean } = {},
): Promise<Fixture> {
  const world = new World();
  t.teardown(() => world.close());
  const settings = { ...world.settings, restartsMax: options.restartsMax ?? 3, compat: options.compat ?? {} };
  const events = { ...world.events, onDirty: () => setImmediate(() => spout.flush()) };
  const spout: ShellSpout = new ShellSpout(world.identity, settings, world.ports, world.output, events);
  spout.activate();
  spout.start();
  const child = await world.started(1);
  if (options.isUp !== false) {
    await child.handshake();
    await until(() => spout.isRunning);
  }
  return { world, spout, child };
}

/** Brings an active spout to where it takes commands. */
async function activated(t: Test): Promise<Fixture> {
  const fixture = await spoutOf(t);
  t.same(await fixture.child.take(1), [ACTIVATE]);
  fixture.child.say(SYNC);
  await until(() => fixture.spout.isIdle);
  return fixture;
}

t.test('ML-SP-01, ML-SP-02, ML-SP-06: activate comes first, and each command waits for the sync of the one before', async (t) => {
  const { spout, child } = await spoutOf(t);
  t.same(await child.take(1), [ACTIVATE]);
  t.notOk(spout.isIdle);
  child.say(SYNC);
  await until(() => spout.isIdle);
  spout.next();
  t.notOk(spout.isIdle);
  t.same(await child.take(1), [NEXT]);
  child.say(SYNC);
  await until(() => spout.isIdle);
  t.ok(spout.wasEmpty);
});

t.test('ML-SP-10, ML-SP-11: ids come back as they were written, and null is none', async (t) => {
  const { world, spout, child } = await activated(t);
  spout.next();
  await child.take(1);
  child.say('{"command":"emit","id":{"n":1.0},"need_task_ids":false,"tuple":["a"]}', '{"command":"emit","id":null,"tuple":["b"]}', SYNC);
  t.same(await child.take(1), ['[9]']);
  await until(() => spout.isIdle);
  t.same(world.did, ['root default ["a"] id {"n":1.0}', 'root default ["b"] id undefined']);
  t.notOk(spout.wasEmpty);
  spout.verdict('fail', '{"n":1.0}');
  t.same(await child.take(1), ['{"command":"fail","id":{"n":1.0}}']);
});

t.test('ML-SP-17: a surplus sync is passed over', async (t) => {
  const { spout, child } = await activated(t);
  child.say(SYNC, SYNC, '{"command":"log","msg":"x"}');
  spout.next();
  await child.take(1);
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
  child.say(SYNC);
  await until(() => spout.isIdle);
});

t.test('ML-HB-07: silence counts only while a command is unanswered', async (t) => {
  const { world, spout } = await activated(t);
  world.nowMs = 100_000;
  spout.pulse(world.nowMs);
  t.ok(spout.isRunning);
  spout.next();
  world.nowMs = 103_000;
  spout.pulse(world.nowMs);
  t.ok(spout.isRunning);
  world.nowMs = 103_001;
  spout.pulse(world.nowMs);
  t.notOk(spout.isRunning);
});

t.test('ML-SP-18: a spout that cannot bear activate is not told', async (t) => {
  const { spout, child } = await spoutOf(t, { compat: { skipActivate: true } });
  await until(() => spout.isIdle);
  spout.next();
  t.same(await child.take(1), [NEXT]);
});

t.test('ML-SP-19: a silence after a command other than next stands for its sync where the switch says so', async (t) => {
  const { world, spout, child } = await spoutOf(t, { compat: { implicitSyncMs: 50 } });
  t.same(await child.take(1), [ACTIVATE]);
  world.nowMs = 49;
  spout.pulse(world.nowMs);
  t.notOk(spout.isIdle);
  world.nowMs = 50;
  spout.pulse(world.nowMs);
  t.ok(spout.isIdle);
});

t.test('ML-EM-17: a refused emit is failed by its id, and delivered to nobody', async (t) => {
  const { world, spout, child } = await activated(t);
  spout.next();
  await child.take(1);
  child.say('{"command":"emit","id":4,"tuple":["a","b"]}', SYNC);
  t.same(await child.take(1), ['[]']);
  await until(() => spout.isIdle);
  t.same(world.did, ['refused 4']);
  t.same(
    world.errors.map(({ code }) => code),
    ['PB_ARITY_WRONG'],
  );
});

t.test('design D9: while its readers are congested a spout that floods outside of any command is not read', async (t) => {
  const { world, spout, child } = await activated(t);
  spout.pause(true);
  child.say('{"command":"emit","need_task_ids":false,"tuple":["a"]}');
  await until(() => world.did.length === 1);
  child.say('{"command":"emit","need_task_ids":false,"tuple":["b"]}');
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  t.equal(world.did.length, 1, 'one read is under way when it stops');
  // A verdict never waits: to hear its sync the host reads on.
  spout.verdict('ack', '1');
  await until(() => world.did.length === 2);
  child.say(SYNC);
  await until(() => spout.isIdle);
});

t.test('UNPAUSED_EMITS_MAX: replays under a verdict are read although its readers are congested, a flood is not', async (t) => {
  const { world, spout, child } = await activated(t);
  spout.pause(true);
  spout.verdict('fail', '1');
  await child.take(1);
  const emits = (count: number): void =>
    child.say(...Array.from({ length: count }, () => '{"command":"emit","need_task_ids":false,"tuple":["a"]}'));
  emits(UNPAUSED_EMITS_MAX);
  await until(() => world.did.length === UNPAUSED_EMITS_MAX);
  emits(1);
  await until(() => world.did.length === UNPAUSED_EMITS_MAX + 1);
  emits(1);
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  t.equal(world.did.length, UNPAUSED_EMITS_MAX + 1);
  spout.pause(false);
  await until(() => world.did.length === UNPAUSED_EMITS_MAX + 2);
});

t.test(
  'ML-LC-12: the end of an incarnation tells the topology that its roots have nobody left, and the next is activated again',
  async (t) => {
    const { world, spout, child } = await activated(t);
    child.exit(1);
    const next = await world.started(2);
    t.same(world.did, ['lost']);
    await next.handshake();
    t.same(await next.take(1), [ACTIVATE]);
    t.notOk(spout.isIdle);
  },
);

t.test('ML-LC-17: a stop deactivates an active spout and waits for its sync before it closes stdin', async (t) => {
  const { world, spout, child } = await activated(t);
  spout.next();
  await child.take(1);
  const stopped = spout.stop();
  child.say(SYNC);
  t.same(await child.take(1), [DEACTIVATE]);
  child.say('{"command":"log","msg":"closing"}', SYNC);
  await until(() => world.did.includes('log info closing'));
  child.exit(0);
  await stopped;
  t.same(world.errors, []);
  t.equal(world.restarts, 0);
});

t.test('ML-LC-17: a stop waits for that sync only as long as its grace', async (t) => {
  const { spout, child } = await activated(t);
  spout.next();
  const stopped = spout.stop();
  await until(() => !spout.isRunning);
  child.exit(0);
  await stopped;
});

t.test('ML-LC-14: restarts that complete nothing spend the budget, and the last error is told', async (t) => {
  const { world, child } = await spoutOf(t, { restartsMax: 1 });
  child.exit(1);
  const next = await world.started(2);
  await next.handshake();
  await next.take(1);
  next.exit(2);
  await until(() => world.fatal.length === 1);
  t.same(
    world.errors.map(({ code }) => code),
    ['PB_CHILD_EXITED', 'PB_CHILD_EXITED'],
  );
  t.match(world.fatal[0], { code: 'PB_RESTARTS_EXHAUSTED', message: /the last time: PB_CHILD_EXITED the component exited with code 2/ });
  t.equal(world.restarts, 1);
});

t.test('ML-HS-09: a handshake that does not come ends the incarnation and quotes what came instead', async (t) => {
  const { world, spout, child } = await spoutOf(t, { isUp: false });
  child.say('{"command":"log","msg":"slow start"}');
  await until(() => world.did.length === 1);
  world.nowMs = 1000;
  spout.pulse(world.nowMs);
  world.nowMs = 1001;
  spout.pulse(world.nowMs);
  child.exit(null, 'SIGKILL');
  await until(() => world.errors.length === 1);
  t.match(world.errors[0], { code: 'PB_HANDSHAKE_TIMEOUT', context: { exit: 'SIGKILL', component: 'split', task: 5 } });
});

t.test('a stop while a restart is due starts nothing', async (t) => {
  const { world, spout, child } = await spoutOf(t);
  child.exit(1);
  await until(() => world.restarts === 1);
  await spout.stop();
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  t.equal(world.children.length, 1);
});
