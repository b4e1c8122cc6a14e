/**
 * A supervisor over the memory store, with workers and time that the tests move: what it launches, keeps, ends and says of itself.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { MemoryStore, MemoryStoreSession } from '../../src/coordination/memory-store.js';
import type { StoreClient, StoreSession } from '../../src/coordination/store.js';
import { Supervisor, type SupervisorOptions, type SupervisorPorts } from '../../src/daemon/supervisor/supervisor.js';
import { LaunchFiles } from '../../src/daemon/supervisor/supervisor-launches.js';
import { errorsPath, type ReportedError, type SupervisorRecord, supervisorPath, topologyPath } from '../../src/model/cluster-records.js';
import { PolyboltError } from '../../src/model/errors.js';
import { STORED_ERROR_CHARS_MAX, STORED_ERRORS_MAX, WAITING_ERRORS_MAX, WORKER_RESTARTS_MAX } from '../../src/model/limits.js';
import type { Log } from '../../src/model/log.js';
import { assign, errorOf, FakeClock, FakeCode, FakeLauncher, recordOf, settled, workerOf } from './supervisor-fakes.js';

const OPTIONS: SupervisorOptions = {
  id: 's1',
  host: '10.0.0.1',
  ports: [6700, 6701],
  url: 'http://10.0.0.1:8000',
  workerTimeoutMs: 30_000,
  startTimeoutMs: 120_000,
  shutdownMs: 3000,
  monitorMs: 3000,
};

class Bench {
  readonly store = new MemoryStore();
  readonly nimbus = this.store.session();
  readonly clock = new FakeClock();
  readonly launcher = new FakeLauncher();
  readonly code = new FakeCode();
  readonly sessions: MemoryStoreSession[] = [];
  readonly events: string[] = [];
  /** Whether the store takes new sessions. */
  isOpen = true;
  readonly client: StoreClient = {
    open: async () => {
      if (!this.isOpen) throw new PolyboltError('PB_STORE_UNREACHABLE', { message: 'away' });
      const session = this.store.session();
      this.sessions.push(session);
      return session;
    },
  };
  readonly supervisor: Supervisor;

  constructor(options: Partial<SupervisorOptions> = {}, ports: Partial<SupervisorPorts> = {}) {
    const note = (event: string): void => void this.events.push(event);
    const log: Log = { debug: note, info: note, warn: note, error: note };
    this.supervisor = new Supervisor(
      { ...OPTIONS, ...options },
      {
        store: this.client,
        launcher: this.launcher,
        code: this.code,
        clock: this.clock,
        random: () => 0.5,
        log,
        epochSeconds: () => 1_700_000_000,
        ...ports,
      },
    );
  }

  async start(): Promise<this> {
    await this.supervisor.start();
    await settled();
    return this;
  }

  /** With a topology of one worker that is up. */
  async running(): Promise<this> {
    await this.start();
    await assign(this.nimbus, recordOf('words', [workerOf('1.0')]));
    this.launcher.last.events.onBeat(true);
    await this.clock.advance(1000);
    return this;
  }

  /** What the store says of it. */
  async registered(): Promise<SupervisorRecord | undefined> {
    const entry = await this.nimbus.get(supervisorPath('s1'));
    return entry === undefined ? undefined : (JSON.parse(entry.data) as SupervisorRecord);
  }

  async reports(): Promise<readonly string[] | undefined> {
    return (await this.registered())?.workers.map(({ incarnation, launch, state }) => `${incarnation}#${launch} ${state}`);
  }

  async errors(component: string, topology = 'words'): Promise<readonly ReportedError[]> {
    const entry = await this.nimbus.get(errorsPath(recordOf(topology, []).id, component));
    return JSON.parse(entry?.data ?? '[]') as ReportedError[];
  }
}

t.test('it registers with its slots, its host, its address and its versions, and is gone when it stops', async (t) => {
  const bench = await new Bench().start();
  t.match(await bench.registered(), {
    id: 's1',
    host: '10.0.0.1',
    ports: [6700, 6701],
    url: 'http://10.0.0.1:8000',
    versions: { frames: 1, grouping: 1 },
    workers: [],
  });
  await bench.supervisor.stop();
  t.equal(await bench.registered(), undefined);
  t.equal(bench.clock.timers, 0, 'no timer is left');
});

