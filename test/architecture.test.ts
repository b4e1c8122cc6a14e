/**
 * The floors of the source, enforced: which folder may know which, and what nobody may do. Invariant: every rule here has an example that breaks it, so
 * that a rule which matches nothing is noticed.
 */
import { readdirSync } from 'node:fs';
import { join, posix } from 'node:path';
import t from 'tap';
import { projectRoot, readProjectFile } from './model/project-files.js';

/** Lowest floor first; folders of one floor do not know each other. */
const FLOORS: readonly (readonly string[])[] = [
  ['model'],
  ['protocol', 'grouping', 'acking', 'flow', 'scheduling', 'membership', 'metrics'],
  ['component', 'transport', 'coordination'],
  ['executor'],
  ['daemon'],
  ['conformance'],
  ['cli'],
];
/** Floors up to this one know neither the clock nor chance nor the outside world. */
const PURE_FLOOR = 1;
/** Modules of the platform that only turn one value into another. */
const PURE_MODULES: readonly string[] = ['node:buffer', 'node:path'];
const LINES_MAX = 300;

interface Source {
  readonly path: string;
  /** Folder below src/, '' for src/index.ts. */
  readonly folder: string;
  readonly floor: number;
  readonly text: string;
  /** The text without comments and strings. */
  readonly code: string;
  readonly imports: readonly string[];
}

