/**
 * Bad topology files: every file of fixtures/topologies/bad says in its first lines which codes it gets at which places.
 * `# expect: CODE [FILE] LINE:COLUMN`, `# set: NAME=VALUE`, `# env: NAME=VALUE`, `# config: KEY=JSON`.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import t from 'tap';
import { ERROR_CODES } from '../../src/model/error-codes.js';
import { INCLUDES_MAX, MISTAKES_MAX, TOPOLOGY_FILE_CHARS_MAX } from '../../src/model/limits.js';
import {
  formatMistake,
  type LoadOptions,
  type LoadPorts,
  loadTopologyFile,
  type TopologyMistake,
} from '../../src/model/topology-file/load.js';
import { projectRoot, readProjectFile } from './project-files.js';

const folder = join(projectRoot, 'test', 'fixtures', 'topologies', 'bad');
const disk: LoadPorts = { readFile: (path) => readFileSync(path, 'utf8'), exists: existsSync };
const fixtures = readdirSync(folder).filter((file) => file.endsWith('.yaml'));

function mistakesOf(path: string, options: Partial<LoadOptions> = {}, ports = disk): readonly TopologyMistake[] {
  const result = loadTopologyFile(path, { set: {}, env: {}, ...options }, ports);
  return 'mistakes' in result ? result.mistakes : [];
}

/** Mistakes of a text that is a file called `t.yaml`. */
function mistakesOfText(text: string): readonly TopologyMistake[] {
  return mistakesOf('t.yaml', {}, { readFile: () => text, exists: () => true });
}

function directives(text: string, name: string): [string, string][] {
  return [...text.matchAll(new RegExp(`^# ${name}: ([^=\\n]+)=(.*)$`, 'gm'))].map(([, key, value]) => [key ?? '', value ?? '']);
}