t.test('an assignment is launched from its code, and the store hears how it goes', async (t) => {
  const bench = await new Bench().start();
  await assign(bench.nimbus, recordOf('words', [workerOf('1.0'), workerOf('1.1', 6700, 'other')]));
  t.same(bench.launcher.alive, ['1.0#1'], 'only its own');
  t.match(bench.launcher.specs[0], {
    launch: 1,
    codeDirectory: '/code/blob-of-words',
    worker: { incarnation: '1.0' },
    record: { name: 'words' },
  });
  await bench.clock.advance(100);
  t.same(await bench.reports(), ['1.0#1 starting']);
  bench.launcher.last.events.onBeat(true);
  await bench.clock.advance(100);
  t.same(await bench.reports(), ['1.0#1 running']);
  t.same(bench.supervisor.workers, [
    { topologyId: 'words-1-1700000000', incarnation: '1.0', launch: 1, state: 'running', topology: 'words', port: 6700 },
  ]);
  await bench.supervisor.stop();
});

t.test('it writes to the store only when something has changed', async (t) => {
  const bench = await new Bench().running();
  const before = await bench.nimbus.get(supervisorPath('s1'));
  for (let second = 0; second < 100; second++) {
    bench.launcher.last.events.onBeat(true);
    await bench.clock.advance(1000);
  }
  t.same(await bench.nimbus.get(supervisorPath('s1')), before);
  await bench.supervisor.stop();
});

t.test('moved peers and another status are told to the worker, and nobody restarts', async (t) => {
  const bench = await new Bench().running();
  await assign(bench.nimbus, recordOf('words', [workerOf('1.0'), workerOf('2.1', 6700, 'other')], { generation: 2 }));
  await assign(bench.nimbus, recordOf('words', [workerOf('1.0'), workerOf('2.1', 6700, 'other')], { generation: 2, status: 'inactive' }));
  t.same(bench.launcher.workers.length, 1);
  t.same(
    bench.launcher.last.updates.map(({ generation, status }) => [generation, status]),
    [
      [2, 'active'],
      [2, 'inactive'],
    ],
  );
  await bench.supervisor.stop();
});

t.test('another incarnation replaces the worker, once the one before it is gone', async (t) => {
  const bench = await new Bench().running();
  bench.launcher.isObeyed = false;
  await assign(bench.nimbus, recordOf('words', [workerOf('2.0')], { generation: 2 }));
  t.same([bench.launcher.alive, bench.launcher.last.isStopping], [['1.0#1'], true]);
  bench.launcher.last.exit('done');
  await settled();
  t.same(bench.launcher.alive, ['2.0#1']);
  bench.launcher.isObeyed = true;
  await bench.supervisor.stop();
});

t.test('a worker that is not assigned any more is stopped, and killed when it takes too long', async (t) => {
  const bench = await new Bench().running();
  bench.launcher.isObeyed = false;
  await bench.nimbus.deleteIfVersion(topologyPath('words'), 0);
  await settled();
  t.same([bench.launcher.last.isStopping, bench.launcher.last.isKilled], [true, false]);
  await bench.clock.advance(5000);
  t.same([bench.launcher.last.isKilled, bench.launcher.alive], [true, []]);
  t.same(await bench.reports(), []);
  await bench.supervisor.stop();
});

t.test('a worker that dies is launched again at once as launch 2, with the record as it is now', async (t) => {
  const bench = await new Bench().running();
  await assign(bench.nimbus, recordOf('words', [workerOf('1.0')], { status: 'inactive' }));
  await bench.clock.advance(5000);
  bench.launcher.last.exit('exit code 1');
  await settled();
  t.same(bench.launcher.alive, ['1.0#2']);
  t.match(bench.launcher.specs[1], { launch: 2, record: { status: 'inactive' } });
  await bench.clock.advance(100);
  t.same(await bench.reports(), ['1.0#2 starting']);
  await bench.supervisor.stop();
});

t.test('a worker that falls silent is killed and launched again', async (t) => {
  const bench = await new Bench().running();
  await bench.clock.advance(28_000);
  t.same(bench.launcher.alive, ['1.0#1']);
  await bench.clock.advance(2000);
  t.same([bench.launcher.workers[0]?.isKilled, bench.launcher.alive], [true, ['1.0#2']]);
  await bench.supervisor.stop();
});

