/**
 * Good topology files: whatever keys they are written in, the topology that comes out is compared as a whole.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import type { Topology } from '../../src/model/topology.js';
import { formatMistake, type LoadOptions, loadTopologyFile } from '../../src/model/topology-file/load.js';
import { projectRoot } from './project-files.js';

const folder = join(projectRoot, 'test', 'fixtures', 'topologies', 'good');
const none = { config: {}, environment: {}, serializer: 'json', compat: {} };
const one = { ...none, parallelism: 1, tasks: 1 };
const plain = (...fields: string[]): unknown => ({ fields, direct: false });
const shell = (...command: string[]): unknown => ({ type: 'shell', command });
const reads = (from: string, grouping: object, stream = 'default'): unknown => ({ from, stream, grouping });

function load(file: string, options: Partial<LoadOptions> = {}): Topology {
  const ports = { readFile: (path: string) => readFileSync(path, 'utf8'), exists: existsSync };
  const result = loadTopologyFile(join(folder, file), { set: {}, env: {}, ...options }, ports);
  if ('mistakes' in result) throw new Error(result.mistakes.map(formatMistake).join('\n'));
  return result.topology;
}

/** The topology as JSON: what a worker in another process gets. */
function loadJson(file: string, options: Partial<LoadOptions> = {}): unknown {
  return JSON.parse(JSON.stringify(load(file, options)));
}

function loadText(text: string, options: Partial<LoadOptions> = {}): Topology | string[] {
  const result = loadTopologyFile('/app/t.yaml', { set: {}, env: {}, ...options }, { readFile: () => text, exists: () => true });
  return 'mistakes' in result ? result.mistakes.map(formatMistake) : result.topology;
}

t.test('the native form, every key of it', async (t) => {
  t.strictSame(loadJson('native.yaml'), {
    name: 'word-count',
    config: { 'topology.message.timeout.secs': 30, 'my.key': { nested: [1, 'two', null] } },
    components: {
      sentences: {
        kind: 'spout',
        id: 'sentences',
        implementation: { type: 'shell', command: ['python3', 'sentences.py', '1.0', '0x10', 'true', '-5'], cwd: 'sub' },
        parallelism: 1,
        tasks: 1,
        outputs: { default: plain('sentence'), errors: { fields: ['line', 'why'], direct: true } },
        config: { 'topology.max.spout.pending': 10 },
        environment: { PORT: '8080', EMPTY: '' },
        serializer: 'msgpack',
        compat: { skipActivate: true, implicitSyncMs: 50 },
      },
      split: {
        ...none,
        kind: 'bolt',
        id: 'split',
        implementation: shell('ruby', 'split.rb'),
        parallelism: 2,
        tasks: 4,
        outputs: { default: plain('word') },
        inputs: [reads('sentences', { type: 'local-or-shuffle' }), reads('split', { type: 'partial-key', fields: ['word'] })],
      },
      count: {
        ...one,
        kind: 'bolt',
        id: 'count',
        implementation: { type: 'module', path: './count.ts', exportName: 'Count', args: [{ top: 10 }, 'a'] },
        outputs: { default: plain('word', 'count') },
        inputs: [reads('split', { type: 'fields', fields: ['word'] })],
      },
      sink: {
        ...one,
        kind: 'bolt',
        id: 'sink',
        implementation: shell('cat'),
        outputs: {},
        inputs: [
          reads('count', { type: 'global' }),
          reads('split', { type: 'all' }),
          reads('sentences', { type: 'direct' }, 'errors'),
          reads('sentences', { type: 'custom', path: './by-length.ts', exportName: 'byLength', args: [3] }),
        ],
      },
    },
    resources: join(folder, 'resources'),
  });
});

