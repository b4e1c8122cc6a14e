/**
 * One time of leading: watches supervisors, places workers, carries out changes and their waits. Invariant: one decision at a time, each from a fresh read of the
 * topologies; all clocks of a tenure begin with it, so a change of leaders alone moves nothing.
 */
import type { StoreSession, Subscription } from '../../coordination/store.js';
import { Liveness, type LivenessLimits } from '../../membership/liveness.js';
import { PendingWaits } from '../../membership/pending-waits.js';
import { changeTopology, finishPending, type TopologyChange } from '../../membership/topology-lifecycle.js';
import type { AssignedWorker } from '../../model/assignment.js';
import type { Clock, Timer } from '../../model/clock.js';
import { TOPOLOGIES_PATH, type TopologyRecord } from '../../model/cluster-records.js';
import type { Log } from '../../model/log.js';
import type { Scheduler } from '../../scheduling/scheduler.js';
import { SupervisorView } from '../supervisor/supervisor-view.js';
import { type PlannedTopology, planTopologies } from './nimbus-plan.js';
import { readTopologies, readTopology, type StoredTopology } from './nimbus-records.js';
import { isConflict, isSessionEnd, LeaderWrites, topologyExists, topologyNotFound } from './nimbus-writes.js';

export interface TenureOptions extends LivenessLimits {
  /** `nimbus.monitor.freq.secs`: a look at everything at least this often. */
  readonly monitorMs: number;
}

export interface TenurePorts {
  readonly clock: Clock;
  readonly schedule: Scheduler;
  readonly log: Log;
}

/** After an error that was no conflict. */
const RETRY_MS = 1000;

export class Tenure {
  readonly #store: StoreSession;
  readonly #options: TenureOptions;
  readonly #ports: TenurePorts;
  readonly #writes: LeaderWrites;
  readonly #liveness: Liveness;
  readonly #waits = new PendingWaits();
  readonly #view: SupervisorView;
  readonly #topologies: Subscription;
  /** Ends with the decision that was asked for last. */
  #decisions: Promise<unknown> = Promise.resolve();
  #nextLook: Promise<void> | undefined;
  #timer: Timer | undefined;
  /** When a worker counts as dead although nothing changes. */
  #nextDeathMs = Number.POSITIVE_INFINITY;
  #isEnded = false;

  /** @param isLeading whether the latch is held at this very moment */
  constructor(store: StoreSession, options: TenureOptions, ports: TenurePorts, isLeading: () => boolean) {
    this.#store = store;
    this.#options = options;
    this.#ports = ports;
    this.#writes = new LeaderWrites(store, () => !this.#isEnded && isLeading(), ports.log);
    this.#liveness = new Liveness(options);
    this.#view = new SupervisorView(store, ports.log, () => void this.look());
    this.#topologies = store.subscribe(TOPOLOGIES_PATH, 'children', () => void this.look());
  }

  /** Nothing is decided any more; a decision that is being carried out fails at its next write. */
  end(): void {
    this.#isEnded = true;
    this.#timer?.cancel();
    this.#view.close();
    this.#topologies.close();
  }

  /** Resolves when what was decided so far has been carried out, or has failed. */
  async settled(): Promise<void> {
    await this.#decisions.catch(() => {});
  }

  /** `name-N-epochSeconds`, never given before. */
  async newId(name: string, epochSeconds: number): Promise<string> {
    return `${name}-${await this.#writes.nextSubmission()}-${epochSeconds}`;
  }

