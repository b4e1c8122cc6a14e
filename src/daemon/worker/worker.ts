/**
 * One worker: the executors assigned to it, their components, its ackers and its clock. Invariant: everything it holds in memory can be lost at any
 * moment without losing data, because the spouts replay (design section 5).
 */

import type { BoltTask } from '../../executor/bolt-task.js';
import { Losses } from '../../executor/losses.js';
import { PeerCongestion } from '../../executor/peer-congestion.js';
import { RunQueue } from '../../executor/run-queue.js';
import type { SpoutTask } from '../../executor/spout-task.js';
import { Switchboard } from '../../executor/switchboard.js';
import { CongestionBoard } from '../../flow/congestion-board.js';
import { createTopologyGraph } from '../../flow/topology-graph.js';
import type { WorkerSnapshot } from '../../metrics/snapshot.js';
import { tasksOfWorker } from '../../model/assignment.js';
import { isEmitting, type TopologyRecord } from '../../model/cluster-records.js';
import { settingsOf } from '../../model/config.js';
import { ACKER_COMPONENT } from '../../model/task-table.js';
import type { Topology } from '../../model/topology.js';
import type { PeerAddress, Transport } from '../../transport/transport.js';
import { restartComponent } from '../local/component-restart.js';
import { WorkerMetrics } from './worker-metrics.js';
import type { WorkerOptions } from './worker-options.js';
import { buildTasks, STALL_TASK } from './worker-tasks.js';

/** How often liveness, ages and heartbeats are looked at. */
const PULSE_MS = 100;

export class Worker {
  readonly #options: WorkerOptions;
  readonly #queue: RunQueue;
  readonly #board: CongestionBoard;
  readonly #congestion: PeerCongestion;
  readonly #switchboard: Switchboard;
  /** Joined when there is somebody here to receive. */
  #transport: Transport | undefined;
  readonly #metrics: WorkerMetrics;
  readonly #losses = new Losses();
  readonly #localTasks: ReadonlySet<number>;
  readonly bolts: BoltTask[] = [];
  readonly spouts: SpoutTask[] = [];
  #peers: ReadonlyMap<string, PeerAddress> = new Map();
  #workerOfTask: ReadonlyMap<number, string> = new Map();
  #generation = Number.NEGATIVE_INFINITY;
  #timers: NodeJS.Timeout[] = [];
  #isActive = false;
  #isStarted = false;
  #stopped: Promise<void> | undefined;

