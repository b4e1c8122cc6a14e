/**
 * Whatever a topology file holds, loading it answers with a topology or with mistakes: it never throws, and never says nothing.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { formatMistake, loadTopologyFile } from '../../src/model/topology-file/load.js';
import { projectRoot } from './project-files.js';

const fixtures = join(projectRoot, 'test', 'fixtures', 'topologies');
const texts = ['good', 'bad'].flatMap((folder) =>
  readdirSync(join(fixtures, folder))
    .filter((file) => file.endsWith('.yaml') && file !== 'alias-bomb.yaml')
    .map((file) => readFileSync(join(fixtures, folder, file), 'utf8')),
);

/** Fails unless the answer is a topology or at least one mistake with a place. */
function judge(text: string): void {
  const reader = { readFile: (path: string) => (path === 't.yaml' ? text : 'config: { a: 1 }\n'), exists: () => true };
  const result = loadTopologyFile('t.yaml', { set: { input: 'a', n: '[1, x]' }, env: {} }, reader);
  if ('topology' in result) return;
  if (result.mistakes.length === 0) throw new Error('neither a topology nor a mistake');
  for (const mistake of result.mistakes)
    if (!/^[^:]+:\d+:\d+: PB_\w+ \S/.test(formatMistake(mistake))) throw new Error(formatMistake(mistake));
}

/** A mapping in which the keys of topology files hold anything. */
const keys = [
  'name',
  'config',
  'spouts',
  'bolts',
  'streams',
  'components',
  'includes',
  'id',
  'command',
  'module',
  'outputs',
  'inputs',
  'from',
  'to',
];
const moreKeys = [
  'grouping',
  'fields',
  'type',
  'args',
  'className',
  'constructorArgs',
  'configMethods',
  'ref',
  'reflist',
  'parallelism',
  'tasks',
  'file',
];
const shellSpout = 'org.apache.storm.flux.wrappers.spouts.FluxShellSpout';
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    fc.constantFrom<unknown>(
      'a',
      'b',
      'fields',
      'direct',
      'default',
      shellSpout,
      'java.util.ArrayList',
      '${n}',
      '${n[0]}',
      '',
      null,
      0,
      -1,
      1.5,
      true,
    ),
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom(...keys, ...moreKeys), tie('tree'), { maxKeys: 5 }),
  ),
}));

t.test('cut, doubled and replaced characters of the fixtures', async () => {
  const edit = fc.tuple(
    fc.constantFrom(...texts),
    fc.nat(),
    fc.nat(12),
    fc.constantFrom('', ' ', '\n', '- ', ': ', '[', '}', '&a ', '*a', '${', '"', '\t', '__', 'null'),
  );
  fc.assert(
    fc.property(edit, ([text, at, cut, put]) => {
      const start = at % text.length;
      judge(text.slice(0, start) + put + text.slice(start + cut));
    }),
    { numRuns: 300 },
  );
});

t.test('known keys that hold anything', async () => {
  const files = fc.record(
    {
      name: fc.constantFrom<unknown>('n', '', 3, null),
      spouts: fc.array(
        fc.record({ id: fc.constantFrom('a', 'b'), command: fc.constant(['x']), outputs: tree, className: tree }, { requiredKeys: ['id'] }),
        { maxLength: 3 },
      ),
      bolts: fc.array(fc.oneof(tree, fc.record({ id: fc.constant('c'), command: fc.constant(['x']), inputs: fc.array(tree) })), {
        maxLength: 3,
      }),
      streams: tree,
      components: tree,
      includes: tree,
      config: tree,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(files, (file) => judge(JSON.stringify(file))),
    { numRuns: 300 },
  );
});
