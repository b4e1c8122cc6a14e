/**
 * Every bound has a test at it. Invariant: a number in `limits.ts` is named by some test, or stands in the list below with the reason why it is not;
 * the list only ever shrinks.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import * as limits from '../src/model/limits.js';
import { projectRoot, readProjectFile } from './model/project-files.js';

/** Bounds that no test names. */
const WITHOUT_TEST: Readonly<Record<string, string>> = {};

const bounds = Object.entries(limits)
  .filter(([, value]) => typeof value === 'number')
  .map(([name]) => name);

function filesOf(folder: string): string[] {
  return readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => `${folder}/${path}`);
}

function named(files: readonly string[]): Set<string> {
  const words = new Set(files.flatMap((path) => readProjectFile(path).match(/\b[A-Z][A-Z0-9_]+\b/g) ?? []));
  return new Set(bounds.filter((name) => words.has(name)));
}

const tested = named(filesOf('test').filter((path) => path !== 'test/limits.test.ts'));

t.test('every bound is named by a test', async (t) => {
  const missing = bounds.filter((name) => !tested.has(name) && !(name in WITHOUT_TEST));
  t.same(missing, [], 'write a test at the bound that imports it by name, or list it here with the reason why there can be none');
});

t.test('the list of bounds without a test holds no more than it must', async (t) => {
  const stale = Object.keys(WITHOUT_TEST).filter((name) => tested.has(name) || !bounds.includes(name));
  t.same(stale, [], 'take these off the list: they have a test by now, or are gone');
});

t.test('every bound is used', async (t) => {
  const used = named(filesOf('src').filter((path) => path !== 'src/model/limits.ts'));
  t.same(
    bounds.filter((name) => !used.has(name)),
    [],
    'a bound that nothing obeys is no bound',
  );
});

t.test('every bound is a positive number', async (t) => {
  t.same(
    Object.entries(limits).filter(([, value]) => typeof value === 'number' && !(value > 0 && value < Infinity)),
    [],
  );
});
