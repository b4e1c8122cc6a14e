/** Component hosts that do what a test tells them, and the surroundings of a task. */
import type { BoltHost, Replacement, SpoutHost } from '../../src/component/ports.js';
import { RunQueue } from '../../src/executor/run-queue.js';
import { CongestionBoard } from '../../src/flow/congestion-board.js';
import { Tuple, type TupleSource } from '../../src/model/tuple.js';
import { Values } from '../../src/model/values.js';

const SOURCE: TupleSource = { component: 'source', stream: 'default', task: 1, fields: ['n'], head: '' };

export function tupleOf(...values: unknown[]): Tuple {
  return new Tuple(SOURCE, Values.fromText(JSON.stringify(values)));
}

export class FakeBolt implements BoltHost {
  isRunning = true;
  isReady = true;
  heldCount = 0;
  readonly executed: unknown[] = [];
  readonly paused: boolean[] = [];
  flushes = 0;
  onExecute: (tuple: Tuple) => void = () => {};

  execute(tuple: Tuple): void {
    this.executed.push(tuple.values.array[0]);
    this.onExecute(tuple);
  }
  flush(): void {
    this.flushes++;
  }
  pause(paused: boolean): void {
    this.paused.push(paused);
  }
  start(): void {}
  pulse(): void {}
  async replace(): Promise<Replacement> {
    return { takeOver: () => {}, discard: async () => {} };
  }
  async stop(): Promise<void> {}
  kill(): void {}
}

export class FakeSpout implements SpoutHost {
  isRunning = true;
  isIdle = true;
  wasEmpty = false;
  owesAnswer = false;
  /** What it was told, in order. */
  readonly told: string[] = [];
  readonly paused: boolean[] = [];
  onNext: () => void = () => {};

  next(): void {
    this.told.push('next');
    this.onNext();
  }
  verdict(verdict: 'ack' | 'fail', messageId: unknown): void {
    this.told.push(`${verdict} ${String(messageId)}`);
  }
  activate(): void {
    this.told.push('activate');
  }
  deactivate(): void {
    this.told.push('deactivate');
  }
  pause(paused: boolean): void {
    this.paused.push(paused);
  }
  flush(): void {}
  start(): void {}
  pulse(): void {}
  async replace(): Promise<Replacement> {
    return { takeOver: () => {}, discard: async () => {} };
  }
  async stop(): Promise<void> {}
  kill(): void {}
}

/** A queue whose clock stands still, and a board. */
export function surroundings(): { readonly queue: RunQueue; readonly board: CongestionBoard; readonly clock: { nowMs: number } } {
  const clock = { nowMs: 1000 };
  return { queue: new RunQueue(() => clock.nowMs), board: new CongestionBoard(), clock };
}

/** Resolves when the queue has had all the rounds that are due now. */
export async function settled(queue: RunQueue): Promise<void> {
  do await new Promise((resolve) => setImmediate(resolve));
  while (!queue.isIdle);
}
