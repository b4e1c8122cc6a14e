/**
 * The commands that speak with a cluster, against a real nimbus over HTTP, as a user meets them: what they print, where, and their exit status.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { MemoryStore } from '../../src/coordination/memory-store.js';
import { progressOf } from '../../src/daemon/client/nimbus-client-wait.js';
import type { TopologyAnswer, WorkerAnswer } from '../../src/daemon/nimbus/nimbus-api.js';
import type { ReportedError } from '../../src/model/cluster-records.js';
import { FakeSupervisor, startNimbus } from '../support/nimbus.js';
import { type CliResult, runCli } from '../support/run-cli.js';

type Test = Pick<typeof t, 'testdir' | 'teardown'>;

const TOPOLOGY = `
name: words
config: { topology.workers: 2, topology.message.timeout.secs: 7 }
spouts:
  - { id: lines, command: [python3, lines.py, "\${input:-none}"], outputs: [line] }
bolts:
  - { id: count, command: [./count], parallelism: 2, tasks: 4, outputs: [word, count], inputs: [{ from: lines, grouping: shuffle }] }
`;

interface Commands {
  readonly store: MemoryStore;
  /** Runs a command in the directory of the topology, which has a project file. */
  run(...args: readonly string[]): Promise<CliResult>;
}

async function clusterFor(t: Test): Promise<Commands> {
  const directory = t.testdir({ app: { 'topology.yaml': TOPOLOGY, deep: {} } });
  const store = new MemoryStore();
  const { url } = await startNimbus(t, { directory: join(directory, 'nimbus'), store });
  writeFileSync(join(directory, 'polybolt.yaml'), `nimbus: ${url}\n`);
  return { store, run: (...args) => runCli(args, { cwd: join(directory, 'app') }) };
}

