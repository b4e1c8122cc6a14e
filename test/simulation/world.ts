/**
 * Simulated time and the processes that live in it. Invariant: everything that happens is an event of one queue, ordered by time and then by number, and what it sets off in promises has come to
 * rest before the next; so one seed is one history.
 */
import type { Clock, Timer } from '../../src/model/clock.js';
import { xorshift } from '../random.js';

interface Event {
  readonly atMs: number;
  readonly number: number;
  readonly action: () => void;
  readonly isQuiet: boolean;
}

export class World {
  nowMs = 0;
  /** What happened, when somebody wants to read it. */
  readonly trace: string[] | undefined;
  /** Broken invariants. */
  readonly violations: string[] = [];
  events = 0;
  readonly #queue: Event[] = [];
  readonly #below: (below: number) => number;
  #number = 0;

  constructor(seed: number, isTraced: boolean) {
    // A small seed needs a while to become chance.
    this.#below = xorshift(Math.imul(seed + 1, 0x9e3779b1) | 1);
    for (let i = 0; i < 8; i++) this.#below(2);
    this.trace = isTraced ? [] : undefined;
  }

  /** From 0 up to 1. */
  readonly random = (): number => this.#below(0x40000000) / 0x40000000;

  /** From `from` up to `to`. */
  between(from: number, to: number): number {
    return from + this.random() * (to - from);
  }

  chance(probability: number): boolean {
    return this.random() < probability;
  }

  pick<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.random() * items.length)];
  }

  /** @param isQuiet the action settles no promise, so nothing has to come to rest after it */
  after(ms: number, action: () => void, isQuiet = false): void {
    this.#push({ atMs: this.nowMs + ms, number: this.#number++, action, isQuiet });
  }

  note(text: () => string): void {
    this.trace?.push(`${(this.nowMs / 1000).toFixed(3).padStart(8)} ${text()}`);
  }

  violated(text: string): void {
    this.violations.push(`${(this.nowMs / 1000).toFixed(3)} s: ${text}`);
    this.note(() => `VIOLATED ${text}`);
  }

  /** Lets time pass until `isDone` after some event, `untilMs`, or a violation. */
  async run(untilMs: number, isDone: () => boolean = () => false): Promise<void> {
    while (this.#queue.length > 0 && (this.#queue[0] as Event).atMs <= untilMs) {
      const { atMs, action, isQuiet } = this.#pop();
      this.nowMs = atMs;
      this.events++;
      action();
      // Node runs all that waits in promises before it comes to this.
      if (!isQuiet) await new Promise((resolve) => setImmediate(resolve));
      if (this.violations.length > 0 || isDone()) return;
    }
    this.nowMs = Math.max(this.nowMs, untilMs);
  }

  #push(event: Event): void {
    const queue = this.#queue;
    let index = queue.length;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(event, queue[parent] as Event)) break;
      queue[index] = queue[parent] as Event;
      index = parent;
    }
    queue[index] = event;
  }

  #pop(): Event {
    const queue = this.#queue;
    const first = queue[0] as Event;
    const last = queue.pop() as Event;
    if (queue.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= queue.length) break;
      if (child + 1 < queue.length && isBefore(queue[child + 1] as Event, queue[child] as Event)) child++;
      if (!isBefore(queue[child] as Event, last)) break;
      queue[index] = queue[child] as Event;
      index = child;
    }
    queue[index] = last;
    return first;
  }
}

function isBefore(one: Event, other: Event): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.number < other.number);
}

/** One life of a process: its clock runs, its messages arrive, until it is killed; while it is frozen everything waits, and comes at once when it goes on. */
export class Process implements Clock {
  readonly name: string;
  readonly world: World;
  isAlive = true;
  isFrozen = false;
  readonly #offsetMs: number;
  #held: (() => void)[] = [];

  constructor(name: string, world: World) {
    this.name = name;
    this.world = world;
    this.#offsetMs = world.between(0, 1e6);
  }

  now(): number {
    return this.world.nowMs + this.#offsetMs;
  }

  after(ms: number, action: () => void, isQuiet = false): Timer {
    let isCancelled = false;
    const due = (): void => {
      if (!isCancelled) action();
    };
    this.world.after(Math.max(0, ms), () => this.get(due), isQuiet);
    return {
      cancel: () => {
        isCancelled = true;
      },
    };
  }

  /** Something arrives at this moment. */
  get(action: () => void): void {
    if (!this.isAlive) return;
    if (this.isFrozen) this.#held.push(action);
    else action();
  }

  kill(): void {
    this.isAlive = false;
    this.#held = [];
    this.world.note(() => `${this.name} is dead`);
  }

  freeze(ms: number): void {
    if (!this.isAlive || this.isFrozen) return;
    this.isFrozen = true;
    this.world.note(() => `${this.name} freezes for ${Math.round(ms)} ms`);
    this.world.after(ms, () => this.thaw());
  }

  thaw(): void {
    if (!this.isFrozen) return;
    this.isFrozen = false;
    this.world.note(() => `${this.name} goes on`);
    const held = this.#held;
    this.#held = [];
    // What waited comes at once, and as the system likes: timers before what has arrived, or after.
    for (const action of held) this.world.after(0, () => this.get(action));
  }
}
