/**
 * Two nimbuses and three supervisors of two slots each, all of them the real code, over the simulated store and workers. Invariant: what a process keeps on its disk outlives it (ids, launch numbers);
 * all else dies with it.
 */

import { Nimbus } from '../../src/daemon/nimbus/nimbus.js';
import type { CodeCache } from '../../src/daemon/supervisor/code-cache.js';
import { Supervisor } from '../../src/daemon/supervisor/supervisor.js';
import { LaunchMemory } from '../../src/daemon/supervisor/supervisor-launches.js';
import type { WorkerLaunch } from '../../src/membership/fence.js';
import { PolyboltError } from '../../src/model/errors.js';
import type { Log, LogFields } from '../../src/model/log.js';
import { scheduleEvenly } from '../../src/scheduling/even-scheduler.js';
import { type Invariants, leaderSession } from './invariants.js';
import { SESSION_MS, SimStore, SimStoreClient, StoreLink } from './sim-store.js';
import type { FenceLike } from './sim-workers.js';
import { SimLauncher, type SimWorker, slotOf, WorkerNet } from './sim-workers.js';
import { Process, type World } from './world.js';

export const NIMBUSES = ['n1', 'n2'] as const;
export const SUPERVISORS = ['s1', 's2', 's3'] as const;
export const PORTS = [6700, 6701] as const;

/** A daemon, life after life. */
export interface Daemon<T> {
  readonly id: string;
  readonly link: StoreLink;
  life: { readonly process: Process; readonly daemon: T; readonly client: SimStoreClient } | undefined;
}

export class SimCluster {
  readonly world: World;
  readonly store: SimStore;
  readonly net: WorkerNet;
  readonly invariants: Invariants;
  readonly nimbuses: readonly Daemon<Nimbus>[];
  readonly supervisors: readonly Daemon<Supervisor>[];
  readonly #launches = new Map<string, LaunchMemory>();
  codeFails = 0;
  /** Supervisors whose machine is gone for good. */
  readonly lost = new Set<string>();

  constructor(world: World, invariants: Invariants, makeFence: (self: WorkerLaunch) => FenceLike, ignoresVersions: boolean) {
    this.world = world;
    this.invariants = invariants;
    this.store = new SimStore(world, (write) => invariants.onWrite(this.store, write), ignoresVersions);
    this.net = new WorkerNet(world, makeFence);
    this.nimbuses = NIMBUSES.map((id) => ({ id, link: new StoreLink(world), life: undefined }));
    this.supervisors = SUPERVISORS.map((id) => ({ id, link: new StoreLink(world), life: undefined }));
  }

  startNimbus(of: Daemon<Nimbus>): void {
    if (of.life !== undefined) return;
    const { world } = this;
    const process = new Process(`nimbus ${of.id}`, world);
    const client = new SimStoreClient(this.store, process, of.link);
    const daemon = new Nimbus(
      {
        id: of.id,
        url: `http://${of.id}`,
        monitorMs: 2000,
        taskTimeoutMs: 6000,
        supervisorTimeoutMs: 6000,
        launchMs: 8000,
        sessionMs: SESSION_MS,
      },
      {
        store: client,
        code: { load: () => Promise.reject(new Error('not needed')), retain: async () => {} },
        clock: process,
        random: world.random,
        epochSeconds: () => Math.floor(world.nowMs / 1000),
        schedule: scheduleEvenly,
        log: logOf(process),
      },
    );
    of.life = { process, daemon, client };
    world.note(() => `${process.name} starts`);
    void daemon.start().catch((error: unknown) => this.invariants.unexpected(world, `${process.name} start`, error));
  }

  startSupervisor(of: Daemon<Supervisor>): void {
    if (of.life !== undefined || this.lost.has(of.id)) return;
    const { world } = this;
    const process = new Process(`supervisor ${of.id}`, world);
    const client = new SimStoreClient(this.store, process, of.link);
    const launches = this.#launches.get(of.id) ?? new LaunchMemory();
    this.#launches.set(of.id, launches);
    const daemon = new Supervisor(
      {
        id: of.id,
        host: of.id,
        ports: PORTS,
        url: `http://${of.id}`,
        workerTimeoutMs: 4000,
        startTimeoutMs: 6000,
        shutdownMs: 500,
        monitorMs: 1000,
      },
      {
        store: client,
        launcher: new SimLauncher(this.net, of.id, process),
        code: this.#code(process),
        clock: process,
        random: world.random,
        log: logOf(process),
        launches,
        epochSeconds: () => Math.floor(world.nowMs / 1000),
      },
    );
    of.life = { process, daemon, client };
    world.note(() => `${process.name} starts`);
    void daemon.start().catch((error: unknown) => this.invariants.unexpected(world, `${process.name} start`, error));
  }

