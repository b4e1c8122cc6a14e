/** A component that is replaced while it runs: the new incarnation is tried out first, and what runs goes on until it takes over. */
import t, { type Test } from 'tap';
import { ModuleBolt } from '../../src/component/module-bolt.js';
import type { Successor } from '../../src/component/ports.js';
import { ShellBolt } from '../../src/component/shell-bolt.js';
import { ShellSpout } from '../../src/component/shell-spout.js';
import type { Bolt, BoltCollector, InputTuple, TaskContext } from '../../src/model/component-api.js';
import type { Compatibility } from '../../src/model/topology.js';
import { type FakeChild, tuple, until, World } from './fake-child.js';

const HEARTBEAT = '{"id":"-1","comp":null,"stream":"__heartbeat","task":-1,"tuple":[]}';

async function boltOf(t: Test): Promise<{ readonly world: World; readonly bolt: ShellBolt; readonly successor: Successor }> {
  const world = new World();
  t.teardown(() => world.close());
  const settings = { ...world.settings, restartsMax: 3, pendingMax: 100, nonFiniteAsNull: false };
  const events = { ...world.events, onDirty: () => setImmediate(() => bolt.flush()) };
  const bolt: ShellBolt = new ShellBolt(world.identity, settings, world.ports, world.output, events);
  bolt.start();
  await (await world.started(1)).handshake();
  await until(() => bolt.isRunning);
  return { world, bolt, successor: { type: 'shell', settings } };
}

/** Plays a child up to the answer that shows that it is sound. */
async function prove(child: FakeChild): Promise<void> {
  await child.handshake();
  await child.take(1);
  child.say('{"command":"sync"}');
}

t.test('the old child works on until the new one takes over; then what it holds fails, and what it says is not heard', async (t) => {
  const { world, bolt, successor } = await boltOf(t);
  const replacing = bolt.replace(successor);
  const [before, after] = [world.child, await world.started(2)];
  bolt.execute(tuple('["a"]'), 0);
  bolt.execute(tuple('["b"]'), 0);
  bolt.flush();
  await before.take(2);
  await after.handshake();
  t.same(await after.take(1), [HEARTBEAT]);
  before.say('{"command":"ack","id":"1"}');
  await until(() => world.did.length === 1);
  after.say('{"command":"sync"}');
  (await replacing).takeOver();
  t.same(world.did, ['ack 1', 'fail 2']);
  before.say('{"command":"ack","id":"2"}', '{"command":"emit","tuple":["late"]}');
  bolt.execute(tuple('["c"]'), 0);
  bolt.flush();
  t.match(await after.take(1), [/"tuple":\["c"\]/]);
  after.say('{"command":"ack","id":"1"}');
  await until(() => bolt.heldCount === 0);
  before.exit(0);
  t.same([world.did.slice(2), world.errors, world.restarts], [['ack 1'], [], 0]);
});

t.test('a new child that dies, or never answers, is given up with the reason, and the old one is left alone', async (t) => {
  const { world, bolt, successor } = await boltOf(t);
  const dying = bolt.replace(successor);
  (await world.started(2)).exit(1);
  await t.rejects(dying, { code: 'PB_HANDSHAKE_FAILED', context: { component: 'split', exit: 1 } });
  const dyingLater = bolt.replace(successor);
  await (await world.started(3)).handshake();
  await world.child.take(1);
  world.child.exit(1);
  await t.rejects(dyingLater, { code: 'PB_CHILD_EXITED' });
  const silent = bolt.replace(successor);
  await world.started(4);
  const looked = world.lookedAtClock;
  world.nowMs = world.settings.handshakeTimeoutMs + 1;
  await until(() => world.lookedAtClock > looked);
  world.child.exit(null, 'SIGKILL'); // What it is sent at that.
  await t.rejects(silent, { code: 'PB_HANDSHAKE_TIMEOUT' });
  t.equal(bolt.isRunning, true);
  t.same([world.restarts, world.fatal, world.errors], [0, [], []]);
});

