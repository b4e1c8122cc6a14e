/**
 * The supervisors as nimbus sees them: each record is read again only after it has changed. Invariant: after the last change of any of them there is a call, and
 * what `read` returns then is as new as that change.
 */
import type { StoreSession, Subscription } from '../../coordination/store.js';
import { SUPERVISORS_PATH, type SupervisorRecord, supervisorPath } from '../../model/cluster-records.js';
import type { Log } from '../../model/log.js';
import { parse } from '../nimbus/nimbus-records.js';

interface Seen {
  readonly subscription: Subscription;
  record: SupervisorRecord | undefined;
}

export class SupervisorView {
  readonly #store: StoreSession;
  readonly #log: Log;
  readonly #onChange: () => void;
  readonly #children: Subscription;
  readonly #seen = new Map<string, Seen>();
  readonly #changed = new Set<string>();
  #isListChanged = true;

  /** @param onChange something has changed: read again; must not throw */
  constructor(store: StoreSession, log: Log, onChange: () => void) {
    this.#store = store;
    this.#log = log;
    this.#onChange = onChange;
    this.#children = store.subscribe(SUPERVISORS_PATH, 'children', () => {
      this.#isListChanged = true;
      onChange();
    });
  }

  /** By id. One call at a time. */
  async read(): Promise<readonly SupervisorRecord[]> {
    if (this.#isListChanged) {
      this.#isListChanged = false;
      await this.#readList().catch((error: unknown) => {
        this.#isListChanged = true;
        throw error;
      });
    }
    const changed = [...this.#changed];
    this.#changed.clear();
    await Promise.all(changed.map((id) => this.#readOne(id)));
    return [...this.#seen.values()].map(({ record }) => record).filter((record) => record !== undefined);
  }

  close(): void {
    this.#children.close();
    for (const { subscription } of this.#seen.values()) subscription.close();
  }

  async #readList(): Promise<void> {
    const ids = new Set(await this.#store.children(SUPERVISORS_PATH));
    for (const [id, { subscription }] of this.#seen) {
      if (ids.has(id)) continue;
      subscription.close();
      this.#seen.delete(id);
      this.#changed.delete(id);
    }
    for (const id of ids) {
      if (this.#seen.has(id)) continue;
      const subscription = this.#store.subscribe(supervisorPath(id), 'entry', () => {
        this.#changed.add(id);
        this.#onChange();
      });
      this.#seen.set(id, { subscription, record: undefined });
      this.#changed.add(id);
    }
  }

  async #readOne(id: string): Promise<void> {
    try {
      const entry = await this.#store.get(supervisorPath(id));
      const seen = this.#seen.get(id);
      if (seen !== undefined)
        seen.record = entry === undefined ? undefined : parse<SupervisorRecord>(supervisorPath(id), entry.data, this.#log);
    } catch (error) {
      this.#changed.add(id);
      throw error;
    }
  }
}