t.test('a supervisor that was frozen hears its workers before it counts their silence', async (t) => {
  const bench = await new Bench().running();
  bench.clock.freeze(60_000);
  await bench.clock.advance(100);
  bench.launcher.last.events.onBeat(true);
  await bench.clock.advance(20_000);
  t.same(bench.launcher.alive, ['1.0#1'], 'one that lives');
  bench.clock.freeze(60_000);
  await bench.clock.advance(2000);
  t.same(bench.launcher.alive, ['1.0#2'], 'one that says nothing');
  await bench.supervisor.stop();
});

t.test('a worker that keeps dying is reported as failed, so that nimbus can move it', async (t) => {
  const bench = await new Bench().start();
  await assign(bench.nimbus, recordOf('words', [workerOf('1.0')]));
  for (let death = 1; death <= WORKER_RESTARTS_MAX + 1; death++) {
    bench.launcher.last.exit('exit code 1');
    await bench.clock.advance(10_000);
  }
  t.same(await bench.reports(), ['1.0#6 failed']);
  await assign(bench.nimbus, recordOf('words', [workerOf('2.0', 6700, 'other')], { generation: 2 }));
  await bench.clock.advance(100);
  t.same(await bench.reports(), []);
  await bench.supervisor.stop();
});

t.test('an expired session is followed by another, in which it registers again; no worker notices', async (t) => {
  const bench = await new Bench().running();
  bench.sessions[0]?.expire();
  t.equal(await bench.registered(), undefined);
  await bench.clock.advance(3000);
  t.equal(bench.sessions.length, 2);
  t.same(await bench.reports(), ['1.0#1 running']);
  t.same([bench.launcher.alive, bench.launcher.last.isStopping], [['1.0#1'], false]);
  await assign(bench.nimbus, recordOf('words', [workerOf('2.0')], { generation: 2 }));
  t.same(bench.launcher.alive, ['2.0#1'], 'it follows the assignments through the new session');
  await bench.supervisor.stop();
});

t.test(
  'while the store is away every worker is kept, and restarted if it dies; what is not assigned any more stops when the store is back',
  async (t) => {
    const bench = await new Bench().running();
    await assign(bench.nimbus, recordOf('more', [workerOf('1.0', 6701)]));
    bench.isOpen = false;
    bench.sessions[0]?.expire();
    await bench.nimbus.deleteIfVersion(topologyPath('words'), 0);
    for (let second = 0; second < 600; second++) {
      for (const worker of bench.launcher.workers) if (worker.isAlive) worker.events.onBeat(true);
      await bench.clock.advance(1000);
    }
    t.same(bench.launcher.alive, ['1.0#1', '1.0#1']);
    bench.launcher.last.exit('exit code 1');
    await settled();
    t.same(bench.launcher.alive, ['1.0#1', '1.0#2'], 'assignments are remembered');
    bench.launcher.last.events.onBeat(true);
    bench.isOpen = true;
    await bench.clock.advance(20_000);
    t.same(
      bench.launcher.workers.filter(({ isAlive }) => isAlive).map(({ name, port }) => [name, port]),
      [['1.0#2', 6701]],
    );
    await bench.supervisor.stop();
  },
);

t.test('assignments that cannot be read change nothing, and are read again', async (t) => {
  const store = new MemoryStore();
  let isAnswering = true;
  class Reluctant extends MemoryStoreSession {
    override async get(path: string): ReturnType<StoreSession['get']> {
      if (!isAnswering && path.startsWith('/topologies/')) throw new PolyboltError('PB_STORE_UNREACHABLE', { message: 'away' });
      return super.get(path);
    }
  }
  const bench = new Bench({}, { store: { open: async () => new Reluctant(store) } });
  await bench.start();
  const nimbus = store.session();
  await assign(nimbus, recordOf('words', [workerOf('1.0')]));
  isAnswering = false;
  await assign(nimbus, recordOf('words', [workerOf('2.0')], { generation: 2 }));
  t.same(bench.launcher.alive, ['1.0#1']);
  isAnswering = true;
  await bench.clock.advance(3000);
  t.same(bench.launcher.alive, ['2.0#1']);
  await bench.supervisor.stop();
});

