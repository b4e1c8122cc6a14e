/**
 * Who pauses for whom: tasks that are congested, and the senders that watch them. Invariant: a sender is free exactly when none of
 * the tasks it watches is congested, and hears of every change of that once.
 */
export interface Sender {
  /** The first of the tasks that it watches has become congested, or the last is no longer. */
  onChange(isOpen: boolean): void;
}

/** One sender's view: how many of the tasks it watches are congested. */
export class Gate {
  readonly #sender: Sender;
  #closed = 0;

  constructor(sender: Sender) {
    this.#sender = sender;
  }

  get isOpen(): boolean {
    return this.#closed === 0;
  }

  change(congested: boolean): void {
    this.#closed += congested ? 1 : -1;
    if (this.#closed === (congested ? 1 : 0)) this.#sender.onChange(!congested);
  }
}

export class CongestionBoard {
  readonly #watchers = new Map<number, Gate[]>();
  readonly #congested = new Set<number>();
  readonly #onChange: (task: number, congested: boolean) => void;

  /** @param onChange hears of every change, to tell other workers */
  constructor(onChange: (task: number, congested: boolean) => void = () => {}) {
    this.#onChange = onChange;
  }

  /** Makes a gate that is open while none of these tasks is congested. */
  watch(tasks: Iterable<number>, sender: Sender): Gate {
    const gate = new Gate(sender);
    for (const task of new Set(tasks)) {
      const watchers = this.#watchers.get(task) ?? [];
      watchers.push(gate);
      this.#watchers.set(task, watchers);
      if (this.#congested.has(task)) gate.change(true);
    }
    return gate;
  }

  /** A task has become congested, or free. Saying the same twice changes nothing. */
  set(task: number, congested: boolean): void {
    if (this.#congested.has(task) === congested) return;
    if (congested) this.#congested.add(task);
    else this.#congested.delete(task);
    // Other workers first: a sender that is set free may congest the task again at once, and that is the later news.
    this.#onChange(task, congested);
    // A sender that hears of it may watch again: its new gate knows already how things are, and is not told.
    for (const gate of [...(this.#watchers.get(task) ?? [])]) gate.change(congested);
  }

  isCongested(task: number): boolean {
    return this.#congested.has(task);
  }

  get size(): number {
    return this.#congested.size;
  }
}
