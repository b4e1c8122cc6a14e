/**
 * Nimbus: takes topologies, numbers their tasks, gives them to workers, changes their status, removes them. Invariant: stateless: all it knows is in the store, so
 * another one can carry on at any point; it acts only while it leads, and answers questions always.
 */
import type { StoreClient, StoreSession } from '../../coordination/store.js';
import type { TopologyChange } from '../../membership/topology-lifecycle.js';
import type { Clock, Timer } from '../../model/clock.js';
import { type NimbusRecord, nimbusPath, type SupervisorRecord, type TopologyRecord, VERSIONS } from '../../model/cluster-records.js';
import { settingsOf } from '../../model/config.js';
import { PolyboltError } from '../../model/errors.js';
import type { Log } from '../../model/log.js';
import { createTaskTable } from '../../model/task-table.js';
import type { Topology } from '../../model/topology.js';
import type { Scheduler } from '../../scheduling/scheduler.js';
import { Leadership } from '../session/leadership.js';
import { SessionKeeper } from '../session/session-keeper.js';
import { Registration } from '../supervisor/supervisor-registration.js';
import { readLeader, readNimbuses, readSupervisors, readTopologies, readTopology } from './nimbus-records.js';
import { Tenure } from './nimbus-tenure.js';
import { notLeader, topologyNotFound } from './nimbus-writes.js';

export interface NimbusOptions {
  /** Of this nimbus, told from all others. */
  readonly id: string;
  /** Where clients and daemons reach it; empty in local mode. */
  readonly url: string;
  /** `nimbus.monitor.freq.secs` */
  readonly monitorMs: number;
  /** `nimbus.task.timeout.secs` */
  readonly taskTimeoutMs: number;
  /** `nimbus.task.launch.secs` */
  readonly launchMs: number;
  /** `nimbus.supervisor.timeout.secs` */
  readonly supervisorTimeoutMs: number;
  /** `storm.zookeeper.session.timeout`: so long a supervisor has been silent when its record goes. Default 0. */
  readonly sessionMs?: number;
}

/** Where the code of topologies is. */
export interface TopologyCode {
  /** Throws PB_BLOB_MISSING when no living nimbus has it. */
  load(blob: string, topologyId: string): Promise<Topology>;
  /** Blobs that are still wanted: the others may go. */
  retain(blobs: ReadonlySet<string>): Promise<void>;
}

export interface NimbusPorts {
  readonly store: StoreClient;
  readonly code: TopologyCode;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly epochSeconds: () => number;
  readonly schedule: Scheduler;
  readonly log: Log;
}

export interface Submission {
  /** From `newId`; one is made where it is absent. */
  readonly id?: string;
  readonly topology: Topology;
  /** SHA-256 of its packed code; empty in local mode. */
  readonly blob: string;
  readonly status: 'active' | 'inactive';
}

export interface RebalanceOptions {
  /** How long the spouts are still before; default the topology's message timeout. */
  readonly waitMs?: number | undefined;
  readonly workers?: number | undefined;
  readonly executors?: Readonly<Record<string, number>> | undefined;
}

export class Nimbus {
  readonly #options: NimbusOptions;
  readonly #ports: NimbusPorts;
  readonly #keeper: SessionKeeper;
  #leadership: Leadership | undefined;
  #registration: Registration | undefined;
  #tenure: Tenure | undefined;
  #tidying: Timer | undefined;
  #waiting: (() => void)[] = [];
  #isStopped = false;

  constructor(options: NimbusOptions, ports: NimbusPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#keeper = new SessionKeeper(ports.store, ports, (session) => this.#onSession(session));
  }

  /** Resolves when it is connected with the store; it stands for leader from then on. */
  async start(): Promise<void> {
    await this.#keeper.start();
    this.#tidyLater();
  }

  /** Gives leadership back and closes its session; what runs, runs on. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#tidying?.cancel();
    this.#registration?.close();
    const tenure = this.#endTenure();
    await tenure?.settled();
    await this.#leadership?.close();
    await this.#keeper.stop();
  }

  /** Whether it may act at this very moment. */
  get isLeader(): boolean {
    return this.#tenure !== undefined && this.#leadership?.isLeader === true;
  }

