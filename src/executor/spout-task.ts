/**
 * One task of a spout: its pending roots, their verdicts, and when it is asked for more. Invariant: every root leaves pending exactly once, and each verdict
 * reaches the incarnation that emitted the root, or none (design D8). `next` is sent only while the spout is active, has room under
 * `topology.max.spout.pending`, and nothing downstream is congested.
 */
import { type PendingRoot, SpoutPending } from '../acking/spout-pending.js';
import type { SpoutHost } from '../component/ports.js';
import type { CongestionBoard, Gate } from '../flow/congestion-board.js';
import { FailedIds } from '../metrics/failed-ids.js';
import type { TaskCounters } from '../metrics/task-counters.js';
import type { Flushable, Runnable, RunQueue } from './run-queue.js';
import type { SpoutSide } from './task-output.js';

/**
 * Commands in one turn; an in-process spout answers each at once. Few, so that what is on its way stays in the processor's cache: with 256
 * an in-process chain ran at 0.6 times the throughput and 20 times the latency.
 */
const TURN_COMMANDS_MAX = 32;
/** Wait after a `next` that emitted nothing, as Storm's SleepSpoutWaitStrategy. */
const EMPTY_WAIT_MS = 1;

export interface SpoutTaskOptions {
  readonly task: number;
  readonly component: string;
  readonly counters: TaskCounters;
  readonly queue: RunQueue;
  readonly board: CongestionBoard;
  readonly waitsFor: Iterable<number>;
  readonly pendingMax: number;
  /** 0 when acking is off. */
  readonly ackerTask: number;
  /** Start of the root ids, random. */
  readonly firstRoot: number;
  /** Hears of the first ack of all, for `firstAckMs`. */
  readonly onAcked: () => void;
}

interface Verdict {
  readonly kind: 'ack' | 'fail';
  readonly messageId: unknown;
}

export class SpoutTask implements Runnable, Flushable, SpoutSide {
  isQueued = false;
  isDirty = false;
  readonly task: number;
  readonly component: string;
  readonly counters: TaskCounters;
  readonly pending: SpoutPending;
  readonly ackerTask: number;
  /** Message ids that failed and have not been acked since. */
  readonly failedIds = new FailedIds();
  readonly #options: SpoutTaskOptions;
  readonly #queue: RunQueue;
  readonly #gate: Gate;
  #host: SpoutHost | undefined;
  #verdicts: Verdict[] = [];
  #verdictHead = 0;
  #isActive = false;
  #isSleeping = false;
  /** Whether this incarnation was asked for tuples since it may emit. */
  #wasAsked = false;
  /** Somebody who waits for the spout to have nothing on its way. */
  #hold: { readonly untilMs: number; readonly settled: () => void } | undefined;

