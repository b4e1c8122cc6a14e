/**
 * Where tuples and root records go: to a task of this worker at once, to another worker with its batch at the end of the turn. Invariant: between two
 * tasks everything arrives in the order in which it was sent.
 *
 * Hot path: one array access for a local task.
 */
import { AckLedger } from '../acking/ack-ledger.js';
import { failTuple } from '../acking/tuple-tree.js';
import { PolyboltError } from '../model/errors.js';
import { ackerTaskOf, spoutTaskOf, type Tuple } from '../model/tuple.js';
import { Batch, ROOT_ACK, ROOT_COMPLETED, ROOT_FAIL, ROOT_FAILED, ROOT_INIT, ROOT_RECORD_LENGTH } from '../transport/transport.js';
import type { BoltTask } from './bolt-task.js';
import type { Flushable, RunQueue } from './run-queue.js';
import type { SpoutTask } from './spout-task.js';
import type { Delivery, Roots } from './task-output.js';

export interface SwitchboardOptions {
  readonly queue: RunQueue;
  readonly send: (worker: string, batch: Batch) => void;
  /** The worker of each task that is not here. */
  readonly workerOf: (task: number) => string | undefined;
  readonly isInsideCycle: (from: string, to: string) => boolean;
  readonly onDropped: (error: PolyboltError) => void;
}

export class Switchboard implements Delivery, Roots, Flushable {
  isDirty = false;
  readonly #options: SwitchboardOptions;
  readonly #bolts: (BoltTask | undefined)[] = [];
  readonly #spouts: (SpoutTask | undefined)[] = [];
  readonly #ledgers: (AckLedger | undefined)[] = [];
  readonly #batches = new Map<string, Batch>();
  /** What passed between this worker and each peer, in tuples and root records. */
  readonly #links = new Map<string, { sent: number; received: number }>();
  #unroutable = 0;

  constructor(options: SwitchboardOptions) {
    this.#options = options;
  }

  addBolt(bolt: BoltTask): void {
    this.#bolts[bolt.task] = bolt;
  }

  addSpout(spout: SpoutTask): void {
    this.#spouts[spout.task] = spout;
  }

