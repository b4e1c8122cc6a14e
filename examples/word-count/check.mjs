// Checks what the word count has counted against a count of its own. As a command it reads what `polybolt run … --print count` has printed:
//
//   polybolt run topology.yaml --set input=FILE --until-idle 2s --print count | node check.mjs FILE
//
// Invariant: the last count of a word is its count, whatever was printed of it before.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const REPOSITORY = join(import.meta.dirname, '..', '..');

/** The files that are counted when no input is named. */
export function defaultInput() {
  const pages = readdirSync(join(REPOSITORY, 'spec')).filter((page) => page.endsWith('.md'));
  return [join(REPOSITORY, 'LICENSE'), ...pages.sort().map((page) => join(REPOSITORY, 'spec', page))];
}

/** Word → how often it stands in the files. */
export function countWords(files) {
  const counts = new Map();
  for (const file of files) {
    for (const [word] of readFileSync(file, 'latin1').matchAll(/[A-Za-z]+/g)) {
      const key = word.toLowerCase();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  return counts;
}

/** Takes a printed line into account; lines of other components are let be. */
export function addLine(counts, line) {
  const { component, values } = JSON.parse(line);
  if (component === 'count') counts.set(values[0], values[1]);
}

/**
 * @param {boolean} atLeast whether more than the true count is fine too, as where sentences were replayed
 * @returns {string[]} what is wrong, a line for each word
 */
export function compareCounts(counted, expected, atLeast = false) {
  const wrong = [];
  for (const word of new Set([...expected.keys(), ...counted.keys()])) {
    const [is, should] = [counted.get(word) ?? 0, expected.get(word) ?? 0];
    if (atLeast && should > 0 ? is < should : is !== should) wrong.push(`${word}: counted ${is}, there are ${should}`);
  }
  return wrong;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const files = process.argv.slice(2);
  const counted = new Map();
  for await (const line of createInterface({ input: process.stdin })) addLine(counted, line);
  const wrong = compareCounts(counted, countWords(files.length > 0 ? files : defaultInput()));
  for (const line of wrong.slice(0, 20)) console.log(line);
  console.log(
    wrong.length === 0
      ? `${counted.size} words, every count is right`
      : `${wrong.length} ${wrong.length === 1 ? 'count is' : 'counts are'} wrong`,
  );
  process.exitCode = wrong.length === 0 ? 0 : 1;
}
