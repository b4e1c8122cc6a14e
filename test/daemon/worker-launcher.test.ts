/**
 * Worker processes as their supervisor has them: started, asked, ended, killed, left behind and taken over. Real processes of the real program.
 */

import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { identify, isAlive } from '../../src/component/process-identity.js';
import { explainExit } from '../../src/daemon/worker/worker-exit.js';
import { readIdentity, readWorkerFile, writeIdentity } from '../../src/daemon/worker/worker-file.js';
import type { ProcessLauncher, ProcessLauncherOptions } from '../../src/daemon/worker/worker-launcher.js';
import type { WorkerSpec } from '../../src/daemon/worker-handle.js';
import { aggregate } from '../../src/metrics/aggregate.js';
import {
  COMPONENTS,
  childrenOf,
  codeIn,
  directoryOf,
  Launched,
  launch,
  launcherIn,
  logOf,
  numbersTopology,
  processesGone,
  recordOf,
} from './worker-processes.js';

interface SetUp {
  readonly directory: string;
  readonly launcher: ProcessLauncher;
  readonly spec: WorkerSpec;
}

/** One worker to be, of a topology of numbers. Whatever is left when the test ends is killed. */
function setUp(t: Test, numbers: Parameters<typeof numbersTopology>[1] = {}, options: Partial<ProcessLauncherOptions> = {}): SetUp {
  const directory = t.testdir(COMPONENTS);
  const topology = numbersTopology(directory, numbers);
  const record = recordOf(topology, [['numbers', 'pass', 'sink', '__acker']], [0]);
  const launcher = launcherIn(directory, options);
  t.teardown(async () => {
    await launcher.killAll();
    for (const left of await launcherIn(directory).leftRunning()) await left.adopt(new Launched().events).kill();
  });
  const [worker] = record.workers;
  if (worker === undefined) throw new Error('no worker');
  return { directory, launcher, spec: { record, worker, launch: 1, codeDirectory: codeIn(directory, topology) } };
}

t.test('a worker starts, works, tells what it counted, and ends when it is asked; only its log stays', async (t) => {
  const { directory, launcher, spec } = setUp(t, { count: 50, does: 'say' });
  const worker = launch(launcher, spec);
  await worker.up();
  const snapshot = await worker.snapshotWhen(({ isIdle, tasks }) => isIdle && tasks.some(({ roots }) => roots === 50));
  const figures = aggregate([snapshot]);
  t.match(figures, { acked: 50, failed: 0, pending: 0, workers: 1 });
  t.match(
    figures.components.find(({ id }) => id === 'pass'),
    { executed: 50, acked: 50, running: 1, processLatencyMs: Number },
  );
  t.equal(statSync(join(directoryOf(directory, spec.record), 'worker.json')).mode & 0o777, 0o600);
  t.equal(statSync(directoryOf(directory, spec.record)).mode & 0o777, 0o700);
  await worker.handle?.stop();
  t.equal(worker.exit, 'the supervisor asked for it');
  t.same(worker.errors, []);
  t.same(readdirSync(directoryOf(directory, spec.record)), ['worker.log']);
  const said = logOf(directory, spec.record).filter(({ event }) => event === 'child.stderr');
  t.match(
    said[0],
    { time: String, level: 'info', component: 'pass', task: 3, line: 'number 0' },
    'lines can be told apart by component and task',
  );
});

t.test('a worker that somebody kills with SIGKILL leaves no children, even such as stay, and the reason says how it ended', async (t) => {
  const { directory, launcher, spec } = setUp(t, { does: 'stay' });
  const worker = launch(launcher, spec);
  const { pid } = await worker.snapshotWhen(({ tasks }) => tasks.every(({ isRunning }) => isRunning));
  const children = childrenOf(directory, spec.record);
  t.equal(children.length, 1);
  process.kill(pid, 'SIGKILL');
  t.match(await worker.gone(), /^it was killed by SIGKILL, not by its supervisor/);
  t.same(
    children.filter((child) => identify(child) !== undefined),
    [],
  );
});

