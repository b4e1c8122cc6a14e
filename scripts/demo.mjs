// `npm run demo`: sets up what is needed (npm packages and a build, no system tools), runs the word count over this repository's own texts in the languages that are
// installed, and shows what came out. Invariant: ends with 0 only if every word was counted right, every root was acked and the account of roots balances.
import { spawn } from 'node:child_process';
import { join, relative } from 'node:path';
import { compareCounts, countWords, defaultInput } from '../examples/word-count/check.mjs';
import { BUILD_GO, chooseLanguages, goIsBuilt } from '../examples/word-count/languages.mjs';
import { build, fail, installPackages, root } from './setup.mjs';

const startedAtMs = performance.now();
const DOES = {
  sentences: 'emits the lines of the text, and again those that fail',
  filter: 'drops lines without a letter',
  split: 'takes sentences apart into words',
  count: 'counts; a fields grouping sends a word always to the same task',
  report: 'ranks the counts at every tick, inside the worker',
};

// Compiling the component in Go for the first time takes a few seconds, which the set-up does not wait for.
const goBuild = goIsBuilt() ? undefined : spawn(...BUILD_GO, { stdio: 'ignore' });
const goBuilt = goBuild === undefined ? undefined : new Promise((resolve) => goBuild.on('error', resolve).on('close', resolve));
installPackages();
build();
await goBuilt;

const files = defaultInput();
const { languages, missing, set } = chooseLanguages();
console.log(`\nPolybolt counts the words of ${files.map((file) => relative(root, file)).join(', ')}\n`);
for (const { component, language } of languages) console.log(`  ${component.padEnd(10)} ${language.padEnd(11)} ${DOES[component]}`);
if (missing.length > 0) console.log(`\n  not installed: ${missing.join(', ')}; JavaScript stands in for it`);
console.log('');

const { status, counts, top, summary } = await runWordCount();
const wrong = compareCounts(counts, countWords(files));
if (summary === undefined) fail(`the run ended with status ${status} and without a summary`);
show(top);
judge();

/** Runs the topology and gathers what it prints; its own table goes to stderr as it is. */
async function runWordCount() {
  const variables = Object.entries(set).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
  const topology = join(root, 'examples', 'word-count', 'topology.yaml');
  const options = ['--until-idle', '1s', '--print', 'count', '--print', 'report', '--json', '--log', 'warn'];
  const child = spawn(process.execPath, [join(root, 'dist', 'bundle', 'cli', 'main.js'), 'run', topology, ...variables, ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // The run drains on Ctrl-C by itself, and we report what it got done.
  process.on('SIGINT', () => {});
  const result = { status: 0, counts: new Map(), top: new Map(), summary: undefined };
  const closed = new Promise((resolve) => child.on('close', (code) => resolve(code ?? 1)));
  const { default: ndjson } = await import('ndjson');
  for await (const printed of child.stdout.pipe(ndjson.parse())) {
    if (printed.topology !== undefined) result.summary = printed;
    else if (printed.component === 'report') result.top.set(printed.values[0], printed.values.slice(1));
    else result.counts.set(...printed.values);
  }
  result.status = await closed;
  return result;
}

/** The newest ranking, with bars. */
function show(ranking) {
  const most = ranking.get(1)?.[1] ?? 1;
  console.log('');
  for (const [word, count] of ranking.values()) {
    console.log(`  ${word.padEnd(14)} ${String(count).padStart(6)}  ${'█'.repeat(Math.max(1, Math.round((40 * count) / most)))}`);
  }
  console.log('');
}

function judge() {
  const { emitted, acked, failed, abandoned, pending, unreplayed } = summary.roots;
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const number = (value) => value.toLocaleString('en');
  const checks = [
    [
      wrong.length === 0,
      `${number(total)} words, ${number(counts.size)} different: each count agrees with a count made without Polybolt`,
      wrong[0],
    ],
    [
      pending === 0 && unreplayed === 0 && acked > 0,
      `every root acked${failed > 0 ? ', some by a replay' : ''}`,
      `${pending} pending, ${unreplayed} failed for good`,
    ],
    [
      emitted === acked + failed + abandoned + pending,
      `roots balance: ${number(emitted)} emitted = ${number(acked)} acked + ${failed} failed + ${abandoned} abandoned + ${pending} pending`,
      `${JSON.stringify(summary.roots)}`,
    ],
    [status === 0, `the run ended with status ${status}`, 'see its messages above'],
  ];
  for (const [isRight, text, why] of checks) console.log(isRight ? `  ok      ${text}` : `  FAILED  ${text} (${why})`);
  const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;
  console.log(
    `\n  first ack ${Math.round(summary.firstAckMs ?? 0)} ms after the start of the run, which took ${seconds(summary.elapsedMs)}; all in all ${seconds(performance.now() - startedAtMs)}`,
  );
  console.log(`\nTry next:
  npx polybolt run examples/word-count/topology.yaml ${Object.entries(set)
    .map(([name, value]) => `--set '${name}=${value}' `)
    .join('')}--set input=README.md --until-idle 2s --print report
  npx polybolt check examples/word-count/topology.yaml
  npx polybolt doctor
  and read examples/README.md\n`);
  process.exit(checks.every(([isRight]) => isRight) ? 0 : 1);
}