  constructor(options: SpoutTaskOptions) {
    this.#options = options;
    this.task = options.task;
    this.component = options.component;
    this.counters = options.counters;
    this.ackerTask = options.ackerTask;
    this.pending = new SpoutPending(options.firstRoot);
    this.#queue = options.queue;
    this.#gate = options.board.watch(options.waitsFor, {
      onChange: (isOpen) => {
        this.#host?.pause(!isOpen);
        if (isOpen) this.wake();
      },
    });
  }

  attach(host: SpoutHost): void {
    this.#host = host;
  }

  get host(): SpoutHost {
    return this.#host as SpoutHost;
  }

  /** Whether its component is up and there is nothing left to do. One that may emit and has not been asked yet may have everything left to do. */
  get isIdle(): boolean {
    const hasLeft = this.pending.size === 0 && this.#verdictHead === this.#verdicts.length;
    return this.host.isRunning && !this.host.owesAnswer && hasLeft && (this.#wasAsked || !this.#isActive);
  }

  start(): void {
    this.host.start();
  }

  activate(): void {
    this.#isActive = true;
    this.#wasAsked = false;
    this.host.activate();
    this.wake();
  }

  /** Stops asking for more; verdicts still arrive. */
  deactivate(): void {
    this.#isActive = false;
    this.host.deactivate();
  }

  /**
   * Asks for nothing more until `release`. Resolves when no root of its is pending and the spout has heard every verdict, or after `patienceMs`: a replacement by then
   * abandons nothing.
   */
  hold(patienceMs: number): Promise<void> {
    return new Promise((settled) => {
      this.#hold = { untilMs: this.#queue.touch() + patienceMs, settled };
    });
  }

  release(): void {
    this.#hold = undefined;
    this.wake();
  }

  wake(): void {
    this.#queue.add(this);
  }

  turn(nowMs: number): void {
    const host = this.#host as SpoutHost;
    for (let commands = 0; commands < TURN_COMMANDS_MAX; commands++) {
      if (!host.isIdle) return;
      const verdict = this.#takeVerdict();
      if (verdict !== undefined) {
        host.verdict(verdict.kind, verdict.messageId);
        continue;
      }
      if (!this.#mayEmit() || this.#isSleeping) return;
      if (host.wasEmpty) return this.#sleep();
      this.#wasAsked = true;
      host.next(nowMs);
    }
    this.wake();
  }

  flush(nowMs: number): void {
    this.host.flush(nowMs);
  }

  pulse(nowMs: number): void {
    this.host.pulse(nowMs);
    const hasLeft = this.pending.size === 0 && this.#verdictHead === this.#verdicts.length && this.host.isIdle;
    if (this.#hold !== undefined && (hasLeft || !this.host.isRunning || nowMs >= this.#hold.untilMs)) this.#hold.settled();
  }

  /** The acker's word on a root; of a root that is no longer pending it says nothing new. */
  onVerdict(rootLow: number, isAcked: boolean): void {
    const root = this.pending.remove(rootLow);
    if (root === undefined) return;
    if (isAcked) this.#acked(root);
    else this.#failed(root.messageId);
  }

  onInstantAck(messageId: unknown): void {
    this.counters.acked++;
    this.failedIds.acked(messageId);
    this.#options.onAcked();
    this.#say({ kind: 'ack', messageId });
  }

  /** A reliable emit was refused: it never became a root, and its spout hears that it failed. */
  onRefused(messageId: unknown): void {
    this.failedIds.failed(messageId);
    this.#say({ kind: 'fail', messageId });
  }

  /** The incarnation that could have replayed them is gone. */
  onLost(): void {
    this.#wasAsked = false;
    this.#verdicts = [];
    this.#verdictHead = 0;
    this.pending.clear((root) => {
      this.counters.abandoned++;
      this.failedIds.failed(root.messageId);
    });
  }

  /** A worker of the topology was lost at a time: what was emitted up to then fails now and not at the message timeout. */
  failUpTo(lossAtMs: number): void {
    this.pending.takeUpTo(lossAtMs, (root) => this.#failed(root.messageId));
  }

  /** Once every message timeout. */
  rotate(): void {
    this.pending.rotate((root) => {
      this.counters.timedOut++;
      this.#failed(root.messageId);
    });
  }

  #acked(root: PendingRoot): void {
    this.counters.acked++;
    this.counters.completeLatency.add(this.#queue.nowMs - root.emittedAtMs);
    this.failedIds.acked(root.messageId);
    this.#options.onAcked();
    this.#say({ kind: 'ack', messageId: root.messageId });
  }

  #failed(messageId: unknown): void {
    this.counters.failed++;
    this.failedIds.failed(messageId);
    this.#say({ kind: 'fail', messageId });
  }

  #mayEmit(): boolean {
    return this.#isActive && this.#hold === undefined && this.#gate.isOpen && this.pending.size < this.#options.pendingMax;
  }

  #say(verdict: Verdict): void {
    this.#verdicts.push(verdict);
    this.wake();
  }

  #takeVerdict(): Verdict | undefined {
    if (this.#verdictHead === this.#verdicts.length) return undefined;
    const verdict = this.#verdicts[this.#verdictHead++];
    if (this.#verdictHead === this.#verdicts.length) {
      this.#verdicts = [];
      this.#verdictHead = 0;
    }
    return verdict;
  }

  #sleep(): void {
    this.#isSleeping = true;
    setTimeout(() => {
      this.#isSleeping = false;
      this.host.wasEmpty = false;
      this.wake();
    }, EMPTY_WAIT_MS);
  }
}