t.test('a frozen worker is killed at once, with its children', async (t) => {
  const { directory, launcher, spec } = setUp(t, { does: 'stay' });
  const worker = launch(launcher, spec);
  const { pid } = await worker.snapshotWhen(({ tasks }) => tasks.every(({ isRunning }) => isRunning));
  const children = childrenOf(directory, spec.record);
  process.kill(pid, 'SIGSTOP');
  await worker.handle?.kill();
  t.equal(worker.exit, 'it was killed by its supervisor');
  t.same(
    [pid, ...children].filter((each) => identify(each) !== undefined),
    [],
  );
});

t.test('a frozen worker that is asked to end is killed after a while', async (t) => {
  const { launcher, spec } = setUp(t, {}, { stopMs: 50 });
  const worker = launch(launcher, spec);
  const { pid } = await worker.snapshotWhen(() => true);
  process.kill(pid, 'SIGSTOP');
  await worker.handle?.stop();
  t.equal(worker.exit, 'it was killed by its supervisor');
});

t.test('a worker that is ended before it was started, or while it starts, ends', async (t) => {
  const { launcher, spec } = setUp(t);
  const [stopped, killed] = [launch(launcher, spec), launch(launcher, { ...spec, worker: { ...spec.worker, port: 1 } })];
  await Promise.all([stopped.handle?.stop(), killed.handle?.kill()]);
  t.type(stopped.exit, 'string');
  t.type(killed.exit, 'string');
});

t.test('a program that does not exist is a reason, not a throw', async (t) => {
  const { launcher, spec } = setUp(t, {}, { program: ['/nowhere/worker'] });
  t.match(await launch(launcher, spec).gone(), /could not be started: .*ENOENT/);
});

t.test('a component that cannot run ends its worker, and the error and the reason name it', async (t) => {
  const { launcher, spec } = setUp(t, { does: 'crash' });
  const worker = launch(launcher, spec);
  t.match(await worker.gone(), /^PB_RESTARTS_EXHAUSTED component "pass"/);
  t.match(worker.errors.at(-1), { code: 'PB_RESTARTS_EXHAUSTED', component: 'pass', supervisor: 'here', port: 0, at: Number });
  t.match(worker.errors.at(-1)?.context, { stderr: /this component is broken/ });
});

t.test('a worker whose code cannot be read says so, and so does the log of one whose supervisor has gone', async (t) => {
  const { directory, launcher, spec } = setUp(t);
  const worker = launch(launcher, { ...spec, codeDirectory: join(directory, 'nowhere') });
  t.match(await worker.gone(), /^PB_ARCHIVE_INVALID /);
  t.match(worker.errors, [{ code: 'PB_ARCHIVE_INVALID' }]);
  const log = join(directory, 'some.log');
  writeFileSync(
    log,
    '{"time":"1","event":"worker.failed","code":"OLD"}\n{"time":"1","level":"info","event":"worker.starting"}\n"event":"worker.failed"\n',
  );
  t.equal(explainExit(1, undefined, '', log), 'it ended with status 1; its last lines: "event":"worker.failed"');
  writeFileSync(log, '{"time":"2","event":"worker.failed","code":"PB_X","message":"why"}\n', { flag: 'a' });
  t.equal(explainExit(1, undefined, '', log), 'it ended with status 1: PB_X why; its last lines: "event":"worker.failed"');
  writeFileSync(log, `FATAL ERROR: JavaScript heap out of memory\n${'a frame\n'.repeat(20)}`, { flag: 'a' });
  t.match(explainExit(undefined, 'SIGABRT', '', log), /^it ran out of memory \(SIGABRT\): lower topology.max.spout.pending/);
  t.equal(explainExit(undefined, 'SIGSEGV', '', '/nowhere'), 'it was ended by SIGSEGV');
});

