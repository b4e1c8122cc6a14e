/**
 * Nimbus: takes topologies, numbers their tasks, gives them to workers, changes their status, removes them. Invariant: stateless: all it knows is in the store, so another one
 * can carry on at any point; every write names the version it replaces.
 */
import type { StoreSession } from '../coordination/store.js';
import type { AssignedWorker } from '../model/assignment.js';
import { settingsOf } from '../model/config.js';
import { PolyboltError } from '../model/errors.js';
import type { Log } from '../model/log.js';
import { createTaskTable, type TaskTable } from '../model/task-table.js';
import type { Topology } from '../model/topology.js';
import type { Scheduler } from '../scheduling/scheduler.js';
import {
  SUPERVISORS_PATH,
  type SupervisorRecord,
  supervisorPath,
  TOPOLOGIES_PATH,
  type TopologyRecord,
  type TopologyStatus,
  topologyPath,
} from './topology-record.js';

export interface NimbusPorts {
  readonly store: StoreSession;
  /** Where workers find the topology itself, by id: small metadata only goes to the store. */
  readonly code: Map<string, Topology>;
  readonly epochSeconds: () => number;
  readonly schedule: Scheduler;
  /** A fresh incarnation, never used before. */
  readonly newIncarnation: () => string;
  readonly log: Log;
}

export class Nimbus {
  readonly #ports: NimbusPorts;
  #submitted = 0;

  constructor(ports: NimbusPorts) {
    this.#ports = ports;
  }

  /**
   * Submits a topology and assigns it to workers. Returns its id.
   * Throws PB_TOPOLOGY_EXISTS when one of that name is running.
   */
  async submit(topology: Topology, status: 'active' | 'inactive' = 'active'): Promise<string> {
    const { store, code, epochSeconds, log } = this.#ports;
    const { name } = topology;
    if ((await this.#find(name)) !== undefined) {
      throw new PolyboltError('PB_TOPOLOGY_EXISTS', {
        message: `a topology named "${name}" is already running`,
        hint: 'kill it first, or submit under another name',
      });
    }
    const id = `${name}-${++this.#submitted}-${epochSeconds()}`;
    const table = createTaskTable(topology);
    const record: TopologyRecord = { id, name, status, table, workers: await this.#schedule(id, topology, table) };
    code.set(id, topology);
    await store.create(topologyPath(id), JSON.stringify(record));
    log.info('topology.submitted', { topology: name, id, tasks: table.components.length, workers: record.workers.length });
    return id;
  }

  async setStatus(name: string, status: TopologyStatus): Promise<void> {
    for (;;) {
      const found = await this.#mustFind(name);
      try {
        await this.#ports.store.setIfVersion(topologyPath(found.record.id), JSON.stringify({ ...found.record, status }), found.version);
        this.#ports.log.info('topology.status', { topology: name, status });
        return;
      } catch (error) {
        // Somebody else wrote in between: read again and decide anew.
        if (!(error instanceof PolyboltError && error.code === 'PB_STORE_CONFLICT')) throw error;
      }
    }
  }

  /** Removes a topology from the store; its workers end when their supervisors see that. */
  async remove(name: string): Promise<void> {
    await this.setStatus(name, 'killed');
    const { record, version } = await this.#mustFind(name);
    await this.#ports.store.deleteIfVersion(topologyPath(record.id), version);
    this.#ports.code.delete(record.id);
    this.#ports.log.info('topology.removed', { topology: name });
  }

  /** Gives the new topology slots; those that run keep theirs. */
  async #schedule(topologyId: string, topology: Topology, table: TaskTable): Promise<readonly AssignedWorker[]> {
    const { store, schedule, newIncarnation } = this.#ports;
    const supervisors: SupervisorRecord[] = [];
    for (const supervisor of await store.children(SUPERVISORS_PATH)) {
      const entry = await store.get(supervisorPath(supervisor));
      if (entry !== undefined) supervisors.push(JSON.parse(entry.data) as SupervisorRecord);
    }
    const running = (await this.#records()).map(({ record }) => ({
      topologyId: record.id,
      workers: record.workers.length,
      table: record.table,
      assignment: { topologyId: record.id, workers: record.workers },
    }));
    const { workers } = settingsOf(topology.config);
    const assignments = schedule({
      supervisors,
      topologies: [...running, { topologyId, workers, table }],
      isAlive: () => true,
      newIncarnation,
    });
    return assignments.at(-1)?.workers ?? [];
  }

  async #records(): Promise<{ record: TopologyRecord; version: number }[]> {
    const { store } = this.#ports;
    const records: { record: TopologyRecord; version: number }[] = [];
    for (const id of await store.children(TOPOLOGIES_PATH)) {
      const entry = await store.get(topologyPath(id));
      if (entry !== undefined) records.push({ record: JSON.parse(entry.data) as TopologyRecord, version: entry.version });
    }
    return records;
  }

  async #find(name: string): Promise<{ record: TopologyRecord; version: number } | undefined> {
    return (await this.#records()).find(({ record }) => record.name === name);
  }

  async #mustFind(name: string): Promise<{ record: TopologyRecord; version: number }> {
    const found = await this.#find(name);
    if (found !== undefined) return found;
    throw new PolyboltError('PB_TOPOLOGY_NOT_FOUND', {
      message: `no topology named "${name}" is running`,
      hint: 'list what runs, and mind the spelling',
    });
  }
}
