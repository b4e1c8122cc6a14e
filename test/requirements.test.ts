/**
 * The requirements of spec/protocol.md: as prose, as data, and as what tests and conformance cases cite. Invariant: every requirement is cited by a test's
 * title or a case, or listed in multilang/requirements-gaps.json with the reason why not.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import t from 'tap';
import { loadCases } from '../src/conformance/case-file.js';
import { HOST_CHECKS } from '../src/conformance/host/judge-host.js';
import { loadRequirements } from '../src/conformance/requirements.js';
import { projectRoot, readProjectFile } from './model/project-files.js';

const ID = /\bML-[A-Z]{2}-\d{2}\b/g;
const HEAD = /^\*\*(ML-[A-Z]{2}-\d{2})\*\* · (host|component|both) · (MUST|SHOULD|MAY) — (.+)$/;
/** A title: the first argument of `test(`, or `title:` in a table of tests, in any of the three quotes. */
const TITLE = /\b(?:test\(|title:)\s*(['"`])((?:\\.|(?!\1)[\s\S])*)\1/g;
/** `ML-FR-01 to ML-FR-05` names those between, too. */
const RANGE = /\b(ML-[A-Z]{2})-(\d{2}) to (?:ML-[A-Z]{2}-)?(\d{2})\b/g;

const requirements = [...loadRequirements().values()];
const known = new Set(requirements.map(({ id }) => id));
const gaps = JSON.parse(readProjectFile('multilang', 'requirements-gaps.json')) as readonly {
  readonly id: string;
  readonly reason: string;
}[];

function filesBelow(folder: string, ending: RegExp): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (['node_modules', 'dist', '.git'].includes(entry.name)) return [];
    if (entry.isDirectory()) return filesBelow(path, ending);
    return ending.test(entry.name) ? [path] : [];
  });
}

function idsIn(text: string): readonly string[] {
  const ranges = [...text.matchAll(RANGE)].flatMap(([, group, first, last]) => {
    const length = Number(last) - Number(first) + 1;
    return Array.from({ length: Math.max(0, length) }, (_, index) => `${group}-${String(Number(first) + index).padStart(2, '0')}`);
  });
  return [...(text.match(ID) ?? []), ...ranges];
}

function citedInTitles(): ReadonlySet<string> {
  const texts = filesBelow(join(projectRoot, 'test'), /\.test\.ts$/).map((file) => readFileSync(file, 'utf8'));
  return new Set(texts.flatMap((text) => [...text.matchAll(TITLE)].flatMap(([, , title]) => idsIn(title as string))));
}

t.test('the page and requirements.json hold the same requirements', async (t) => {
  const lines = readProjectFile('spec', 'protocol.md').split('\n');
  const read = lines.flatMap((line, index) => {
    if (!line.startsWith('**ML-')) return [];
    const head = HEAD.exec(line);
    if (head === null) {
      t.fail(`spec/protocol.md:${index + 1} begins like a requirement and is none: ${line}`);
      return [];
    }
    const source = lines[index + 1] as string;
    t.ok(source.startsWith('  Source: '), `spec/protocol.md:${index + 2} names the source`);
    const after = lines[index + 2];
    const isEnded = after === '' || after === undefined;
    t.ok(isEnded || (after.startsWith('  Note: ') && (lines[index + 3] ?? '') === ''), `spec/protocol.md:${index + 3} is a note or empty`);
    const [, id, binds, level, text] = head;
    return [{ id, binds, level, text, source: source.slice('  Source: '.length) }];
  });
  t.strictSame(read, requirements);
});

t.test('ids are numbered from 01 in each group, and a text has the word of its level and no other', async (t) => {
  const next = new Map<string, number>();
  for (const { id, level, text } of requirements) {
    const group = id.slice(0, 5);
    const number = (next.get(group) ?? 0) + 1;
    next.set(group, number);
    t.equal(id, `${group}-${String(number).padStart(2, '0')}`);
    t.strictSame([...new Set(text.match(/\b(MUST|SHOULD|MAY)\b/g))], [level], id);
  }
});

t.test('every requirement is cited by a test or a case, or is a known gap', async (t) => {
  const titles = citedInTitles();
  // A case that judges components shows nothing of a host, and the other way round.
  const ofComponents = new Set(loadCases(loadRequirements()).flatMap((item) => item.requirements));
  const ofHosts = new Set(HOST_CHECKS.flatMap((check) => check.requirements));
  const binds = new Map(requirements.map((requirement) => [requirement.id, requirement.binds]));
  const isCited = (id: string): boolean =>
    titles.has(id) || (ofComponents.has(id) && binds.get(id) !== 'host') || (ofHosts.has(id) && binds.get(id) !== 'component');
  const gapIds = new Set(gaps.map(({ id }) => id));
  const uncited = requirements.filter(({ id }) => !isCited(id) && !gapIds.has(id)).map(({ id }) => id);
  t.strictSame(uncited, [], 'put the id at the head of the title of the test that shows it, or into multilang/requirements-gaps.json');
  const closed = gaps.filter(({ id }) => isCited(id)).map(({ id }) => id);
  t.strictSame(closed, [], 'these are cited now: take them off multilang/requirements-gaps.json');
  for (const { id, reason } of gaps) t.ok(known.has(id) && reason.length > 20, `the gap ${id} exists and says why`);
});

t.test('no id is cited that does not exist', async (t) => {
  const folders = ['src', 'test', 'spec', 'multilang', 'adapters', 'bench', 'examples'].map((folder) => join(projectRoot, folder));
  for (const file of folders.flatMap((folder) => filesBelow(folder, /\.(ts|mjs|js|md|json|py|rb|go|sh|yaml)$/))) {
    const strangers = [...new Set(idsIn(readFileSync(file, 'utf8')))].filter((id) => !known.has(id));
    if (strangers.length > 0) t.fail(`${relative(projectRoot, file)} cites ${strangers.join(', ')}, which does not exist`);
  }
});