t.test("Flux's own keys come to the same form", async (t) => {
  t.strictSame(loadJson('flux.yaml'), {
    name: 'shell-topology',
    config: { 'topology.workers': 1 },
    components: {
      'sentence-spout': {
        ...one,
        kind: 'spout',
        id: 'sentence-spout',
        implementation: shell('node', 'sentences.js', '7'),
        tasks: 2,
        outputs: { default: plain('sentence') },
        config: { 'topology.component.cpu.pcore.percent': 20, 'topology.component.resources.onheap.memory.mb': 128 },
      },
      split: {
        ...one,
        kind: 'bolt',
        id: 'split',
        implementation: shell('python3', 'split.py'),
        outputs: { default: plain('word'), long: { fields: ['word', 'length'], direct: true } },
        config: { 'rabbit.configfile': 'etc/rabbit.yml', 'data.paths': 'config wins over addComponentConfig' },
        environment: { LC_ALL: 'C', LEVEL: '3' },
        inputs: [reads('sentence-spout', { type: 'shuffle' })],
      },
      count: {
        ...one,
        kind: 'bolt',
        id: 'count',
        implementation: shell('python3', 'count.py'),
        outputs: {},
        inputs: [reads('split', { type: 'fields', fields: ['word'] }), reads('split', { type: 'direct' }, 'long')],
      },
    },
    resources: folder,
  });
});

t.test('variables fill scalars: typed when alone and unquoted, text otherwise, never anything else', async (t) => {
  const set = {
    name: 'vars',
    pending: '10',
    files: '["a b.txt", 2]',
    'flux.list': '[x, "y"]',
    trap: '}, evil: [1',
    empty: '',
    parallel: '3',
  };
  t.strictSame(loadJson('variables.yaml', { set, env: { HOME: '/home/me' } }), {
    name: 'vars',
    config: {
      'topology.max.spout.pending': 10,
      'topology.debug': true,
      'as.text': '10',
      joined: 'vars/10',
      list: ['a b.txt', 2],
      element: 2,
      'flux.element': 'x',
      escaped: '${HOME} and $HOME',
      fallback: 'a default',
      home: '/home/me',
      'not.yaml': '}, evil: [1',
      empty: '',
    },
    components: {
      a: {
        ...none,
        kind: 'spout',
        id: 'a',
        implementation: shell('cat', 'a b.txt', '--n=10', '}, evil: [1', ''),
        parallelism: 3,
        tasks: 3,
        outputs: { default: plain('v') },
      },
    },
    resources: folder,
  });
});

t.test('a variable in a command keeps the spelling of its value', async (t) => {
  const text = 'name: n\nspouts: [{ id: a, command: [cat, ${a}, ${b}, ${c}, ${d}, ${list[1]}, "${e:-x, y: #}"] }]\n';
  const topology = loadText(text, { set: { a: '1.0', b: 'null', c: '007', d: 'true', list: '[p, q]' } });
  t.strictSame('components' in topology && topology.components.a?.implementation, {
    type: 'shell',
    command: ['cat', '1.0', 'null', '007', 'true', 'q', 'x, y: #'],
  });
});

t.test('includes merge as in Flux: the including file wins unless override says otherwise; streams add up', async (t) => {
  t.strictSame(loadJson('includes.yaml', { set: { word: 'w' } }), {
    name: 'outer',
    config: { mine: 'kept', both: 'override', theirs: 'inner', deepest: true },
    components: {
      a: { ...one, kind: 'spout', id: 'a', implementation: shell('mine'), outputs: { default: plain('v') } },
      c: { ...one, kind: 'spout', id: 'c', implementation: shell('theirs', 'w'), outputs: { default: plain('v') } },
      b: { ...one, kind: 'bolt', id: 'b', implementation: shell('overridden'), outputs: {}, inputs: [reads('c', { type: 'all' })] },
    },
    resources: join(folder, 'resources'),
  });
});

