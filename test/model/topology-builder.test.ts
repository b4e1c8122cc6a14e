/**
 * The builder: Storm's words in TypeScript, and the same gate as a file's. Also the bounds that no file would be written for.
 */
import t from 'tap';
import type { Bolt } from '../../src/model/component-api.js';
import { inline, module, shell } from '../../src/model/component-implementation.js';
import { PolyboltError } from '../../src/model/errors.js';
import { COMPONENTS_MAX, FIELDS_MAX, NAME_CHARS_MAX, STREAMS_MAX, TASKS_MAX } from '../../src/model/limits.js';
import { closest } from '../../src/model/suggest.js';
import { TopologyBuilder } from '../../src/model/topology-builder.js';

const spout = shell(['cat'], { outputs: ['v'] });
const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `f${index}`);

/** Codes and messages of what a build complains about. */
function mistakesOf(builder: TopologyBuilder, exists?: (path: string) => boolean): readonly [string, string][] {
  try {
    builder.build(exists === undefined ? {} : { exists });
    return [];
  } catch (error) {
    if (!(error instanceof PolyboltError)) throw error;
    const mistakes = error.context.mistakes as readonly { code: string; message: string }[];
    return mistakes.map(({ code, message }) => [code, message]);
  }
}

t.test('a topology built in code is the one that a file would make', async (t) => {
  const builder = new TopologyBuilder('word-count').config({ 'topology.workers': 1 });
  builder.setSpout(
    'sentences',
    shell(['python3', 's.py'], { outputs: ['sentence'], cwd: 'sub', environment: { A: '1' }, serializer: 'msgpack' }),
  );
  builder
    .setBolt(
      'split',
      module('./split.ts', { export: 'Split', args: [1], outputs: { default: ['word'], errors: { fields: ['why'], direct: true } } }),
      2,
    )
    .shuffleGrouping('sentences')
    .setNumTasks(4)
    .addConfiguration('topology.tick.tuple.freq.secs', 1)
    .addConfigurations({ mine: true });
  builder
    .setBolt('count', shell(['ruby', 'count.rb']))
    .fieldsGrouping('split', ['word'])
    .directGrouping('split', 'errors');
  t.strictSame(JSON.parse(JSON.stringify(builder.build({ resources: '/app' }))), {
    name: 'word-count',
    config: { 'topology.workers': 1 },
    components: {
      sentences: {
        kind: 'spout',
        id: 'sentences',
        implementation: { type: 'shell', command: ['python3', 's.py'], cwd: 'sub' },
        parallelism: 1,
        tasks: 1,
        outputs: { default: { fields: ['sentence'], direct: false } },
        config: {},
        environment: { A: '1' },
        serializer: 'msgpack',
        compat: {},
      },
      split: {
        kind: 'bolt',
        id: 'split',
        implementation: { type: 'module', path: './split.ts', exportName: 'Split', args: [1] },
        parallelism: 2,
        tasks: 4,
        outputs: { default: { fields: ['word'], direct: false }, errors: { fields: ['why'], direct: true } },
        config: { 'topology.tick.tuple.freq.secs': 1, mine: true },
        environment: {},
        serializer: 'json',
        compat: {},
        inputs: [{ from: 'sentences', stream: 'default', grouping: { type: 'shuffle' } }],
      },
      count: {
        kind: 'bolt',
        id: 'count',
        implementation: { type: 'shell', command: ['ruby', 'count.rb'] },
        parallelism: 1,
        tasks: 1,
        outputs: {},
        config: {},
        environment: {},
        serializer: 'json',
        compat: {},
        inputs: [
          { from: 'split', stream: 'default', grouping: { type: 'fields', fields: ['word'] } },
          { from: 'split', stream: 'errors', grouping: { type: 'direct' } },
        ],
      },
    },
    resources: '/app',
  });
});

