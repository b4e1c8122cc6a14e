/**
 * One task of a bolt: its inbox, its turn, its ticks. Invariant: it takes from the inbox only while its component is ready and nobody it feeds is
 * congested, so that a slow bolt stops its senders instead of filling memory (design D9).
 */
import type { BoltHost } from '../component/ports.js';
import type { CongestionBoard, Gate } from '../flow/congestion-board.js';
import { Inbox } from '../flow/inbox.js';
import type { TaskCounters } from '../metrics/task-counters.js';
import { INBOX_TUPLES_FIRST, TURN_TUPLES_MAX } from '../model/limits.js';
import { SYSTEM_TASK, TICK_COMPONENT, TICK_STREAM, Tuple, type TupleSource } from '../model/tuple.js';
import { Values } from '../model/values.js';
import { tupleHead } from '../protocol/host-encoder.js';
import type { Flushable, Runnable, RunQueue } from './run-queue.js';

const TICK_SOURCE: TupleSource = {
  component: TICK_COMPONENT,
  stream: TICK_STREAM,
  task: SYSTEM_TASK,
  fields: ['rate_secs'],
  head: tupleHead(TICK_COMPONENT, TICK_STREAM, SYSTEM_TASK),
};

export interface BoltTaskOptions {
  readonly task: number;
  readonly component: string;
  readonly counters: TaskCounters;
  readonly queue: RunQueue;
  readonly board: CongestionBoard;
  /** Tasks whose congestion stops this one. */
  readonly waitsFor: Iterable<number>;
  readonly inboxTuplesMax: number;
  /** `Infinity` where message timeouts are off. */
  readonly ageMaxMs: number;
  readonly tickFrequencyMs: number | null;
  /** Its component runs in this process: the time of a turn is its own. */
  readonly isModule: boolean;
  /** Fails a tuple that cannot be executed. */
  readonly fail: (tuple: Tuple) => void;
  readonly onError: (error: unknown) => void;
}

export class BoltTask implements Runnable, Flushable {
  isQueued = false;
  isDirty = false;
  readonly task: number;
  readonly component: string;
  readonly counters: TaskCounters;
  readonly #options: BoltTaskOptions;
  readonly #queue: RunQueue;
  readonly #inbox: Inbox;
  readonly #gate: Gate;
  #host: BoltHost | undefined;
  #tickTimer: NodeJS.Timeout | undefined;
  #tickWaits = false;
  #pulsedAtMs = Number.POSITIVE_INFINITY;

  constructor(options: BoltTaskOptions) {
    this.#options = options;
    this.task = options.task;
    this.component = options.component;
    this.counters = options.counters;
    this.#queue = options.queue;
    this.#inbox = new Inbox({
      tuplesFirst: INBOX_TUPLES_FIRST,
      ageMaxMs: options.ageMaxMs,
      tuplesMax: options.inboxTuplesMax,
      onCongestion: (congested) => options.board.set(options.task, congested),
    });
    this.#gate = options.board.watch(options.waitsFor, {
      onChange: (isOpen) => {
        this.#host?.pause(!isOpen);
        if (isOpen) this.wake();
      },
    });
  }

  /** Gives the task its component; once, before anything is received. */
  attach(host: BoltHost): void {
    this.#host = host;
  }

  get host(): BoltHost {
    return this.#host as BoltHost;
  }

  get inbox(): Inbox {
    return this.#inbox;
  }

  /** Whether its component is up and there is nothing left to do. */
  get isIdle(): boolean {
    return this.host.isRunning && this.#inbox.size === 0 && this.host.heldCount === 0;
  }

  start(): void {
    this.host.start();
    const { tickFrequencyMs } = this.#options;
    if (tickFrequencyMs !== null) this.#tickTimer = setInterval(() => this.#tick(), tickFrequencyMs);
  }

  wake(): void {
    this.#queue.add(this);
  }

  // Hot path: once for every tuple.
  receive(tuple: Tuple): void {
    this.#inbox.push(tuple, this.#queue.nowMs);
    if (!this.isQueued) this.#queue.add(this);
  }

  // Hot path: once for every batch.
  turn(nowMs: number): void {
    const host = this.#host as BoltHost;
    if (this.#gate.isOpen) {
      let taken = 0;
      const ackedBefore = this.counters.acked;
      if (this.#options.isModule) nowMs = this.#queue.touch();
      while (taken < TURN_TUPLES_MAX && host.isReady) {
        const tuple = this.#inbox.take();
        if (tuple === undefined) break;
        taken++;
        this.#execute(host, tuple, nowMs);
      }
      this.counters.executed += taken;
      if (taken > 0 && this.#options.isModule) this.#count(this.#queue.touch() - nowMs, taken, this.counters.acked - ackedBefore);
      if (taken > 0) this.#queue.addDirty(this);
      if (taken === TURN_TUPLES_MAX && this.#inbox.size > 0) this.wake();
    }
    this.#inbox.settle();
  }

  flush(nowMs: number): void {
    this.host.flush(nowMs);
  }

  pulse(nowMs: number): void {
    this.#inbox.pulse(nowMs);
    this.host.pulse(nowMs);
    // Some ten samples a second tell how much of its time a child is busy, at no cost where tuples pass.
    if (!this.#options.isModule && this.host.heldCount > 0) this.counters.executeMs += Math.max(0, nowMs - this.#pulsedAtMs);
    this.#pulsedAtMs = nowMs;
  }

  stopTicks(): void {
    clearInterval(this.#tickTimer);
  }

  /** The time of a turn, and what was acked in it: the latter took its share of that time from its execution to its ack. */
  #count(elapsedMs: number, taken: number, acked: number): void {
    this.counters.executeMs += elapsedMs;
    if (acked > 0) this.counters.processMs += elapsedMs * Math.min(1, acked / taken);
  }

  #execute(host: BoltHost, tuple: Tuple, nowMs: number): void {
    // From now on the time of its execution.
    tuple.arrivedAtMs = nowMs;
    if (tuple.source === TICK_SOURCE) this.#tickWaits = false;
    try {
      host.execute(tuple, nowMs);
    } catch (error) {
      // Values that an in-process component emitted and that have no JSON show here, where their text is first needed.
      this.#options.onError(error);
      this.#options.fail(tuple);
    }
  }

  #tick(): void {
    // A tick that still waits stands for this one too.
    if (this.#tickWaits || !this.host.isRunning) return;
    this.#tickWaits = true;
    const seconds = (this.#options.tickFrequencyMs as number) / 1000;
    this.receive(new Tuple(TICK_SOURCE, Values.fromArray([seconds])));
  }
}