  /** Takes a topology, with workers at once where that moves no other. Throws PB_TOPOLOGY_EXISTS. */
  submit(record: TopologyRecord): Promise<void> {
    return this.#decide(async () => {
      // What has to move anyway moves first, so that the new topology does not wait for it.
      await this.#pass().catch((error: unknown) => {
        if (!isConflict(error)) throw error;
      });
      const stored = await readTopologies(this.#store, this.#ports.log);
      if (stored.some((each) => each.record.name === record.name)) throw topologyExists(record.name);
      const planned = await this.#plan([...stored.map(plain), { record }]);
      const placed = planned.size === 1 ? planned.get(record.id) : undefined;
      await this.#writes.create(placed ?? record);
      if (placed === undefined) void this.look();
    });
  }

  /** Resolves when the change is in the store, and when it is to wait for nothing, when it has been carried out. Throws PB_TOPOLOGY_NOT_FOUND and what `changeTopology` throws. */
  async change(name: string, change: TopologyChange): Promise<TopologyRecord> {
    const changed = await this.#decide(async () => {
      for (;;) {
        const stored = await readTopology(this.#store, name, this.#ports.log);
        if (stored === undefined) throw topologyNotFound(name);
        const record = changeTopology(stored.record, change);
        if (record === stored.record) return record;
        try {
          await this.#writes.replace(stored, record);
          if (record.pending !== undefined) this.#waits.forget(record.id);
          return record;
        } catch (error) {
          // Somebody else wrote in between: read again and decide anew.
          if (!isConflict(error)) throw error;
        }
      }
    });
    const look = this.look();
    if (changed.pending?.waitMs === 0) await look;
    return changed;
  }

  /** Looks at everything once more after what is being decided now; several calls make one look. */
  look(): Promise<void> {
    if (this.#isEnded) return Promise.resolve();
    this.#nextLook ??= this.#decide(async () => {
      this.#nextLook = undefined;
      await this.#look();
    });
    return this.#nextLook;
  }

  #decide<T>(action: () => Promise<T>): Promise<T> {
    const decision = this.#decisions.then(action);
    this.#decisions = decision.catch(() => {});
    return decision;
  }

  async #look(): Promise<void> {
    if (this.#isEnded) return;
    this.#timer?.cancel();
    let nextMs: number;
    try {
      nextMs = await this.#pass();
    } catch (error) {
      if (this.#isEnded || isSessionEnd(error)) return;
      nextMs = this.#ports.clock.now() + (isConflict(error) ? 0 : RETRY_MS);
      this.#ports.log[isConflict(error) ? 'info' : 'error']('nimbus.again', { reason: String(error) });
    }
    if (this.#isEnded) return;
    const inMs = Math.max(1, Math.min(this.#options.monitorMs, nextMs - this.#ports.clock.now()));
    this.#timer = this.#ports.clock.after(inMs, () => void this.look());
  }

  /** Everything once. Returns when to look again although nothing has changed. */
  async #pass(): Promise<number> {
    const nowMs = this.#ports.clock.now();
    const all = await readTopologies(this.#store, this.#ports.log);
    const waits = this.#waits.look(all.map(recordOf), nowMs);
    const stored = await this.#removeKilled(all, waits.due);
    const planned = stored.map(({ record }): PlannedTopology => {
      if (!waits.due.has(record.id)) return { record };
      return { record: finishPending(record) as TopologyRecord, isRebalanced: true };
    });
    const changed = await this.#plan(planned, nowMs);
    for (const each of stored) {
      const record = changed.get(each.record.id);
      if (record === undefined) continue;
      await this.#writes.replace(each, record);
      this.#logChange(each.record, record);
    }
    await this.#writes.sweepErrors(new Set(stored.map(({ record }) => record.id)));
    return Math.min(waits.nextMs, this.#nextDeathMs);
  }

  async #plan(topologies: readonly PlannedTopology[], nowMs = this.#ports.clock.now()): Promise<ReadonlyMap<string, TopologyRecord>> {
    const supervisors = await this.#view.read();
    const { dead, nextMs } = this.#liveness.look(topologies.map(recordOf), supervisors, nowMs);
    this.#nextDeathMs = nextMs;
    for (const { topologyId, worker, reason } of dead) {
      const { incarnation, supervisor, port } = worker;
      this.#ports.log.warn('worker.dead', { topology: topologyId, incarnation, supervisor, port, reason });
    }
    return planTopologies({
      topologies: topologies.map((topology) => ({ ...topology, avoid: this.#liveness.avoidedBy(topology.record.id) })),
      supervisors,
      dead: new Set<AssignedWorker>(dead.map(({ worker }) => worker)),
      schedule: this.#ports.schedule,
    });
  }

  /** Removes those whose kill has waited; returns the others. */
  async #removeKilled(stored: readonly StoredTopology[], due: ReadonlySet<string>): Promise<readonly StoredTopology[]> {
    const left: StoredTopology[] = [];
    for (const each of stored) {
      const { record } = each;
      if (record.pending?.kind !== 'kill' || !due.has(record.id)) {
        left.push(each);
        continue;
      }
      await this.#writes.remove(each);
      this.#ports.log.info('topology.removed', { topology: record.name, id: record.id });
    }
    return left;
  }

  #logChange(before: TopologyRecord, after: TopologyRecord): void {
    const incarnations = new Set(before.workers.map(({ incarnation }) => incarnation));
    this.#ports.log.info('topology.assigned', {
      topology: after.name,
      generation: after.generation,
      workers: after.workers.length,
      started: after.workers.filter(({ incarnation }) => !incarnations.has(incarnation)).length,
      wanted: after.workersWanted,
    });
  }
}

function plain({ record }: StoredTopology): PlannedTopology {
  return { record };
}

function recordOf({ record }: { readonly record: TopologyRecord }): TopologyRecord {
  return record;
}
