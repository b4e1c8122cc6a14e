/**
 * Ten thousand executors over five hundred supervisors: how long placing them takes, and how often nimbus writes to the store for it. Invariant: the times are of the whole of nimbus's work over the
 * store in memory (reading, placing, writing), cold, as a leader that has just taken over does it.
 */
import { MemoryStore, type MemoryStoreSession } from '../src/coordination/memory-store.js';
import { Nimbus } from '../src/daemon/nimbus/nimbus.js';
import { inline, TopologyBuilder } from '../src/index.js';
import type { Clock } from '../src/model/clock.js';
import { supervisorPath, VERSIONS } from '../src/model/cluster-records.js';
import { SILENT_LOG } from '../src/model/log.js';
import type { Topology } from '../src/model/topology.js';
import { scheduleEvenly } from '../src/scheduling/even-scheduler.js';
import { type Benchmark, rounds } from './benchmark.js';
import type { Figure } from './figure.js';
import { median } from './statistics.js';

const SUPERVISORS = 500;
const SLOTS = 4;
const EXECUTORS = 10_000;
const LIMIT_MS = 1000;

export const scheduling: Benchmark = {
  name: 'scheduling',
  summary: '10,000 executors over 500 supervisors: time, and writes to the store',
  run: async (setting) => {
    const samples: Sample[] = [];
    for (let round = 0; round < rounds(setting); round++) samples.push(await sample());
    const figure = (name: string, pick: (sample: Sample) => Step): readonly Figure[] => [
      {
        benchmark: 'scheduling',
        name: `${name}: time`,
        value: median(samples.map((each) => pick(each).elapsedMs)),
        unit: 'ms',
        limit: { kind: 'at most', value: LIMIT_MS },
      },
      { benchmark: 'scheduling', name: `${name}: writes to the store`, value: median(samples.map((each) => pick(each).writes)), unit: '' },
    ];
    return [
      ...figure('one topology of 10,000 executors in 500 workers is submitted', ({ one }) => one),
      ...figure('its 10,000 executors are placed anew by a rebalance', ({ rebalanced }) => rebalanced),
      ...figure('100 topologies of 100 executors in 4 workers have no slot, then 500 supervisors come', ({ many }) => many),
      ...figure('50 of the 500 supervisors are lost', ({ lost }) => lost),
    ];
  },
};

interface Step {
  readonly elapsedMs: number;
  readonly writes: number;
}

interface Sample {
  readonly one: Step;
  readonly rebalanced: Step;
  readonly many: Step;
  readonly lost: Step;
}

async function sample(): Promise<Sample> {
  const one = new World();
  await one.addSupervisors();
  const nimbus = await one.lead();
  const topology = topologyOf('one', EXECUTORS, SUPERVISORS);
  const submitted = await one.measure(() => nimbus.submit({ topology, blob: '', status: 'active' }));
  const rebalanced = await one.measure(() => nimbus.rebalance('one', { waitMs: 0, workers: 2 * SUPERVISORS }));
  await nimbus.stop();

  const many = new World();
  const other = await many.lead();
  for (let index = 0; index < 100; index++)
    await other.submit({ topology: topologyOf(`t${index}`, EXECUTORS / 100, 4), blob: '', status: 'active' });
  // All at once, as after an outage: a look sees either none or all of them.
  const placed = await many.measure(async () => {
    await many.addSupervisors();
    await many.settled(other);
  });
  await many.removeSupervisors(SUPERVISORS / 10);
  await many.settled(other);
  many.clock.nowMs += 1e9;
  const lost = await many.measure(async () => {
    many.clock.fire();
    await many.settled(other);
  });
  await other.stop();
  return { one: submitted, rebalanced, many: placed, lost };
}

/** A clock that stands still; its timers come when they are told to. */
class StandingClock implements Clock {
  nowMs = 0;
  #timers = new Set<() => void>();

  now(): number {
    return this.nowMs;
  }

  after(_ms: number, action: () => void): { cancel: () => void } {
    this.#timers.add(action);
    return { cancel: () => this.#timers.delete(action) };
  }

  fire(): void {
    const due = [...this.#timers];
    this.#timers.clear();
    for (const action of due) action();
  }
}

class World {
  readonly clock = new StandingClock();
  readonly #store = new MemoryStore();
  readonly #session = this.#store.session();
  #writes = 0;

  async addSupervisors(): Promise<void> {
    const ports = Array.from({ length: SLOTS }, (_, index) => 6700 + index);
    await Promise.all(
      Array.from({ length: SUPERVISORS }, (_, index) => {
        const record = { id: `s${index}`, host: `host${index}`, ports, url: '', versions: VERSIONS, workers: [] };
        return this.#session.create(supervisorPath(record.id), JSON.stringify(record));
      }),
    );
  }

  async removeSupervisors(count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, (_, index) => this.#session.deleteIfVersion(supervisorPath(`s${index}`), 0)));
  }

  async lead(): Promise<Nimbus> {
    const nimbus = new Nimbus(
      { id: 'n', url: '', monitorMs: 1e10, taskTimeoutMs: 30_000, launchMs: 1e12, supervisorTimeoutMs: 60_000 },
      {
        store: { open: async () => this.#counted(this.#store.session()) },
        code: { load: () => Promise.reject(new Error('no code here')), retain: async () => {} },
        clock: this.clock,
        random: Math.random,
        epochSeconds: () => 0,
        schedule: scheduleEvenly,
        log: SILENT_LOG,
      },
    );
    await nimbus.start();
    await nimbus.whenLeading();
    await this.settled(nimbus);
    return nimbus;
  }

  async measure(act: () => Promise<unknown>): Promise<Step> {
    const writes = this.#writes;
    const startedAtMs = performance.now();
    await act();
    return { elapsedMs: performance.now() - startedAtMs, writes: this.#writes - writes };
  }

  /** A change that changes nothing comes after everything that was under way. */
  async settled(nimbus: Nimbus): Promise<void> {
    await nimbus.activate('').catch(() => {});
    await nimbus.activate('').catch(() => {});
  }

  #counted(session: MemoryStoreSession): MemoryStoreSession {
    for (const method of ['create', 'setIfVersion', 'deleteIfVersion'] as const) {
      const write = session[method].bind(session) as (...given: unknown[]) => Promise<never>;
      session[method] = (...given: unknown[]): Promise<never> => {
        this.#writes++;
        return write(...given);
      };
    }
    return session;
  }
}

/** A spout and nine bolts in a chain. */
function topologyOf(name: string, executors: number, workers: number): Topology {
  const builder = new TopologyBuilder(name).config({ 'topology.workers': workers, 'topology.acker.executors': 0 });
  const create = (): never => {
    throw new Error('nobody runs it');
  };
  builder.setSpout('c0', inline(create, { outputs: ['n'] }), executors / 10);
  for (let index = 1; index < 10; index++) {
    builder.setBolt(`c${index}`, inline(create, { outputs: ['n'] }), executors / 10).shuffleGrouping(`c${index - 1}`);
  }
  return builder.build({ resources: process.cwd() });
}