t.test('anchors, aliases and merge keys work, and names of Object.prototype are names like others', async (t) => {
  const topology = load('anchors.yaml');
  t.strictSame(Object.keys(topology.components), ['a', 'b', 'constructor']);
  t.strictSame(topology.components.b?.environment, { TRACE: '1', LEVEL: '1' });
  const byName = new Map(Object.entries(topology.components)).get('constructor');
  t.equal(byName?.parallelism, 3);
  t.strictSame(Object.keys(byName?.outputs ?? {}), ['toString']);
  const inherited = [topology.components, topology.components.a?.outputs].map((record) => 'valueOf' in (record ?? {}));
  t.strictSame(inherited, [false, false]);
});

t.test('configuration from the command line wins over the file', async (t) => {
  const text = 'name: n\nconfig: { topology.workers: 2, a: 1 }\nspouts: [{ id: a, command: [x] }]\n';
  const topology = loadText(text, { config: { 'topology.workers': 3, b: [2] } });
  t.strictSame('config' in topology && topology.config, { 'topology.workers': 3, a: 1, b: [2] });
});

t.test('topology.max.task.parallelism caps executors and tasks, topology.tasks sets tasks', async (t) => {
  const text =
    'name: n\nspouts: [{ id: a, command: [x], parallelism: 4, tasks: 8 }, { id: b, command: [x], parallelism: 2, config: { topology.tasks: 5 } }]\n';
  const counts = (config: Record<string, unknown>): unknown => {
    const topology = loadText(text, { config });
    return 'components' in topology ? Object.values(topology.components).map(({ parallelism, tasks }) => [parallelism, tasks]) : topology;
  };
  t.strictSame(counts({}), [
    [4, 8],
    [2, 5],
  ]);
  t.strictSame(counts({ 'topology.max.task.parallelism': 3 }), [
    [3, 3],
    [2, 3],
  ]);
});

t.test('a topology is frozen to its depths', async (t) => {
  const topology = load('native.yaml');
  const frozen = (value: unknown): boolean =>
    typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(frozen));
  t.ok(frozen(topology));
});

t.test('resources are relative to the file, also when its path is relative', async (t) => {
  const ports = { readFile: () => 'name: n\nresources: ./res\nspouts: [{ id: a, command: [x] }]\n', exists: () => true };
  const result = loadTopologyFile('some/where/t.yaml', { set: {}, env: {} }, ports);
  t.equal('topology' in result && result.topology.resources, join(process.cwd(), 'some', 'where', 'res'));
  t.equal(dirname(folder), join(projectRoot, 'test', 'fixtures', 'topologies'));
});

t.test('a file of ten thousand components loads', async (t) => {
  const bolts = Array.from(
    { length: 9_999 },
    (_, index) => `  - { id: b${index}, command: [x], inputs: [{ from: s, grouping: shuffle }] }\n`,
  ).join('');
  const topology = loadText(`name: n\nspouts: [{ id: s, command: [x], outputs: [v] }]\nbolts:\n${bolts}`);
  t.equal('components' in topology && Object.keys(topology.components).length, 10_000);
});

t.test('prepare is a command of the topology, filled with variables, and taken from the file that says it first', async (t) => {
  const rest = 'name: t\nspouts: [{ id: s, command: [cat], outputs: [v] }]\n';
  const topology = loadText(`${rest}prepare: [make, -j, 2, "${'$'}{what}"]\n`, { set: { what: 'all' } }) as Topology;
  t.same(topology.prepare, ['make', '-j', '2', 'all']);
  t.ok(Object.isFrozen(topology.prepare));
  t.notOk('prepare' in (loadText(rest) as Topology));
  const files: Readonly<Record<string, string>> = {
    '/app/t.yaml': `${rest}includes: [{ file: more.yaml }]\n`,
    '/app/more.yaml': 'prepare: [make]\n',
  };
  const result = loadTopologyFile('/app/t.yaml', { set: {}, env: {} }, { readFile: (path) => files[path] ?? '', exists: () => true });
  t.same('topology' in result && result.topology.prepare, ['make']);
});