  /** A daemon dies without a word; the workers of a supervisor live on. */
  kill<T>(of: Daemon<T>): void {
    of.life?.process.kill();
    of.life = undefined;
  }

  /** A whole machine dies. */
  killMachine(of: Daemon<Supervisor>): void {
    this.kill(of);
    for (const worker of [...this.net.living.values()]) if (worker.supervisor === of.id) worker.die('its machine is gone');
  }

  get workers(): readonly SimWorker[] {
    return [...this.net.living.values()];
  }

  /** All that is wrong with a cluster that has had time to settle; empty when it is as it should be. */
  wrongs(): readonly string[] {
    const { store } = this;
    const wrongs: string[] = [];
    const leading = this.nimbuses.filter(({ life }) => life?.daemon.isLeader === true);
    if (leading.length !== 1) wrongs.push(`${leading.length} nimbuses lead`);
    if (leaderSession(store)?.process !== leading[0]?.life?.process) wrongs.push('the one that leads is not the one that the store names');
    const assigned = new Map<string, string>();
    for (const record of this.invariants.records(store)) {
      if (record.pending !== undefined) wrongs.push(`${record.name} still waits for ${record.pending.kind}`);
      const running = new Set(record.workers.flatMap(({ executors }) => executors.map(([first]) => first)));
      const missing = record.table.executors.filter(({ firstTask }) => !running.has(firstTask));
      if (missing.length > 0 && this.#hasFreeSlot()) wrongs.push(`${missing.length} executors of ${record.name} have no worker`);
      for (const worker of record.workers) assigned.set(slotOf(worker.supervisor, worker.port), `${record.id} ${worker.incarnation}`);
    }
    for (const [slot, worker] of this.net.living) {
      if (assigned.get(slot) !== `${worker.topologyId} ${worker.self.incarnation}`)
        wrongs.push(`${worker.name} runs in ${slot}, which is for ${assigned.get(slot)}`);
      else if (!worker.isUp) wrongs.push(`${worker.name} is not up`);
      else if (worker.record.generation !== this.invariants.generationOf(store, worker.topologyId))
        wrongs.push(`${worker.name} has an old record`);
    }
    for (const [slot, incarnation] of assigned) if (!this.net.living.has(slot)) wrongs.push(`nobody runs ${incarnation} in ${slot}`);
    for (const id of SUPERVISORS) {
      if ((store.get(`/supervisors/${id}`) === undefined) !== this.lost.has(id))
        wrongs.push(`${id} is ${this.lost.has(id) ? 'lost and still' : 'not'} registered`);
    }
    for (const id of NIMBUSES) if (store.get(`/nimbuses/${id}`) === undefined) wrongs.push(`${id} is not registered`);
    return wrongs;
  }

  #hasFreeSlot(): boolean {
    const used = this.invariants.records(this.store).reduce((sum, { workers }) => sum + workers.length, 0);
    return used < (SUPERVISORS.length - this.lost.size) * PORTS.length;
  }

  #code(process: Process): CodeCache {
    const { world } = this;
    return {
      fetch: () =>
        new Promise((resolve, reject) => {
          const fails = this.codeFails > 0 && world.chance(0.5);
          if (fails) this.codeFails--;
          const missing = new PolyboltError('PB_CODE_UNAVAILABLE', { message: 'no nimbus has it', hint: 'wait' });
          process.after(world.between(5, 300), () => (fails ? reject(missing) : resolve('')));
        }),
      retain: async () => {},
    };
  }
}

function logOf(process: Process): Log {
  const note = (event: string, fields?: LogFields): void =>
    process.world.note(() => `${process.name}: ${event} ${fields === undefined ? '' : JSON.stringify(fields)}`);
  return { debug: note, info: note, warn: note, error: note };
}
