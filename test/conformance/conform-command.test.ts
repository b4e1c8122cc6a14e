/** The command `polybolt conform` as a user runs it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { runCli } from '../support/run-cli.js';
import { needs } from '../support/tools.js';
import { fixtures, python } from './judged.js';

const scratch = mkdtempSync(join(tmpdir(), 'polybolt-conform-test-'));
t.teardown(() => rmSync(scratch, { recursive: true, force: true }));
const component = (file: string): string[] => ['--', ...(file.endsWith('.py') ? [python, '-S'] : ['sh']), join(fixtures, file)];
const skip = needs('python3');

t.test('conform finds out the kind, says that a component conforms and exits 0', { skip }, async (t) => {
  const { status, stdout } = await runCli(['conform', ...component('good.py')]);
  t.equal(status, 0, stdout);
  t.match(stdout, /^pass {3}handshake-pid {2}the component answers the handshake with its pid$/m);
  t.match(stdout, /^conforms: bolt, \d+ passed, 0 non-strict, 0 failed, \d skipped in \d+\.\d s$/m);
});

t.test('conform finds out that a spout is one', { skip }, async (t) => {
  const { status, stdout } = await runCli(['conform', '--strict', ...component('spout-emits-late.py')]);
  t.equal(status, 1);
  t.match(stdout, /^loose {2}spout-sync-last/m);
  t.match(stdout, /^does not conform: spout, /m);
});

t.test('what works but not as written fails only with --strict', { skip }, async (t) => {
  const options = ['--kind', 'bolt', '--case', 'framing-one-line', '--case', 'bolt-prompt'];
  const loose = await runCli(['conform', ...options, ...component('indented.py')]);
  t.equal(loose.status, 0);
  t.match(loose.stdout, /^loose {2}framing-one-line/m);
  t.equal((await runCli(['conform', '--strict', ...options, ...component('indented.py')])).status, 1);
});

t.test('the line that repeats one check repeats it', { skip }, async (t) => {
  const { stdout } = await runCli(['conform', '--kind', 'bolt', '--reporter', 'json', ...component('acks-twice.py')]);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, never>);
  const failed = lines.filter((line) => line['outcome'] === 'fail') as unknown as { check: string; evidence: { repeat: string } }[];
  t.strictSame(
    failed.map(({ check }) => check),
    ['bolt-answers-once'],
  );
  const words = (failed[0] as (typeof failed)[0]).evidence.repeat.split(' ');
  t.equal(words.shift(), 'polybolt');
  const again = await runCli(words);
  t.equal(again.status, 1);
  t.match(again.stdout, /^FAIL {3}bolt-answers-once[\s\S]*because {2}ack of the tuple "1", which had been acked already/m);
  t.match(lines.at(-1), { good: false, kind: 'bolt', failed: 1 });
});

t.test('a rule that is chosen alone is watched in all conversations', { skip }, async (t) => {
  const { status, stdout } = await runCli(['conform', '--kind', 'bolt', '--case', 'bolt-answers-once', ...component('acks-twice.py')]);
  t.equal(status, 1);
  t.match(stdout, /0 passed, 0 non-strict, 1 failed, 0 skipped/);
});

t.test('an expected failure is known and no failure, until it is mended', { skip }, async (t) => {
  const list = join(scratch, 'expected.txt');
  writeFileSync(list, '# of this fixture\nbolt-answers-once: its library acks as well\n');
  const options = ['--kind', 'bolt', '--case', 'bolt-answers*', '--expected-failures', list];
  const known = await runCli(['conform', ...options, ...component('acks-twice.py')]);
  t.equal(known.status, 0, known.stdout);
  t.match(known.stdout, /^known {2}bolt-answers-once .*\(known: its library acks as well\)$/m);
  const mended = await runCli(['conform', ...options, ...component('good.py')]);
  t.equal(mended.status, 1);
  t.match(mended.stdout, /this check passes now: take it off the list/);
});

t.test('tap: failures carry their evidence, skips their reason, and the plan is at the end', { skip }, async (t) => {
  const { stdout } = await runCli([
    'conform',
    '--kind',
    'bolt',
    '--reporter',
    'tap',
    '--case',
    'bolt-an*',
    '--case',
    'metrics-form',
    ...component('acks-twice.py'),
  ]);
  const lines = stdout.split('\n');
  t.equal(lines[0], 'TAP version 14');
  t.equal(lines[1], 'ok 1 - metrics-form: metrics have a name and params # SKIP it sent no metrics');
  t.ok(lines.includes('not ok 3 - bolt-answers-once: no tuple is answered twice'), stdout);
  t.ok(lines.includes('  requirements: ["ML-BO-05","ML-BO-07"]'), stdout);
  t.equal(lines.at(-2), '1..5');
});

t.test('--input gives a bolt the tuples it wants', { skip }, async (t) => {
  const bolt = join(scratch, 'picky.py');
  writeFileSync(
    bolt,
    `import sys\nsys.path.insert(0, ${JSON.stringify(fixtures)})\nfrom good import Bolt\n\n\nclass Picky(Bolt):\n    def tuple(self, message):\n        if message['tuple'][1] > 0:\n            super().tuple(message)\n\n\nPicky().run()\n`,
  );
  const input = join(scratch, 'input.ndjson');
  writeFileSync(input, '["a", 1]\n{"tuple": ["b", 2]}\n');
  const options = ['conform', '--kind', 'bolt', '--case', 'bolt-answers', '--timeout', '3s'];
  t.equal((await runCli([...options, '--', python, bolt])).status, 1);
  t.equal((await runCli([...options, '--input', input, '--', python, bolt])).status, 0);
});

t.test('a command line that means nothing is refused with what would be right, status 2', async (t) => {
  const refused = async (...args: string[]): Promise<string> => {
    const { status, stderr } = await runCli(['conform', ...args]);
    t.equal(status, 2, stderr);
    return stderr;
  };
  t.match(await refused('--kind', 'bolts', '--', 'true'), /--kind bolts means nothing\n {2}hint: write --kind auto or bolt or spout/);
  t.match(await refused('--level', 'adapter', '--', 'true'), /hint: write \{\} where the name of the program goes/);
  t.match(
    await refused('--kind', 'bolt', '--case', 'no-such', '--', 'true'),
    /no check is called no-such\n {2}hint: the checks here are: handshake-pid /,
  );
  t.match(await refused('--input', join(scratch, 'none'), '--', 'true'), /cannot be read/);
  const bad = join(scratch, 'bad.txt');
  writeFileSync(bad, '\neof-status because\n');
  t.match(await refused('--expected-failures', bad, '--', 'true'), /bad\.txt:2 is not of the form CHECK: reason/);
  writeFileSync(bad, '["a"]\n{"values":[1]}\n');
  t.match(await refused('--input', bad, '--', 'true'), /bad\.txt:2 is no tuple/);
});

t.test('a component that tells nothing of its kind is asked for by --kind', async (t) => {
  const { status, stderr } = await runCli(['conform', '--timeout', '1s', '--', 'true']);
  t.equal(status, 2);
  t.match(stderr, /it cannot be told whether true is a bolt or a spout[\s\S]*hint: say --kind bolt or --kind spout/);
});

t.test('a command that does not exist is said to, status 5', async (t) => {
  const { status, stderr } = await runCli(['conform', '--kind', 'bolt', '--', 'no-such-command']);
  t.equal(status, 5);
  t.match(stderr, /^PB_COMPONENT_NOT_FOUND the command no-such-command is not on the PATH/);
});

t.test('Ctrl-C ends the components too, also one that does not notice the end of its stdin', { skip }, async (t) => {
  const pids = join(scratch, 'pids');
  const stubborn = join(scratch, 'stubborn.py');
  writeFileSync(
    stubborn,
    `import os, signal, sys\nopen(${JSON.stringify(pids)}, 'a').write('%d\\n' % os.getpid())\nsys.stdout.write('{"pid":%d}\\nend\\n' % os.getpid())\nsys.stdout.flush()\nsignal.alarm(60)\nsignal.pause()\n`,
  );
  const options = ['conform', '--kind', 'bolt', '--timeout', '60s', '--', python, stubborn];
  // The first verdict is out: the next component waits for a tuple that it never reads.
  const { status } = await runCli(options, {
    onStdoutLine: (line, child) => void (line.includes('handshake-pid ') && child.kill('SIGINT')),
  });
  t.equal(status, 130);
  for (const pid of readFileSync(pids, 'utf8').trim().split('\n')) {
    while (!hasEnded(Number(pid))) await new Promise((resolve) => setImmediate(resolve));
    t.pass(`${pid} has ended`);
  }
});

/** A zombie has ended too, whenever somebody takes note of it. */
function hasEnded(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}
