import fc from 'fast-check';
import t from 'tap';
import { createGrouper, type Grouper, type GrouperContext } from '../../src/grouping/grouper.js';
import type { Grouping } from '../../src/model/topology.js';
import { Values } from '../../src/model/values.js';

const TARGETS = [3, 4, 5, 8, 9];

/** A small seeded generator (mulberry32): tests see the same shuffles every time. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function grouper(grouping: Grouping, context: Partial<GrouperContext> = {}): Grouper {
  const defaults = {
    component: 'split',
    stream: 'default',
    fields: ['word', 'count'],
    target: 'count',
    targets: TARGETS,
    localTargets: [],
  };
  return createGrouper(grouping, { ...defaults, random: seeded(1), ...context });
}

function route(chooser: Pick<Grouper, 'route'>, ...array: unknown[]): number[] {
  const out: number[] = [];
  chooser.route(Values.fromArray(array), out);
  return out;
}

function countBy(tasks: readonly number[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const task of tasks) counts[task] = (counts[task] ?? 0) + 1;
  return counts;
}

const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index));

t.test('shuffle and none give each task its turn in every round, in an order that changes', async (t) => {
  for (const type of ['shuffle', 'none'] as const) {
    const shuffle = grouper({ type });
    const rounds = times(20, () => times(5, () => route(shuffle, 'x')[0] as number));
    for (const round of rounds) t.same([...round].sort(), TARGETS);
    t.ok(new Set(rounds.map(String)).size > 10, 'the rounds are not all alike');
  }
});

t.test('shuffle takes every order of the ring equally often', async (t) => {
  const random = seeded(7);
  const orders = new Map<string, number>();
  times(6000, () => {
    const shuffle = grouper({ type: 'shuffle' }, { targets: [1, 2, 3], random });
    const order = times(3, () => route(shuffle, 'x')[0]).join('-');
    orders.set(order, (orders.get(order) ?? 0) + 1);
  });
  t.same([...orders.keys()].sort(), ['1-2-3', '1-3-2', '2-1-3', '2-3-1', '3-1-2', '3-2-1']);
  for (const [order, count] of orders) t.ok(count > 850 && count < 1150, `${order}: ${count} of 6000`);
});

t.test('shuffle passes a congested task over while another is free, and gives it its turn when it is free again', async (t) => {
  const congested = new Set([4, 8]);
  const shuffle = grouper({ type: 'shuffle' }, { isCongested: (task) => congested.has(task) });
  t.same(countBy(times(300, () => route(shuffle, 'x')[0] as number)), { 3: 100, 5: 100, 9: 100 });
  congested.clear();
  const after = countBy(times(500, () => route(shuffle, 'x')[0] as number));
  for (const task of TARGETS) t.ok(Math.abs((after[task] ?? 0) - 100) <= 1, `task ${task}: ${after[task]} of 500, no catching up`);
});

t.test('shuffle takes turns as ever when all tasks are congested', async (t) => {
  const shuffle = grouper({ type: 'shuffle' }, { isCongested: () => true });
  t.same(countBy(times(500, () => route(shuffle, 'x')[0] as number)), { 3: 100, 4: 100, 5: 100, 8: 100, 9: 100 });
});

t.test('property: shuffle under any congestion spares the congested and is fair to the others', async (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 8 }),
      fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 200 }),
      fc.integer(),
      (count, masks, seed) => {
        const targets = times(count, (index) => index);
        let mask = 0;
        const isCongested = (task: number): boolean => ((mask >>> task) & 1) === 1;
        const shuffle = grouper({ type: 'shuffle' }, { targets, random: seeded(seed), isCongested });
        const counts = new Array<number>(count).fill(0);
        const alwaysFree = targets.filter((task) => masks.every((each) => ((each >>> task) & 1) === 0));
        for (mask of masks) {
          const [task = -1, ...others] = route(shuffle, 'x');
          if (others.length > 0) return false;
          counts[task] = (counts[task] as number) + 1;
          if (isCongested(task) && !targets.every(isCongested)) return false;
          const free = alwaysFree.map((each) => counts[each] as number);
          if (free.length > 0 && Math.max(...free) - Math.min(...free) > 1) return false;
          // Nobody overtakes those who are always free by more than the round under way.
          if (free.length > 0 && Math.max(...counts) > Math.min(...free) + 1) return false;
        }
        return true;
      },
    ),
    { numRuns: 500 },
  );
  t.pass();
});

t.test('local-or-shuffle keeps to the tasks of the same worker where there are any', async (t) => {
  const local = grouper({ type: 'local-or-shuffle' }, { localTargets: [4, 9] });
  t.same(countBy(times(100, () => route(local, 'x')[0] as number)), { 4: 50, 9: 50 });
  const alone = grouper({ type: 'local-or-shuffle' }, { localTargets: [8] });
  t.same(countBy(times(10, () => route(alone, 'x')[0] as number)), { 8: 10 });
  const remote = grouper({ type: 'local-or-shuffle' });
  t.same(countBy(times(100, () => route(remote, 'x')[0] as number)), { 3: 20, 4: 20, 5: 20, 8: 20, 9: 20 });
  const spared = grouper({ type: 'local-or-shuffle' }, { localTargets: [4, 9], isCongested: (task) => task === 4 });
  t.same(countBy(times(100, () => route(spared, 'x')[0] as number)), { 9: 100 });
});

t.test('all reaches every task, global the lowest, direct none', async (t) => {
  t.same(route(grouper({ type: 'all' }), 'x'), [3, 4, 5, 8, 9]);
  t.same(route(grouper({ type: 'global' }), 'x'), [3]);
  t.same(route(grouper({ type: 'direct' }), 'x'), []);
});

t.test('route appends and leaves alone what is there', async (t) => {
  const out = [77];
  grouper({ type: 'global' }).route(Values.fromText('["x"]'), out);
  grouper({ type: 'all' }, { targets: [1, 2] }).route(Values.fromText('["x"]'), out);
  t.same(out, [77, 3, 1, 2]);
});

t.test('fields sends a key to the task that the specification says: hash modulo the number of tasks', async (t) => {
  const byWord = grouper({ type: 'fields', fields: ['word'] });
  // 1577877068 % 5 is 3, 2821705735 % 5 is 0.
  t.same(route(byWord, 'whale', 1), [8]);
  t.same(route(byWord, 'whale', 2), [8]);
  t.same(route(byWord, 'a', 1), [3]);
  const out: number[] = [];
  byWord.route(Values.fromText('[ "\\u0077hale" ,NaN]'), out);
  t.same(out, [8]);
});

t.test('property: fields and partial key depend on the chosen fields only, and another emitter chooses alike', async (t) => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (word, one, other) => {
      const first = grouper({ type: 'fields', fields: ['word'] });
      const second = grouper({ type: 'fields', fields: ['word'] }, { random: seeded(2), localTargets: [3] });
      const [task] = route(first, word, one);
      const out: number[] = [];
      second.route(Values.fromText(JSON.stringify([word, other])), out);
      const both = grouper({ type: 'fields', fields: ['count', 'word'] });
      const swapped = grouper({ type: 'fields', fields: ['count', 'word'] }, { fields: ['word', 'x', 'count'] });
      return out.length === 1 && out[0] === task && String(route(both, word, one)) === String(route(swapped, word, other, one));
    }),
  );
  t.pass();
});

t.test('partial key gives each key two tasks, uses both, and evens out keys that fields would pile up', async (t) => {
  const partial = grouper({ type: 'partial-key', fields: ['word'] });
  const hot = countBy(times(1000, () => route(partial, 'whale')[0] as number));
  t.same(Object.values(hot), [500, 500]);
  const again = grouper({ type: 'partial-key', fields: ['word'] }, { random: seeded(9) });
  t.same(
    Object.keys(countBy(times(1000, () => route(again, 'whale')[0] as number))),
    Object.keys(hot),
    'the same two from another emitter',
  );
  const skewed = grouper({ type: 'partial-key', fields: ['word'] });
  const tasks = times(10_000, (index) => route(skewed, `key-${Math.floor(Math.sqrt((index * 7919) % 10_000))}`)[0] as number);
  for (const count of Object.values(countBy(tasks))) t.ok(count > 1900 && count < 2100, `${count} of 10000`);
});

t.test('partial key takes the two tasks that the specification says, the first one first', async (t) => {
  const partial = grouper({ type: 'partial-key', fields: ['word'] });
  t.same([...route(partial, 'whale'), ...route(partial, 'whale'), ...route(partial, 'whale')], [8, 5, 8]);
  t.same([...route(partial, 'a'), ...route(partial, 'a'), ...route(partial, 'a')], [3, 3, 5]); // Task 5 had one from whale already.
});

t.test('partial key finds two different tasks for every key, each pair equally often', async (t) => {
  const pairs: string[] = [];
  times(6000, (index) => {
    const partial = grouper({ type: 'partial-key', fields: ['word'] }, { targets: [1, 2, 3] });
    pairs.push(`${route(partial, index)[0]}-${route(partial, index)[0]}`);
  });
  const counts = new Map<string, number>();
  for (const pair of pairs) counts.set(pair, (counts.get(pair) ?? 0) + 1);
  t.same([...counts.keys()].sort(), ['1-2', '1-3', '2-1', '2-3', '3-1', '3-2']);
  for (const [pair, count] of counts) t.ok(count > 850 && count < 1150, `${pair}: ${count} of 6000`);
});

t.test('a component with one task gets everything, whatever the grouping', async (t) => {
  const groupings: Grouping[] = [
    { type: 'shuffle' },
    { type: 'none' },
    { type: 'local-or-shuffle' },
    { type: 'all' },
    { type: 'global' },
    { type: 'fields', fields: ['word'] },
    { type: 'partial-key', fields: ['word'] },
  ];
  for (const grouping of groupings) {
    const one = grouper(grouping, { targets: [6], isCongested: () => true });
    t.same([...route(one, 'a'), ...route(one, 'b')], [6, 6], grouping.type);
  }
});
