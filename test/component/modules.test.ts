/** Components inside the worker: the same rules as for a child, and nothing that an author's code leaves behind can end the process. */
import t, { type Test } from 'tap';
import { ModuleBolt } from '../../src/component/module-bolt.js';
import { ModuleSpout } from '../../src/component/module-spout.js';
import {
  BasicBolt,
  type Bolt,
  type BoltCollector,
  type InputTuple,
  type Spout,
  type SpoutCollector,
  type TaskContext,
} from '../../src/model/component-api.js';
import { tuple, until, World } from './fake-child.js';

const CONTEXT = {} as TaskContext;

async function boltOf(t: Test, create: () => Bolt, restartsMax = 3): Promise<{ readonly world: World; readonly bolt: ModuleBolt }> {
  const world = new World();
  t.teardown(() => world.close());
  const bolt = new ModuleBolt(world.identity, { create, restartsMax, shutdownGraceMs: 20 }, CONTEXT, world.output, world.events);
  bolt.start();
  await until(() => bolt.isRunning);
  return { world, bolt };
}

async function spoutOf(t: Test, create: () => Spout): Promise<{ readonly world: World; readonly spout: ModuleSpout }> {
  const world = new World();
  t.teardown(() => world.close());
  const spout = new ModuleSpout(world.identity, { create, restartsMax: 3, shutdownGraceMs: 20 }, CONTEXT, world.output, world.events);
  spout.activate();
  spout.start();
  await until(() => spout.isIdle);
  return { world, spout };
}

/** Keeps what it gets. */
class Keeping implements Bolt {
  collector: BoltCollector | undefined;
  readonly inputs: InputTuple[] = [];
  execute(input: InputTuple, collector: BoltCollector): void {
    this.collector = collector;
    this.inputs.push(input);
    if (input.values[0] === 'poison') throw new Error('poison');
  }
}

t.test('ML-LC-11, ML-LC-13: a throw ends the instance, fails what it held, and a new one takes over', async (t) => {
  const made: Keeping[] = [];
  const { world, bolt } = await boltOf(t, () => {
    made.push(new Keeping());
    return made.at(-1) as Keeping;
  });
  bolt.execute(tuple('["a"]'));
  bolt.execute(tuple('["poison"]'));
  t.same(world.did, ['fail 0', 'fail 0']);
  t.match(world.errors, [{ code: 'PB_MODULE_THREW', message: 'Error: poison', context: { component: 'split', task: 5 } }]);
  await until(() => bolt.isRunning);
  t.equal(made.length, 2);
  t.equal(world.restarts, 1);
});

t.test('what is left of an instance that has ended says nothing any more', async (t) => {
  const made: Keeping[] = [];
  const { world, bolt } = await boltOf(t, () => {
    made.push(new Keeping());
    return made.at(-1) as Keeping;
  });
  bolt.execute(tuple('["a"]'));
  bolt.execute(tuple('["poison"]'));
  await until(() => bolt.isRunning);
  const { collector, inputs } = made[0] as Keeping;
  // As from a timer of the dead instance: a throw here would have nobody to catch it.
  collector?.ack(inputs[0] as InputTuple);
  collector?.fail(inputs[0] as InputTuple);
  collector?.reportError(new Error('late'));
  t.same(collector?.emit(['x']), []);
  t.same(world.did, ['fail 0', 'fail 0']);
  t.equal(world.errors.length, 1);
});

t.test('ML-BO-07: a second ack throws into the component, and uncaught it ends the instance', async (t) => {
  const { world, bolt } = await boltOf(t, () => ({
    execute: (input, collector): void => {
      collector.ack(input);
      collector.ack(input);
    },
  }));
  bolt.execute(tuple('["a"]'));
  t.same(world.did, ['ack 0']);
  t.match(world.errors, [{ code: 'PB_TUPLE_UNKNOWN' }]);
  await until(() => bolt.isRunning);
});

