/** The host of a bolt, with a child that the test plays: ML-BO, ML-EM and ML-HB. */
import t, { type Test } from 'tap';
import { ShellBolt } from '../../src/component/shell-bolt.js';
import {
  CHILD_READ_DELAY_TARGET_MS,
  CHILD_WINDOW_FIRST,
  HEARTBEATS_OPEN_MAX,
  HELD_MAX,
  OUTBOX_CHARS_MAX,
  REPLY_BYTES_MAX,
  TOMBSTONES_MAX,
} from '../../src/model/limits.js';
import { Tuple } from '../../src/model/tuple.js';
import { Values } from '../../src/model/values.js';
import { SOURCE, tuple, until, World } from './fake-child.js';

interface Fixture {
  readonly world: World;
  readonly bolt: ShellBolt;
  /** Gives the bolt inputs and lets it write. */
  give(...texts: readonly string[]): void;
}

async function boltOf(t: Test, options: { readonly pendingMax?: number; readonly isUp?: boolean } = {}): Promise<Fixture> {
  const world = new World();
  t.teardown(() => world.close());
  const settings = { ...world.settings, restartsMax: 3, pendingMax: options.pendingMax ?? 100, nonFiniteAsNull: false };
  const events = { ...world.events, onDirty: () => setImmediate(() => bolt.flush()) };
  const bolt: ShellBolt = new ShellBolt(world.identity, settings, world.ports, world.output, events);
  bolt.start();
  const child = await world.started(1);
  if (options.isUp !== false) {
    await child.handshake();
    await until(() => bolt.isRunning);
  }
  return {
    world,
    bolt,
    give: (...texts) => {
      for (const text of texts) bolt.execute(tuple(text), world.nowMs);
      bolt.flush();
    },
  };
}

t.test('ML-BO-01, ML-BO-02: tuples are written with ids that count, and answers go to the topology', async (t) => {
  const { world, bolt, give } = await boltOf(t);
  give('["a"]', '["b"]');
  t.same(await world.child.take(2), [
    '{"id":"1","comp":"words","stream":"default","task":7,"tuple":["a"]}',
    '{"id":"2","comp":"words","stream":"default","task":7,"tuple":["b"]}',
  ]);
  t.equal(bolt.heldCount, 2);
  world.child.say('{"command":"fail","id":"2"}', '{"command":"ack","id":"1"}');
  await until(() => bolt.heldCount === 0);
  t.same(world.did, ['fail 2', 'ack 1']);
});

t.test('ML-EM-04, ML-EM-05: a grouped emit is answered with its tasks, a direct one and one that declines are not', async (t) => {
  const { world, give } = await boltOf(t);
  give('["a"]');
  await world.child.take(1);
  world.child.say(
    '{"command":"emit","anchors":["1"],"stream":"direct","task":9,"tuple":["x"]}',
    '{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["y"]}',
    '{"command":"emit","anchors":["1","1"],"tuple":["z"]}',
  );
  t.same(await world.child.take(1), ['[9]']);
  t.same(world.did, ['emit direct ["x"] anchors 1 to 9', 'emit default ["y"] anchors 1', 'emit default ["z"] anchors 1']);
});

t.test('ML-EM-17, ML-EM-18: a refused emit fails its anchor, owes [], and leaves a tombstone that swallows one answer', async (t) => {
  const { world, bolt, give } = await boltOf(t);
  give('["a"]', '["b"]');
  await world.child.take(2);
  world.child.say('{"command":"emit","anchors":["1"],"stream":"nowhere","tuple":["x"]}');
  t.same(await world.child.take(1), ['[]']);
  t.same(
    world.errors.map(({ code }) => code),
    ['PB_STREAM_UNDECLARED'],
  );
  t.equal(world.errors[0]?.context['frame'], '{"command":"emit","anchors":["1"],"stream":"nowhere","tuple":["x"]}');
  // It does not know: it goes on to emit and ack as if nothing had happened.
  world.child.say('{"command":"emit","anchors":["1"],"tuple":["late"]}', '{"command":"emit","anchors":["1","2"],"tuple":["both"]}');
  t.same(await world.child.take(2), ['[]', '[9]']);
  world.child.say('{"command":"ack","id":"1"}', '{"command":"ack","id":"2"}');
  await until(() => world.did.includes('ack 2'));
  t.same(world.did, ['fail 1', 'emit default ["both"] anchors 1', 'ack 2']);
  t.equal(world.errors.length, 1);
  t.ok(bolt.isRunning);
  world.child.say('{"command":"ack","id":"1"}');
  await until(() => !bolt.isRunning);
  world.child.exit(null, 'SIGKILL');
  await until(() => world.errors.length === 2);
  t.equal(world.errors[1]?.code, 'PB_TUPLE_UNKNOWN', 'the tombstone swallows once');
});

