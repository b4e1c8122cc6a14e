/**
 * The pages of spec/ against the tables and schemas that they describe: nothing is left out, nothing is made up.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { CONFIG_DEFAULTS } from '../../src/model/config.js';
import { ERROR_CODES } from '../../src/model/error-codes.js';
import { COMPONENTS_MAX, FIELDS_MAX, INCLUDES_MAX, NAME_CHARS_MAX, STREAMS_MAX, TOPOLOGY_FILE_VALUES_MAX } from '../../src/model/limits.js';
import { TopologyBuilder } from '../../src/model/topology-builder.js';
import { loadTopologyFile } from '../../src/model/topology-file/load.js';
import { projectRoot, readProjectFile } from './project-files.js';

interface Schema {
  readonly properties: Readonly<Record<string, { readonly default?: unknown }>>;
  readonly $defs?: Readonly<Record<string, { readonly properties?: object }>>;
}

const configurationSchema = JSON.parse(readProjectFile('multilang', 'schema', 'configuration.schema.json')) as Schema;
const topologySchema = JSON.parse(readProjectFile('multilang', 'schema', 'topology.schema.json')) as Schema;

/** First and third cell of each row of each table of a page: key and default. */
function rowsOf(page: string): readonly (readonly [string, string])[] {
  return [...page.matchAll(/^\| `([^`]+)` \|[^|]*\|([^|]*)\|/gm)].map(([, key = '', value = '']) => [
    key,
    value.trim().replaceAll('`', ''),
  ]);
}

t.test('errors.md has every code, in the order and with the sentence of the table, an example and a remedy', async (t) => {
  const page = readProjectFile('spec', 'errors.md');
  const entries = [...page.matchAll(/^### (PB_\w+)\n\n(.+)\n\n- Looks like: (.+)\n- What to do: (.+)\n/gm)];
  t.strictSame(
    entries.map(([, code, sentence]) => [code, sentence]),
    Object.entries(ERROR_CODES),
  );
});

t.test('configuration.md, the schema and config.ts agree about every key and its default', async (t) => {
  const [page = ''] = readProjectFile('spec', 'configuration.md').split('\n## Daemons\n');
  const rows = Object.fromEntries(rowsOf(page));
  const defaults = Object.fromEntries(
    Object.entries(configurationSchema.properties).map(([key, property]) => [key, JSON.stringify(property.default)]),
  );
  t.same(rows, defaults);
  const inCode = Object.fromEntries(Object.entries(CONFIG_DEFAULTS).map(([key, value]) => [key, JSON.stringify(value)]));
  t.same(inCode, defaults);
});

t.test('the defaults are valid configuration, for a topology and for a component', async (t) => {
  const builder = new TopologyBuilder('defaults').config(CONFIG_DEFAULTS);
  builder.setSpout('s', { implementation: { type: 'shell', command: ['cat'] }, options: {} }).addConfigurations(CONFIG_DEFAULTS);
  t.same(builder.build().config, CONFIG_DEFAULTS);
});

t.test('topology-file.md names every key of the schema, and no other', async (t) => {
  const page = readProjectFile('spec', 'topology-file.md');
  const documented = new Set([...page.matchAll(/^\| `(\w+)` \|[^|]*\|[^|]*\|[^|]*\|$/gm)].map(([, key]) => key ?? ''));
  const defined = [topologySchema, ...Object.values(topologySchema.$defs ?? {})].flatMap(({ properties }) => Object.keys(properties ?? {}));
  // Of beans and methods the page speaks in prose.
  const prose = ['args', 'name'].filter((key) => page.includes(key));
  t.strictSame(
    [...new Set(defined)].filter((key) => !documented.has(key) && !prose.includes(key)),
    [],
  );
  t.strictSame(
    [...documented].filter((key) => !defined.includes(key)),
    [],
  );
});

t.test('every example of topology-file.md that is a whole file loads', async (t) => {
  const blocks = [...readProjectFile('spec', 'topology-file.md').matchAll(/```yaml\n(name:[\s\S]*?)```/g)].map(([, text]) => text ?? '');
  t.equal(blocks.length, 2);
  for (const text of blocks) {
    const set = text.includes('${input}') ? { input: 'a.txt' } : {};
    const result = loadTopologyFile('/app/t.yaml', { set, env: {} }, { readFile: () => text, exists: () => true });
    t.strictSame('mistakes' in result ? result.mistakes : [], []);
  }
});

t.test('the limits that topology-file.md states are those of the code', async (t) => {
  const page = readProjectFile('spec', 'topology-file.md');
  const count = (limit: number): string => limit.toLocaleString('en-US');
  for (const text of [
    `at most ${NAME_CHARS_MAX} characters`,
    `Up to ${count(STREAMS_MAX)} streams a component and ${count(FIELDS_MAX)} fields a stream`,
    `${INCLUDES_MAX} in all`,
    `up to ${count(TOPOLOGY_FILE_VALUES_MAX)} values`,
  ]) {
    t.ok(page.includes(text), text);
  }
  t.equal(COMPONENTS_MAX, 10_000);
});

t.test('generated code is what the schemas make, and is left alone when nothing has changed', async (t) => {
  const { generate } = (await import(pathToFileURL(join(projectRoot, 'scripts', 'generate.mjs')).href)) as {
    generate: (options: { out: string }) => Promise<{ changed: boolean; schemas: readonly string[] }>;
  };
  const out = t.testdir({ 'stale.types.ts': 'left over' });
  const first = await generate({ out });
  t.ok(first.changed && first.schemas.includes('topology') && first.schemas.includes('configuration'));
  t.same(await generate({ out }), { ...first, changed: false });
  const expected = first.schemas.flatMap((name) => [`${name}.types.ts`, `${name}.validate.ts`]);
  t.strictSame(readdirSync(out).sort(), ['.stamp', ...expected].sort());
  for (const file of expected) t.equal(readFileSync(join(out, file), 'utf8'), readProjectFile('src', 'model', 'generated', file), file);
});
