import t from 'tap';
import type { CustomGrouping } from '../../src/grouping/custom.js';
import { createGrouper, type Grouper } from '../../src/grouping/grouper.js';
import { createRouter, type RouterStream } from '../../src/grouping/router.js';
import { Values } from '../../src/model/values.js';

const TARGETS = [3, 4, 5, 8, 9];

function route(chooser: Pick<Grouper, 'route'>, ...array: unknown[]): number[] {
  const out: number[] = [];
  chooser.route(Values.fromArray(array), out);
  return out;
}

function custom(grouping: CustomGrouping): Grouper {
  const where = { component: 'split', stream: 'default', fields: ['word', 'count'], target: 'count', targets: TARGETS, localTargets: [] };
  return createGrouper({ type: 'custom', path: './by-length.js' }, { ...where, random: () => 0, custom: grouping });
}

t.test('a custom grouping is told what it groups and chooses any number of tasks', async (t) => {
  const told: unknown[] = [];
  const byLength = custom({
    prepare: (context) => told.push(context),
    chooseTasks: ([word]) => TARGETS.slice(0, (word as string).length),
  });
  t.same(told, [{ component: 'split', stream: 'default', fields: ['word', 'count'], targets: [3, 4, 5, 8, 9] }]);
  t.same(route(byLength, 'ab'), [3, 4]);
  t.same(route(byLength, ''), []);
});

t.test('what a custom grouping may not choose is an error that names it, and chooses nothing', async (t) => {
  const cases: [chosen: unknown, says: string][] = [
    [[3, 6], 'chose 6, which is none of its target tasks'],
    [[3, '4'], 'chose "4", which is none of its target tasks'],
    [[3, undefined], 'chose undefined, which is none of its target tasks'],
    [[Number.NaN], 'chose NaN, which is none of its target tasks'],
    [4, 'returned 4 instead of an array of task ids'],
    [undefined, 'returned undefined instead of an array of task ids'],
    [Promise.resolve([3]), 'returned [object Promise] instead of an array of task ids'],
  ];
  for (const [chosen, says] of cases) {
    const out: number[] = [];
    const wrong = custom({ chooseTasks: () => chosen as number[] });
    t.throws(() => wrong.route(Values.fromArray(['x']), out), {
      code: 'PB_GROUPING_INVALID',
      message: `The custom grouping of count on stream default of split ${says}.`,
      context: { component: 'split', stream: 'default', target: 'count', targets: '3, 4, 5, 8, 9' },
    });
    t.same(out, []);
  }
});

t.test('what a custom grouping throws is the cause of an error that says where', async (t) => {
  const cause = new Error('no such shard');
  const fails = (): never => {
    throw cause;
  };
  const message = 'The custom grouping of count on stream default of split threw in chooseTasks: no such shard';
  t.throws(() => route(custom({ chooseTasks: fails }), 'x'), { code: 'PB_MODULE_THREW', message, cause });
  t.throws(() => custom({ prepare: fails, chooseTasks: () => [] }), { code: 'PB_MODULE_THREW', message: /threw in prepare/ });
});

const STREAMS: readonly RouterStream[] = [
  {
    name: 'default',
    fields: ['word', 'count'],
    direct: false,
    subscribers: [{ component: 'count', grouping: { type: 'all' }, targets: [5, 6], localTargets: [] }],
  },
  {
    name: 'both',
    fields: ['word'],
    direct: false,
    subscribers: [
      { component: 'report', grouping: { type: 'global' }, targets: [9, 10], localTargets: [] },
      { component: 'count', grouping: { type: 'fields', fields: ['word'] }, targets: [5, 6], localTargets: [] },
    ],
  },
  {
    name: 'told',
    fields: ['line', 'why', 'where'],
    direct: true,
    subscribers: [{ component: 'report', grouping: { type: 'direct' }, targets: [9, 10], localTargets: [] }],
  },
  { name: 'unheard', fields: [], direct: false, subscribers: [] },
];

t.test('a router knows its declared streams, each with its fields and everyone who listens', async (t) => {
  const router = createRouter({ component: 'split', streams: STREAMS, random: () => 0 });
  t.same(
    router.streams.map(({ name, arity, direct, taskIds }) => ({ name, arity, direct, taskIds })),
    [
      { name: 'default', arity: 2, direct: false, taskIds: [5, 6] },
      { name: 'both', arity: 1, direct: false, taskIds: [5, 6, 9, 10] },
      { name: 'told', arity: 3, direct: true, taskIds: [9, 10] },
      { name: 'unheard', arity: 0, direct: false, taskIds: [] },
    ],
  );
  t.equal(router.stream('both'), router.streams[1]);
  t.equal(router.stream('undeclared'), undefined);
  t.equal(router.stream('__proto__'), undefined);
});

t.test('a stream router asks each subscriber in turn, and a direct stream only about its tasks', async (t) => {
  const [plain, both, told, unheard] = createRouter({ component: 'split', streams: STREAMS, random: () => 0 }).streams;
  t.same(route(plain as Grouper, 'whale', 1), [5, 6]);
  t.same(route(both as Grouper, 'whale'), [9, 5]);
  t.same(route(told as Grouper, 'a', 'b', 'c'), []);
  t.same(route(unheard as Grouper), []);
  t.same(
    [5, 9, 10, 11, 0].map((task) => told?.allowsDirect(task)),
    [false, true, true, false, false],
  );
  t.equal(plain?.allowsDirect(5), false, 'Storm refuses a direct emit to a task that expects a regular grouping');
});
