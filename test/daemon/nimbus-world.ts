/**
 * Nimbuses and supervisors' records over one store in memory, under a clock that is moved by hand. Invariant: nothing happens but what a test does, and what follows
 * from it by itself.
 */
import { MemoryStore, type MemoryStoreSession } from '../../src/coordination/memory-store.js';
import { Nimbus, type NimbusOptions, type TopologyCode } from '../../src/daemon/nimbus/nimbus.js';
import type { AssignedWorker } from '../../src/model/assignment.js';
import {
  type SupervisorRecord,
  supervisorPath,
  type TopologyRecord,
  topologyPath,
  VERSIONS,
  type WorkerState,
} from '../../src/model/cluster-records.js';
import { inline } from '../../src/model/component-implementation.js';
import { type Log, SILENT_LOG } from '../../src/model/log.js';
import type { Topology } from '../../src/model/topology.js';
import { TopologyBuilder } from '../../src/model/topology-builder.js';
import { scheduleEvenly } from '../../src/scheduling/even-scheduler.js';
import type { Scheduler } from '../../src/scheduling/scheduler.js';
import { FakeClock, settled } from './supervisor-fakes.js';

export const TIMES = { monitorMs: 10_000, taskTimeoutMs: 30_000, launchMs: 120_000, supervisorTimeoutMs: 60_000, sessionMs: 20_000 };

/** A spout and a bolt of so many executors each. */
export function topologyOf(name: string, executors = 2, config: Readonly<Record<string, unknown>> = {}): Topology {
  const builder = new TopologyBuilder(name).config({ 'topology.workers': 2, 'topology.acker.executors': 0, ...config });
  const create = (): never => {
    throw new Error('nobody runs it');
  };
  builder.setSpout('spout', inline(create, { outputs: ['n'] }), executors);
  builder.setBolt('bolt', inline(create), executors).shuffleGrouping('spout');
  return builder.build({ resources: process.cwd() });
}

export class World {
  readonly clock = new FakeClock();
  readonly store = new MemoryStore();
  /** For looking and for what supervisors write. */
  readonly session: MemoryStoreSession = this.store.session();
  readonly logged: string[] = [];
  readonly retained: string[][] = [];
  schedule: Scheduler = scheduleEvenly;
  /** Sessions that nimbuses opened, by their ids; the last is the one in use. */
  readonly sessions = new Map<string, MemoryStoreSession[]>();
  /** Calls of the store's writes by nimbuses. */
  writes = 0;

  /** Called right before a write of a nimbus. */
  beforeWrite: () => void = () => {};
  /** Awaited before a nimbus is given what it reads of a topology. */
  beforeRead: () => Promise<void> = async () => {};

  nimbus(id: string, options: Partial<NimbusOptions> = {}): Nimbus {
    const log: Log = { ...SILENT_LOG, warn: (event) => void this.logged.push(event), error: (event) => void this.logged.push(event) };
    const code: TopologyCode = {
      load: async () => {
        throw new Error('no code here');
      },
      retain: async (blobs) => void this.retained.push([...blobs]),
    };
    return new Nimbus(
      { id, url: `http://${id}`, ...TIMES, ...options },
      {
        store: { open: async () => this.#open(id) },
        code,
        clock: this.clock,
        random: () => 0.5,
        epochSeconds: () => 1_700_000_000,
        schedule: (input) => this.schedule(input),
        log,
      },
    );
  }

  /** A nimbus that leads. */
  async leader(id = 'n1'): Promise<Nimbus> {
    const nimbus = this.nimbus(id);
    await nimbus.start();
    await nimbus.whenLeading();
    await settled();
    return nimbus;
  }

  /** What a supervisor says of itself: its slots, and that all its workers run. */
  async supervisor(id: string, slots: number, more: Partial<SupervisorRecord> = {}): Promise<void> {
    const ports = Array.from({ length: slots }, (_, index) => 6700 + index);
    await this.#put(supervisorPath(id), { id, host: `${id}.host`, ports, url: '', versions: VERSIONS, workers: [], ...more });
    await settled();
  }

  /** Every supervisor says of its workers that they are in this state. */
  async report(state: WorkerState, only: (worker: AssignedWorker) => boolean = () => true): Promise<void> {
    const topologies = await this.topologies();
    for (const id of await this.session.children('/supervisors')) {
      const entry = await this.session.get(supervisorPath(id));
      const record = JSON.parse(entry?.data ?? '') as SupervisorRecord;
      const workers = topologies.flatMap(({ id: topologyId, workers }) =>
        workers
          .filter((worker) => worker.supervisor === id && only(worker))
          .map(({ incarnation }) => ({ topologyId, incarnation, launch: 1, state })),
      );
      await this.#put(supervisorPath(id), { ...record, workers });
    }
    await settled();
  }

  async remove(path: string): Promise<void> {
    const entry = await this.session.get(path);
    if (entry !== undefined) await this.session.deleteIfVersion(path, entry.version);
    await settled();
  }

  async topologies(): Promise<TopologyRecord[]> {
    const names = await this.session.children('/topologies');
    return Promise.all(names.map((name) => this.topology(name)));
  }

  async topology(name: string): Promise<TopologyRecord> {
    const entry = await this.session.get(topologyPath(name));
    return JSON.parse(entry?.data ?? '{}') as TopologyRecord;
  }

  async version(name: string): Promise<number | undefined> {
    return (await this.session.get(topologyPath(name)))?.version;
  }

  /** The store gives up a nimbus's session. */
  async expire(id: string): Promise<void> {
    this.sessions.get(id)?.at(-1)?.expire();
    await settled();
  }

  async #put(path: string, record: object): Promise<void> {
    const entry = await this.session.get(path);
    if (entry === undefined) await this.session.create(path, JSON.stringify(record));
    else await this.session.setIfVersion(path, JSON.stringify(record), entry.version);
  }

  #open(id: string): MemoryStoreSession {
    const session = this.store.session();
    this.sessions.set(id, [...(this.sessions.get(id) ?? []), session]);
    const get = session.get.bind(session);
    session.get = async (path) => {
      const entry = await get(path);
      if (path.startsWith('/topologies/')) await this.beforeRead();
      return entry;
    };
    for (const method of ['create', 'setIfVersion', 'deleteIfVersion'] as const) {
      const write = session[method].bind(session) as (path: string, ...rest: unknown[]) => Promise<unknown>;
      Object.assign(session, {
        [method]: (path: string, ...rest: unknown[]) => {
          if (/^\/(topologies|errors)/.test(path)) {
            this.writes++;
            this.beforeWrite();
          }
          return write(path, ...rest);
        },
      });
    }
    return session;
  }
}

/** `1.0 s1:6700 1-1,2-2` for each worker. */
export function shown({ workers }: TopologyRecord): string[] {
  return workers.map(({ incarnation, supervisor, port, executors }) => {
    return `${incarnation} ${supervisor}:${port} ${executors.map(([first, last]) => `${first}-${last}`).join(',')}`;
  });
}
