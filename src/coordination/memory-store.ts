/**
 * The store within one process: for local mode and for tests. Invariant: every operation is done when its method returns, in
 * the order of the calls, so that a seeded simulation replays exactly; its promise only brings the result.
 */
import { MemorySubscription } from './memory-subscription.js';
import {
  type CreateOptions,
  checkStoreData,
  checkStorePath,
  parentOf,
  type SessionEnd,
  type StoreClient,
  type StoreEntry,
  type StoreSession,
  type StoreSubject,
  type Subscription,
  storeConflict,
  storeSessionEnded,
} from './store.js';

interface Entry {
  data: string;
  version: number;
  /** The session that an ephemeral dies with. */
  readonly owner: MemoryStoreSession | undefined;
  readonly children: Set<string>;
}

/** The tree that the sessions made by it share. */
export class MemoryStore implements StoreClient {
  readonly #entries = new Map<string, Entry>();
  readonly #topLevel = new Set<string>();
  /** Next number for sequential entries, by parent. */
  readonly #nextNumber = new Map<string, number>();
  readonly #subscriptions = new Map<string, Set<MemorySubscription>>();

  session(): MemoryStoreSession {
    return new MemoryStoreSession(this);
  }

  async open(): Promise<MemoryStoreSession> {
    return this.session();
  }

  /** For sessions only, as all methods below. */
  find(path: string): Entry | undefined {
    checkStorePath(path);
    return this.#entries.get(path);
  }

  create(path: string, data: string, owner: MemoryStoreSession | undefined): void {
    if (this.find(path) !== undefined) throw storeConflict(path, 'create', 'it exists');
    checkStoreData(path, data);
    const missing: string[] = [];
    let above = parentOf(path);
    for (; above !== '/' && !this.#entries.has(above); above = parentOf(above)) missing.push(above);
    if (this.#entries.get(above)?.owner !== undefined) throw storeConflict(path, 'create', `${above} is ephemeral and has no children`);
    for (const ancestor of missing.reverse()) this.#add(ancestor, '', undefined);
    this.#add(path, data, owner);
  }

  createSequential(prefix: string, data: string, owner: MemoryStoreSession): string {
    const parent = parentOf(prefix);
    const number = this.#nextNumber.get(parent) ?? 0;
    this.#nextNumber.set(parent, number + 1);
    const path = `${prefix}${String(number).padStart(10, '0')}`;
    this.create(path, data, owner);
    return path;
  }

  update(path: string, data: string, version: number): number {
    const entry = this.#findVersion(path, 'write', version);
    checkStoreData(path, data);
    entry.data = data;
    entry.version++;
    this.#notify(path, 'entry');
    return entry.version;
  }

  delete(path: string, version: number): void {
    const entry = this.#findVersion(path, 'delete', version);
    if (entry.children.size > 0) throw storeConflict(path, 'delete', `it has ${entry.children.size} children`);
    this.#remove(path);
  }

  deleteEphemeralsOf(owner: MemoryStoreSession): void {
    for (const [path, entry] of this.#entries) if (entry.owner === owner) this.#remove(path);
  }

  subscribe(subscription: MemorySubscription): void {
    const subscribers = this.#subscriptions.get(subscription.key) ?? new Set();
    this.#subscriptions.set(subscription.key, subscribers.add(subscription));
    subscription.notify();
  }

  unsubscribe(subscription: MemorySubscription): void {
    const subscribers = this.#subscriptions.get(subscription.key);
    if (subscribers?.delete(subscription) && subscribers.size === 0) this.#subscriptions.delete(subscription.key);
  }

  #findVersion(path: string, wanted: string, version: number): Entry {
    const entry = this.find(path);
    if (entry === undefined) throw storeConflict(path, wanted, `version ${version} was expected and nothing is there`);
    if (entry.version !== version) throw storeConflict(path, wanted, `version ${version} was expected and ${entry.version} is there`);
    return entry;
  }

  #add(path: string, data: string, owner: MemoryStoreSession | undefined): void {
    this.#entries.set(path, { data, version: 0, owner, children: new Set() });
    this.#siblingsOf(path).add(nameOf(path));
    this.#notify(path, 'entry');
    this.#notify(parentOf(path), 'children');
  }

  #remove(path: string): void {
    this.#entries.delete(path);
    this.#siblingsOf(path).delete(nameOf(path));
    this.#notify(path, 'entry');
    this.#notify(parentOf(path), 'children');
  }