t.test('workers outlive their supervisor and are taken over by the next: beats, figures and updates go on', async (t) => {
  const { directory, launcher, spec } = setUp(t, { count: 1e9 });
  const first = launch(launcher, spec);
  const { pid } = await first.snapshotWhen(({ tasks }) => tasks.some(({ roots }) => roots > 0));
  launcher.close();
  const next = launcherIn(directory);
  t.teardown(() => next.killAll());
  const [adopted, ...others] = await next.leftRunning();
  t.same(others, []);
  t.match(adopted, { topologyId: spec.record.id, incarnation: '1.0', port: 0, launch: 1 });
  const second = new Launched();
  second.handle = adopted?.adopt(second.events);
  await second.up();
  t.equal((await second.snapshot()).pid, pid);
  second.handle?.update({ ...spec.record, status: 'inactive' });
  await second.snapshotWhen(({ isIdle }) => isIdle);
  await second.handle?.stop();
  t.equal(first.exit, undefined, 'whoever let go hears nothing more');
  t.equal(identify(pid), undefined);
});

t.test('an adopted worker that is killed is noticed, and its children with it', async (t) => {
  const { directory, launcher, spec } = setUp(t, { does: 'stay' });
  const first = launch(launcher, spec);
  const { pid } = await first.snapshotWhen(({ tasks }) => tasks.every(({ isRunning }) => isRunning));
  const children = childrenOf(directory, spec.record);
  launcher.close();
  const next = launcherIn(directory);
  const [adopted] = await next.leftRunning();
  const second = new Launched();
  second.handle = adopted?.adopt(second.events);
  process.kill(pid, 'SIGKILL');
  await second.gone();
  t.same(
    children.filter((child) => identify(child) !== undefined),
    [],
  );
});

t.test('what else an earlier life left is killed: orphans of a dead worker, and workers whose files cannot be read', async (t) => {
  const { directory, launcher, spec } = setUp(t, { does: 'stay' });
  const dead = launch(launcher, spec);
  const unreadable = launch(launcher, { ...spec, worker: { ...spec.worker, port: 1 } });
  const nameless = launch(launcher, { ...spec, worker: { ...spec.worker, port: 2 } });
  const isRunning = ({ tasks }: Awaited<ReturnType<Launched['snapshot']>>): boolean => tasks.every((task) => task.isRunning);
  const pids = await Promise.all([dead, unreadable, nameless].map(async (worker) => (await worker.snapshotWhen(isRunning)).pid));
  const orphans = childrenOf(directory, spec.record);
  launcher.close();
  process.kill(pids[0] as number, 'SIGKILL');
  await processesGone(pids.slice(0, 1));
  const folder = (port: number): string => join(directory, 'workers', spec.record.id, String(port));
  writeFileSync(join(folder(1), 'worker.json'), '{"version":1');
  rmSync(join(folder(2), 'worker.json'));
  rmSync(join(folder(2), 'pid'));
  t.same(await launcherIn(directory).leftRunning(), []);
  await processesGone([...pids, ...orphans]);
  t.same(
    [0, 1, 2].map((port) => readdirSync(folder(port))),
    [['worker.log'], ['worker.log'], ['worker.log']],
  );
});

t.test('nobody is killed whose start time is not the one on record', async (t) => {
  const { directory, launcher, spec } = setUp(t);
  const worker = launch(launcher, spec);
  const { pid } = await worker.snapshotWhen(() => true);
  const stranger = identify(pid);
  launcher.close();
  const other = join(directory, 'workers', 'another-1-1', '6700');
  mkdirSync(join(other, 'children'), { recursive: true });
  writeIdentity(other, { pid, started: 'another boot 12' });
  writeFileSync(join(other, 'children', String(pid)), 'another boot 12');
  const next = launcherIn(directory);
  t.equal((await next.leftRunning()).length, 1);
  t.ok(stranger !== undefined && isAlive(stranger));
  t.notOk(existsSync(other), 'and the directory is gone');
  process.kill(pid, 'SIGKILL');
});

t.test('a worker without a supervisor ends itself after worker.supervisor.timeout.secs', async (t) => {
  const { directory, launcher, spec } = setUp(t, {}, { supervisorTimeoutMs: 100 });
  const worker = launch(launcher, spec);
  const { pid } = await worker.snapshotWhen(() => true);
  launcher.close();
  await processesGone([pid]);
  t.match(
    logOf(directory, spec.record).find(({ event }) => event === 'worker.stopping'),
    { reason: 'no supervisor for 0.1 s' },
  );
});

