/**
 * Packed topologies: what goes in comes out, the same each time; and a table of archives that nobody should unpack, their bytes made here by hand.
 */
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import t from 'tap';
import { packTopology, readUnpackedTopology, unpackTopology } from '../../src/coordination/archive.js';
import { ArchiveGuard } from '../../src/coordination/archive-guard.js';
import { ignoreRules } from '../../src/coordination/archive-ignore.js';
import { inline, module, shell, TopologyBuilder } from '../../src/index.js';
import {
  BLOB_ENTRIES_MAX,
  BLOB_NAME_BYTES_MAX,
  BLOB_PADDING_BYTES_MAX,
  BLOB_PATH_BYTES_MAX,
  BLOB_PATH_DEPTH_MAX,
  BLOB_UNPACKED_BYTES_MAX,
  IGNORE_FILE_BYTES_MAX,
} from '../../src/model/limits.js';
import type { Topology } from '../../src/model/topology.js';
import { type HandMade, hostile, tarOf } from './hostile-archives.js';

type Test = Pick<typeof t, 'testdir' | 'fixture'>;

/** Everything that a topology can say, on a resources directory. */
function topologyOn(resources: string): Topology {
  const builder = new TopologyBuilder('packed').config({
    'topology.workers': 2,
    'my.${key}': ['${not} a variable', null, { deep: '$${x}' }],
  });
  const environment = { HOME: '${HOME}', EMPTY: '' };
  const shellOptions = {
    outputs: { default: ['a', 'b'], late: { fields: ['c'], direct: true } },
    cwd: 'sub',
    environment,
    compat: { skipActivate: true, implicitSyncMs: 5 },
  };
  builder
    .setSpout('lines', shell(['sh', '-c', 'echo ${x}'], { ...shellOptions, serializer: 'msgpack' }), 2)
    .setNumTasks(4)
    .addConfiguration('own', 1.5);
  builder
    .setBolt('count', module('./count.mjs', { export: 'Count', args: [{ n: null }], outputs: ['n'] }))
    .fieldsGrouping('lines', ['b'])
    .directGrouping('lines', 'late');
  builder
    .setBolt('last', module('count.mjs'))
    .customGrouping('count', 'default', './group.mjs', { args: ['x'] })
    .partialKeyGrouping('lines', ['a']);
  return builder.build({ resources });
}

function resourcesOf(t: Test, more: object = {}): string {
  return join(
    t.testdir({ app: { 'count.mjs': 'export class Count {}', 'group.mjs': '', sub: { 'run.sh': '#!/bin/sh\n' }, ...more }, out: {} }),
    'app',
  );
}

t.test('a topology comes back as it was, with its files and who may execute them, at another place', async (t) => {
  const long = `${'d'.repeat(120)}é`;
  const resources = resourcesOf(t, { [long]: { [`${'f'.repeat(200)}.txt`]: 'far' }, empty: {} });
  chmodSync(join(resources, 'sub/run.sh'), 0o700);
  const topology = topologyOn(resources);
  const packed = await packTopology(topology);
  const directory = join(resources, '../out/code');
  await unpackTopology(packed.file, directory, packed.sha256);
  t.equal(createHash('sha256').update(readFileSync(packed.file)).digest('hex'), packed.sha256);
  t.equal(statSync(packed.file).size, packed.bytes);
  await packed.remove();
  t.throws(() => statSync(packed.file), { code: 'ENOENT' });
  t.same(await readUnpackedTopology(directory), { ...topology, resources: join(directory, 'resources') });
  t.same(filesIn(join(directory, 'resources')), filesIn(resources));
  t.equal(statSync(join(directory, 'resources/sub/run.sh')).mode & 0o777, 0o755 & ~process.umask());
  t.equal(statSync(join(directory, 'resources/count.mjs')).mode & 0o777, 0o644 & ~process.umask());
  t.same(readdirSync(join(resources, '../out')), ['code'], 'nothing else beside it');
});