  constructor(options: WorkerOptions) {
    const { record, worker, topology, ports, events } = options;
    this.#options = options;
    this.#queue = new RunQueue(ports.now);
    this.#metrics = new WorkerMetrics(ports.now());
    this.#localTasks = new Set(tasksOfWorker(worker));
    this.#board = new CongestionBoard((task, congested) => {
      if (!this.#localTasks.has(task)) return;
      for (const peer of this.#peers.keys()) this.#switchboard.announce(peer, task, congested);
    });
    this.#congestion = new PeerCongestion(this.#board);
    this.#switchboard = new Switchboard({
      queue: this.#queue,
      send: (peer, batch) => this.#transport?.send(peer, batch),
      workerOf: (task) => this.#workerOfTask.get(task),
      isInsideCycle: createTopologyGraph(topology).isInsideCycle,
      onDropped: (error) => events.onError(String(error.context['from']), error, 0, 0),
    });
    this.update(record);
  }

  get id(): string {
    return this.#options.worker.incarnation;
  }

  /** Loads modules and starts every component. Throws PB_MODULE_MISSING and PB_MODULE_INVALID. */
  async start(): Promise<void> {
    const { topology, worker, record } = this.#options;
    for (const task of tasksOfWorker(worker)) {
      if (record.table.components[task - 1] === ACKER_COMPONENT) this.#switchboard.addAcker(task);
    }
    const tasks = await buildTasks(this.#options, { queue: this.#queue, board: this.#board, switchboard: this.#switchboard });
    if (this.#stopped !== undefined) return;
    this.bolts.push(...tasks.bolts);
    this.spouts.push(...tasks.spouts);
    for (const bolt of this.bolts) this.#switchboard.addBolt(bolt);
    for (const spout of this.spouts) this.#switchboard.addSpout(spout);
    this.#transport = this.#join();
    this.#transport.setPeers(this.#peers);
    for (const task of [...this.bolts, ...this.spouts]) task.start();
    this.#isStarted = true;
    if (this.#isActive) for (const spout of this.spouts) spout.activate();
    this.#every(PULSE_MS, () => this.#pulse());
    const settings = settingsOf(topology.config);
    if (settings.messageTimeoutsEnabled) {
      this.#every(settings.messageTimeoutMs, () => {
        for (const spout of this.spouts) spout.rotate();
        this.#switchboard.rotateLedgers();
      });
    }
  }

  /**
   * Takes the record as it stands now: peers come and go, spouts start or stop to emit, and nothing is restarted. A record of an earlier generation than the one known is left
   * aside. Tuples for tasks that no worker runs are dropped and counted; their roots fail by timeout.
   */
  update(record: TopologyRecord): void {
    if (record.generation < this.#generation) return;
    this.#generation = record.generation;
    this.#setPeers(record);
    this.#setActive(isEmitting(record));
  }

  /** Has nobody in this worker emit, or lets them again: for a reader of its output that cannot follow. */
  stall(isStalled: boolean): void {
    this.#board.set(STALL_TASK, isStalled);
  }

  /** Whether its components have been started. */
  get isUp(): boolean {
    return this.#isStarted;
  }

  /** Whether nothing is pending, queued, held or about to be sent. A turn to come is no work: an idle spout has one every millisecond. */
  get isIdle(): boolean {
    const isDone = this.spouts.every((spout) => spout.isIdle) && this.bolts.every((bolt) => bolt.isIdle);
    return this.#isStarted && isDone && this.#switchboard.isIdle;
  }

  /** What it has counted. */
  snapshot(): WorkerSnapshot {
    const { isIdle, bolts, spouts } = this;
    const worker = { incarnation: this.id, isIdle, bolts, spouts, switchboard: this.#switchboard };
    return this.#metrics.snapshot(worker, this.#options.ports.now());
  }

  /**
   * Starts components anew, by what the topology says of them now; unlike their command, module, environment and own configuration, its shape is the same. Throws why
   * the first of them cannot be started: that one goes on as it was.
   */
  async restart(components: readonly string[], topology: Topology): Promise<void> {
    const options = { ...this.#options, topology };
    const tasks = [...this.bolts, ...this.spouts];
    const restart = (id: string): Promise<void> =>
      restartComponent(
        options,
        id,
        tasks.filter(({ component }) => component === id),
      );
    for (const id of components) await restart(id);
  }

  /** Ends every component, gently first. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  /** Ends every component at once. */
  kill(): void {
    for (const task of [...this.spouts, ...this.bolts]) task.host.kill();
  }

  async #stop(): Promise<void> {
    for (const bolt of this.bolts) bolt.stopTicks();
    await Promise.all([...this.spouts, ...this.bolts].map((task) => task.host.stop()));
    for (const timer of this.#timers) clearInterval(timer);
    this.#transport?.close();
  }

  #join(): Transport {
    return this.#options.ports.join(this.id, {
      receive: (from, batch) => {
        this.#congestion.announced(from, batch.congestion);
        this.#switchboard.receive(from, batch);
      },
      onCongestion: (peer, isCongested) => {
        this.#congestion.setBlocked(peer, isCongested);
        if (!isCongested) this.#introduce(peer);
      },
      onLost: (peer) => this.#onLost(peer),
    });
  }

  #setPeers({ workers, hosts }: TopologyRecord): void {
    const before = this.#peers;
    const others = workers.filter(({ incarnation }) => incarnation !== this.id);
    const tasksOfPeer = new Map(others.map((peer) => [peer.incarnation, tasksOfWorker(peer)]));
    this.#workerOfTask = new Map([...tasksOfPeer].flatMap(([peer, tasks]) => tasks.map((task): [number, string] => [task, peer])));
    this.#peers = new Map(others.map(({ incarnation, supervisor, port }) => [incarnation, { host: hosts[supervisor] ?? '', port }]));
    this.#congestion.setPeers(tasksOfPeer);
    this.#transport?.setPeers(this.#peers);
    for (const peer of before.keys()) if (!this.#peers.has(peer)) this.#onLost(peer);
    for (const peer of this.#peers.keys()) if (!before.has(peer)) this.#introduce(peer);
  }

  /** Lets spouts emit, or stops them; tuples on their way go on. */
  #setActive(isActive: boolean): void {
    if (this.#isActive === isActive) return;
    this.#isActive = isActive;
    if (!this.#isStarted) return;
    for (const spout of this.spouts) {
      if (isActive) spout.activate();
      else spout.deactivate();
    }
  }

  /** A peer that has just come, or come back, is told of every task here: what it knows may be of another life. */
  #introduce(peer: string): void {
    for (const bolt of this.bolts) this.#switchboard.announce(peer, bolt.task, this.#board.isCongested(bolt.task));
  }

  #onLost(peer: string): void {
    this.#losses.add(this.#options.ports.now());
    this.#switchboard.forget(peer);
    this.#congestion.lost(peer);
    if (this.#peers.has(peer)) this.#introduce(peer);
  }

  #pulse(): void {
    const nowMs = this.#options.ports.now();
    for (const bolt of this.bolts) bolt.pulse(nowMs);
    for (const spout of this.spouts) spout.pulse(nowMs);
    const lossAtMs = this.#losses.due(nowMs);
    if (lossAtMs !== undefined) for (const spout of this.spouts) spout.failUpTo(lossAtMs);
    this.#metrics.pulse([...this.spouts, ...this.bolts], nowMs);
  }

  #every(ms: number, action: () => void): void {
    this.#timers.push(setInterval(action, ms));
  }
}
