/**
 * The store within one process: for local mode and for tests. Invariant: every operation is done when its method returns, in
 * the order of the calls, so that a seeded simulation replays exactly; its promise only brings the result.
 */
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
  #end: SessionEnd | undefined;
  #settleEnded: (end: SessionEnd) => void = () => {};

  constructor(store: MemoryStore) {
    this.#store = store;
    this.ended = new Promise((resolve) => {
      this.#settleEnded = resolve;
    });
  }

  async create(path: string, data: string, options?: CreateOptions): Promise<void> {
    this.#checkOpen();
    this.#store.create(path, data, options?.ephemeral === true ? this : undefined);
  }

  get isConnected(): boolean {
    return this.#end === undefined;
  }

  /** Memory is always within reach. */
  onConnection(): Subscription {
    this.#checkOpen();
    return { close: () => {} };
  }

  async createSequential(prefix: string, data: string): Promise<string> {
    this.#checkOpen();
    return this.#store.createSequential(prefix, data, this);
  }

  async get(path: string): Promise<StoreEntry | undefined> {
    this.#checkOpen();
    const entry = this.#store.find(path);
    return entry === undefined ? undefined : { data: entry.data, version: entry.version, owned: entry.owner === this };
  }

  async setIfVersion(path: string, data: string, version: number): Promise<number> {
    this.#checkOpen();
    return this.#store.update(path, data, version);
  }

  async deleteIfVersion(path: string, version: number): Promise<void> {
    this.#checkOpen();
    this.#store.delete(path, version);
  }

  async children(path: string): Promise<readonly string[]> {
    this.#checkOpen();
    return [...(this.#store.find(path)?.children ?? [])].sort();
  }

  subscribe(path: string, subject: StoreSubject, onChange: () => void): Subscription {
    checkStorePath(path);
    this.#checkOpen();
    const subscription = new MemorySubscription(keyOf(path, subject), onChange, () => {
      this.#subscriptions.delete(subscription);
      this.#store.unsubscribe(subscription);
    });
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

  #finish(end: SessionEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    for (const subscription of this.#subscriptions) subscription.close();
    this.#store.deleteEphemeralsOf(this);
    this.#settleEnded(end);
  }

  #checkOpen(): void {
    if (this.#end !== undefined) throw storeSessionEnded(this.#end);
  }
}

class MemorySubscription implements Subscription {
  readonly key: string;
  readonly #onChange: () => void;
  readonly #onClose: () => void;
  #pending = false;
  #closed = false;

  constructor(key: string, onChange: () => void, onClose: () => void) {
    this.key = key;
    this.#onChange = onChange;
    this.#onClose = onClose;
  }

  /** Calls back once this turn's work is done, however often it was notified in it. */
  notify(): void {
    if (this.#pending) return;
    this.#pending = true;
    queueMicrotask(() => {
      this.#pending = false;
      if (!this.#closed) this.#onChange();
    });
  }

  close(): void {
    this.#closed = true;
    this.#onClose();
  }
}

function keyOf(path: string, subject: StoreSubject): string {
  return `${subject} ${path}`;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