t.test('the same topology packs to the same bytes, whatever the times and the order in which its files were made', async (t) => {
  const first = resourcesOf(t);
  const packed = await packTopology(topologyOn(first));
  const again = join(first, '../again');
  mkdirSync(join(again, 'sub'), { recursive: true });
  for (const name of ['sub/run.sh', 'group.mjs', 'count.mjs']) {
    writeFileSync(join(again, name), readFileSync(join(first, name)));
    utimesSync(join(again, name), 1, 1);
  }
  const same = await packTopology(topologyOn(again));
  t.equal(same.sha256, packed.sha256);
  writeFileSync(join(again, 'group.mjs'), ' ');
  const other = await packTopology(topologyOn(again));
  t.not(other.sha256, packed.sha256);
  for (const each of [packed, same, other]) await each.remove();
});

t.test('what is ignored by default or by the ignore file stays at home; links travel as what they lead to', async (t) => {
  const resources = resourcesOf(t, {
    node_modules: { a: '' },
    '.git': { config: '' },
    '.venv': { keep: '' },
    'old.pyc': '',
    data: { 'big.csv': '', 'keep.csv': '', 'note.txt': '' },
    shared: t.fixture('symlink', '../outside'),
    gone: t.fixture('symlink', 'nowhere'),
    '.polyboltignore': '# data\n/data/*.csv\n!/data/keep.csv\n!.venv\ngone\n',
  });
  mkdirSync(join(resources, '../outside'));
  writeFileSync(join(resources, '../outside/lib.py'), 'x = 1');
  const packed = await packTopology(topologyOn(resources));
  const directory = join(resources, '../out/code');
  await unpackTopology(packed.file, directory);
  await packed.remove();
  const left = ['.polyboltignore', '.venv/keep', 'count.mjs', 'data/keep.csv', 'data/note.txt', 'group.mjs', 'shared/lib.py', 'sub/run.sh'];
  t.same(filesIn(join(directory, 'resources')), left);
});

t.test('lines of an ignore file mean what they mean in a .gitignore', async (t) => {
  const rows: readonly (readonly [line: string, path: string, isDirectory: boolean, isIgnored: boolean])[] = [
    ['build', 'build', true, true],
    ['build', 'a/build', false, true],
    ['build', 'builder', false, false],
    ['build/', 'build', false, false],
    ['build/', 'a/build', true, true],
    ['/build', 'a/build', true, false],
    ['a/b', 'a/b', false, true],
    ['a/b', 'x/a/b', false, false],
    ['*.csv', 'a/x.csv', false, true],
    ['a/*.csv', 'a/b/x.csv', false, false],
    ['a/**/x', 'a/x', false, true],
    ['a/**/x', 'a/b/c/x', false, true],
    ['**/x', 'a/x', false, true],
    ['a/**', 'a/b/c', false, true],
    ['a/**', 'a', true, false],
    ['v?.txt', 'v1.txt', false, true],
    ['v[0-9]', 'v5', false, true],
    ['v[!0-9]', 'v5', false, false],
    ['(a+)|b.', '(a+)|b.', false, true],
    ['(a+)|b.', 'aa', false, false],
    ['\\#x', '#x', false, true],
    ['#x', '#x', false, false],
    ['  ', 'a', false, false],
    ['x  ', 'x', false, true],
    ['é*', 'école', false, true],
    ['!__pycache__', '__pycache__', true, false],
  ];
  for (const [line, path, isDirectory, isIgnored] of rows) t.equal(ignoreRules(line)(path, isDirectory), isIgnored, `${line} and ${path}`);
});

t.test('what cannot travel is refused before anything is written, by name', async (t) => {
  const resources = resourcesOf(t);
  const builder = new TopologyBuilder('local');
  builder.setSpout('lines', shell(['cat'], { outputs: ['line'] }));
  builder
    .setBolt(
      'last',
      inline(() => ({ execute: () => {} })),
    )
    .shuffleGrouping('lines');
  const before = temporaries();
  await t.rejects(packTopology(builder.build({ resources })), { code: 'PB_TOPOLOGY_INLINE', message: /^the component last is inline/ });
  const topology = topologyOn(resources);
  await t.rejects(packTopology({ ...topology, name: 'a/b' }), { code: 'PB_TOPOLOGY_INVALID', message: /PB_NAME_INVALID/ });
  writeFileSync(join(resources, '.polyboltignore'), 'count.mjs\n');
  await t.rejects(packTopology(topology), { code: 'PB_TOPOLOGY_INVALID', message: /2 mistakes[\s\S]*PB_MODULE_MISSING/ });
  writeFileSync(join(resources, '.polyboltignore'), '#'.repeat(IGNORE_FILE_BYTES_MAX + 1));
  await t.rejects(packTopology(topology), {
    code: 'PB_RESOURCES_UNPACKABLE',
    message: /^\.polyboltignore in the resources directory has \d+ bytes/,
  });
  writeFileSync(join(resources, '.polyboltignore'), '');
  symlinkSync('..', join(resources, 'sub/up'));
  await t.rejects(packTopology(topology), {
    code: 'PB_RESOURCES_UNPACKABLE',
    message: /^sub\/up in the resources directory is a link to a directory that it is in/,
  });
  writeFileSync(join(resources, '.polyboltignore'), 'up');
  symlinkSync('/dev/null', join(resources, 'null'));
  await t.rejects(packTopology(topology), { code: 'PB_RESOURCES_UNPACKABLE', message: /^null .* is neither a file nor a directory/ });
  t.same(temporaries(), before, 'no temporary file is left');
});