t.test('a record that is none is let be, and so is what runs for it', async (t) => {
  const bench = await new Bench().running();
  await bench.nimbus.setIfVersion(topologyPath('words'), 'no JSON', 0);
  await settled();
  t.same(bench.launcher.alive, ['1.0#1']);
  t.ok(bench.events.includes('assignment.unreadable'));
  await bench.supervisor.stop();
});

t.test('what an earlier session of the same supervisor left in the store is replaced', async (t) => {
  const bench = new Bench();
  const before = bench.store.session();
  await before.create(supervisorPath('s1'), JSON.stringify({ id: 's1', workers: ['old'] }), { ephemeral: true });
  await bench.start();
  t.same(await bench.reports(), []);
  before.expire();
  await bench.clock.advance(1000);
  t.same(await bench.reports(), [], 'the end of the old session does not take it away');
  await bench.supervisor.stop();
});

t.test('a registration that somebody removes is written again, after a pause', async (t) => {
  const bench = await new Bench().running();
  const entry = await bench.nimbus.get(supervisorPath('s1'));
  await bench.nimbus.deleteIfVersion(supervisorPath('s1'), entry?.version ?? 0);
  await settled();
  t.equal(await bench.registered(), undefined);
  await bench.clock.advance(1000);
  t.same(await bench.reports(), ['1.0#1 running']);
  await bench.supervisor.stop();
});

t.test('supervisors that lost the store together do not register together', async (t) => {
  const times = await Promise.all(
    [0, 0.5, 0.99].map(async (chance) => {
      const bench = await new Bench({}, { random: () => chance }).start();
      bench.sessions[0]?.expire();
      while (bench.sessions.length < 2) await bench.clock.advance(10);
      // Also when the store, as it comes back, opens the sessions of all at the same time.
      const from = bench.clock.now();
      while ((await bench.registered()) === undefined) await bench.clock.advance(10);
      await bench.supervisor.stop();
      return bench.clock.now() - from;
    }),
  );
  t.equal(new Set(times).size, 3, times.join(', '));
});

t.test('a supervisor that stops ends its workers; one that is upgraded leaves them running', async (t) => {
  const stopped = await new Bench().running();
  await stopped.supervisor.stop();
  t.same([stopped.launcher.last.isStopping, stopped.launcher.alive], [true, []]);
  const upgraded = await new Bench().running();
  await upgraded.supervisor.stop({ keepWorkers: true });
  t.same([upgraded.launcher.last.isStopping, upgraded.launcher.alive], [false, ['1.0#1']]);
  t.equal(await upgraded.registered(), undefined);
  upgraded.launcher.last.exit('later');
  await upgraded.clock.advance(60_000);
  t.same(upgraded.launcher.workers.length, 1, 'and does nothing more for them');
});

t.test('workers of an earlier life are adopted: those that are assigned go on, the others stop', async (t) => {
  const bench = new Bench();
  const { id } = recordOf('words', []);
  bench.launcher.left = [
    { topologyId: id, incarnation: '3.0', port: 6700, launch: 4 },
    { topologyId: id, incarnation: '2.1', port: 6701, launch: 1 },
  ];
  await assign(bench.nimbus, recordOf('words', [workerOf('3.0')]));
  await bench.start();
  t.same(bench.launcher.alive, ['3.0#4']);
  t.equal(bench.launcher.workers[0]?.updates.length, 1, 'it hears what has changed meanwhile');
  t.ok(bench.launcher.workers[1]?.isStopping);
  await bench.clock.advance(100);
  t.same(await bench.reports(), ['3.0#4 running']);
  bench.launcher.workers[0]?.exit('exit code 1');
  await bench.clock.advance(100);
  t.same(bench.launcher.alive, ['3.0#5'], 'launch numbers go on');
  await bench.supervisor.stop();
});

