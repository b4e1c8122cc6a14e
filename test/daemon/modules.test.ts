/** Modules of a topology: components and custom groupings in TypeScript and JavaScript, and what is said when they are not what they should be. */
import t from 'tap';
import { LocalCluster } from '../../src/daemon/local/local-cluster.js';
import type { Bolt, BoltCollector, InputTuple, TaskContext } from '../../src/model/component-api.js';
import { inline, module } from '../../src/model/component-implementation.js';
import type { PolyboltError } from '../../src/model/errors.js';
import { TopologyBuilder } from '../../src/model/topology-builder.js';

const resources = `${process.cwd()}/test/fixtures/modules`;

t.test('a spout, a bolt and a custom grouping come from modules, TypeScript among them', async (t) => {
  const seen: [number, unknown][] = [];
  class See implements Bolt {
    #task = 0;
    prepare(context: TaskContext): void {
      this.#task = context.task;
    }
    execute(tuple: InputTuple, collector: BoltCollector): void {
      seen.push([this.#task, tuple.values[0]]);
      collector.ack(tuple);
    }
  }
  const builder = new TopologyBuilder('modules');
  builder.setSpout('words', module('./words.mjs', { export: 'Words', outputs: ['word'] }), 1);
  builder.setBolt('upper', module('./upper.ts', { outputs: ['word'] }), 1).shuffleGrouping('words');
  builder
    .setBolt(
      'see',
      inline(() => new See()),
      3,
    )
    .customGrouping('upper', 'default', './by-length.ts', { args: [2] });
  const cluster = await LocalCluster.start({ onFatal: (error) => t.fail(error.message) });
  await cluster.submit(builder.build({ resources }));
  await cluster.untilIdle('modules', 30);
  t.match(cluster.summary('modules').roots, { emitted: 6, acked: 6 });
  await cluster.shutdown();
  // __acker is task 1, so the tasks of see are 2, 3 and 4; half the length chooses.
  t.strictSame(
    seen.sort((a, b) => String(a[1]).length - String(b[1]).length),
    [
      [2, 'A'],
      [3, 'BB'],
      [3, 'CCC'],
      [4, 'DDDD'],
      [4, 'EEEEE'],
      [2, 'FFFFFF'],
    ],
  );
});

/** The error that ends a topology whose bolt is this module. */
async function fatalOf(path: string, exportName?: string): Promise<PolyboltError> {
  const builder = new TopologyBuilder('bad');
  builder.setSpout('words', module('./words.mjs', { export: 'Words', outputs: ['word'] }), 1);
  builder.setBolt('bolt', module(path, exportName === undefined ? {} : { export: exportName }), 1).shuffleGrouping('words');
  let tell: (error: PolyboltError) => void = () => {};
  const fatal = new Promise<PolyboltError>((resolve) => {
    tell = resolve;
  });
  const cluster = await LocalCluster.start({ onFatal: tell });
  await cluster.submit(builder.build({ resources }));
  const error = await fatal;
  await cluster.killNow();
  return error;
}

t.test('a module that does not exist is named with its directory', async (t) => {
  t.match(await fatalOf('./nowhere.ts'), { code: 'PB_MODULE_MISSING', message: `the module ./nowhere.ts does not exist in ${resources}` });
});

t.test('a module that cannot be loaded says why, with its trace', async (t) => {
  t.match(await fatalOf('./broken.mjs'), { code: 'PB_MODULE_INVALID', context: { trace: /SyntaxError/ } });
});

t.test('an export that is no bolt is refused, and what the module exports is listed', async (t) => {
  t.match(await fatalOf('./words.mjs', 'nothing'), {
    code: 'PB_MODULE_INVALID',
    message: /exports no bolt as "nothing"; it exports Words, nothing/,
  });
});

t.test('a module with several exports and no default asks for a name', async (t) => {
  t.match(await fatalOf('./words.mjs'), { code: 'PB_MODULE_INVALID', hint: /name the export with export:/ });
});