t.test('each hostile archive is refused with its reason, and nothing of it is left', async (t) => {
  const directory = t.testdir({ out: {} });
  for (const { name, bytes, code, says } of hostile()) {
    const file = join(directory, 'hostile.tgz');
    writeFileSync(file, bytes);
    await t.rejects(unpackTopology(file, join(directory, 'out/code')), { code, message: says }, name);
    t.same(readdirSync(directory), ['hostile.tgz', 'out'], `${name}: nothing beside it`);
    t.same(readdirSync(join(directory, 'out')), [], `${name}: nothing in it`);
  }
});

t.test('an archive is refused at one beyond each bound, and taken at the bound', async (t) => {
  const directory = t.testdir({ out: {} });
  const text = { path: 'topology.json', content: '{}' };
  const top = { path: 'resources/', type: '5' };
  // So many directories above the last name.
  const deep = (names: number): string => ['resources', ...Array.from({ length: names - 1 }, () => 'd')].join('/');
  const pathOf = (bytes: number): string => `resources/${`${'p'.repeat(100)}/`.repeat(8)}`.padEnd(bytes, 'q');
  const rows: readonly (readonly [what: string, atBound: readonly HandMade[], beyond: readonly HandMade[], code: string])[] = [
    ['depth', [text, top, { path: deep(BLOB_PATH_DEPTH_MAX) }], [text, top, { path: deep(BLOB_PATH_DEPTH_MAX + 1) }], 'PB_ARCHIVE_UNSAFE'],
    [
      'name',
      [text, top, { path: `resources/${'n'.repeat(BLOB_NAME_BYTES_MAX)}` }],
      [text, top, { path: `resources/${'n'.repeat(BLOB_NAME_BYTES_MAX + 1)}` }],
      'PB_ARCHIVE_UNSAFE',
    ],
    [
      'path',
      [text, top, { path: pathOf(BLOB_PATH_BYTES_MAX) }],
      [text, top, { path: pathOf(BLOB_PATH_BYTES_MAX + 1) }],
      'PB_ARCHIVE_UNSAFE',
    ],
  ];
  for (const [what, atBound, beyond, code] of rows) {
    const file = join(directory, 'a.tgz');
    writeFileSync(file, gzipSync(tarOf(atBound), { level: 1 }));
    await t.resolves(unpackTopology(file, join(directory, 'out', what)), `${what} at the bound`);
    writeFileSync(file, gzipSync(tarOf(beyond), { level: 1 }));
    await t.rejects(unpackTopology(file, join(directory, 'out', `${what}-beyond`)), { code }, `${what} beyond the bound`);
  }
});

t.test('an archive has at most so many entries', async (t) => {
  const directory = t.testdir({ out: {} });
  const guard = new ArchiveGuard();
  for (let index = 1; index <= BLOB_ENTRIES_MAX; index++) guard.check({ path: `resources/${index}`, type: 'File', mode: 0o600, size: 1 });
  t.throws(() => guard.check({ path: 'resources/more', type: 'File', mode: 0o600, size: 1 }), { code: 'PB_ARCHIVE_TOO_LARGE' });
  const file = join(directory, 'a.tgz');
  writeFileSync(file, gzipSync(tarOf(Array.from({ length: BLOB_ENTRIES_MAX + 1 }, (_, index) => ({ path: `resources/${index}` })))));
  await t.rejects(unpackTopology(file, join(directory, 'out/code')), {
    code: 'PB_ARCHIVE_TOO_LARGE',
    message: /at "resources\/10000": it is entry 10001; at most 10000 are taken/,
  });
  t.same(readdirSync(join(directory, 'out')), []);
});