t.test('a promise holds the next input back, and its rejection is a throw', async (t) => {
  let settle = (): void => {};
  const { world, bolt } = await boltOf(t, () => ({
    execute: (input, collector): Promise<void> =>
      new Promise((resolve, reject) => {
        settle = (): void => {
          if (input.values[0] === 'poison') return reject(new Error('poison'));
          collector.ack(input);
          resolve();
        };
      }),
  }));
  bolt.execute(tuple('["a"]'));
  t.notOk(bolt.isReady);
  settle();
  await until(() => bolt.isReady);
  bolt.execute(tuple('["poison"]'));
  settle();
  await until(() => world.errors.length === 1);
  t.same(world.did, ['ack 0', 'fail 0']);
});

t.test('what execute returns besides a promise means nothing', async (t) => {
  // An arrow function that ends in an emit returns the task ids.
  const { world, bolt } = await boltOf(t, () => ({
    execute: (input, collector) => collector.emit(['x'], { anchors: input }) as unknown as undefined,
  }));
  bolt.execute(tuple('["a"]'));
  t.ok(bolt.isReady);
  t.same(world.did, ['emit default ["x"] anchors 1']);
  t.same(world.errors, []);
});

t.test('a basic bolt reports a throw, fails the input and lives', async (t) => {
  class Fragile extends BasicBolt {
    process(input: InputTuple, emit: (values: readonly unknown[]) => readonly number[]): void {
      if (input.values[0] === 'poison') throw new Error('poison');
      emit(['fine']);
    }
  }
  const { world, bolt } = await boltOf(t, () => new Fragile());
  bolt.execute(tuple('["poison"]'));
  bolt.execute(tuple('["a"]'));
  t.same(world.did, ['fail 0', 'emit default ["fine"] anchors 1', 'ack 0']);
  t.match(world.errors, [{ code: 'PB_COMPONENT_ERROR' }]);
  t.equal(world.restarts, 0);
});

t.test('ML-LC-14: a component that throws in prepare spends the budget', async (t) => {
  const world = new World();
  t.teardown(() => world.close());
  const create = (): Bolt => ({ prepare: () => Promise.reject(new Error('no database')), execute: () => {} });
  const bolt = new ModuleBolt(world.identity, { create, restartsMax: 1, shutdownGraceMs: 20 }, CONTEXT, world.output, world.events);
  bolt.start();
  await until(() => world.fatal.length === 1);
  t.match(world.fatal, [{ code: 'PB_RESTARTS_EXHAUSTED', message: /no database/ }]);
});

t.test('ML-LC-18: a cleanup that never ends is waited for only as long as its grace', async (t) => {
  const { world, bolt } = await boltOf(t, () => ({ execute: () => {}, cleanup: () => new Promise<void>(() => {}) }));
  bolt.execute(tuple('["a"]'));
  await bolt.stop();
  t.same(world.did, ['fail 0']);
});

t.test('a spout that emits, hears its verdicts as they were given, and is asked again', async (t) => {
  const heard: unknown[] = [];
  const id = { n: 1 };
  const { world, spout } = await spoutOf(t, () => ({
    nextTuple: (collector): void => void collector.emit(['a'], { id }),
    ack: (back): void => void heard.push(back),
  }));
  spout.next();
  t.notOk(spout.wasEmpty);
  t.same(world.did, ['root default ["a"] id [object Object]']);
  spout.verdict('ack', id);
  t.equal(heard[0], id);
});

t.test('an ack that goes on asynchronously and rejects is a throw, not the end of the process', async (t) => {
  const { world, spout } = await spoutOf(
    t,
    () => ({ nextTuple: () => {}, ack: (): Promise<void> => Promise.reject(new Error('late')) }) as Spout,
  );
  spout.verdict('ack', 1);
  await until(() => world.errors.length === 1);
  t.match(world.errors, [{ code: 'PB_MODULE_THREW', message: 'Error: late' }]);
  t.same(world.did, ['lost']);
});

t.test('what is left of a spout that has ended emits nothing any more', async (t) => {
  const collectors: SpoutCollector[] = [];
  const { world, spout } = await spoutOf(t, () => ({
    nextTuple: (collector): void => {
      collectors.push(collector);
      throw new Error('x');
    },
  }));
  spout.next();
  await until(() => spout.isIdle);
  t.same(collectors[0]?.emit(['a'], { id: 1 }), []);
  t.same(world.did, ['lost']);
});