t.test('workers are adopted before the store answers, and kept until it does', async (t) => {
  const bench = new Bench();
  bench.isOpen = false;
  bench.launcher.left = [{ topologyId: recordOf('words', []).id, incarnation: '3.0', port: 6700, launch: 4 }];
  await assign(bench.nimbus, recordOf('words', [workerOf('3.0')]));
  const starting = bench.supervisor.start();
  for (let second = 0; second < 60; second++) {
    await bench.clock.advance(1000);
    bench.launcher.last.events.onBeat(true);
  }
  t.same(bench.launcher.alive, ['3.0#4']);
  t.same(bench.code.retained, [], 'nor is any code removed');
  bench.isOpen = true;
  await bench.clock.advance(20_000);
  await starting;
  t.same([bench.launcher.alive, await bench.reports()], [['3.0#4'], ['3.0#4 running']]);
  await bench.supervisor.stop();
});

t.test('a slot in which two workers are found keeps one', async (t) => {
  const bench = new Bench();
  bench.launcher.left = [1, 2].map((n) => ({ topologyId: `words-${n}-1700000000`, incarnation: '1.0', port: 6700, launch: 1 }));
  await assign(bench.nimbus, recordOf('words', [workerOf('1.0')]));
  await bench.start();
  t.same(
    bench.launcher.workers.map(({ isAlive, isKilled }) => [isAlive, isKilled]),
    [
      [true, false],
      [false, true],
    ],
  );
  await bench.supervisor.stop();
});

t.test('launch numbers go on over lives whose workers died with them', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'polybolt-launches-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const first = await new Bench({}, { launches: new LaunchFiles(directory) }).running();
  first.launcher.last.exit('power cut');
  await settled();
  t.same(first.launcher.alive, ['1.0#2']);
  await first.supervisor.stop({ keepWorkers: true });
  const second = await new Bench({}, { launches: new LaunchFiles(directory) }).running();
  t.same(second.launcher.alive, ['1.0#3']);
  await second.supervisor.stop();
});

t.test('a launch whose number cannot be kept is not made', async (t) => {
  const launches = {
    last: () => 0,
    adopt: () => {},
    note: () => {
      throw new Error('disk full');
    },
  };
  const bench = await new Bench({}, { launches }).start();
  await assign(bench.nimbus, recordOf('words', [workerOf('1.0')]));
  await bench.clock.advance(60_000);
  t.same(bench.launcher.workers, []);
  t.same(await bench.reports(), ['1.0#6 failed']);
  await bench.supervisor.stop();
});

t.test('code that cannot be prepared is an error of the topology, and its slot is reported as failed', async (t) => {
  const bench = new Bench();
  bench.code.failure = new PolyboltError('PB_PREPARE_FAILED', {
    message: 'it ended with exit code 1',
    hint: 'run it',
    context: { exit: 1 },
  });
  await bench.start();
  await assign(bench.nimbus, recordOf('words', [workerOf('1.0')]));
  await bench.clock.advance(2000);
  t.same(await bench.reports(), ['1.0#1 failed']);
  t.match(await bench.errors('__system'), [
    {
      code: 'PB_PREPARE_FAILED',
      message: 'it ended with exit code 1',
      hint: 'run it',
      context: { exit: 1 },
      supervisor: 's1',
      port: 6700,
      at: 1_700_000_000,
      task: -1,
    },
  ]);
  await bench.supervisor.stop();
});

t.test('code that nothing needs any more may go, but not while a worker that needs it is ending', async (t) => {
  const bench = await new Bench().running();
  t.same(bench.code.retained.at(-1), ['blob-of-words']);
  bench.launcher.isObeyed = false;
  const calls = bench.code.retained.length;
  await assign(bench.nimbus, recordOf('words', [workerOf('2.0', 6700, 'other')], { generation: 2 }));
  t.equal(bench.code.retained.length, calls);
  bench.launcher.last.exit('done');
  await settled();
  t.same(bench.code.retained.at(-1), []);
  await bench.supervisor.stop();
});

t.test('errors of components are kept in the store, the last twenty, with who reported them', async (t) => {
  const bench = await new Bench().running();
  const seen: string[] = [];
  for (let number = 1; number <= 25; number++) {
    bench.launcher.last.events.onError(errorOf('split', `error ${number}`));
    await bench.clock.advance(number % 5 === 0 ? 1000 : 0);
  }
  await bench.clock.advance(5000);
  const errors = await bench.errors('split');
  seen.push(...errors.map(({ message }) => message));
  t.same(
    seen,
    Array.from({ length: STORED_ERRORS_MAX }, (_, index) => `error ${index + 26 - STORED_ERRORS_MAX}`),
  );
  t.match(errors[0], { supervisor: 's1', port: 6700 });
  await bench.supervisor.stop();
});