  #siblingsOf(path: string): Set<string> {
    return this.#entries.get(parentOf(path))?.children ?? this.#topLevel;
  }

  #notify(path: string, subject: StoreSubject): void {
    for (const subscription of this.#subscriptions.get(keyOf(path, subject)) ?? []) subscription.notify();
  }
}

/** One client of a `MemoryStore`. */
export class MemoryStoreSession implements StoreSession {
  readonly ended: Promise<SessionEnd>;
  readonly #store: MemoryStore;
  readonly #subscriptions = new Set<MemorySubscription>();
  readonly #listeners = new Set<(isConnected: boolean) => void>();
  #end: SessionEnd | undefined;
  #isSuspended = false;
  /** Operations called while suspended. */
  #waiting: (() => void)[] = [];
  #settleEnded: (end: SessionEnd) => void = () => {};

  constructor(store: MemoryStore) {
    this.#store = store;
    this.ended = new Promise((resolve) => {
      this.#settleEnded = resolve;
    });
  }

  get isConnected(): boolean {
    return this.#end === undefined && !this.#isSuspended;
  }

  onConnection(onChange: (isConnected: boolean) => void): Subscription {
    this.#checkOpen();
    const listener = (isConnected: boolean): void => onChange(isConnected);
    this.#listeners.add(listener);
    return { close: () => void this.#listeners.delete(listener) };
  }

  create(path: string, data: string, options?: CreateOptions): Promise<void> {
    return this.#operate(() => this.#store.create(path, data, options?.ephemeral === true ? this : undefined));
  }

  createSequential(prefix: string, data: string): Promise<string> {
    return this.#operate(() => this.#store.createSequential(prefix, data, this));
  }

  get(path: string): Promise<StoreEntry | undefined> {
    return this.#operate(() => {
      const entry = this.#store.find(path);
      return entry === undefined ? undefined : { data: entry.data, version: entry.version, owned: entry.owner === this };
    });
  }

  setIfVersion(path: string, data: string, version: number): Promise<number> {
    return this.#operate(() => this.#store.update(path, data, version));
  }

  deleteIfVersion(path: string, version: number): Promise<void> {
    return this.#operate(() => this.#store.delete(path, version));
  }

  children(path: string): Promise<readonly string[]> {
    return this.#operate(() => [...(this.#store.find(path)?.children ?? [])].sort());
  }

  subscribe(path: string, subject: StoreSubject, onChange: () => void): Subscription {
    checkStorePath(path);
    this.#checkOpen();
    const subscription = new MemorySubscription(keyOf(path, subject), onChange, () => {
      this.#subscriptions.delete(subscription);
      this.#store.unsubscribe(subscription);
    });
    if (this.#isSuspended) subscription.hold();
    this.#subscriptions.add(subscription);
    this.#store.subscribe(subscription);
    return subscription;
  }

  async close(): Promise<void> {
    this.#finish('closed');
  }

  /** Does to this session what a store does to a client it has not heard from for too long. */
  expire(): void {
    this.#finish('expired');
  }

  /** Takes the store out of this session's reach: operations wait, nothing is told. What it holds stays. */
  suspend(): void {
    if (!this.isConnected) return;
    this.#isSuspended = true;
    for (const subscription of this.#subscriptions) subscription.hold();
    for (const listener of this.#listeners) listener(false);
  }

  /** Ends what `suspend` began: what waited is done, in the order of the calls. */
  resume(): void {
    if (!this.#isSuspended || this.#end !== undefined) return;
    this.#isSuspended = false;
    for (const operation of this.#waiting.splice(0)) operation();
    for (const subscription of this.#subscriptions) subscription.release();
    for (const listener of this.#listeners) listener(true);
  }

  #finish(end: SessionEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    for (const operation of this.#waiting.splice(0)) operation();
    for (const subscription of this.#subscriptions) subscription.close();
    this.#store.deleteEphemeralsOf(this);
    this.#settleEnded(end);
  }

  /** Done at once, or once the store is within reach again. */
  async #operate<T>(operation: () => T): Promise<T> {
    this.#checkOpen();
    if (!this.#isSuspended) return operation();
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => {
        try {
          this.#checkOpen();
          resolve(operation());
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  #checkOpen(): void {
    if (this.#end !== undefined) throw storeSessionEnded(this.#end);
  }
}

function keyOf(path: string, subject: StoreSubject): string {
  return `${subject} ${path}`;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
