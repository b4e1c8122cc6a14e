// `npm test`: sets up what is needed, then runs every test: the core's with tap, each adapter's with its language's own framework. Invariant: the last line is
// `N passed, N failed`; with CI=true a skip is a failure.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { provideForeignLibraries } from './foreign-libraries.mjs';
import { build, installPackages, root } from './setup.mjs';
import { provideTools } from './tools.mjs';

const isCI = process.env.CI === 'true';
installPackages();
build();
const missing = provideTools();
const foreign = provideForeignLibraries();
if (foreign.storm === undefined) missing.push('storm-libraries');
if (foreign.python === undefined) missing.push('pystorm');
const environment = { ...process.env, POLYBOLT_MISSING_TOOLS: missing.join(','), PYTHONDONTWRITEBYTECODE: '1' };

const ADAPTERS = [
  { name: 'python', needs: ['python3'] },
  { name: 'ruby', needs: ['ruby'] },
  { name: 'go', needs: ['go'] },
  { name: 'shell', needs: ['jq'] },
  { name: 'node', needs: [] },
];

const totals = { passed: 0, failed: 0, skipped: 0 };
const notes = [];

await core();
for (const adapter of ADAPTERS) await adapterTests(adapter);
for (const note of notes) console.log(note);
for (const problem of foreign.problems) console.log(problem);
if (missing.length > 0) console.log(`missing tools, what needs them was skipped: ${missing.join(', ')}`);
if (isCI && totals.skipped > 0) {
  totals.failed += totals.skipped;
  console.log(`CI: ${totals.skipped} skipped tests count as failed`);
}
if (totals.passed === 0) totals.failed++;
console.log(`${totals.passed} passed, ${totals.failed} failed${totals.skipped > 0 && !isCI ? `, ${totals.skipped} skipped` : ''}`);
process.exit(totals.failed > 0 ? 1 : 0);

/** The tests in TypeScript. Arguments after `npm test --` choose files. */
async function core() {
  const chosen = process.argv.slice(2).map((file) => file.replace(/^test\//, 'dist/test/').replace(/\.ts$/, '.js'));
  const args = [join(root, 'node_modules', 'tap', 'dist', 'esm', 'run.mjs'), 'run', '--reporter=tap', ...chosen];
  const { status, lines } = await collect(process.execPath, args, { ...environment, FORCE_COLOR: '0' }, (line) => {
    if (/^\s*not ok\b/.test(line) && !/# (SKIP|TODO)/i.test(line)) console.log(line);
  });
  const count = lines.findLast((line) => line.startsWith('# {'));
  const sums = Object.fromEntries([...(count ?? '').matchAll(/(\w+): (\d+)/g)].map(([, key, value]) => [key, Number(value)]));
  const skipped = sums.skip ?? 0;
  totals.passed += sums.pass ?? 0;
  totals.failed += sums.fail ?? 0;
  totals.skipped += skipped;
  if (status !== 0 && (sums.fail ?? 0) === 0) totals.failed++;
  if (status !== 0) console.log(lines.slice(firstFailure(lines)).slice(0, 120).join('\n'));
  notes.push(`core: ${count ?? 'no count: tap did not end well'}`);
}

function firstFailure(lines) {
  return Math.max(0, lines.findIndex((line) => /^\s*not ok\b/.test(line)) - 2);
}

async function adapterTests({ name, needs }) {
  const folder = join(root, 'adapters', name);
  if (!existsSync(join(folder, 'test.sh'))) return;
  const lacking = needs.filter((tool) => missing.includes(tool));
  if (lacking.length > 0) {
    totals.skipped++;
    notes.push(`adapters/${name}: skipped, needs ${lacking.join(', ')}`);
    return;
  }
  const { status, lines } = await collect('sh', [join(folder, 'test.sh')], environment, () => {});
  const counts = countsOf(lines);
  totals.passed += counts.passed;
  totals.skipped += counts.skipped;
  totals.failed += counts.failed + (status !== 0 && counts.failed === 0 ? 1 : 0);
  if (status !== 0 || counts.passed === 0) console.log(lines.slice(-80).join('\n'));
  if (counts.passed === 0) totals.failed++;
  notes.push(`adapters/${name}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
}

/** Reads the counts of the frameworks that the adapters use: unittest, minitest, node:test, and the plain line. */
function countsOf(lines) {
  const text = lines.join('\n');
  const number = (pattern) => [...text.matchAll(pattern)].reduce((sum, match) => sum + Number(match[1]), 0);
  const plain = /^(?:\w+: )?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/m.exec(text);
  if (plain !== null) return { passed: Number(plain[1]), failed: Number(plain[2]), skipped: Number(plain[3] ?? 0) };
  if (/^Ran \d+ tests/m.test(text)) {
    const [failed, skipped] = [number(/failures=(\d+)/g) + number(/errors=(\d+)/g), number(/skipped=(\d+)/g)];
    return { passed: number(/^Ran (\d+) tests?/gm) - failed - skipped, failed, skipped };
  }
  if (/^\d+ runs, /m.test(text)) {
    const [failed, skipped] = [number(/, (\d+) failures/g) + number(/, (\d+) errors/g), number(/, (\d+) skips/g)];
    return { passed: number(/^(\d+) runs, /gm) - failed - skipped, failed, skipped };
  }
  return { passed: number(/^(?:#|ℹ) pass (\d+)/gm), failed: number(/^(?:#|ℹ) fail (\d+)/gm), skipped: number(/^(?:#|ℹ) skipped (\d+)/gm) };
}

function collect(command, args, env, onLine) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const lines = [];
    // Some frameworks report on stderr.
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line);
        onLine(line);
      });
    }
    child.on('close', (status) => resolve({ status: status ?? 1, lines }));
  });
}
