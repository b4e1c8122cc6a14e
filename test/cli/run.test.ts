/**
 * `polybolt run` as a user meets it: what it prints where, how it ends, and what its exit status says.
 */
import { join } from 'node:path';
import t from 'tap';
import { type CliResult, printedTuples, ROOT, runCli, summaryOf } from '../support/run-cli.js';

const ADAPTER = join(ROOT, 'adapters', 'node', 'index.mjs');

/** A spout that emits numbers up to `count`, and a bolt that acks, fails for good, keeps, or crashes. */
const FILES = {
  'topology.yaml': `
name: numbers
config: { topology.message.timeout.secs: 30, topology.max.spout.pending: 100 }
spouts:
  - { id: numbers, module: numbers.mjs, args: ["\${count:-10}"], outputs: [number] }
bolts:
  - id: end
    command: ["\${program:-node}", "\${script:-end.mjs}", "\${does:-ack}"]
    outputs: [number]
    inputs: [{ from: numbers, grouping: shuffle }]
`,
  'numbers.mjs': `
export class Numbers {
  constructor(count) { this.count = Number(count); this.number = 0; }
  nextTuple(collector) { if (this.number < this.count) collector.emit([++this.number], { id: this.number }); }
}
`,
  'end.mjs': `
import { Bolt } from ${JSON.stringify(ADAPTER)};
if (process.argv[2] === 'crash') process.exit(3);
class End extends Bolt {
  process(tuple) {
    this.emit(tuple.values, { anchors: tuple });
    if (process.argv[2] === 'fail' && tuple.values[0] === 7) this.fail(tuple);
    else if (process.argv[2] !== 'keep') this.ack(tuple);
  }
}
new End().run();
`,
};

function setUp(t: { testdir(files: Record<string, string>): string }): string {
  return t.testdir(FILES);
}

function run(cwd: string, ...args: readonly string[]): Promise<CliResult> {
  return runCli(['run', 'topology.yaml', ...args], { cwd });
}

t.test('0: everything was acked; tuples and the summary are JSON lines on stdout, the rest is on stderr', async (t) => {
  const { status, stdout, stderr } = await run(setUp(t), '--until-idle', '200ms', '--print', 'end', '--json');
  t.equal(status, 0);
  const lines = stdout.trimEnd().split('\n');
  t.equal(lines.length, 11);
  t.equal(lines[0], '{"component":"end","stream":"default","task":2,"values":[1]}');
  const summary = summaryOf(stdout);
  t.match(summary, { status: 0, elapsedMs: Number, firstAckMs: Number });
  t.same(summary.roots, { emitted: 10, acked: 10, failed: 0, timedOut: 0, abandoned: 0, pending: 0, unreplayed: 0, unanchored: 0 });
  t.match(stderr, /^component +tasks +emitted/m);
  t.match(stderr, /^roots 10 emitted = 10 acked \+ 0 failed \+ 0 abandoned \+ 0 pending$/m);
});

t.test('1: a root failed and was never replayed, and the command says so', async (t) => {
  const { status, stderr, stdout } = await run(setUp(t), '--set', 'does=fail', '--until-idle', '200ms', '--json');
  t.equal(status, 1);
  t.match(stderr, /^polybolt: not everything arrived: 0 roots pending, 1 failed and were not acked by a replay$/m);
  t.match(summaryOf(stdout), { status: 1, roots: { emitted: 10, acked: 9, failed: 1, unreplayed: 1 } });
});

t.test('1: the time that --for and --drain give is over and roots are pending', async (t) => {
  const { status, stdout, stderr } = await run(setUp(t), '--set', 'does=keep', '--for', '300ms', '--drain', '100ms', '--json');
  t.equal(status, 1);
  t.match(summaryOf(stdout).roots, { emitted: 10, acked: 0, pending: 10 });
  t.match(stderr, /10 roots pending/);
});

t.test('2: an option is wrong, and the message says what is right', async (t) => {
  const cwd = setUp(t);
  const cases: readonly (readonly [args: readonly string[], says: RegExp])[] = [
    [['--print', 'edn'], /PB_USAGE --print edn: the topology has no component "edn"\n {2}hint: its components are numbers, end/],
    [['--print', 'end:errors'], /"end" declares no stream "errors"\n {2}hint: its streams are default/],
    [['--for', '3x'], /"3x" is no duration: write 500ms, 30s, 5m or 1h/],
    [['--set', 'count'], /"count" is not of the form name=value/],
    [['--config', 'a=['], /PB_USAGE --config a=\[: the value cannot be read as YAML/],
    [['--log', 'loud'], /"loud" is no level: write debug, info, warn, error/],
    [['--fro', '1s'], /unknown option '--fro'\n\(Did you mean --for\?\)/],
  ];
  for (const [args, says] of cases) {
    const { status, stdout, stderr } = await run(cwd, ...args);
    t.equal(status, 2, args.join(' '));
    t.match(stderr, says);
    t.equal(stdout, '');
  }
  t.equal((await runCli(['rnu'])).status, 2);
  t.equal((await runCli([])).status, 2);
});

t.test('3: the topology is wrong, and every mistake is told with its place', async (t) => {
  const cwd = setUp(t);
  const { status, stderr } = await run(cwd, '--set', 'cuont=5', '--set', 'dose=fail');
  t.equal(status, 3);
  t.match(stderr, /^topology\.yaml:1:1: PB_VARIABLE_UNUSED --set cuont=.*did you mean `count`\?\)$/m);
  t.match(stderr, /^topology\.yaml:1:1: PB_VARIABLE_UNUSED --set dose=.*did you mean `does`\?\)$/m);
  const missing = await runCli(['run', 'nothing.yaml'], { cwd });
  t.equal(missing.status, 3);
  t.match(missing.stderr, /PB_TOPOLOGY_UNREADABLE nothing\.yaml does not exist/);
});

