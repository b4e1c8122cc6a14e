// `npm run soak:word-count`: the word count over 1,000,000 words (or as many as the first argument says), in every variant of the tests: one task and four,
// `topology.max.spout.pending` 1, 100 and unset, and the split bolt killed again and again. Invariant: prints a line of figures for each variant, and ends with 1
// when a count differs from what the system's own tools count.
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { addLine, compareCounts, defaultInput } from '../examples/word-count/check.mjs';
import { chooseLanguages } from '../examples/word-count/languages.mjs';
import { build, installPackages, root } from './setup.mjs';

const words = Number(process.argv[2] ?? 1_000_000);
/** A kill for so many printed counts. */
const countsAKill = Math.max(1000, words / 100);

const VARIANTS = [
  { name: 'one task each', args: [] },
  { name: 'four tasks, pending unset', args: ['--set', 'parallelism=4', '--config', 'topology.max.spout.pending=null'] },
  { name: 'four tasks, pending 100', args: ['--set', 'parallelism=4', '--config', 'topology.max.spout.pending=100'] },
  { name: 'four tasks, pending 1', args: ['--set', 'parallelism=4', '--config', 'topology.max.spout.pending=1'] },
  { name: 'four tasks, split killed', args: ['--set', 'parallelism=4', '--log', 'debug'], isKilled: true },
];

installPackages();
build();
const directory = mkdtempSync(join(tmpdir(), 'polybolt-soak-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
const file = join(directory, 'text.txt');
writeText(file);
const expected = countWithSystemTools();
const total = [...expected.values()].reduce((sum, count) => sum + count, 0);
const { languages, set } = chooseLanguages();
console.log(
  `${total.toLocaleString('en')} words, ${expected.size.toLocaleString('en')} different; ${languages.map(({ component, language }) => `${component} in ${language}`).join(', ')}\n`,
);
console.log(row(['variant', 'words/s', 'roots', 'replays', 'kills', 'time s', 'peak MB', 'result']));

let failures = 0;
for (const variant of VARIANTS) {
  const { status, counts, summary, kills, peakBytes } = await run(variant);
  const wrong = compareCounts(counts, expected, variant.isKilled === true);
  const { emitted, acked, failed, abandoned, pending, unreplayed } = summary.roots;
  const isBalanced = emitted === acked + failed + abandoned + pending && pending === 0 && unreplayed === 0;
  const isRight = status === 0 && wrong.length === 0 && isBalanced && (variant.isKilled !== true || kills > 0);
  if (!isRight) failures++;
  // The quiet time at the end is no work.
  const seconds = (summary.elapsedMs - 2000) / 1000;
  const figures = [Math.round(total / seconds), emitted, failed, kills].map((figure) => figure.toLocaleString('en'));
  console.log(row([variant.name, ...figures, seconds.toFixed(1), (peakBytes / 2 ** 20).toFixed(0), isRight ? 'ok' : 'FAILED']));
  if (!isRight) console.log(`  status ${status}, ${JSON.stringify(summary.roots)}\n  ${wrong.slice(0, 10).join('\n  ')}`);
}
process.exit(failures === 0 ? 0 : 1);

function row([name, ...cells]) {
  return `${name.padEnd(26)}${cells.map((cell) => String(cell).padStart(11)).join('')}`;
}

/** The project's own pages again and again, each time round in another spelling. */
function writeText(path) {
  const lines = defaultInput().flatMap((page) => readFileSync(page, 'utf8').split('\n'));
  const out = openSync(path, 'w');
  for (let round = 0, written = 0; written < words; round++) {
    const text = [];
    for (const [index, line] of lines.entries()) {
      if (written >= words) break;
      const respelled =
        round % 3 === 1
          ? line.toUpperCase()
          : round % 3 === 2
            ? line.replace(/[a-z]{5,}/g, (word) => word + 'abcdefgh'[(index + round) % 8])
            : line;
      written += respelled.match(/[A-Za-z]+/g)?.length ?? 0;
      text.push(`${respelled}\n`);
    }
    writeSync(out, text.join(''));
  }
  closeSync(out);
}

function countWithSystemTools() {
  const pipeline = String.raw`LC_ALL=C tr -cs 'A-Za-z' '\n' < "$1" | tr A-Z a-z | sed '/^$/d' | sort | uniq -c`;
  const lines = execFileSync('sh', ['-c', pipeline, 'sh', file], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } })
    .trim()
    .split('\n');
  return new Map(lines.map((line) => line.trim().split(' ')).map(([count, word]) => [word, Number(count)]));
}

async function run({ args, isKilled }) {
  const variables = Object.entries(set).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
  const options = ['--until-idle', '2s', '--print', 'count', '--json', '--set', `input=${file}`];
  const topology = join(root, 'examples', 'word-count', 'topology.yaml');
  const child = spawn(
    process.execPath,
    [join(root, 'dist', 'bundle', 'cli', 'main.js'), 'run', topology, ...options, ...variables, ...args],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const result = { status: 0, counts: new Map(), summary: undefined, kills: 0, peakBytes: 0 };
  // Children of the split bolt, the one that has been up longest first; only pids that the run has told us of are ever killed.
  const up = new Set();
  const stderr = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    stderr.push(line);
    stderr.splice(0, stderr.length - 50);
    const pid = / child\.up .*component=split .*pid=(\d+)/.exec(line)?.[1];
    if (pid !== undefined) up.add(Number(pid));
  });
  const sampling = setInterval(() => {
    result.peakBytes = Math.max(result.peakBytes, residentBytes(child.pid));
  }, 200);
  const closed = new Promise((resolve) => child.on('close', (code) => resolve(code ?? 1)));
  let lines = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('{"topology"')) result.summary = JSON.parse(line);
    else addLine(result.counts, line);
    if (!isKilled || ++lines % countsAKill !== 0) continue;
    const [pid] = up;
    if (pid === undefined) continue;
    up.delete(pid);
    process.kill(pid, 'SIGKILL');
    result.kills++;
  }
  clearInterval(sampling);
  result.status = await closed;
  if (result.summary === undefined) {
    console.error(stderr.join('\n'));
    throw new Error(`the run ended with status ${result.status} and without a summary`);
  }
  return result;
}

/** Resident memory of the host process; 0 where the system does not say. */
function residentBytes(pid) {
  try {
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