t.test('every grouping has its method', async (t) => {
  const builder = new TopologyBuilder('groupings');
  builder.setSpout('s', shell(['cat'], { outputs: Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => [name, ['v']])) }));
  builder
    .setBolt('b', shell(['cat']))
    .shuffleGrouping('s', 'a')
    .localOrShuffleGrouping('s', 'b')
    .partialKeyGrouping('s', 'c', ['v'])
    .globalGrouping('s', 'd')
    .allGrouping('s', 'e')
    .noneGrouping('s', 'f')
    .customGrouping('s', 'g', './g.ts', { export: 'g', args: [2] });
  const bolt = builder.build().components.b;
  t.strictSame(bolt?.kind === 'bolt' && bolt.inputs.map(({ stream, grouping }) => [stream, grouping]), [
    ['a', { type: 'shuffle' }],
    ['b', { type: 'local-or-shuffle' }],
    ['c', { type: 'partial-key', fields: ['v'] }],
    ['d', { type: 'global' }],
    ['e', { type: 'all' }],
    ['f', { type: 'none' }],
    ['g', { type: 'custom', path: './g.ts', exportName: 'g', args: [2] }],
  ]);
});

t.test('an inline component stays the function that it is', async (t) => {
  const create = (): Bolt => ({ execute: (tuple, collector) => collector.ack(tuple) });
  const builder = new TopologyBuilder('inline');
  builder.setSpout('s', spout);
  builder.setBolt('b', inline(create)).shuffleGrouping('s');
  const implementation = builder.build().components.b?.implementation;
  t.equal(implementation?.type === 'inline' && implementation.create, create);
});

t.test('build tells all mistakes at once, with the code of the first', async (t) => {
  const builder = new TopologyBuilder('a.b').config({ 'topology.workers': 0 });
  builder.setSpout('s', shell([], { outputs: ['v', 'v'] }), 0);
  builder.setBolt('b', spout).fieldsGrouping('s', ['w']);
  try {
    builder.build();
    t.fail('build must throw');
  } catch (error) {
    t.ok(error instanceof PolyboltError && error.code === 'PB_NAME_INVALID');
    t.match((error as Error).message, /^the topology `a\.b` has 6 mistakes:\n {2}PB_NAME_INVALID the topology name/);
  }
  t.strictSame(
    mistakesOf(builder).map(([code]) => code),
    ['PB_NAME_INVALID', 'PB_CONFIG_INVALID', 'PB_COMMAND_INVALID', 'PB_FIELD_DUPLICATE', 'PB_PARALLELISM_INVALID', 'PB_FIELD_UNKNOWN'],
  );
});

t.test('what cannot be written down as JSON is refused', async (t) => {
  const endless: Record<string, unknown> = {};
  endless.again = endless;
  const builder = new TopologyBuilder('json').config({
    date: new Date(0),
    when: Number.NaN,
    call: (): number => 1,
    none: undefined,
    endless,
  });
  builder.setSpout('s', module('./s.ts', { args: [1n] }));
  t.strictSame(
    mistakesOf(builder).map(([code]) => code),
    [...Array.from({ length: 5 }, () => 'PB_CONFIG_INVALID'), 'PB_TOPOLOGY_SHAPE'],
  );
});

t.test('freezing the topology leaves what the builder was given alone', async (t) => {
  const command = ['cat'];
  const args = [{ a: 1 }];
  const config = { nested: { a: 1 } };
  const builder = new TopologyBuilder('copies').config(config);
  builder.setSpout('s', shell(command));
  builder.setSpout('m', module('./m.ts', { args }));
  t.ok(Object.isFrozen(builder.build().config.nested));
  t.strictSame([command, args, args[0], config, config.nested].map(Object.isFrozen), [false, false, false, false, false]);
});

t.test('modules and resources are looked for when the builder is told how', async (t) => {
  const builder = new TopologyBuilder('files');
  builder.setSpout('s', module('./s.ts'));
  t.strictSame(mistakesOf(builder), []);
  t.strictSame(
    mistakesOf(builder, () => false).map(([code]) => code),
    ['PB_RESOURCES_MISSING'],
  );
  t.strictSame(
    mistakesOf(builder, (path) => !path.endsWith('.ts')).map(([code]) => code),
    ['PB_MODULE_MISSING'],
  );
});

