/**
 * Free slots of a cluster, and the order in which a topology takes them. Invariant: a slot is given away once; a topology's
 * workers go to as many supervisors as there are before any gets a second one (Storm's EvenScheduler.sortSlots).
 */

/** A supervisor that takes part, with the ports of all of its slots. */
export interface SupervisorSlots {
  readonly id: string;
  readonly ports: readonly number[];
}

export interface Slot {
  readonly supervisor: string;
  readonly port: number;
}

export class FreeSlots {
  /** Free ports of each supervisor, rising. */
  readonly #free: ReadonlyMap<string, number[]>;
  /** All ports of each supervisor. */
  readonly #ports: ReadonlyMap<string, ReadonlySet<number>>;

  /** @param taken slots that stay in use; those of supervisors that are not listed do no harm. */
  constructor(supervisors: readonly SupervisorSlots[], taken: readonly Slot[]) {
    this.#ports = new Map(supervisors.map(({ id, ports }) => [id, new Set(ports)]));
    const inUse = new Set(taken.map(slotKey));
    this.#free = new Map(
      [...this.#ports].map(([supervisor, ports]) => [
        supervisor,
        [...ports].filter((port) => !inUse.has(slotKey({ supervisor, port }))).sort((one, other) => one - other),
      ]),
    );
  }

  get count(): number {
    let count = 0;
    for (const ports of this.#free.values()) count += ports.length;
    return count;
  }

  /** Puts a slot back that was taken; one that its supervisor no longer has is gone. */
  release({ supervisor, port }: Slot): void {
    const free = this.#free.get(supervisor);
    if (free === undefined || this.#ports.get(supervisor)?.has(port) !== true) return;
    free.push(port);
    free.sort((one, other) => one - other);
  }

  /**
   * Takes up to so many slots: from supervisors that have the fewest of the topology's workers, among those from the ones with
   * the most free slots, then by id.
   * @param kept slots where the topology has workers already.
   * @param avoid supervisors whose slots are taken when there are no others.
   */
  take(count: number, kept: readonly Slot[], avoid?: ReadonlySet<string>): readonly Slot[] {
    const workers = new Map<string, number>();
    for (const { supervisor } of kept) workers.set(supervisor, (workers.get(supervisor) ?? 0) + 1);
    const offers = [...this.#free].flatMap(([supervisor, ports]) =>
      ports.map((port, index) => ({
        supervisor,
        port,
        last: avoid?.has(supervisor) === true ? 1 : 0,
        workers: (workers.get(supervisor) ?? 0) + index,
        free: ports.length,
      })),
    );
    offers.sort(
      (one, other) =>
        one.last - other.last ||
        one.workers - other.workers ||
        other.free - one.free ||
        (one.supervisor < other.supervisor ? -1 : one.supervisor > other.supervisor ? 1 : 0),
    );
    const chosen = offers.slice(0, count).map(({ supervisor, port }) => ({ supervisor, port }));
    // A supervisor offers its ports in rising order, so those chosen are its first.
    for (const { supervisor } of chosen) this.#free.get(supervisor)?.shift();
    return chosen;
  }
}

function slotKey({ supervisor, port }: Slot): string {
  return `${port} ${supervisor}`;
}