t.test('a flood of errors makes one write a second, and long texts are kept by their ends', async (t) => {
  const bench = await new Bench().running();
  for (let ms = 0; ms < 10_000; ms += 10) {
    bench.launcher.last.events.onError({ ...errorOf('split', `${'x'.repeat(1e5)} the end`), context: { stderr: 'y'.repeat(1e5), pid: 7 } });
    bench.launcher.last.events.onBeat(true);
    await bench.clock.advance(10);
  }
  await bench.clock.advance(2000);
  const entry = await bench.nimbus.get(errorsPath(recordOf('words', []).id, 'split'));
  t.ok((entry?.version ?? 99) <= 12, `version ${entry?.version}`);
  t.ok((entry?.data.length ?? 1e9) < 100_000, `${entry?.data.length} bytes`);
  const [error] = JSON.parse(entry?.data ?? '[]') as ReportedError[];
  t.match(error?.message, /^…x+ the end$/);
  t.equal(error?.message.length, STORED_ERROR_CHARS_MAX);
  t.match(error?.context, { pid: 7 });
  await bench.supervisor.stop();
});

t.test('errors wait for the store while it is away, and are dropped with their topology', async (t) => {
  const bench = await new Bench().running();
  await assign(bench.nimbus, recordOf('gone', [workerOf('1.0', 6701)]));
  bench.isOpen = false;
  bench.sessions[0]?.expire();
  await settled();
  for (const worker of bench.launcher.workers) worker.events.onError(errorOf('split', 'while away'));
  await bench.nimbus.deleteIfVersion(topologyPath('gone'), 0);
  await bench.clock.advance(10_000);
  bench.isOpen = true;
  await bench.clock.advance(60_000);
  t.same(
    (await bench.errors('split')).map(({ message }) => message),
    ['while away'],
  );
  t.same(await bench.errors('split', 'gone'), []);
  await bench.supervisor.stop();
});

t.test('errors of so many components wait, and no more', async (t) => {
  const bench = await new Bench().running();
  bench.isOpen = false;
  bench.sessions[0]?.expire();
  await settled();
  for (let n = 0; n <= WAITING_ERRORS_MAX; n++) bench.launcher.last.events.onError(errorOf(`bolt-${n}`, 'while away'));
  bench.isOpen = true;
  await bench.clock.advance(60_000);
  t.equal((await bench.nimbus.children(`/errors/${recordOf('words', []).id}`)).length, WAITING_ERRORS_MAX);
  await bench.supervisor.stop();
});

t.test('two supervisors write the errors of one component one after the other, and lose none', async (t) => {
  const bench = await new Bench().running();
  const path = errorsPath(recordOf('words', []).id, 'split');
  await bench.nimbus.create(path, JSON.stringify([errorOf('split', 'of the other')]));
  bench.launcher.last.events.onError(errorOf('split', 'of this one'));
  await bench.clock.advance(1000);
  t.same(
    (await bench.errors('split')).map(({ message }) => message),
    ['of the other', 'of this one'],
  );
  await bench.supervisor.stop();
});

t.test('two records that name one slot, read at different times, do not fight for it', async (t) => {
  const bench = await new Bench().running();
  await assign(bench.nimbus, recordOf('a-new-one', [workerOf('1.0')]));
  t.same([bench.launcher.workers.length, bench.launcher.last.isStopping], [1, false]);
  await assign(bench.nimbus, recordOf('words', [workerOf('2.0', 6701)], { generation: 2 }));
  t.same(
    bench.supervisor.workers.map(({ topology, port }) => [topology, port]),
    [
      ['a-new-one', 6700],
      ['words', 6701],
    ],
  );
  await bench.supervisor.stop();
});

t.test('what a worker has counted is asked of the worker that runs for that topology in that slot', async (t) => {
  const bench = await new Bench().running();
  t.same(await bench.supervisor.snapshot(recordOf('words', []).id, 6700), { of: '1.0#1' });
  t.equal(await bench.supervisor.snapshot('other-1-1', 6700), undefined);
  t.equal(await bench.supervisor.snapshot(recordOf('words', []).id, 6701), undefined);
  await bench.supervisor.stop();
});
