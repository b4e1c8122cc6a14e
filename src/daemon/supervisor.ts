/**
 * A supervisor: makes the workers that run here the ones that the store assigns to it. Invariant: one reconciliation at a time, each from what the store says at that moment; a worker is
 * known by its incarnation, so a changed assignment is another worker.
 */
import type { StoreSession, Subscription } from '../coordination/store.js';
import type { AssignedWorker } from '../model/assignment.js';
import type { Log } from '../model/log.js';
import { type SupervisorRecord, supervisorPath, TOPOLOGIES_PATH, type TopologyRecord, topologyPath } from './topology-record.js';

/** A worker that runs, wherever it runs. */
export interface WorkerHandle {
  setActive(isActive: boolean): void;
  stop(): Promise<void>;
}

export interface SupervisorPorts {
  readonly store: StoreSession;
  /** Starts a worker; never rejects: what fails is told to the worker's own events. */
  readonly launch: (record: TopologyRecord, worker: AssignedWorker) => WorkerHandle;
  readonly log: Log;
}

export class Supervisor {
  readonly #record: SupervisorRecord;
  readonly #ports: SupervisorPorts;
  readonly #running = new Map<string, WorkerHandle>();
  readonly #watched = new Map<string, Subscription>();
  #children: Subscription | undefined;
  #reconciling: Promise<void> | undefined;
  #again = false;
  #isStopped = false;

  constructor(record: SupervisorRecord, ports: SupervisorPorts) {
    this.#record = record;
    this.#ports = ports;
  }

  /** Registers, and follows the assignments from now on. */
  async start(): Promise<void> {
    const { store } = this.#ports;
    await store.create(supervisorPath(this.#record.id), JSON.stringify(this.#record), { ephemeral: true });
    this.#children = store.subscribe(TOPOLOGIES_PATH, 'children', () => this.#reconcile());
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#children?.close();
    for (const subscription of this.#watched.values()) subscription.close();
    await this.#reconciling;
    await Promise.all([...this.#running.values()].map((worker) => worker.stop()));
    this.#running.clear();
  }

  #reconcile(): void {
    this.#again = true;
    this.#reconciling ??= this.#work().finally(() => {
      this.#reconciling = undefined;
    });
  }

  async #work(): Promise<void> {
    while (this.#again && !this.#isStopped) {
      this.#again = false;
      const records = await this.#read();
      const wanted = new Map<string, { record: TopologyRecord; worker: AssignedWorker }>();
      for (const record of records) {
        for (const worker of record.workers) if (worker.supervisor === this.#record.id) wanted.set(worker.incarnation, { record, worker });
      }
      const gone = [...this.#running].filter(([incarnation]) => !wanted.has(incarnation));
      for (const [incarnation] of gone) this.#running.delete(incarnation);
      await Promise.all(gone.map(([, worker]) => worker.stop()));
      for (const [incarnation, { record, worker }] of wanted) {
        const running = this.#running.get(incarnation) ?? this.#ports.launch(record, worker);
        this.#running.set(incarnation, running);
        running.setActive(record.status === 'active');
      }
    }
  }

  async #read(): Promise<TopologyRecord[]> {
    const { store } = this.#ports;
    const ids = await store.children(TOPOLOGIES_PATH);
    for (const [id, subscription] of this.#watched) {
      if (ids.includes(id)) continue;
      subscription.close();
      this.#watched.delete(id);
    }
    const records: TopologyRecord[] = [];
    for (const id of ids) {
      if (!this.#watched.has(id))
        this.#watched.set(
          id,
          store.subscribe(topologyPath(id), 'entry', () => this.#reconcile()),
        );
      const entry = await store.get(topologyPath(id));
      if (entry !== undefined) records.push(JSON.parse(entry.data) as TopologyRecord);
    }
    return records;
  }
}