t.test('nonsense and floods at the control socket cost only their own connection', async (t) => {
  const { directory, launcher, spec } = setUp(t);
  const worker = launch(launcher, spec);
  await worker.up();
  const path = readWorkerFile(directoryOf(directory, spec.record)).socket;
  for (const bytes of ['no json\n', '[]\n', 'null\n', '{"type":7}\n', Buffer.alloc(17 * 1024 * 1024, 'x')]) {
    const socket = connect(path)
      .on('error', () => {})
      .resume();
    socket.write(bytes);
    await new Promise((resolve) => socket.on('close', resolve));
  }
  const polite = connect(path);
  polite.write('{"type":"unheard of"}\n{"type":"update"}\n{"type":"snapshot","id":"x"}\n');
  await once(polite, 'data');
  const crowd = Array.from({ length: 20 }, () =>
    connect(path)
      .on('error', () => {})
      .resume(),
  );
  await Promise.race(crowd.map((socket) => new Promise((resolve) => socket.on('close', resolve))));
  for (const socket of [polite, ...crowd]) socket.destroy();
  t.equal((await worker.snapshot()).incarnation, '1.0');
});

t.test('a log that is full is copied away and emptied, and no more files are kept than there may be', async (t) => {
  const { directory, launcher, spec } = setUp(t, { count: 2000, does: 'shout' }, { logBytesMax: 70_000, logFilesMax: 3 });
  const worker = launch(launcher, spec);
  const folder = directoryOf(directory, spec.record);
  await worker.up();
  for (let round = 0; round < 2; round++) {
    writeFileSync(join(folder, 'worker.log'), `${'printed by a module\n'.repeat(5000)}`, { flag: 'a' });
    await worker.until(() => !existsSync(join(folder, 'worker.log')) || statSync(join(folder, 'worker.log')).size < 70_000);
  }
  await worker.handle?.stop();
  t.same(readdirSync(folder), ['worker.log', 'worker.log.1', 'worker.log.2']);
  t.match(readFileSync(join(folder, 'worker.log.1'), 'utf8'), /printed by a module/);
  t.ok(statSync(join(folder, 'worker.log')).size < 200_000);
});

t.test('children inherit what the operator allows and no more', async (t) => {
  const { directory, launcher, spec } = setUp(t, { does: 'environment', count: 1 }, { environment: ['PATH', 'HO*'] });
  const worker = launch(launcher, spec);
  await worker.snapshotWhen(({ isIdle }) => isIdle);
  await worker.handle?.stop();
  const line = logOf(directory, spec.record).find(({ event }) => event === 'child.stderr')?.['line'];
  // The test runner puts variables of its own into every process that a test starts.
  const names = (JSON.parse(String(line)) as string[]).filter((name) => !/^(?:HO|_TAPJS_|NODE_OPTIONS$)/.test(name));
  t.same(names, ['PATH']);
});

t.test(
  'limits hold where the system can enforce them: memory of a process, processes of a child',
  { skip: process.platform !== 'linux' },
  async (t) => {
    for (const [does, config] of [
      ['hog', { 'topology.child.memory.mb': 200 }],
      ['fork', { 'topology.child.processes.max': 10 }],
    ] as const) {
      const { launcher, spec } = setUp(t, { does, config: { ...config, 'polybolt.child.restarts.max': 0 } });
      const worker = launch(launcher, spec);
      await worker.until(() => worker.errors.length > 0);
      t.match(worker.errors[0]?.code, /PB_HANDSHAKE_FAILED|PB_CHILD_EXITED|PB_RESTARTS_EXHAUSTED/, does);
      await worker.handle?.kill();
    }
  },
);

t.test('a directory too deep for a socket gets a short one elsewhere, which goes with the worker', async (t) => {
  const { directory, spec } = setUp(t);
  const deep = join(directory, 'a-very-deep-directory'.repeat(5));
  mkdirSync(deep);
  const launcher = launcherIn(deep);
  const worker = launch(launcher, spec);
  await worker.up();
  const { socket } = readWorkerFile(directoryOf(deep, spec.record));
  t.ok(socket.length < 100, socket);
  await worker.handle?.stop();
  t.notOk(existsSync(join(socket, '..')));
  t.equal(readIdentity(directoryOf(deep, spec.record)), undefined);
});