t.test('components: ten thousand are allowed, one more is not', async (t) => {
  const codes = (count: number): string[] => {
    const builder = new TopologyBuilder('many');
    for (let index = 0; index < count; index += 1) builder.setSpout(`s${index}`, spout);
    return mistakesOf(builder).map(([code]) => code);
  };
  t.strictSame(codes(COMPONENTS_MAX), []);
  t.strictSame(codes(COMPONENTS_MAX + 1), ['PB_TOPOLOGY_TOO_LARGE']);
});

t.test('tasks: with the acker, as many as can be numbered are allowed', async (t) => {
  const codes = (tasks: number, ackers: number | null): string[] => {
    const builder = new TopologyBuilder('tasks').config({ 'topology.acker.executors': ackers });
    builder.setSpout('s', spout).setNumTasks(tasks);
    return mistakesOf(builder).map(([code]) => code);
  };
  t.strictSame(codes(TASKS_MAX - 1, null), []);
  t.strictSame(codes(TASKS_MAX, 0), []);
  t.strictSame(codes(TASKS_MAX, null), ['PB_TOPOLOGY_TOO_LARGE']);
});

t.test('streams, fields and names have their bounds', async (t) => {
  const codes = (outputs: readonly string[] | Record<string, readonly string[]>, name = 'n'): string[] => {
    const builder = new TopologyBuilder(name);
    builder.setSpout('s', shell(['cat'], { outputs }));
    return mistakesOf(builder).map(([code]) => code);
  };
  const streams = (count: number): Record<string, readonly string[]> => Object.fromEntries(names(count).map((name) => [name, []]));
  t.strictSame(codes(names(FIELDS_MAX)), []);
  t.strictSame(codes(names(FIELDS_MAX + 1)), ['PB_TOPOLOGY_TOO_LARGE']);
  t.strictSame(codes(streams(STREAMS_MAX)), []);
  t.strictSame(codes(streams(STREAMS_MAX + 1)), ['PB_TOPOLOGY_TOO_LARGE']);
  t.strictSame(codes([], 'x'.repeat(NAME_CHARS_MAX)), []);
  t.strictSame(codes([], 'x'.repeat(NAME_CHARS_MAX + 1)), ['PB_NAME_INVALID']);
});

t.test('names: words of any language are fine, control characters and directories are not', async (t) => {
  const codes = (id: string): string[] => {
    const builder = new TopologyBuilder('names');
    builder.setSpout(id, spout);
    return mistakesOf(builder).map(([code]) => code);
  };
  for (const good of ['a', 'sentence-spout', 'kafka spout', 'com.example.Words', 'Wörter', '単語', '_x'])
    t.strictSame(codes(good), [], good);
  for (const bad of ['', ' a', 'a ', 'a\nb', 'a\u0000', 'a/b', 'a:b', 'a\\b', '.', '..', '__a', '\ud800'])
    t.strictSame(codes(bad), ['PB_NAME_INVALID'], JSON.stringify(bad));
});

t.test('a suggestion is close, or there is none', async (t) => {
  const candidates = ['sentences', 'split', 'count', 'local-or-shuffle'];
  t.equal(closest('sentense', candidates), 'sentences');
  t.equal(closest('spilt', candidates), 'split');
  t.equal(closest('COUNT', candidates), 'count');
  t.equal(closest('localOrShuffle', candidates), 'local-or-shuffle');
  t.equal(closest('report', candidates), undefined);
  t.equal(closest('x', ['y']), undefined);
});

t.test('what is to be prepared is set like the rest, and checked like a command', async (t) => {
  const builder = new TopologyBuilder('prepared').prepare(['make', 'venv']);
  builder.setSpout('s', shell(['cat'], { outputs: ['v'] }));
  t.same(builder.build().prepare, ['make', 'venv']);
  for (const bad of [[], [''], 'make venv' as unknown as string[], ['a\0b']]) {
    t.throws(() => builder.prepare(bad).build(), { code: 'PB_COMMAND_INVALID', message: /the prepare command/ });
  }
});