t.test('ML-EM-12: an emit with one unknown anchor is refused, and its known anchors fail', async (t) => {
  const { world, bolt, give } = await boltOf(t);
  give('["a"]');
  await world.child.take(1);
  world.child.say('{"command":"emit","anchors":["1","77"],"tuple":["x"]}');
  t.same(await world.child.take(1), ['[]']);
  t.same(world.did, ['fail 1']);
  t.same(
    world.errors.map(({ code }) => code),
    ['PB_TUPLE_UNKNOWN'],
  );
  t.ok(bolt.isRunning);
});

t.test('ML-LC-11, ML-LC-13: what a dead incarnation held fails, and the next one counts from 1 again', async (t) => {
  const { world, bolt, give } = await boltOf(t);
  give('["a"]', '["b"]');
  await world.child.take(2);
  world.child.say('{"command":"ack","id":"2"}');
  world.child.exit(1);
  const next = await world.started(2);
  t.same(world.did, ['ack 2', 'fail 1'], 'what it had still said counts');
  t.equal(bolt.heldCount, 0);
  await next.handshake();
  await until(() => bolt.isRunning);
  give('["c"]');
  t.match((await next.take(1))[0], /^\{"id":"1",.*\["c"\]\}$/);
  t.equal(world.restarts, 1);
});

t.test('ML-HB-01, ML-HB-02: a heartbeat is written once a second and at most one waits', async (t) => {
  const { world, bolt } = await boltOf(t);
  for (world.nowMs = 1000; world.nowMs <= 1900; world.nowMs += 100) bolt.pulse(world.nowMs);
  world.child.say('{"command":"sync"}');
  world.nowMs = 2000;
  bolt.pulse(world.nowMs);
  t.same(await world.child.take(2), [
    '{"id":"-1","comp":null,"stream":"__heartbeat","task":-1,"tuple":[]}',
    '{"id":"-2","comp":null,"stream":"__heartbeat","task":-1,"tuple":[]}',
  ]);
  t.same(world.child.messages, []);
});

t.test('ML-HB-06: silence for the subprocess timeout ends the incarnation', async (t) => {
  const { world, bolt } = await boltOf(t);
  world.nowMs = 3000;
  bolt.pulse(world.nowMs);
  t.ok(bolt.isRunning);
  world.nowMs = 3001;
  bolt.pulse(world.nowMs);
  t.notOk(bolt.isRunning);
  world.child.exit(null, 'SIGKILL');
  await until(() => world.errors.length === 1);
  t.match(world.errors[0], { code: 'PB_CHILD_HUNG', message: 'the component gave no sign of life for 3001 ms' });
});

t.test('ML-HB-05: any message is a sign of life', async (t) => {
  const { world, bolt } = await boltOf(t);
  world.nowMs = 2900;
  world.child.say('{"command":"log","msg":"busy"}');
  await until(() => world.did.length === 1);
  world.nowMs = 5900;
  bolt.pulse(world.nowMs);
  t.ok(bolt.isRunning);
});

t.test('ML-HB-08: time during which the host does not read is no silence', async (t) => {
  const { world, bolt } = await boltOf(t);
  bolt.pause(true);
  world.child.say('{"command":"log","msg":"the last that is read"}');
  await until(() => world.did.length === 1);
  for (world.nowMs = 1000; world.nowMs <= 10_000; world.nowMs += 1000) bolt.pulse(world.nowMs);
  t.ok(bolt.isRunning);
  bolt.pause(false);
  world.nowMs = 14_000;
  bolt.pulse(world.nowMs);
  t.notOk(bolt.isRunning, 'now it counts');
});

t.test('a new incarnation is not read either while its readers are congested', async (t) => {
  const { world, bolt } = await boltOf(t);
  bolt.pause(true);
  world.child.exit(1);
  const next = await world.started(2);
  await next.handshake();
  await until(() => bolt.isRunning);
  next.say('{"command":"log","msg":"one"}');
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  t.same(world.did, []);
  bolt.pause(false);
  await until(() => world.did.length === 1);
});

t.test('design D9: the window of unread tuples shuts at CHILD_WINDOW_FIRST, and a heartbeat probes what was read', async (t) => {
  const { world, bolt, give } = await boltOf(t, { pendingMax: 10_000 });
  for (let count = 0; count < CHILD_WINDOW_FIRST; count++) {
    t.ok(bolt.isReady);
    bolt.execute(tuple('[1]'), world.nowMs);
  }
  t.notOk(bolt.isReady);
  give();
  // A bolt that keeps its inputs answers nothing but probes. The first stands before the tuples, so its answer says nothing about them.
  t.match((await world.child.take(CHILD_WINDOW_FIRST + 1))[0], /__heartbeat/);
  world.nowMs = CHILD_READ_DELAY_TARGET_MS / 2;
  world.child.say('{"command":"sync"}');
  t.match((await world.child.take(1))[0], /__heartbeat/);
  t.notOk(bolt.isReady);
  world.child.say('{"command":"sync"}');
  await until(() => bolt.isReady);
  t.equal(bolt.heldCount, CHILD_WINDOW_FIRST);
});

