/**
 * The topologies as the store has them, read again where they have changed. Invariant: what cannot be read stays as it was; a topology is forgotten only when the
 * store says that it is gone.
 */
import type { StoreSession, Subscription } from '../../coordination/store.js';
import { TOPOLOGIES_PATH, type TopologyRecord, topologyPath } from '../../model/cluster-records.js';
import type { Log } from '../../model/log.js';

interface Known {
  readonly data: string;
  readonly record: TopologyRecord;
}

export class Assignments {
  readonly #log: Log;
  readonly #known = new Map<string, Known>();
  readonly #watches = new Map<string, Subscription>();
  #session: StoreSession | undefined;
  #names: Subscription | undefined;
  /** Names to read again. */
  readonly #stale = new Set<string>();
  #namesAreStale = true;
  #onStale: () => void = () => {};

  constructor(log: Log) {
    this.#log = log;
  }

  /** By name. A record that has not changed is the same object. */
  get records(): readonly TopologyRecord[] {
    return [...this.#known].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, { record }]) => record);
  }

  /** From now on through this session, everything anew. @param onStale something is to be read: call `read` */
  attach(session: StoreSession, onStale: () => void): void {
    this.detach();
    this.#session = session;
    this.#onStale = onStale;
    this.#namesAreStale = true;
    for (const name of this.#known.keys()) this.#stale.add(name);
    this.#names = session.subscribe(TOPOLOGIES_PATH, 'children', () => {
      this.#namesAreStale = true;
      onStale();
    });
  }

  detach(): void {
    this.#names?.close();
    for (const watch of this.#watches.values()) watch.close();
    this.#watches.clear();
    this.#session = undefined;
  }

  /** Reads what may have changed. Rejects when the store does not answer; what was read until then counts, the rest stays stale. */
  async read(): Promise<void> {
    const session = this.#session;
    if (session === undefined) return;
    if (this.#namesAreStale) {
      this.#namesAreStale = false;
      try {
        this.#setNames(session, await session.children(TOPOLOGIES_PATH));
      } catch (error) {
        this.#namesAreStale = true;
        throw error;
      }
    }
    const reads = await Promise.allSettled([...this.#stale].map((name) => this.#readOne(session, name)));
    for (const read of reads) if (read.status === 'rejected') throw read.reason;
  }

  #setNames(session: StoreSession, names: readonly string[]): void {
    if (session !== this.#session) return;
    const there = new Set(names);
    for (const [name, watch] of this.#watches) {
      if (there.has(name)) continue;
      watch.close();
      this.#watches.delete(name);
    }
    for (const name of this.#known.keys()) if (!there.has(name)) this.#known.delete(name);
    for (const name of this.#stale) if (!there.has(name)) this.#stale.delete(name);
    for (const name of names) {
      if (this.#watches.has(name)) continue;
      this.#stale.add(name);
      const watch = session.subscribe(topologyPath(name), 'entry', () => {
        this.#stale.add(name);
        this.#onStale();
      });
      this.#watches.set(name, watch);
    }
  }

  async #readOne(session: StoreSession, name: string): Promise<void> {
    // Before the answer, so that a change in between makes it stale again.
    this.#stale.delete(name);
    try {
      const entry = await session.get(topologyPath(name));
      if (session !== this.#session) return;
      if (entry === undefined) this.#known.delete(name);
      else if (this.#known.get(name)?.data !== entry.data) this.#keep(name, entry.data);
    } catch (error) {
      this.#stale.add(name);
      throw error;
    }
  }

  #keep(name: string, data: string): void {
    const record = parse(data);
    if (record === undefined) this.#log.error('assignment.unreadable', { topology: name, start: data.slice(0, 200) });
    else this.#known.set(name, { data, record });
  }
}

/** Undefined when it is no record, whoever may have written it. */
function parse(data: string): TopologyRecord | undefined {
  try {
    const record = JSON.parse(data) as Partial<TopologyRecord> | null;
    return record !== null && typeof record.id === 'string' && Array.isArray(record.workers) ? (record as TopologyRecord) : undefined;
  } catch {
    return undefined;
  }
}
