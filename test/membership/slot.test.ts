/**
 * The slot of a supervisor, step by step and at random: what it does when assignments change, workers beat, die, fall silent or are found running.
 */
import t from 'tap';
import { SlotRules } from '../../src/membership/slot.js';
import {
  dueMsOf,
  EMPTY_SLOT,
  type Job,
  jobOf,
  type Launch,
  launchIn,
  reportOf,
  type SlotEvent,
  type SlotState,
} from '../../src/membership/slot-state.js';
import type { TopologyRecord } from '../../src/model/cluster-records.js';

const TIMES = { workerTimeoutMs: 30_000, startTimeoutMs: 120_000, shutdownMs: 3000 };
const MIDDLE = 0.5;

function jobFor(incarnation: string, id = 'words-1-1700000000'): Job {
  const worker = { incarnation, supervisor: 's', port: 6700, executors: [[1, 1]] as const };
  const record: TopologyRecord = {
    id,
    name: id.replace(/-.*/, ''),
    status: 'active',
    blob: 'b',
    workersWanted: 1,
    table: { components: ['a'], executors: [] } as unknown as TopologyRecord['table'],
    generation: 1,
    workers: [worker],
    hosts: {},
  };
  return { record, worker };
}

/** A slot under test: takes events and remembers what was asked for. */
class Bench {
  readonly rules: SlotRules;
  state: SlotState = EMPTY_SLOT;
  nowMs = 0;
  /** Effects since they were last looked at, but for log lines. */
  #effects: string[] = [];
  launches = 0;

  constructor(random = MIDDLE) {
    this.rules = new SlotRules(TIMES, () => random);
  }