function sourceOf(path: string, text: string): Source {
  const folder = path.split('/').slice(1, -1)[0] ?? '';
  const floor = folder === '' ? FLOORS.length : FLOORS.findIndex((folders) => folders.includes(folder));
  const noComments = text.replace(
    /("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|\/\*[\s\S]*?\*\/|\/\/.*/g,
    (_, quoted?: string) => quoted ?? '',
  );
  const code = noComments.replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, "''");
  const imports = [...noComments.matchAll(/(?:\bfrom|\bimport|\bimport\(|\brequire\(|\bresolve\()\s*['"]([^'"\n]+)['"]/g)].map(
    ([, name = '']) => name,
  );
  return { path, folder, floor, text, code, imports };
}

type Rule = (source: Source) => readonly string[];

/** A package that only some files may import. */
function onlyIn(name: string, isAllowed: (source: Source) => boolean, instead: string): Rule {
  return (source) => {
    const imports = source.imports.filter((each) => each === name || each.startsWith(`${name}/`));
    return isAllowed(source) ? [] : imports.map((each) => `import '${each}' is banned here, ${instead}`);
  };
}

/** A form that code of some files must not have. */
function banned(form: RegExp, what: string, instead: string, isMeant: (source: Source) => boolean = () => true): Rule {
  return (source) => (isMeant(source) && form.test(source.code) ? [`${what} is banned here, ${instead}`] : []);
}

const isPure = ({ floor }: Source): boolean => floor <= PURE_FLOOR;

function folderOf(source: Source, name: string): string {
  return name.startsWith('.') ? (posix.join(posix.dirname(source.path), name).split('/').slice(1, -1)[0] ?? '') : '';
}

const knowsOnlyFloorsBelow: Rule = (source) =>
  source.imports.flatMap((name) => {
    const folder = folderOf(source, name);
    const floor = FLOORS.findIndex((folders) => folders.includes(folder));
    if (floor < 0 || folder === source.folder || floor < source.floor) return [];
    const kind = floor === source.floor ? 'a sibling' : 'a floor above';
    return [`import '${name}' from ${kind} is banned here, use what lies below ${source.folder}/ or take it as an argument`];
  });

const RULES: readonly Rule[] = [
  ({ path, floor }) =>
    floor < 0 ? [`the folder of ${path} is on no floor, use one that is, or add it to FLOORS and to ARCHITECTURE.md`] : [],
  knowsOnlyFloorsBelow,
  ({ path, imports }) =>
    path !== 'src/index.ts' && imports.some((name) => /(^|\/)index\.js$/.test(name))
      ? ["import 'index.js' is banned here, use the file that owns the name"]
      : [],
  (source) =>
    isPure(source)
      ? source.imports
          .filter((name) => name.startsWith('node:') && !PURE_MODULES.includes(name))
          .map((name) => `import '${name}' is banned here, use a port or an argument`)
      : [],
  banned(/\bDate\.now\b|\bnew Date\(\)|\bperformance\b|\bhrtime\b/, 'the clock', 'use an argument nowMs', isPure),
  banned(/\bMath\.random\b|\brandomBytes\b|\brandomFill|\brandomUUID\b/, 'chance', 'use an argument random', isPure),
  banned(/\bset(Timeout|Interval|Immediate)\b|\bqueueMicrotask\b/, 'a timer', 'use a method pulse(nowMs)', isPure),
  banned(/\bprocess\.|\bconsole\./, 'the process', 'use a port or an argument', isPure),
  onlyIn('execa', ({ folder }) => folder === 'component', 'use the ports of component/'),
  onlyIn('ws', ({ folder, path }) => folder === 'transport' || path.endsWith('/web-server.ts'), 'use transport/'),
  onlyIn('zookeeper', ({ folder }) => folder === 'coordination', 'use the store of coordination/'),
  banned(/^\s*export default\b|\bexport\s*\{[^}]*\bas default\b/m, 'a default export', 'use a named one'),
  banned(/^\s*(?:export |declare |const )*enum\b/m, 'enum', 'use a union of string literals'),
  banned(/[:<,(|&]\s*any\b(?!\s*:)|\bas any\b|\bany\[\]/, 'any', 'use unknown'),
  ({ text }) =>
    text.split('\n').length - 1 > LINES_MAX
      ? [`${text.split('\n').length - 1} lines in one file are banned here, use several files of at most ${LINES_MAX}, split by idea`]
      : [],
  ({ text }) => (/\b(TODO|FIXME|XXX)\b/.test(text) ? ['a note to do something later is banned here, use an issue'] : []),
  ({ text }) =>
    /^(#!.*\n)?\/\*\*?\s/.test(text)
      ? []
      : ['a file without a comment at its top is banned here, use two to five lines that say what it owns'],
];

function violations(path: string, text: string): string[] {
  const source = sourceOf(path, text);
  return RULES.flatMap((rule) => rule(source)).map((message) => `${path}: ${message}`);
}

function filesBelow(folder: string, pattern: RegExp): string[] {
  return readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => `${folder}/${path.replaceAll('\\', '/')}`)
    .filter((path) => pattern.test(path) && !/node_modules|\/generated\//.test(path));
}

t.test('every file of src/ keeps to the floors and to the rules of the house', async (t) => {
  const files = filesBelow('src', /\.ts$/);
  t.ok(files.length > 50, `${files.length} files`);
  t.same(
    files.flatMap((path) => violations(path, readProjectFile(path))),
    [],
  );
});

t.test('adapters stand alone: they never import src/', async (t) => {
  const files = filesBelow('adapters', /\.(mjs|js|ts)$/);
  t.ok(files.length > 5, `${files.length} files`);
  const guilty = files.filter((path) =>
    sourceOf(path, readProjectFile(path)).imports.some(
      (name) => /(^|\/)src\/|^polybolt($|\/)/.test(name) && !/^\.{1,2}\/[^.]*$/.test(name),
    ),
  );
  t.same(guilty, [], 'an import of src/ is banned here, use the wire');
});

t.test('tests hold no notes to do something later, and skip nothing', async (t) => {
  const note = new RegExp(['TO', 'DO|FIX', 'ME'].join(''));
  const guilty = filesBelow('test', /\.ts$/).filter((path) => path !== 'test/architecture.test.ts' && note.test(readProjectFile(path)));
  t.same(guilty, []);
});

/** A file that breaks one rule, and what is said of it. */
const broken: readonly (readonly [path: string, code: string, says: string])[] = [
  [
    'src/flow/x.ts',
    "import { a } from '../acking/a.js';",
    "import '../acking/a.js' from a sibling is banned here, use what lies below flow/ or take it as an argument",
  ],
  [
    'src/flow/x.ts',
    "import type { A } from '../executor/a.js';",
    "import '../executor/a.js' from a floor above is banned here, use what lies below flow/ or take it as an argument",
  ],
  [
    'src/model/a/x.ts',
    "type A = import('../../flow/a.js').A;",
    "import '../../flow/a.js' from a floor above is banned here, use what lies below model/ or take it as an argument",
  ],
  [
    'src/model/x.ts',
    "export * from './a/../../cli/a.js';",
    "import './a/../../cli/a.js' from a floor above is banned here, use what lies below model/ or take it as an argument",
  ],
  ['src/extra/x.ts', '', 'the folder of src/extra/x.ts is on no floor, use one that is, or add it to FLOORS and to ARCHITECTURE.md'],
  ['src/cli/x.ts', "import { a } from '../index.js';", "import 'index.js' is banned here, use the file that owns the name"],
  ['src/flow/x.ts', "import { readFileSync } from 'node:fs';", "import 'node:fs' is banned here, use a port or an argument"],
  ['src/acking/x.ts', 'const nowMs = Date.now();', 'the clock is banned here, use an argument nowMs'],
  ['src/acking/x.ts', 'const nowMs = performance.now();', 'the clock is banned here, use an argument nowMs'],
  ['src/grouping/x.ts', 'const a = Math.random();', 'chance is banned here, use an argument random'],
  ['src/flow/x.ts', 'setTimeout(() => {}, 5);', 'a timer is banned here, use a method pulse(nowMs)'],
  ['src/model/x.ts', 'const a = process.env;', 'the process is banned here, use a port or an argument'],
  ['src/executor/x.ts', "import { execa } from 'execa';", "import 'execa' is banned here, use the ports of component/"],
  ['src/executor/x.ts', "import { WebSocket } from 'ws';", "import 'ws' is banned here, use transport/"],
  ['src/daemon/x.ts', "const zk = await import('zookeeper');", "import 'zookeeper' is banned here, use the store of coordination/"],
  ['src/cli/x.ts', 'export default 5;', 'a default export is banned here, use a named one'],
  ['src/cli/x.ts', 'export const enum A { B }', 'enum is banned here, use a union of string literals'],
  ['src/cli/x.ts', 'function f(a: any): void {}', 'any is banned here, use unknown'],
  ['src/cli/x.ts', 'const a = b as any;', 'any is banned here, use unknown'],
  ['src/cli/x.ts', '\n'.repeat(300), '301 lines in one file are banned here, use several files of at most 300, split by idea'],
  ['src/cli/x.ts', ['// TO', 'DO later'].join(''), 'a note to do something later is banned here, use an issue'],
];

t.test('each rule finds a file that breaks it, and says what to use instead', async (t) => {
  for (const [path, code, says] of broken) t.same(violations(path, `/** Owns. */\n${code}`), [`${path}: ${says}`]);
  t.same(violations('src/cli/x.ts', 'export {};\n'), [
    'src/cli/x.ts: a file without a comment at its top is banned here, use two to five lines that say what it owns',
  ]);
});

t.test('what only looks like a breach is let pass', async (t) => {
  const fine = [
    "import { isUtf8 } from 'node:buffer';",
    "import { a } from '../model/a.js';\nimport { b } from './b.js';",
    '// Date.now() and any, in a comment',
    "const a = 'setTimeout: any';",
    'const company = { many: 5 };',
    'if (seen.any) stop();',
  ];
  t.same(
    fine.flatMap((code) => violations('src/flow/x.ts', `/** Owns. */\n${code}`)),
    [],
  );
  t.same(
    violations('src/cli/main.ts', "#!/usr/bin/env node\n/** Owns. */\nconst { run } = await import('./commands/run.js');\nDate.now();\n"),
    [],
  );
});