t.test('a bomb is stopped by what it announces, or by what it has come to', async (t) => {
  const directory = t.testdir({ out: {} });
  const file = join(directory, 'bomb.tgz');
  const announced = tarOf(
    [
      { path: 'topology.json', content: '{}' },
      { path: 'resources/big', size: BLOB_UNPACKED_BYTES_MAX },
    ],
    false,
  );
  writeFileSync(file, gzipSync(announced));
  await t.rejects(unpackTopology(file, join(directory, 'out/code')), { code: 'PB_ARCHIVE_TOO_LARGE', message: /at "resources\/big"/ });
  const padded = (bytes: number): Buffer =>
    gzipSync(Buffer.concat([tarOf([{ path: 'topology.json' }, { path: 'resources/', type: '5' }]), Buffer.alloc(bytes)]));
  writeFileSync(file, padded(BLOB_PADDING_BYTES_MAX));
  await t.resolves(unpackTopology(file, join(directory, 'out/padded')));
  writeFileSync(file, padded(64 * 1024 * 1024));
  await t.rejects(unpackTopology(file, join(directory, 'out/code')), {
    code: 'PB_ARCHIVE_INVALID',
    message: /more follows behind its end/,
  });
  t.same(readdirSync(join(directory, 'out')), ['padded']);
});

t.test('other bytes than those of the name are refused although they unpack', async (t) => {
  const resources = resourcesOf(t);
  const packed = await packTopology(topologyOn(resources));
  const out = join(resources, '../out');
  await t.rejects(unpackTopology(packed.file, join(out, 'code'), '0'.repeat(64)), { code: 'PB_BLOB_CORRUPT' });
  // Every tenth cut, and a flipped bit in the middle of the contents: never half a directory.
  const bytes = readFileSync(packed.file);
  const file = join(resources, '../cut.tgz');
  for (let cut = 0; cut < bytes.length; cut += 10) {
    writeFileSync(file, bytes.subarray(0, cut));
    await t.rejects(unpackTopology(file, join(out, 'code')), { code: 'PB_ARCHIVE_INVALID' }, `cut after ${cut} bytes`);
  }
  const tar = gunzipSync(bytes);
  tar[600] = (tar[600] as number) ^ 1;
  writeFileSync(file, gzipSync(tar));
  await t.rejects(unpackTopology(file, join(out, 'code'), packed.sha256), { code: 'PB_BLOB_CORRUPT' });
  t.same(readdirSync(out), []);
  await packed.remove();
});

t.test('a topology that is not valid is unpacked, and read with every mistake and its place', async (t) => {
  const directory = t.testdir({});
  const text = JSON.stringify(
    { name: 'a/b', resources: 'resources', spouts: [{ id: 's', command: ['${x}'], extra: 1 }], bolts: [{ id: 'b', module: 'm.js' }] },
    null,
    1,
  );
  writeFileSync(
    join(directory, 'a.tgz'),
    gzipSync(
      tarOf([
        { path: 'topology.json', content: text },
        { path: 'resources/', type: '5' },
      ]),
    ),
  );
  await unpackTopology(join(directory, 'a.tgz'), join(directory, 'code'));
  await t.rejects(readUnpackedTopology(join(directory, 'code')), {
    code: 'PB_TOPOLOGY_INVALID',
    context: {
      mistakes: [
        'PB_NAME_INVALID',
        'PB_COMMAND_INVALID',
        'PB_VARIABLE_UNDEFINED',
        'PB_KEY_UNKNOWN',
        'PB_BOLT_UNREACHABLE',
        'PB_MODULE_MISSING',
      ].map((code) => ({
        code,
        file: 'topology.json',
      })),
    },
  });
});

/** Paths of all files below a directory, links followed. */
function filesIn(directory: string): string[] {
  return readdirSync(directory)
    .flatMap((name) =>
      statSync(join(directory, name)).isDirectory() ? filesIn(join(directory, name)).map((rest) => `${name}/${rest}`) : [name],
    )
    .sort();
}

/** What `packTopology` has in the temporary directory. */
function temporaries(): string[] {
  return readdirSync(process.env.TMPDIR ?? '/tmp').filter((name) => name.startsWith('polybolt-pack-'));
}