function expectationsOf(file: string, text: string): string[] {
  return [...text.matchAll(/^# expect: (\S+) (?:(\S+) )?(\d+:\d+)$/gm)].map(
    ([, code, other, place]) => `${code} ${other ?? file}:${place}`,
  );
}

t.test('each bad file gets exactly the mistakes that it declares, in order and at their places', async (t) => {
  for (const file of fixtures) {
    const text = readFileSync(join(folder, file), 'utf8');
    const options = {
      set: Object.fromEntries(directives(text, 'set')),
      env: Object.fromEntries(directives(text, 'env')),
      config: Object.fromEntries(directives(text, 'config').map(([key, value]) => [key, JSON.parse(value) as unknown])),
    };
    const mistakes = mistakesOf(join(folder, file), options);
    const found = mistakes.map((mistake) => `${mistake.code} ${relative(folder, mistake.file)}:${mistake.line}:${mistake.column}`);
    t.strictSame(found, expectationsOf(file, text), file);
  }
});

t.test('there are at least 45 bad files, and at least 10 with three mistakes or more', async (t) => {
  const counts = fixtures.map((file) => expectationsOf(file, readFileSync(join(folder, file), 'utf8')).length);
  t.ok(counts.length >= 45, `${counts.length} files`);
  t.ok(counts.filter((count) => count >= 3).length >= 10, `${counts.filter((count) => count >= 3).length} files of three mistakes`);
});

t.test('every code about topology files is the expectation of a bad file', async (t) => {
  const source = readProjectFile('src', 'model', 'error-codes.ts');
  const section = /Topology files and the builder\.\n([\s\S]*?)\n\n/.exec(source)?.[1] ?? '';
  const codes = [...section.matchAll(/^ {2}(PB_\w+):/gm)].map(([, code]) => code ?? '');
  t.ok(codes.length >= 29 && codes.every((code) => code in ERROR_CODES));
  const declared = fixtures.flatMap((file) =>
    [...readFileSync(join(folder, file), 'utf8').matchAll(/^# expect: (\S+)/gm)].map(([, code]) => code),
  );
  // A file that cannot be read cannot declare anything; the next test is about it.
  t.strictSame(
    codes.filter((code) => !declared.includes(code)),
    ['PB_TOPOLOGY_UNREADABLE'],
  );
});

t.test('a file that does not exist is unreadable, and so is a directory', async (t) => {
  const [missing] = mistakesOf('/nowhere/topology.yaml', { set: { unused: 'x' } });
  t.equal(
    missing === undefined ? '' : formatMistake(missing),
    '/nowhere/topology.yaml:1:1: PB_TOPOLOGY_UNREADABLE /nowhere/topology.yaml does not exist (looked for /nowhere/topology.yaml)',
  );
  t.strictSame(
    mistakesOf(folder).map(({ code, message }) => [code, message]),
    [['PB_TOPOLOGY_UNREADABLE', `${folder} is a directory`]],
  );
});

t.test('a mistake is one line: place, code, what is wrong, and a suggestion', async (t) => {
  const lines = mistakesOfText('name: n\nspouts:\n  - { id: a, comand: [x] }\n').map(formatMistake);
  t.strictSame(lines, ['t.yaml:3:14: PB_KEY_UNKNOWN `spouts[0]` (a) has no key `comand` (did you mean `command`?)']);
});

t.test('brackets without end are a mistake, not a crash', async (t) => {
  const endless = mistakesOfText('['.repeat(200_000));
  t.ok(endless.length >= 1 && endless.length <= 10 && endless.every(({ code }) => code === 'PB_YAML_SYNTAX'));
  const deep = `name: n\nconfig: { a: ${'['.repeat(300)}${']'.repeat(300)} }\n`;
  t.strictSame(
    mistakesOfText(deep).map(({ code, line }) => [code, line]),
    [['PB_YAML_SYNTAX', 2]],
  );
});

t.test('a file one character over the limit is too large', async (t) => {
  const start = 'name: n\nspouts: [{ id: a, command: [x] }]\n#';
  t.strictSame(mistakesOfText(start.padEnd(TOPOLOGY_FILE_CHARS_MAX, 'x')), []);
  t.strictSame(
    mistakesOfText(start.padEnd(TOPOLOGY_FILE_CHARS_MAX + 1, 'x')).map(({ code }) => code),
    ['PB_TOPOLOGY_TOO_LARGE'],
  );
});

t.test('one include more than the limit fails', async (t) => {
  const load = (count: number): readonly TopologyMistake[] => {
    const includes = Array.from({ length: count }, (_, index) => `  - { file: part-${index}.yaml }\n`).join('');
    const main = `name: n\nincludes:\n${includes}spouts: [{ id: a, command: [x] }]\n`;
    return mistakesOf('t.yaml', {}, { readFile: (path) => (path === 't.yaml' ? main : 'config: {}\n'), exists: () => true });
  };
  t.strictSame(load(INCLUDES_MAX), []);
  t.strictSame(
    load(INCLUDES_MAX + 1).map(({ code, line }) => [code, line]),
    [['PB_INCLUDE_FAILED', INCLUDES_MAX + 3]],
  );
});

t.test('of more mistakes than anybody reads, the first are reported', async (t) => {
  const spouts = Array.from({ length: MISTAKES_MAX + 5 }, (_, index) => `  - { id: s${index}, command: [] }\n`).join('');
  const mistakes = mistakesOfText(`name: n\nspouts:\n${spouts}`);
  t.equal(mistakes.length, MISTAKES_MAX);
  t.equal(mistakes[0]?.line, 3);
});

t.test('hostile names do no harm: __proto__ and constructor are only names', async (t) => {
  const text =
    'name: n\nconfig: { __proto__: { polluted: true } }\nspouts:\n  - { id: constructor, command: [x], outputs: { toString: [v] } }\n  - { id: __proto__, command: [x] }\n';
  t.strictSame(
    mistakesOfText(text).map(({ code, line }) => [code, line]),
    [['PB_NAME_INVALID', 5]],
  );
  t.equal(({} as { polluted?: unknown }).polluted, undefined);
});