  send(event: SlotEvent): this {
    const { state, effects } = this.rules.step(this.state, event, this.nowMs);
    this.state = state;
    for (const effect of effects) {
      if (effect.type === 'log') continue;
      if (effect.type === 'launch') this.launches = effect.launch.launch;
      this.#effects.push(
        'job' in effect
          ? `${effect.type} ${effect.job.worker.incarnation}${effect.type === 'launch' ? `#${effect.launch.launch}` : ''}`
          : effect.type,
      );
    }
    return this;
  }

  assign(job: Job, launches = 0): this {
    return this.send({ type: 'assigned', job, launches });
  }

  unassign(): this {
    return this.send({ type: 'unassigned' });
  }

  code(directory = '/code'): this {
    return this.send({ type: 'codeReady', fetch: this.#fetch(), directory });
  }

  codeFails(isFinal = false): this {
    return this.send({ type: 'codeFailed', fetch: this.#fetch(), reason: 'no nimbus', isFinal });
  }

  beat(isUp = true): this {
    return this.send({ type: 'beat', launch: launchIn(this.state) as Launch, isUp });
  }

  exit(): this {
    return this.send({ type: 'exit', launch: launchIn(this.state) as Launch, reason: 'exit code 1' });
  }

  after(ms: number): this {
    this.nowMs += ms;
    return this.send({ type: 'tick' });
  }

  /** Up to the moment at which it wants to be woken. */
  due(): this {
    return this.after((dueMsOf(this.state) as number) - this.nowMs);
  }

  running(job = jobFor('1.0')): this {
    this.assign(job).code().beat();
    this.effects();
    return this;
  }

  effects(): readonly string[] {
    return this.#effects.splice(0);
  }

  get says(): string {
    const report = reportOf(this.state);
    return report === undefined ? '-' : `${report.incarnation}#${report.launch} ${report.state}`;
  }

  #fetch(): { topologyId: string; incarnation: string; number: number } {
    const job = jobOf(this.state) as Job;
    const number = this.state.kind === 'fetching' ? this.state.tries.fetches : 0;
    return { topologyId: job.record.id, incarnation: job.worker.incarnation, number };
  }
}

t.test('an empty slot does nothing until something is assigned to it', async (t) => {
  const bench = new Bench().unassign().after(1e9);
  t.same([bench.effects(), bench.state.kind, bench.says, dueMsOf(bench.state)], [[], 'empty', '-', undefined]);
});

t.test('an assignment is fetched, launched and running when its components are up', async (t) => {
  const bench = new Bench().assign(jobFor('1.0'));
  t.same([bench.effects(), bench.says], [['fetch 1.0'], '1.0#1 preparing']);
  bench.code();
  t.same([bench.effects(), bench.says], [['launch 1.0#1'], '1.0#1 starting']);
  bench.beat(false);
  t.equal(bench.says, '1.0#1 starting', 'it beats, but its components are not up');
  bench.beat(true);
  t.same([bench.effects(), bench.says], [[], '1.0#1 running']);
});

t.test('the same assignment read again changes nothing', async (t) => {
  const job = jobFor('1.0');
  const bench = new Bench().running(job).assign(job);
  t.same([bench.effects(), bench.state.kind], [[], 'running']);
});

t.test('a record in which only peers or the status have changed is told to the worker, which goes on', async (t) => {
  const bench = new Bench().running().assign(jobFor('1.0'));
  t.same([bench.effects(), bench.says], [['update 1.0'], '1.0#1 running']);
  const starting = new Bench().assign(jobFor('1.0')).code();
  starting.effects();
  t.same(starting.assign(jobFor('1.0')).effects(), ['update 1.0'], 'a worker that starts hears of it too');
});

t.test('what changed while the code was fetched is in the launch, not in an update', async (t) => {
  const bench = new Bench().assign(jobFor('1.0'));
  const newer = jobFor('1.0');
  bench.assign(newer).code();
  t.same(bench.effects(), ['fetch 1.0', 'launch 1.0#1']);
  t.equal(jobOf(bench.state), newer);
});

t.test('another incarnation waits until the worker before it is gone, and its code comes meanwhile', async (t) => {
  const bench = new Bench().running().assign(jobFor('2.0'));
  t.same([bench.effects(), bench.says], [['stop', 'prefetch 2.0'], '2.0#1 preparing']);
  t.same(bench.exit().effects(), ['fetch 2.0']);
  t.same(bench.code().effects(), ['launch 2.0#1']);
});

t.test('another topology in the slot is another worker, even of the same incarnation name', async (t) => {
  const bench = new Bench().running().assign(jobFor('1.0', 'other-2-1700000001'));
  t.same(bench.effects(), ['stop', 'prefetch 1.0']);
});

t.test('the last of several assignments is the one that is launched', async (t) => {
  const bench = new Bench().running().assign(jobFor('2.0')).assign(jobFor('3.0'));
  bench.effects();
  bench.exit().code();
  t.same(bench.effects(), ['fetch 3.0', 'launch 3.0#1']);
  const fetching = new Bench().assign(jobFor('1.0')).assign(jobFor('2.0')).code();
  t.same(fetching.effects(), ['fetch 1.0', 'fetch 2.0', 'launch 2.0#1']);
});

t.test('a worker that is not assigned any more is stopped, and the slot is empty when it is gone', async (t) => {
  const bench = new Bench().running().unassign();
  t.same([bench.effects(), bench.says, bench.state.kind], [['stop'], '-', 'stopping']);
  bench.exit();
  t.same([bench.effects(), bench.state.kind], [[], 'empty']);
});

t.test('what has not been launched yet is simply let be', async (t) => {
  for (const bench of [
    new Bench().assign(jobFor('1.0')),
    new Bench().assign(jobFor('1.0')).code().exit().code().exit(),
    new Bench().assign(jobFor('1.0')).codeFails(true),
  ]) {
    bench.effects();
    t.same([bench.unassign().effects(), bench.state.kind], [[], 'empty']);
  }
});

t.test('a worker that does not stop within the grace is killed, and again while it is still there', async (t) => {
  const bench = new Bench().running().unassign();
  bench.effects();
  t.same(bench.after(TIMES.shutdownMs).effects(), [], 'it has a little more than its components have');
  t.same(bench.due().effects(), ['kill']);
  t.same(bench.due().effects(), ['kill']);
  t.same([bench.exit().effects(), bench.state.kind], [[], 'empty']);
});

t.test('an assignment that comes back while its worker stops is launched anew with a higher number', async (t) => {
  const bench = new Bench().running().unassign();
  bench.assign(jobFor('1.0'), bench.launches).exit().code();
  t.same(bench.effects(), ['stop', 'prefetch 1.0', 'fetch 1.0', 'launch 1.0#2']);
});

t.test('a worker that was of use and dies is launched again at once', async (t) => {
  const bench = new Bench().running().after(10_000).exit();
  t.same([bench.effects(), bench.state.kind], [['fetch 1.0'], 'fetching'], 'its code is checked again');
  t.same([bench.code().effects(), bench.says], [['launch 1.0#2'], '1.0#2 starting']);
});

t.test('a worker that dies every few seconds after having been of use is never given up', async (t) => {
  const bench = new Bench().running();
  for (let death = 1; death <= 100; death++) {
    bench.after(2000).exit().code().beat();
    t.equal(bench.says, `1.0#${death + 1} running`);
  }
});

t.test('a worker that comes to nothing is launched at once, then after growing pauses, then reported as failed', async (t) => {
  const bench = new Bench().assign(jobFor('1.0')).code();
  const pauses: number[] = [];
  for (let death = 1; death <= 5; death++) {
    bench.exit();
    const before = bench.nowMs;
    if (bench.state.kind === 'backing-off') {
      t.equal(bench.says, `1.0#${death} starting`);
      bench.due();
    }
    pauses.push(bench.nowMs - before);
    bench.code();
  }
  t.same(pauses, [0, 1000, 2000, 4000, 8000]);
  t.equal(bench.exit().says, '1.0#6 failed');
});

t.test('pauses have jitter: from half to one and a half', async (t) => {
  for (const [random, pauseMs] of [
    [0, 500],
    [0.999, 1499],
  ] as const) {
    const bench = new Bench(random).assign(jobFor('1.0')).code().exit().code().exit();
    t.equal(dueMsOf(bench.state), pauseMs);
  }
});

t.test('a worker that was of use after all has its whole budget again', async (t) => {
  const bench = new Bench().assign(jobFor('1.0')).code();
  for (let death = 1; death <= 5; death++) {
    bench.exit();
    if (bench.state.kind === 'backing-off') bench.due();
    bench.code();
  }
  bench.beat().after(2000).exit();
  t.equal(bench.state.kind, 'fetching', 'at once');
  t.equal(bench.code().exit().state.kind, 'backing-off', 'and not failed');
});

t.test('what has failed is tried again a minute later, once', async (t) => {
  const bench = new Bench().assign(jobFor('1.0')).codeFails(true);
  t.same([bench.says, dueMsOf(bench.state)], ['1.0#1 failed', 60_000]);
  bench.effects();
  t.same([bench.due().effects(), bench.says], [['fetch 1.0'], '1.0#1 preparing']);
  t.same([bench.code().exit().state.kind], ['failed']);
});

t.test('what has failed starts with a fresh budget when it is assigned anew', async (t) => {
  const bench = new Bench().assign(jobFor('1.0')).codeFails(true).assign(jobFor('2.0'));
  t.equal(bench.state.kind, 'fetching');
  t.same(bench.effects(), ['fetch 1.0', 'fetch 2.0']);
});

t.test('code that cannot be had is asked for again with pauses, and in the end reported as failed', async (t) => {
  const bench = new Bench().assign(jobFor('1.0'));
  const kinds: string[] = [];
  for (let failure = 1; failure <= 6; failure++) {
    kinds.push(bench.codeFails().state.kind);
    if (bench.state.kind === 'backing-off') bench.due();
  }
  t.same(kinds, ['fetching', 'backing-off', 'backing-off', 'backing-off', 'backing-off', 'failed']);
});

t.test('an answer to an earlier fetch is not taken for one to a later', async (t) => {
  const bench = new Bench().assign(jobFor('1.0'));
  const fetch = { topologyId: jobFor('1.0').record.id, incarnation: '1.0', number: 1 };
  bench.codeFails();
  bench.effects();
  bench.send({ type: 'codeFailed', fetch, reason: 'late', isFinal: true }).send({ type: 'codeReady', fetch, directory: '/late' });
  t.same([bench.effects(), bench.state.kind], [[], 'fetching']);
  bench.send({ type: 'codeReady', fetch: { ...fetch, incarnation: '0.9', number: 2 }, directory: '/late' });
  t.equal(bench.state.kind, 'fetching');
});

t.test('a worker without a first sign of life within the start timeout is killed and launched again', async (t) => {
  const bench = new Bench().assign(jobFor('1.0')).code();
  bench.effects();
  t.same(bench.after(TIMES.startTimeoutMs - 1).effects(), []);
  t.same([bench.after(1).effects(), bench.says], [['kill'], '1.0#1 starting']);
  t.same([bench.exit().effects(), bench.code().effects()], [['fetch 1.0'], ['launch 1.0#2']]);
});

t.test('a worker that beats but does not come up is killed after the start timeout', async (t) => {
  const bench = new Bench().assign(jobFor('1.0')).code();
  bench.effects();
  for (let second = 1; second < 120; second++) bench.after(1000).beat(false);
  t.same([bench.effects(), bench.state.kind], [[], 'starting']);
  t.same(bench.after(1000).effects(), ['kill']);
});

t.test('a worker that has beaten and falls silent while it starts is not waited for until the start timeout', async (t) => {
  const bench = new Bench().assign(jobFor('1.0')).code().beat(false);
  bench.effects();
  t.same(bench.after(TIMES.workerTimeoutMs).effects(), ['kill']);
});

t.test('a running worker that falls silent is killed after the worker timeout and launched again at once', async (t) => {
  const bench = new Bench().running();
  for (let second = 0; second < 100; second++) bench.after(1000).beat();
  t.same([bench.effects(), bench.state.kind], [[], 'running'], 'beats keep it');
  t.same(bench.after(TIMES.workerTimeoutMs - 1).effects(), []);
  t.same(bench.after(1).effects(), ['kill']);
  t.same(bench.exit().effects(), ['fetch 1.0']);
  t.same(bench.code().effects(), ['launch 1.0#2']);
});

t.test('a frozen worker that beats again when it has been condemned is killed all the same', async (t) => {
  const bench = new Bench().running().due();
  bench.effects();
  bench.beat();
  t.equal(bench.state.kind, 'killing');
});

t.test('a silent worker that is not assigned any more when it is gone is not launched again', async (t) => {
  const bench = new Bench().running().due().unassign();
  bench.effects();
  t.same([bench.exit().effects(), bench.state.kind], [[], 'empty']);
});

t.test('a silent worker makes room for another incarnation without a pause', async (t) => {
  const bench = new Bench().running().due().assign(jobFor('2.0'));
  bench.effects();
  t.same(bench.exit().effects(), ['fetch 2.0']);
});

t.test('words of an earlier launch are not taken for those of the present one', async (t) => {
  const bench = new Bench().running().after(5000).exit().code();
  const old = { topologyId: jobFor('1.0').record.id, incarnation: '1.0', launch: 1 };
  bench.effects();
  bench.send({ type: 'beat', launch: old, isUp: true }).send({ type: 'exit', launch: old, reason: 'late' });
  t.same([bench.effects(), bench.says], [[], '1.0#2 starting']);
});

t.test('an exit that comes while a restart is delayed, or when nothing runs, changes nothing', async (t) => {
  const bench = new Bench().assign(jobFor('1.0')).code().exit().code();
  const last = launchIn(bench.state) as Launch;
  bench.exit();
  const before = bench.state;
  t.equal(bench.send({ type: 'exit', launch: last, reason: 'again' }).state, before);
  t.equal(new Bench().send({ type: 'exit', launch: last, reason: 'again' }).state.kind, 'empty');
});

t.test('an adopted worker is kept while the assignment has not been read, and reported as running', async (t) => {
  const bench = new Bench();
  const launch = { topologyId: jobFor('1.0').record.id, incarnation: '1.0', launch: 7 };
  bench.send({ type: 'adopted', launch });
  for (let second = 0; second < 3600; second++) bench.after(1000).beat();
  t.same([bench.effects(), bench.says], [[], '1.0#7 running']);
});

t.test('an adopted worker whose incarnation is still assigned goes on, and hears the record as it is now', async (t) => {
  const bench = new Bench().send({ type: 'adopted', launch: { topologyId: jobFor('1.0').record.id, incarnation: '1.0', launch: 7 } });
  bench.assign(jobFor('1.0'));
  t.same([bench.effects(), bench.says], [['update 1.0'], '1.0#7 running']);
  t.same(bench.after(5000).exit().code().effects(), ['fetch 1.0', 'launch 1.0#8'], 'launch numbers go on from there');
});

t.test('an adopted worker whose incarnation is assigned no more is stopped, and killed after the grace', async (t) => {
  const adopted = { type: 'adopted', launch: { topologyId: jobFor('1.0').record.id, incarnation: '1.0', launch: 7 } } as const;
  t.same(new Bench().send(adopted).unassign().effects(), ['stop']);
  const bench = new Bench().send(adopted).assign(jobFor('2.0'));
  t.same([bench.effects(), bench.due().effects()], [['stop', 'prefetch 2.0'], ['kill']]);
  t.same([bench.exit().effects(), bench.code().effects()], [['fetch 2.0'], ['launch 2.0#1']]);
});

t.test('an adopted worker that falls silent or dies before the assignment is read leaves an empty slot', async (t) => {
  const adopted = { type: 'adopted', launch: { topologyId: jobFor('1.0').record.id, incarnation: '1.0', launch: 7 } } as const;
  const silent = new Bench().send(adopted).due();
  t.same([silent.effects(), silent.exit().state.kind], [['kill'], 'empty']);
  const dead = new Bench().send(adopted).exit();
  t.equal(dead.state.kind, 'empty');
  t.same(dead.assign(jobFor('1.0'), 7).code().effects(), ['fetch 1.0', 'launch 1.0#8']);
});

/** mulberry32: small, and enough to choose events by. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Walks one slot at random, with a supervisor around it that behaves, and a worker that does not. Returns what went wrong. */
function walk(seed: number, steps: number): string | undefined {
  const random = randomOf(seed);
  const rules = new SlotRules(TIMES, random);
  const pick = <T>(choices: readonly T[]): T => choices[Math.floor(random() * choices.length)] as T;
  let state: SlotState = EMPTY_SLOT;
  let nowMs = 0;
  let assigned: Job | undefined;
  let alive: Launch | undefined;
  let fetches: { topologyId: string; incarnation: string; number: number }[] = [];
  const highest = new Map<string, number>();
  let generation = 1;
  if (random() < 0.3) {
    alive = { topologyId: jobFor('1.0').record.id, incarnation: '1.0', launch: 3 };
    highest.set('1.0', 3);
    state = rules.step(state, { type: 'adopted', launch: alive }, nowMs).state;
  }
  const send = (event: SlotEvent): string | undefined => {
    const step = rules.step(state, event, nowMs);
    state = step.state;
    for (const effect of step.effects) {
      if (effect.type === 'fetch') fetches.push(effect.fetch);
      if ((effect.type === 'stop' || effect.type === 'kill') && alive === undefined) return `${effect.type} of nobody`;
      if (effect.type === 'update' && alive?.incarnation !== effect.job.worker.incarnation) return 'an update to another worker';
      if ('job' in effect && effect.job.worker.incarnation !== assigned?.worker.incarnation)
        return `${effect.type} for a superseded incarnation`;
      if (effect.type !== 'launch') continue;
      if (alive !== undefined) return 'two launches at a time';
      if (effect.launch.launch <= (highest.get(effect.launch.incarnation) ?? 0)) return 'a launch number that does not rise';
      alive = effect.launch;
      highest.set(alive.incarnation, alive.launch);
    }
    return undefined;
  };
  const events: readonly (() => string | undefined)[] = [
    () => {
      if (random() < 0.4) assigned = jobFor(`${++generation}.0`);
      else if (random() < 0.3) assigned = undefined;
      else if (assigned !== undefined) assigned = jobFor(assigned.worker.incarnation);
      if (assigned === undefined) return send({ type: 'unassigned' });
      return send({ type: 'assigned', job: assigned, launches: highest.get(assigned.worker.incarnation) ?? 0 });
    },
    () => {
      const fetch = pick(fetches);
      if (fetch === undefined) return undefined;
      if (random() < 0.7) fetches = fetches.filter((each) => each !== fetch);
      return random() < 0.8
        ? send({ type: 'codeReady', fetch, directory: '/code' })
        : send({ type: 'codeFailed', fetch, reason: '', isFinal: random() < 0.2 });
    },
    () => (alive === undefined ? undefined : send({ type: 'beat', launch: alive, isUp: random() < 0.8 })),
    () => {
      if (alive === undefined || random() < 0.5) return undefined;
      const launch = alive;
      alive = undefined;
      return send({ type: 'exit', launch, reason: 'died' });
    },
    () => {
      nowMs = random() < 0.5 ? nowMs + Math.floor(random() * 40_000) : (dueMsOf(state) ?? nowMs);
      return send({ type: 'tick' });
    },
    () =>
      send({
        type: 'exit',
        launch: { topologyId: jobFor('1.0').record.id, incarnation: `${generation}.0`, launch: 99 },
        reason: 'a stranger',
      }),
  ];
  for (let step = 0; step < steps; step++) {
    const wrong = pick(events)();
    if (wrong !== undefined) return `seed ${seed}, step ${step}: ${wrong}`;
    if (launchIn(state)?.launch !== alive?.launch)
      return `seed ${seed}, step ${step}: it knows ${launchIn(state)?.launch}, and ${alive?.launch} is alive`;
  }
  // The world calms down: everything that is asked for happens.
  for (let step = 0; step < 200; step++) {
    const { kind } = state as SlotState;
    if (alive !== undefined && (kind === 'stopping' || kind === 'killing')) events[3]?.();
    else if (alive !== undefined) send({ type: 'beat', launch: alive, isUp: true });
    else if (kind === 'fetching') for (const fetch of fetches.splice(0)) send({ type: 'codeReady', fetch, directory: '/code' });
    else nowMs = dueMsOf(state) ?? nowMs;
    if (alive === undefined) send({ type: 'tick' });
  }
  const settled = (state as SlotState).kind;
  const wanted = assigned === undefined ? ['empty', 'adopted'] : ['running', 'adopted'];
  return wanted.includes(settled)
    ? undefined
    : `seed ${seed}: it settles as ${settled}, with ${assigned === undefined ? 'nothing' : 'something'} assigned`;
}

t.test(
  'whatever happens in whatever order, one worker runs at a time, launch numbers rise, nothing is done for the superseded, and it settles',
  async (t) => {
    const wrong = Array.from({ length: 2000 }, (_, seed) => walk(seed, 120)).filter((each) => each !== undefined);
    t.same(wrong.slice(0, 3), []);
  },
);
