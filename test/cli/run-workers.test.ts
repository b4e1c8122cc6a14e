/** `polybolt run --workers N` as a user meets it: worker processes behave as one, and are gone when it ends, however it ends. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { findProcesses } from '../../src/component/process-identity.js';
import { type CliOptions, type CliResult, printedTuples, ROOT, runCli, summaryOf } from '../support/run-cli.js';

const ADAPTER = join(ROOT, 'adapters', 'node', 'index.mjs');

const FILES = {
  'topology.yaml': `
name: numbers
config: { topology.max.spout.pending: 100 }
spouts:
  - { id: numbers, module: numbers.mjs, args: ["\${count:-1000}"], outputs: [number] }
bolts:
  - id: pass
    command: [node, pass.mjs, "\${does:-ack}"]
    parallelism: 2
    outputs: [number]
    inputs: [{ from: numbers, grouping: shuffle }]
  - id: end
    module: end.mjs
    outputs: [number]
    inputs: [{ from: pass, grouping: global }]
`,
  'numbers.mjs': `
export class Numbers {
  constructor(count) { this.count = Number(count); this.number = 0; }
  nextTuple(collector) { if (this.number < this.count) collector.emit([++this.number], { id: this.number }); }
}
`,
  'pass.mjs': `
import { Bolt } from ${JSON.stringify(ADAPTER)};
if (process.argv[2] === 'crash') { console.error('no such luck'); process.exit(3); }
class Pass extends Bolt {
  process(tuple) {
    this.emit(tuple.values, { anchors: tuple });
    if (process.argv[2] === 'keep') return;
    this.ack(tuple);
  }
}
new Pass().run();
`,
  'end.mjs': `
export class End {
  execute(tuple, collector) { collector.emit(tuple.values, { anchors: tuple }); collector.ack(tuple); }
}
`,
};

/** A directory for temporary files of its own: what a run has there can be told from what others have. */
const TEMPORARY = mkdtempSync(join(tmpdir(), 'polybolt-test-'));
t.teardown(() => rmSync(TEMPORARY, { recursive: true, force: true }));

function run(cwd: string, args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return runCli(['run', 'topology.yaml', '--workers', '2', ...args], { cwd, env: { ...process.env, TMPDIR: TEMPORARY }, ...options });
}

/** What runs have on the disk, and workers that live from it. */
function leftovers(): readonly unknown[] {
  return [...readdirSync(TEMPORARY), ...findProcesses((args) => args.some((arg) => arg.startsWith(TEMPORARY)))];
}

t.test('0: two processes, one account: summary, printed tuples, transcripts and the first ack are those of both', async (t) => {
  const cwd = t.testdir(FILES);
  const { status, stdout, stderr } = await run(cwd, ['--until-idle', '200ms', '--print', 'end', '--json', '--record', 'transcripts']);
  t.equal(status, 0, stderr);
  const summary = summaryOf(stdout);
  t.match(summary, { status: 0, firstAckMs: Number });
  t.same(summary.roots, { emitted: 1000, acked: 1000, failed: 0, timedOut: 0, abandoned: 0, pending: 0, unreplayed: 0, unanchored: 0 });
  const numbers = printedTuples(stdout).map(({ values }) => values[0] as number);
  t.same(
    numbers.sort((a, b) => a - b),
    Array.from({ length: 1000 }, (_, index) => index + 1),
  );
  t.match(
    readdirSync(join(cwd, 'transcripts')).sort(),
    [/^pass-\d+-\d+\.ndjson$/, /^pass-\d+-\d+\.ndjson$/],
    'a transcript of each child, whichever process had it',
  );
  t.match(stderr, /^info {2}worker\.up .*incarnation=1\.1/m);
  t.same(leftovers(), []);
});

t.test('1: what is kept is pending, and is waited for as long as was said', async (t) => {
  const { status, stdout } = await run(t.testdir(FILES), ['--set', 'does=keep', '--for', '1s', '--drain', '100ms', '--json']);
  t.equal(status, 1);
  t.match(summaryOf(stdout).roots, { emitted: 100, acked: 0, pending: 100 });
});

t.test('5: a component that cannot run ends it, and its error is told once', async (t) => {
  const { status, stderr } = await run(t.testdir(FILES), ['--set', 'does=crash', '--until-idle', '200ms']);
  t.equal(status, 5);
  t.equal(stderr.match(/^PB_RESTARTS_EXHAUSTED component "pass"/gm)?.length, 1, stderr);
  t.notMatch(stderr, /^error PB_RESTARTS_EXHAUSTED/m);
  t.match(stderr, /no such luck/);
});

t.test('2: a number of workers that makes no sense', async (t) => {
  for (const workers of ['0', '1.5', '65', 'two']) {
    const { status, stderr } = await runCli(['run', 'topology.yaml', '--workers', workers], { cwd: t.testdir(FILES) });
    t.equal(status, 2, stderr);
  }
});

t.test('130: Ctrl-C drains, and nothing is left', async (t) => {
  const { status, stdout } = await run(t.testdir(FILES), ['--set', 'count=1000000000', '--json', '--print', 'end'], {
    onStdoutLine: (line, child) => {
      if (line.includes('"values":[100]')) child.kill('SIGINT');
    },
  });
  t.equal(status, 130);
  const { roots } = summaryOf(stdout);
  t.ok(roots.emitted > 0);
  t.match(roots, { acked: roots.emitted, pending: 0 });
  t.same(leftovers(), []);
});

t.test('killed with SIGKILL: its workers notice, end with their children and clear up', async (t) => {
  const { signal } = await run(t.testdir(FILES), ['--set', 'count=1000000000'], {
    onStderrLine: (line, child) => {
      if (line.startsWith('info  worker.up') && line.includes('1.1')) child.kill('SIGKILL');
    },
  });
  t.equal(signal, 'SIGKILL');
  while (leftovers().length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
});
