/**
 * The word count and its oracle: a text to count, what the system's own tools say of it, and a run of the example with what it printed. Invariant: the oracle
 * shares nothing with the project.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type CliOptions, type CliResult, printedTuples, ROOT, runCli } from './run-cli.js';

export const TOPOLOGY = join(ROOT, 'examples', 'word-count', 'topology.yaml');

interface Languages {
  chooseLanguages(without?: readonly string[]): { readonly missing: readonly string[]; readonly set: Readonly<Record<string, string>> };
}
const { chooseLanguages } = (await import(pathToFileURL(join(TOPOLOGY, '..', 'languages.mjs')).href)) as Languages;

/** Lines that are hard on the way: for encodings, JSON, shells and splitters. */
const ODD_LINES: readonly Buffer[] = [
  '',
  '   \t  ',
  '1234567890 ---- ====',
  'don\'t “quote” "me" \\n\\tnot\\u0041escape',
  'end',
  '{"command":"ack","id":"1"}',
  'Tabs\tand\u0007bells\u001b[31mred\u001b[0m',
  'naïve café Ωmega K (Kelvin) ſ İstanbul straße',
  'line\u2028separator\u2029paragraph \u{1f600}emoji\u{1f600}',
  '$(rm -rf nothing) `date` $HOME * ? [a-z] %s %n ; exit 1',
  'carriage return\r',
  'word'.repeat(5000),
  'many words on one line '.repeat(400),
].map((line) => Buffer.from(line));
const INVALID_UTF8 = Buffer.from([0x62, 0x61, 0x64, 0xff, 0xfe, 0x75, 0x74, 0x66, 0xc3, 0x28, 0x61, 0xed, 0xa0, 0x80, 0x62]);

/** Writes a text of at least so many words, made of the project's own pages: each time round in another spelling and other lines. */
export function writeText(file: string, wordsMin: number): void {
  const spec = join(ROOT, 'spec');
  const pages = [join(ROOT, 'LICENSE'), ...readdirSync(spec).flatMap((name) => (name.endsWith('.md') ? [join(spec, name)] : []))];
  const source = pages.flatMap((page) => readFileSync(page, 'utf8').split('\n'));
  const lines: Buffer[] = [...ODD_LINES, INVALID_UTF8];
  for (let round = 0, words = 0; words < wordsMin; round++) {
    for (let index = 0; index < source.length && words < wordsMin; index++) {
      const line = respelled(source[index] as string, round, index);
      words += line.match(/[A-Za-z]+/g)?.length ?? 0;
      lines.push(Buffer.from(line));
    }
  }
  writeFileSync(file, Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')])));
}

function respelled(line: string, round: number, index: number): string {
  if (round % 4 === 1) return line.toUpperCase();
  if (round % 4 === 2) return line.split(' ').reverse().join(' ');
  if (round % 4 === 3) return line.replace(/[a-z]{5,}/g, (word) => `${word}${'abcdefgh'[(index + round) % 8]}`);
  return line;
}

/** What the system's tools count, as lines `count word`, in order of the words. */
export function countWithSystemTools(file: string): string {
  const pipeline = String.raw`LC_ALL=C tr -cs 'A-Za-z' '\n' < "$1" | tr A-Z a-z | sed '/^$/d' | sort | uniq -c | sed 's/^ *//'`;
  return execFileSync('sh', ['-c', pipeline, 'sh', file], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
}

/** The last count of each word that was printed, in the same form. */
export function countsPrinted(stdout: string): string {
  const last = new Map<string, number>();
  for (const { component, values } of printedTuples(stdout)) if (component === 'count') last.set(values[0] as string, values[1] as number);
  return [...last.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([word, count]) => `${count} ${word}\n`)
    .join('');
}

export function countsByWord(lines: string): Map<string, number> {
  return new Map(lines.split('\n').flatMap((line) => (line === '' ? [] : [[line.split(' ')[1] as string, Number(line.split(' ')[0])]])));
}

/** What `diff` would show; short, so that a failure can be read. */
export function diff(printed: string, expected: string): string {
  const [is, should] = [printed.split('\n'), new Set(expected.split('\n'))];
  const extra = is.filter((line) => !should.has(line)).map((line) => `< ${line}`);
  const printedLines = new Set(is);
  const lacking = [...should].filter((line) => !printedLines.has(line)).map((line) => `> ${line}`);
  return [...extra.slice(0, 10), ...lacking.slice(0, 10)].join('\n');
}

/** Runs the example over a file, each component in its own language where that is installed. */
export function runWordCount(file: string, args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const variables = Object.entries(chooseLanguages().set).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
  return runCli(
    ['run', TOPOLOGY, '--set', `input=${file}`, ...variables, '--until-idle', '2s', '--print', 'count', '--json', ...args],
    options,
  );
}