t.test('5: a command that does not exist ends the run at once, and says what to do', async (t) => {
  const { status, stderr } = await run(setUp(t), '--set', 'program=nodee', '--until-idle', '10s');
  t.equal(status, 5);
  t.match(stderr, /PB_COMPONENT_NOT_FOUND the command nodee is not on the PATH\n {2}component: end\n/);
  t.match(stderr, / {2}hint: install it/);
});

t.test('5: a component that crashes every time ends the run with its last words', async (t) => {
  const { status, stderr } = await run(setUp(t), '--set', 'does=crash', '--until-idle', '60s');
  t.equal(status, 5);
  t.match(stderr, /PB_RESTARTS_EXHAUSTED component "end"/);
  t.match(stderr, /PB_HANDSHAKE_FAILED the component exited with code 3/);
});

t.test('130: Ctrl-C stops the spouts and lets what is on its way arrive', async (t) => {
  let isInterrupted = false;
  const { status, stdout, stderr } = await runCli(['run', 'topology.yaml', '--set', 'count=100000000', '--print', 'end', '--json'], {
    cwd: setUp(t),
    onStdoutLine: (_line, child) => {
      if (!isInterrupted) child.kill('SIGINT');
      isInterrupted = true;
    },
  });
  t.equal(status, 130);
  t.match(stderr, /^polybolt: interrupted: no more is emitted/m);
  const { roots } = summaryOf(stdout);
  t.match(roots, { failed: 0, abandoned: 0, pending: 0 });
  t.equal(roots.acked, roots.emitted);
  t.equal(printedTuples(stdout).length, roots.acked);
});

t.test('130: a drain counts down, and a second Ctrl-C ends it at once and leaves no process behind', async (t) => {
  let pid = 0;
  let interrupts = 0;
  const { status, stderr } = await runCli(['run', 'topology.yaml', '--set', 'does=keep', '--log', 'debug', '--print', 'end'], {
    cwd: setUp(t),
    onStdoutLine: (_line, child) => {
      if (interrupts === 0) child.kill('SIGINT');
      interrupts ||= 1;
    },
    onStderrLine: (line, child) => {
      pid ||= Number(/ child\.up .*component=end .*pid=(\d+)/.exec(line)?.[1] ?? 0);
      if (interrupts === 1 && line.startsWith('polybolt: draining: ')) {
        interrupts = 2;
        child.kill('SIGINT');
      }
    },
  });
  t.equal(status, 130);
  t.match(stderr, /^polybolt: draining: 10 roots pending, \d+ s left; Ctrl-C again ends it at once$/m);
  t.ok(pid > 0);
  t.throws(() => process.kill(pid, 0), { code: 'ESRCH' }, 'the child is gone');
});

t.test('whoever reads our output may stop reading: the run ends by itself', async (t) => {
  const result = await runCli(['run', 'topology.yaml', '--set', 'count=100000000', '--print', 'end'], {
    cwd: setUp(t),
    onStdoutLine: (_line, child) => void child.stdout?.destroy(),
  });
  t.equal(result.signal, null);
  t.equal(result.status, 0);
  t.match(result.stderr, /^roots .* \+ 0 pending$/m);
});

t.test('${ENV-PWD} is the directory that polybolt was started in, whatever the parent left there', async (t) => {
  const cwd = t.testdir({
    ...FILES,
    'topology.yaml': FILES['topology.yaml'].replace('"${count:-10}"', '10, "${ENV-PWD}"'),
    'numbers.mjs':
      'export const numbers = (count, directory) => ({ nextTuple(collector) { if (count-- > 0) collector.emit([directory]); } });',
  });
  const { stdout } = await runCli(['run', 'topology.yaml', '--until-idle', '100ms', '--print', 'numbers'], {
    cwd,
    env: { ...process.env, PWD: '/nowhere' },
  });
  t.same(printedTuples(stdout)[0]?.values, [cwd]);
});
