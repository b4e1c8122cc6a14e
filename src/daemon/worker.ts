/**
 * One worker: the executors assigned to it, their components, its ackers and its clock. Invariant: everything it holds in memory can be lost at any
 * moment without losing data, because the spouts replay (design section 5).
 */

import type { BoltTask } from '../executor/bolt-task.js';
import { RunQueue } from '../executor/run-queue.js';
import type { SpoutTask } from '../executor/spout-task.js';
import { Switchboard } from '../executor/switchboard.js';
import { CongestionBoard } from '../flow/congestion-board.js';
import { createTopologyGraph } from '../flow/topology-graph.js';
import { settingsOf } from '../model/config.js';
import { ACKER_COMPONENT } from '../model/task-table.js';
import type { Transport } from '../transport/transport.js';
import type { WorkerOptions } from './worker-options.js';
import { buildTasks } from './worker-tasks.js';

/** How often liveness, ages and heartbeats are looked at. */
const PULSE_MS = 100;

export class Worker {
  readonly #options: WorkerOptions;
  readonly #queue: RunQueue;
  readonly #board: CongestionBoard;
  readonly #switchboard: Switchboard;
  readonly #transport: Transport;
  readonly bolts: BoltTask[] = [];
  readonly spouts: SpoutTask[] = [];
  #timers: NodeJS.Timeout[] = [];
  #isActive = false;
  #isStarted = false;
  #stopped: Promise<void> | undefined;

  constructor(options: WorkerOptions) {
    const { id, topology, executors, peers, ports, events } = options;
    this.#options = options;
    this.#queue = new RunQueue(ports.now);
    const workerOfTask = new Map<number, string>();
    for (const [worker, ranges] of peers) {
      for (const { firstTask, lastTask } of ranges) for (let task = firstTask; task <= lastTask; task++) workerOfTask.set(task, worker);
    }
    this.#transport = ports.join(id, {
      receive: (_from, batch) => {
        for (const change of batch.congestion) this.#board.set(Math.abs(change), change > 0);
        this.#switchboard.receive(batch);
      },
      onCongestion: () => {},
      onLost: () => {},
    });
    this.#switchboard = new Switchboard({
      queue: this.#queue,
      transport: this.#transport,
      workerOf: (task) => workerOfTask.get(task),
      isInsideCycle: createTopologyGraph(topology).isInsideCycle,
      onDropped: (error) => events.onError(String(error.context['from']), error, 0),
    });
    const localTasks = new Set(executors.flatMap(({ firstTask, lastTask }) => range(firstTask, lastTask)));
    this.#board = new CongestionBoard((task, congested) => {
      if (!localTasks.has(task)) return;
      for (const peer of peers.keys()) this.#switchboard.announce(peer, task, congested);
    });
  }

  get id(): string {
    return this.#options.id;
  }

  /** Loads modules and starts every component. Throws PB_MODULE_MISSING and PB_MODULE_INVALID. */
  async start(): Promise<void> {
    const { topology, executors } = this.#options;
    for (const { component, firstTask, lastTask } of executors) {
      if (component === ACKER_COMPONENT) for (const task of range(firstTask, lastTask)) this.#switchboard.addAcker(task);
    }
    const tasks = await buildTasks(this.#options, { queue: this.#queue, board: this.#board, switchboard: this.#switchboard });
    if (this.#stopped !== undefined) return;
    this.bolts.push(...tasks.bolts);
    this.spouts.push(...tasks.spouts);
    for (const bolt of this.bolts) this.#switchboard.addBolt(bolt);
    for (const spout of this.spouts) this.#switchboard.addSpout(spout);
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

  /** Lets spouts emit, or stops them; tuples on their way go on. */
  setActive(isActive: boolean): void {
    if (this.#isActive === isActive) return;
    this.#isActive = isActive;
    if (!this.#isStarted) return;
    for (const spout of this.spouts) {
      if (isActive) spout.activate();
      else spout.deactivate();
    }
  }

  /** Whether nothing is pending, queued or held. A turn to come is no work: an idle spout has one every millisecond. */
  get isIdle(): boolean {
    return this.#isStarted && this.spouts.every((spout) => spout.isIdle) && this.bolts.every((bolt) => bolt.isIdle);
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
    this.#transport.close();
  }

  #pulse(): void {
    const nowMs = this.#options.ports.now();
    for (const bolt of this.bolts) bolt.pulse(nowMs);
    for (const spout of this.spouts) spout.pulse(nowMs);
  }

  #every(ms: number, action: () => void): void {
    this.#timers.push(setInterval(action, ms));
  }
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