t.test('HEARTBEATS_OPEN_MAX: heartbeats that are never answered are forgotten, oldest first', async (t) => {
  const { world, bolt } = await boltOf(t);
  for (let count = 1; count <= 2 * HEARTBEATS_OPEN_MAX; count++) {
    world.nowMs = 1000 * count;
    world.child.say('{"command":"log","msg":"alive"}');
    await until(() => world.did.length === count);
    bolt.pulse(world.nowMs);
  }
  await world.child.take(2 * HEARTBEATS_OPEN_MAX);
  for (let count = 0; count < 3 * HEARTBEATS_OPEN_MAX; count++) world.child.say('{"command":"sync"}');
  world.child.say('{"command":"log","msg":"done"}');
  await until(() => world.did.at(-1) === 'log info done');
  t.ok(bolt.isRunning, 'ML-BO-11: a surplus sync is no error');
});

t.test('ML-BO-10: a full pipe takes no more tuples until it has drained', async (t) => {
  const { world, bolt } = await boltOf(t);
  world.child.stopReading(true);
  t.ok(bolt.isReady);
  bolt.execute(tuple(`["${'x'.repeat(OUTBOX_CHARS_MAX)}"]`), 0);
  t.notOk(bolt.isReady, 'its bytes are written at once, and the pipe does not take them');
  world.child.stopReading(false);
  await world.child.take(1);
  await until(() => bolt.isReady);
  t.equal(bolt.heldCount, 1);
});

t.test('values of an in-process component that are no JSON leave nothing held', async (t) => {
  const { bolt } = await boltOf(t);
  t.throws(() => bolt.execute(new Tuple(SOURCE, Values.fromArray([1n])), 0));
  t.equal(bolt.heldCount, 0);
});

t.test(
  'ML-BO-09, ML-HB-06: task ids that nobody reads stop the reading at REPLY_BYTES_MAX, and for too long end the incarnation',
  async (t) => {
    const { world, bolt } = await boltOf(t);
    world.child.stopReading(true);
    // Replies count from the moment that the pipe takes no more.
    bolt.execute(tuple(`["${'x'.repeat(OUTBOX_CHARS_MAX)}"]`), 0);
    bolt.flush();
    const frames = '{"command":"emit","tuple":["x"]}\nend\n'.repeat(1000).slice(0, -5);
    const replies = (): number => world.did.length * '[9]\nend\n'.length;
    while (replies() <= REPLY_BYTES_MAX) {
      const before = world.did.length;
      world.child.say(frames);
      await until(() => world.did.length === before + 1000 || replies() > REPLY_BYTES_MAX);
    }
    bolt.pulse(world.nowMs);
    world.nowMs = 2000;
    bolt.pulse(world.nowMs);
    t.ok(bolt.isRunning);
    world.nowMs = 3001;
    bolt.pulse(world.nowMs);
    t.notOk(bolt.isRunning);
    world.child.exit(null, 'SIGKILL');
    await until(() => world.errors.length === 1);
    t.match(world.errors[0], { code: 'PB_CHILD_HUNG', message: /characters of task ids unread for 3001 ms/ });
  },
);

t.test('a bolt takes no more than HELD_MAX inputs without an answer', async (t) => {
  const { world, bolt } = await boltOf(t);
  // It reads everything, says so, and answers nothing.
  world.child.onMessage = (message): void => {
    if (message.includes('__heartbeat')) world.child.say('{"command":"sync"}');
  };
  for (let sent = 0; sent < HELD_MAX; ) {
    await until(() => bolt.isReady);
    for (; sent < HELD_MAX && bolt.isReady; sent++) bolt.execute(tuple('[1]'), world.nowMs);
    bolt.flush();
  }
  await until(() => world.child.messages.filter((message) => message.includes('"tuple":[1]')).length === HELD_MAX);
  t.equal(bolt.heldCount, HELD_MAX);
  t.notOk(bolt.isReady);
});

t.test('a bolt that leaves TOMBSTONES_MAX refused inputs unanswered is ended', async (t) => {
  const { world, bolt } = await boltOf(t, { pendingMax: 10_000 });
  let refused = 0;
  while (bolt.isRunning && refused <= TOMBSTONES_MAX) {
    let frames = '';
    while (bolt.isReady && refused <= TOMBSTONES_MAX) {
      bolt.execute(tuple('[1]'), 0);
      frames += `{"command":"emit","anchors":["${++refused}"],"need_task_ids":false,"stream":"nowhere","tuple":[1]}\nend\n`;
    }
    bolt.flush();
    world.child.say(frames.slice(0, -5));
    await until(() => world.did.length === refused || !bolt.isRunning);
  }
  t.equal(refused, TOMBSTONES_MAX + 1);
  t.notOk(bolt.isRunning);
});