t.test('one that is discarded is asked to go', async (t) => {
  const { world, bolt, successor } = await boltOf(t);
  const replacing = bolt.replace(successor);
  await prove(await world.started(2));
  const discarded = (await replacing).discard();
  world.child.exit(0);
  await discarded;
  t.equal(bolt.isRunning, true);
  t.same(world.errors, []);
});

t.test('a new child that emits before it was asked takes over at once, since what it says must be heard', async (t) => {
  const { world, bolt, successor } = await boltOf(t);
  const replacing = bolt.replace(successor);
  const child = await world.started(2);
  await child.handshake();
  child.say('{"command":"emit","tuple":["x"],"need_task_ids":false}');
  (await replacing).takeOver();
  t.same(world.did, ['emit default ["x"] anchors 0']);
});

t.test('a component that could not be kept running can be replaced, and starts with a whole budget', async (t) => {
  const { world, bolt, successor } = await boltOf(t);
  world.child.exit(1);
  for (let count = 2; world.fatal.length === 0; count++) {
    await until(() => world.fatal.length > 0 || world.children.length === count);
    if (world.fatal.length === 0) world.child.exit(1);
  }
  const started = world.children.length;
  const replacing = bolt.replace(successor);
  await prove(await world.started(started + 1));
  (await replacing).takeOver();
  t.equal(bolt.isRunning, true);
  world.child.exit(1);
  await world.started(started + 2);
  t.equal(world.fatal.length, 1);
});

t.test('a spout proves itself by an answer to deactivate, unless its library is known not to give one', async (t) => {
  for (const compat of [{}, { skipActivate: true }, { implicitSyncMs: 50 }] satisfies Compatibility[]) {
    const world = new World();
    t.teardown(() => world.close());
    const settings = { ...world.settings, restartsMax: 3, compat };
    const events = { ...world.events, onDirty: () => setImmediate(() => spout.flush()) };
    const spout: ShellSpout = new ShellSpout(world.identity, settings, world.ports, world.output, events);
    spout.activate();
    spout.start();
    await (await world.started(1)).handshake();
    await until(() => spout.isRunning);
    const replacing = spout.replace({ type: 'shell', settings });
    const child = await world.started(2);
    await child.handshake();
    const isAsked = !('skipActivate' in compat) && !('implicitSyncMs' in compat);
    if (isAsked) {
      t.same(await child.take(1), ['{"command":"deactivate","id":""}']);
      child.say('{"command":"sync"}');
    }
    (await replacing).takeOver();
    t.same(world.did, ['lost']);
    if (!('skipActivate' in compat)) t.same(await child.take(1), ['{"command":"activate","id":""}']);
  }
});

class Echo implements Bolt {
  closed = 0;
  readonly inputs: InputTuple[] = [];
  collector: BoltCollector | undefined;
  readonly #name: string;
  constructor(name: string) {
    this.#name = name;
  }
  execute(input: InputTuple, collector: BoltCollector): void {
    this.collector = collector;
    this.inputs.push(input);
    collector.emit([this.#name]);
  }
  cleanup(): void {
    this.closed++;
  }
}

t.test('an instance is closed before the next is opened, what it holds fails, and what is left of it is not heard', async (t) => {
  const world = new World();
  t.teardown(() => world.close());
  const [before, after] = [new Echo('before'), new Echo('after')];
  const settings = { create: () => before, restartsMax: 3, shutdownGraceMs: 20 };
  const bolt = new ModuleBolt(world.identity, settings, {} as TaskContext, world.output, world.events);
  bolt.start();
  await until(() => bolt.isRunning);
  bolt.execute(tuple('["a"]'));
  const replacement = await bolt.replace({ type: 'module', create: () => after, context: {} as TaskContext });
  t.equal(bolt.isRunning, true);
  replacement.takeOver();
  t.equal(bolt.isRunning, false);
  await until(() => bolt.isRunning);
  before.collector?.ack(before.inputs[0] as InputTuple);
  bolt.execute(tuple('["b"]'));
  t.same(world.did, ['emit default ["before"] anchors 0', 'fail 0', 'emit default ["after"] anchors 0']);
  t.same([before.closed, after.closed, world.restarts], [1, 0, 0]);
});