/** The JSON of each line. */
function values(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

t.test('a topology is submitted, seen, changed and killed', async (t) => {
  const { store, run } = await clusterFor(t);
  await FakeSupervisor.start(t, store, 'running', ['{"level":"info","time":0,"event":"link.up","peer":"PORT"}', 'plain \x1b[31m text']);

  const empty = await run('list');
  t.match(empty, { status: 0, stdout: '', stderr: /no topology is on the cluster/ });

  const submitted = await run('submit', 'topology.yaml', '--wait', '--name', 'renamed', '--set', 'input=x');
  t.match(submitted, { status: 0, stdout: /^submitted renamed as renamed-1-\d+\n$/, stderr: /renamed is up after/ });

  const list = await run('list');
  t.match(list.stdout, /^name +status +workers +executors +tasks +up for +id\nrenamed +ACTIVE +2\/2 +5 +7 +\d+ s +renamed-1-\d+\n$/);
  t.match(values((await run('list', '--json')).stdout), [{ name: 'renamed', status: 'active', workersWanted: 2, workers: 2, tasks: 7 }]);

  const show = await run('show', 'renamed', '--window', '10m');
  t.match(show.stdout, /^renamed {2}ACTIVE {2}renamed-1-\d+ {2}up for \d+ s\n2 of 2 workers run; 5 executors; 7 tasks\n/);
  t.match(show.stdout, /^127\.0\.0\.1:670[01] +running +1\.\d +supervisor-1 +.*count \d-\d/m);
  t.match(show.stdout, /roots over the last 10 minutes: 0 acked/);
  t.notMatch(show.stdout, / \n/, 'no line ends with a space');

  t.match(await run('deactivate', 'renamed'), { status: 0, stdout: 'renamed is INACTIVE\n' });
  t.match(await run('activate', 'renamed'), { status: 0, stdout: 'renamed is ACTIVE\n' });
  const rebalance = await run('rebalance', 'renamed', '-w', '600', '-n', '1', '-e', 'count=4', '-e', 'lines=1', '--json');
  t.match(values(rebalance.stdout), [{ pending: { kind: 'rebalance', waitMs: 600_000, workers: 1, executors: { count: 4, lines: 1 } } }]);
  t.match((await run('list')).stdout, /renamed +REBALANCING/);

  const logs = await run('logs', 'renamed', '--lines', '2');
  t.equal(
    logs.stdout.replace(/670[01]/g, 'P'),
    '127.0.0.1:P 1970-01-01T00:00:00.000Z info  link.up peer=P\n127.0.0.1:P plain \\x1b[31m text\n'.repeat(2),
  );
  const ofSpout = await run('logs', 'renamed', 'lines', '--json', '--lines', '1');
  t.match(values(ofSpout.stdout), [{ host: '127.0.0.1', text: 'plain \x1b[31m text' }], 'only the worker that runs it');

  t.match(await run('kill', 'renamed'), { status: 0, stdout: 'renamed is KILLED: its spouts are still, and in 7 s it is removed\n' });
  t.match(await run('activate', 'renamed'), { status: 1, stdout: '', stderr: /^PB_TOPOLOGY_KILLED/ });
  t.match(await run('kill', 'renamed', '-w', '0'), { status: 0 });
});

t.test('a topology that does not come up says why, with its errors', async (t) => {
  const { store, run } = await clusterFor(t);
  const error = {
    component: 'count',
    task: 3,
    supervisor: 'host-a',
    port: 6700,
    at: 1_700_000_000,
    code: 'PB_COMPONENT_NOT_FOUND',
    message: 'there is no ./count\x07',
    hint: 'build it',
    context: {},
    suppressed: 2,
  };
  await FakeSupervisor.start(t, store, 'failed', [], error);
  const waited = await run('submit', 'topology.yaml', '--wait', '--inactive', '--json');
  t.match(waited, { status: 5, stderr: /PB_TOPOLOGY_NOT_UP the topology words is not up: 0 of 2 workers run; there is no \.\/count/ });
  t.match(values(waited.stdout), [{ name: 'words' }, { error: { code: 'PB_TOPOLOGY_NOT_UP', context: { cannotRun: true } } }]);

  const errors = await run('errors', 'words');
  const shown = [
    '2023-11-14T22:13:20Z  count 3  host-a:6700  PB_COMPONENT_NOT_FOUND',
    '  there is no ./count\\x07',
    '  hint: build it',
    '  2 more before it were not reported',
    '',
  ];
  t.equal(errors.stdout, shown.join('\n'));
  t.match(values((await run('errors', 'words', '--json')).stdout), [error]);
  t.match((await run('show', 'words')).stdout, /words {2}INACTIVE[\s\S]*PB_COMPONENT_NOT_FOUND\n {2}there is no/);
});

t.test('whether a topology is up is told from its workers and its errors', async (t) => {
  const topology = { name: 'a', status: 'active', pending: null, unassigned: 0, executors: 3, workersWanted: 2 } as TopologyAnswer;
  const worker = (state: WorkerAnswer['state'], port: number): WorkerAnswer => ({ host: 'h', port, state }) as WorkerAnswer;
  const error = { code: 'PB_PREPARE_FAILED', message: 'go build failed\nmore' } as ReportedError;
  const [up, slow, dead] = [worker('running', 1), worker('preparing', 2), worker('failed', 3)];
  t.same(progressOf(topology, [up, up], [error]), { state: 'up' }, 'it runs in spite of an error');
  t.same(progressOf(topology, [], []), { state: 'waiting', text: '0 of 2 workers run' });
  t.same(progressOf(topology, [up, slow], []), { state: 'waiting', text: '1 of 2 workers run; h:2 preparing' });
  t.same(progressOf({ ...topology, unassigned: 1 }, [up], []), {
    state: 'waiting',
    text: '1 of 2 workers run; 1 of 3 executors wait for a free slot',
  });
  t.same(progressOf(topology, [up, dead], []), { state: 'failed', text: '1 of 2 workers run; failed: h:3' });
  t.same(progressOf(topology, [up, slow], [error]), { state: 'failed', text: '1 of 2 workers run; go build failed' });
  t.same(progressOf(topology, [up, slow], [{ ...error, code: 'PB_CHILD_EXITED' }]).state, 'waiting', 'it is started again');
  t.same(progressOf({ ...topology, pending: { kind: 'kill', waitMs: 1 } }, [up, up], []), { state: 'failed', text: 'a is being killed' });
});

t.test('a topology that finds no slots is waited for, and no longer than was said', async (t) => {
  const { run } = await clusterFor(t);
  const waited = await run('submit', 'topology.yaml', '--wait', '--timeout', '0');
  t.match(waited, { status: 1, stderr: /PB_TOPOLOGY_NOT_UP .* 5 of 5 executors wait for a free slot[\s\S]*may still come up/ });
});

t.test('flags win over the environment, that over the project file, and nobody there is exit status 4', async (t) => {
  const directory = t.testdir({ 'polybolt.yaml': 'nimbus: [http://127.0.0.1:3, http://127.0.0.1:4]', inner: {} });
  const cwd = join(directory, 'inner');
  const { POLYBOLT_NIMBUS: _, ...env } = process.env;
  const tried = async (args: readonly string[], more: object = {}): Promise<string> => {
    const { status, stderr } = await runCli(['list', ...args], { cwd, env: { ...env, ...more } });
    t.equal(status, 4);
    return /urls: (.*)/.exec(stderr)?.[1] ?? stderr;
  };
  t.equal(await tried([]), 'http://127.0.0.1:3, http://127.0.0.1:4');
  t.equal(await tried([], { POLYBOLT_NIMBUS: 'http://127.0.0.1:2' }), 'http://127.0.0.1:2');
  t.equal(await tried(['--nimbus', 'http://127.0.0.1:1'], { POLYBOLT_NIMBUS: 'http://127.0.0.1:2' }), 'http://127.0.0.1:1');
});

t.test('Ctrl-C while it waits ends a command at once, with exit status 130', async (t) => {
  const cwd = t.testdir({ 'topology.yaml': TOPOLOGY });
  const { url } = await startNimbus(t, { directory: join(t.testdirName, 'nimbus') });
  const onStderrLine = (line: string, child: { kill(signal: 'SIGINT'): void }): void => {
    if (line.includes('wait for a free slot')) child.kill('SIGINT');
  };
  const result = await runCli(['submit', 'topology.yaml', '--wait', '--nimbus', url], { cwd, onStderrLine });
  t.match(result, { status: 130, stdout: /^submitted words as/ });
});