  /** Resolves once it leads. */
  async whenLeading(): Promise<void> {
    while (!this.isLeader) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async leader(): Promise<NimbusRecord | undefined> {
    return readLeader(this.#session(), this.#ports.log);
  }

  /** Throws PB_NOT_LEADER, with the URL of the leader as `context.leader` where one is known. */
  async checkLeading(): Promise<void> {
    await this.#lead();
  }

  /** An id for a topology to be submitted under this name. Throws PB_NOT_LEADER. */
  async newId(name: string): Promise<string> {
    return (await this.#lead()).newId(name, this.#ports.epochSeconds());
  }

  /** Takes a topology; resolves to its id when the store has it. Throws PB_TOPOLOGY_EXISTS, PB_NOT_LEADER, PB_STORE_TOO_LARGE. */
  async submit({ id, topology, blob, status }: Submission): Promise<string> {
    const tenure = await this.#lead();
    const { name, config } = topology;
    const settings = settingsOf(config);
    const record: TopologyRecord = {
      id: id ?? (await tenure.newId(name, this.#ports.epochSeconds())),
      name,
      status,
      blob,
      workersWanted: settings.workers,
      table: createTaskTable(topology),
      generation: 0,
      workers: [],
      hosts: {},
      messageTimeoutMs: settings.messageTimeoutMs,
    };
    await tenure.submit(record);
    this.#ports.log.info('topology.submitted', { topology: name, id: record.id, tasks: record.table.components.length });
    return record.id;
  }

  /** Throws, as all changes do: PB_TOPOLOGY_NOT_FOUND, PB_TOPOLOGY_KILLED, PB_NOT_LEADER. */
  async activate(name: string): Promise<void> {
    await this.#change(name, { kind: 'activate' });
  }

  /** Stops the spouts of a topology; tuples on their way go on. */
  async deactivate(name: string): Promise<void> {
    await this.#change(name, { kind: 'deactivate' });
  }

  /** Resolves when the wait has begun, and with a wait of 0 when the workers are placed anew. Throws PB_CHANGE_INVALID. */
  async rebalance(name: string, options: RebalanceOptions): Promise<void> {
    await this.#change(name, { kind: 'rebalance', ...options });
  }

  /** Resolves when the wait has begun, and with a wait of 0 when the topology is removed. Throws PB_CHANGE_INVALID. */
  async kill(name: string, waitMs?: number): Promise<void> {
    await this.#change(name, { kind: 'kill', waitMs });
  }

  async topologies(): Promise<readonly TopologyRecord[]> {
    return (await readTopologies(this.#session(), this.#ports.log)).map(({ record }) => record);
  }

  /** Throws PB_TOPOLOGY_NOT_FOUND. */
  async topology(name: string): Promise<TopologyRecord> {
    const stored = await readTopology(this.#session(), name, this.#ports.log);
    if (stored === undefined) throw topologyNotFound(name);
    return stored.record;
  }

  async supervisors(): Promise<readonly SupervisorRecord[]> {
    return readSupervisors(this.#session(), this.#ports.log);
  }

  async nimbuses(): Promise<readonly NimbusRecord[]> {
    return readNimbuses(this.#session(), this.#ports.log);
  }

  /** The session, for what else is read of the store. Throws PB_STORE_UNREACHABLE between two sessions. */
  get session(): StoreSession {
    return this.#session();
  }

  async #change(name: string, change: TopologyChange): Promise<void> {
    const { status, pending } = await (await this.#lead()).change(name, change);
    this.#ports.log.info('topology.changed', { topology: name, change: change.kind, status, waitMs: pending?.waitMs });
  }

  #session(): StoreSession {
    const { session } = this.#keeper;
    if (session !== undefined) return session;
    throw new PolyboltError('PB_STORE_UNREACHABLE', {
      message: 'this nimbus has no session with the store at the moment',
      hint: 'topologies run on meanwhile; try again when the store is back',
    });
  }

  async #lead(): Promise<Tenure> {
    const tenure = this.#tenure;
    if (tenure !== undefined && this.#leadership?.isLeader === true) return tenure;
    const leader = await this.leader();
    throw notLeader(leader === undefined || leader.id === this.#options.id ? undefined : leader.url);
  }

  #onSession(session: StoreSession): void {
    const { id, url } = this.#options;
    this.#registration?.close();
    this.#endTenure();
    const record: NimbusRecord = { id, url, versions: VERSIONS };
    this.#registration = new Registration(
      session,
      nimbusPath(id),
      () => JSON.stringify(record),
      this.#ports,
      () => {},
    );
    this.#registration.open();
    const leadership = new Leadership(session, id, this.#ports, (isLeader) => {
      this.#endTenure();
      if (!isLeader || this.#isStopped) return;
      const options = { sessionMs: 0, ...this.#options };
      this.#tenure = new Tenure(session, options, this.#ports, () => leadership.isLeader);
      for (const resolve of this.#waiting.splice(0)) resolve();
    });
    this.#leadership = leadership;
  }

  #endTenure(): Tenure | undefined {
    const tenure = this.#tenure;
    this.#tenure = undefined;
    tenure?.end();
    return tenure;
  }

  /** Every nimbus gives up the code of topologies that are no more, leader or not. */
  #tidyLater(): void {
    if (this.#isStopped) return;
    this.#tidying = this.#ports.clock.after(this.#options.monitorMs, () => {
      void this.#tidy().finally(() => this.#tidyLater());
    });
  }

  async #tidy(): Promise<void> {
    try {
      const topologies = await this.topologies();
      await this.#ports.code.retain(new Set(topologies.map(({ blob }) => blob)));
    } catch (error) {
      this.#ports.log.debug('nimbus.untidy', { reason: String(error) });
    }
  }
}