  addAcker(task: number): void {
    this.#ledgers[task] = new AckLedger({
      completed: (high, low) => this.#verdict(ROOT_COMPLETED, high, low),
      failed: (high, low) => this.#verdict(ROOT_FAILED, high, low),
    });
  }

  /** Once every message timeout. */
  rotateLedgers(): void {
    for (const ledger of this.#ledgers) ledger?.rotate();
  }

  // Hot path: once for every tuple.
  deliver(task: number, tuple: Tuple): void {
    const bolt = this.#bolts[task];
    if (bolt === undefined) return this.#deliverRemote(task, tuple);
    if (bolt.inbox.isFull && this.#options.isInsideCycle(tuple.source.component, bolt.component)) return this.#drop(bolt, tuple);
    bolt.receive(tuple);
  }

  // Hot path: once for every root.
  init(rootHigh: number, rootLow: number, xorHigh: number, xorLow: number): void {
    const ledger = this.#ledgers[ackerTaskOf(rootHigh)];
    if (ledger === undefined) return this.#record(ackerTaskOf(rootHigh), ROOT_INIT, rootHigh, rootLow, xorHigh, xorLow);
    ledger.init(rootHigh, rootLow, xorHigh, xorLow);
  }

  // Hot path: once for every ack and root.
  ack(rootHigh: number, rootLow: number, xorHigh: number, xorLow: number): void {
    const ledger = this.#ledgers[ackerTaskOf(rootHigh)];
    if (ledger === undefined) return this.#record(ackerTaskOf(rootHigh), ROOT_ACK, rootHigh, rootLow, xorHigh, xorLow);
    ledger.ack(rootHigh, rootLow, xorHigh, xorLow);
  }

  fail(rootHigh: number, rootLow: number): void {
    const ledger = this.#ledgers[ackerTaskOf(rootHigh)];
    if (ledger === undefined) return this.#record(ackerTaskOf(rootHigh), ROOT_FAIL, rootHigh, rootLow, 0, 0);
    ledger.fail(rootHigh, rootLow);
  }

  /** Tells another worker that a task of this one is congested, or no longer. */
  announce(worker: string, task: number, congested: boolean): void {
    this.#batchFor(worker).congestion.push(congested ? task : -task);
  }

  /** Tuples and root records by peer, to tell whether anything is on its way. */
  get links(): ReadonlyMap<string, { readonly sent: number; readonly received: number }> {
    return this.#links;
  }

  /** Tuples and root records for tasks that no worker ran at that time. */
  get unroutable(): number {
    return this.#unroutable;
  }

  /** Whether nothing waits to be sent. */
  get isIdle(): boolean {
    return this.#batches.size === 0;
  }

  /** A launch of a peer is gone: what passed between it and this worker says nothing of the next. */
  forget(worker: string): void {
    this.#links.delete(worker);
    this.#batches.delete(worker);
  }

  /** Takes what another worker has sent, but for congestion, which is the worker's. */
  receive(from: string, batch: Batch): void {
    const { tasks, tuples, roots } = batch;
    this.#linkWith(from).received += sizeOf(batch);
    for (let i = 0; i < tasks.length; i++) this.deliver(tasks[i] as number, tuples[i] as Tuple);
    for (let i = 0; i < roots.length; i += ROOT_RECORD_LENGTH) {
      const [high, low] = [roots[i + 1] as number, roots[i + 2] as number];
      const [xorHigh, xorLow] = [roots[i + 3] as number, roots[i + 4] as number];
      switch (roots[i]) {
        case ROOT_INIT:
          this.init(high, low, xorHigh, xorLow);
          break;
        case ROOT_ACK:
          this.ack(high, low, xorHigh, xorLow);
          break;
        case ROOT_FAIL:
          this.fail(high, low);
          break;
        default:
          this.#spouts[spoutTaskOf(high)]?.onVerdict(low, roots[i] === ROOT_COMPLETED);
      }
    }
  }

  flush(): void {
    for (const [worker, batch] of this.#batches) {
      this.#linkWith(worker).sent += sizeOf(batch);
      this.#options.send(worker, batch);
    }
    this.#batches.clear();
  }

  #verdict(kind: number, rootHigh: number, rootLow: number): void {
    const spout = this.#spouts[spoutTaskOf(rootHigh)];
    if (spout !== undefined) spout.onVerdict(rootLow, kind === ROOT_COMPLETED);
    else this.#record(spoutTaskOf(rootHigh), kind, rootHigh, rootLow, 0, 0);
  }

  #deliverRemote(task: number, tuple: Tuple): void {
    const worker = this.#options.workerOf(task);
    if (worker === undefined) {
      // Nobody runs the task now: the spout's timeout brings the tuple back.
      this.#unroutable++;
      return;
    }
    if (!tuple.values.hasText && !this.#hasJson(tuple)) return;
    // The text is cut from a chunk that will not live until the batch is sent.
    tuple.values.detach();
    const batch = this.#batchFor(worker);
    batch.tasks.push(task);
    batch.tuples.push(tuple);
  }

  /** Makes the text of an in-process component's values, which another worker needs. Values that have none fail here, while their sender is known. */
  #hasJson(tuple: Tuple): boolean {
    try {
      return tuple.values.text !== undefined;
    } catch (cause) {
      const { component, stream, task } = tuple.source;
      this.#options.onDropped(
        new PolyboltError('PB_LINK_TUPLE_UNSENDABLE', {
          message: `a tuple of ${component} (task ${task}, stream ${stream}) cannot be sent to another worker: its values have no JSON`,
          hint: 'emit values that JSON.stringify takes: no BigInt, no cycles',
          context: { from: component, fromTask: task, stream },
          cause,
        }),
      );
      failTuple(tuple, this);
      return false;
    }
  }

  #record(task: number, kind: number, rootHigh: number, rootLow: number, xorHigh: number, xorLow: number): void {
    const worker = this.#options.workerOf(task);
    if (worker === undefined) this.#unroutable++;
    else this.#batchFor(worker).roots.push(kind, rootHigh, rootLow, xorHigh, xorLow);
  }

  #linkWith(worker: string): { sent: number; received: number } {
    let link = this.#links.get(worker);
    if (link === undefined) {
      link = { sent: 0, received: 0 };
      this.#links.set(worker, link);
    }
    return link;
  }

  #batchFor(worker: string): Batch {
    let batch = this.#batches.get(worker);
    if (batch === undefined) {
      batch = new Batch();
      this.#batches.set(worker, batch);
      this.#options.queue.addDirty(this);
    }
    return batch;
  }

  /** Only members of a cycle come here: everybody else stops sending long before. */
  #drop(bolt: BoltTask, tuple: Tuple): void {
    const { component, task } = tuple.source;
    this.#options.onDropped(
      new PolyboltError('PB_TUPLE_DROPPED', {
        message: `the inbox of ${bolt.component} (task ${bolt.task}) is full, and the sender, inside the same cycle, cannot wait for it`,
        hint: 'break the cycle, raise the parallelism of the slow component, or set topology.max.spout.pending',
        context: { from: component, fromTask: task, queued: bolt.inbox.size },
      }),
    );
    failTuple(tuple, this);
  }
}

function sizeOf({ tasks, roots }: Batch): number {
  return tasks.length + roots.length / ROOT_RECORD_LENGTH;
}
