/** What `polybolt dev` makes of a change on disk: which files count, whose they are, and what it takes; and the watch that tells of them. */
import { mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { isIgnored, OWN_CHANGE_MS, OWN_CHANGES_MAX, OWN_QUIET_MS, OwnFiles } from '../../src/cli/changed-files.js';
import { ownersOf } from '../../src/cli/file-owners.js';
import { topologyChange } from '../../src/cli/topology-change.js';
import { watchTrees } from '../../src/cli/watch.js';
import type { Topology } from '../../src/model/topology.js';
import { loadTopologyFile } from '../../src/model/topology-file/load.js';

const FILE = `
name: words
config: { topology.message.timeout.secs: 30 }
spouts:
  - { id: source, command: [python3, source.py, data/words.txt], outputs: [word] }
bolts:
  - { id: split, command: [python3, -u, split.py], outputs: [word], inputs: [{ from: source, grouping: shuffle }] }
  - { id: tag, command: [python3, -m, tagging.main], outputs: [word], inputs: [{ from: split, grouping: shuffle }] }
  - { id: count, module: count.mjs, outputs: [word], inputs: [{ from: split, grouping: fields, fields: [word] }] }
  - { id: sum, module: sum.ts, outputs: [word], inputs: [{ from: split, grouping: shuffle }] }
  - { id: end, command: [bash, --norc, bin/end.sh], cwd: tools, inputs: [{ from: count, grouping: shuffle }] }
`;

function topologyOf(text: string): Topology {
  const result = loadTopologyFile('/t/topology.yaml', { set: {}, env: {} }, { readFile: () => text, exists: () => true });
  if ('mistakes' in result) throw new Error(JSON.stringify(result.mistakes));
  return result.topology;
}

const TEXTS: Readonly<Record<string, string>> = {
  '/t/count.mjs': `import { add } from './lib/add.mjs';\nimport fs from 'node:fs';\nexport class Count {}`,
  '/t/lib/add.mjs': `export * from "../shared/numbers.js";\nconst lazy = await import('./lazy.mjs');`,
  '/t/sum.ts': `import { numbers } from './shared/numbers.js';\nconst table = require('./table');`,
  '/t/shared/numbers.ts': `import './numbers.js';`,
};

const owners: readonly (readonly [file: string, components: readonly string[], because: string])[] = [
  ['split.py', ['split'], 'named in the command'],
  ['data/words.txt', ['source'], 'an argument'],
  ['tagging/main.py', ['tag'], 'python -m'],
  ['tagging/main/part.py', ['tag'], 'a directory that the command names'],
  ['tools/bin/end.sh', ['end'], 'named relative to the cwd'],
  ['count.mjs', ['count'], 'a module'],
  ['lib/add.mjs', ['count'], 'imported'],
  ['lib/lazy.mjs', ['count'], 'imported when needed, by an import'],
  ['shared/numbers.ts', ['count', 'sum'], 'imported by both, as the .js it becomes'],
  ['table/index.js', ['sum'], 'required as a directory'],
  ['helper.py', ['source', 'split', 'tag'], 'nobody names it: all that run Python'],
  ['lib/unreached.js', ['count', 'sum'], 'nobody names it: all that run JavaScript'],
  ['tools/lib.sh', ['end'], 'nobody names it: all that run a shell'],
  ['settings.ini', ['source', 'split', 'tag', 'count', 'sum', 'end'], 'nobody names it: all'],
  ['other.rb', ['source', 'split', 'tag', 'count', 'sum', 'end'], 'nobody runs Ruby: all'],
];

t.test('a changed file belongs to the components that name it or import it, else to those of its kind, else to all', async (t) => {
  const topology = topologyOf(FILE);
  const files = { readText: (path: string) => TEXTS[path] };
  for (const [file, components, because] of owners) t.same(ownersOf(`/t/${file}`, topology, files), components, `${file}: ${because}`);
});

const changes: readonly (readonly [from: string, to: string, expected: object])[] = [
  ['name: words', 'name: words # that count', { kind: 'none' }],
  ['split.py]', 'split.py, --fast]', { kind: 'restart', components: ['split'] }],
  ['module: count.mjs', 'module: count2.mjs', { kind: 'restart', components: ['count'] }],
  ['cwd: tools', 'cwd: gear', { kind: 'restart', components: ['end'] }],
  ['id: split, ', 'id: split, config: { size: 3 }, ', { kind: 'restart', components: ['split'] }],
  ['id: split, ', 'id: split, environment: { SIZE: "3" }, ', { kind: 'restart', components: ['split'] }],
  ['id: split, ', 'id: split, parallelism: 2, ', { kind: 'resubmit', why: 'the parallelism of split has changed' }],
  [
    'id: split, ',
    'id: split, config: { topology.tick.tuple.freq.secs: 1 }, ',
    { kind: 'resubmit', why: 'the config of the runtime of split has changed' },
  ],
  ['command: [python3, -u, split.py]', 'module: split.mjs', { kind: 'resubmit', why: 'the kind of implementation of split has changed' }],
  ['id: split, ', 'id: split, serializer: msgpack, ', { kind: 'resubmit', why: 'the serializer of split has changed' }],
  ['grouping: fields, fields: [word]', 'grouping: all', { kind: 'resubmit', why: 'an input of count has changed' }],
  ['count.mjs, outputs: [word]', 'count.mjs, outputs: [word, n]', { kind: 'resubmit', why: 'an output of count has changed' }],
  ['timeout.secs: 30', 'timeout.secs: 60', { kind: 'resubmit', why: 'its config: has changed' }],
  ['name: words', 'name: letters', { kind: 'resubmit', why: 'it is named "letters" now' }],
  [FILE.split('\n')[7] as string, '', { kind: 'resubmit', why: 'tag is gone from it' }],
];

t.test('a changed topology file restarts the components that run something else; any other shape is another topology', async (t) => {
  for (const [from, to, expected] of changes) {
    t.ok(FILE.includes(from), from);
    t.same(topologyChange(topologyOf(FILE), topologyOf(FILE.replace(from, to))), expected, to);
  }
});

t.test('a component that is new, or stands elsewhere in the file, makes it another topology', async (t) => {
  const lines = FILE.split('\n');
  const tag = lines[7] as string;
  const withoutTag = lines.filter((line) => line !== tag);
  t.match(topologyChange(topologyOf(withoutTag.join('\n')), topologyOf(FILE)), { kind: 'resubmit', why: 'tag is new in it' });
  const moved = withoutTag.toSpliced(8, 0, tag).join('\n');
  t.match(topologyChange(topologyOf(FILE), topologyOf(moved)), { kind: 'resubmit', why: /another order/ });
});

t.test('what editors, version control and languages leave lying about counts for nothing', async (t) => {
  const ignored = [
    '.git/HEAD',
    'a/node_modules/b.js',
    '__pycache__/x.pyc',
    'x.pyc',
    '.split.py.swp',
    'split.py~',
    '.#split.py',
    '#split.py#',
    '4913',
  ];
  for (const path of [...ignored, 'a/.goutputstream-X1', 'split.py___jb_tmp___', '.venv', 'b/.DS_Store', 'x.tmp'])
    t.ok(isIgnored(path), path);
  for (const path of ['split.py', 'a/b.mjs', '.env', 'gitlog.txt', 'node_modules.py']) t.notOk(isIgnored(path), path);
});

t.test(
  "a file that keeps changing right after the restarts that it causes is the topology's own, until it is quiet for a while",
  async (t) => {
    const own = new OwnFiles();
    let nowMs = 0;
    for (let change = 0; change < OWN_CHANGES_MAX; change++) {
      t.equal(own.onChange('/t/out.log', nowMs), 'counts');
      nowMs += 5000; // The restart takes a while.
      own.onRestarted(['/t/out.log'], nowMs);
      nowMs += OWN_CHANGE_MS - 1;
    }
    t.equal(own.onChange('/t/out.log', nowMs), 'own');
    t.equal(own.onChange('/t/out.log', nowMs + OWN_QUIET_MS - 1), 'ignored');
    t.equal(own.onChange('/t/out.log', nowMs + 2 * OWN_QUIET_MS), 'counts');
    for (let change = 0; change <= OWN_CHANGES_MAX; change++)
      t.equal(own.onChange('/t/split.py', change * OWN_CHANGE_MS), 'counts', 'a person');
  },
);

/** A directory that is watched, and a way to wait for what is told next. */
async function watched(
  t: Test,
  files: Record<string, string | Record<string, string>>,
): Promise<{ readonly root: string; next(): Promise<readonly string[]> }> {
  const root = join(t.testdir({ root: files }), 'root');
  const told: (readonly string[])[] = [];
  let wake: () => void = () => {};
  const watch = await watchTrees({
    directories: [root],
    isIgnored,
    onChange: (paths) => {
      told.push(paths.map((path) => path.slice(root.length + 1)));
      wake();
    },
    onError: (error) => t.error(error),
  });
  t.teardown(() => watch.close());
  const next = async (): Promise<readonly string[]> => {
    while (told.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    return told.shift() as readonly string[];
  };
  return { root, next };
}

t.test("a file that is written, saved in another's place, made, or removed is told of; one that is only touched is not", async (t) => {
  const { root, next } = await watched(t, { 'a.py': '1', 'b.py': '1', sub: { 'c.py': '1' } });
  writeFileSync(join(root, 'a.py'), '2');
  t.same(await next(), ['a.py']);
  writeFileSync(join(root, 'a.py.new'), '3');
  t.same(await next(), ['a.py.new']);
  renameSync(join(root, 'a.py.new'), join(root, 'a.py'));
  t.same(await next(), ['a.py', 'a.py.new']);
  utimesSync(join(root, 'b.py'), 1, 1);
  writeFileSync(join(root, 'b.py~'), 'ignored');
  mkdirSync(join(root, 'new'));
  writeFileSync(join(root, 'new', 'd.py'), '1');
  t.same(await next(), ['new/d.py']);
  rmSync(join(root, 'sub'), { recursive: true });
  t.same(await next(), ['sub/c.py']);
});

t.test('a directory that is replaced as a whole, inside or the watched one itself, is watched on', async (t) => {
  const { root, next } = await watched(t, { 'a.py': '1', sub: { 'c.py': '1' } });
  const beside = `${root}-next`;
  for (const round of ['2', '3']) {
    mkdirSync(join(beside, 'sub'), { recursive: true });
    writeFileSync(join(beside, 'a.py'), '1');
    writeFileSync(join(beside, 'sub', 'c.py'), round);
    renameSync(root, `${root}-${round}`);
    renameSync(beside, root);
    t.same(await next(), ['sub/c.py']);
  }
  mkdirSync(beside);
  writeFileSync(join(beside, 'c.py'), '4');
  renameSync(join(root, 'sub'), `${root}-4`);
  renameSync(beside, join(root, 'sub'));
  t.same(await next(), ['sub/c.py']);
  writeFileSync(join(root, 'sub', 'c.py'), '5');
  t.same(await next(), ['sub/c.py']);
});
