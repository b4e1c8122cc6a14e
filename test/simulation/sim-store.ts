/**
 * A ZooKeeper in simulated time: requests and answers travel, links break, sessions expire by the server's clock. Invariant: what a session asks takes effect in the order of its calls, at
 * one moment each, at the one tree of `MemoryStore`; an answer that is lost leaves what it answered done.
 */
import { MemoryStore, type MemoryStoreSession } from '../../src/coordination/memory-store.js';
import {
  type CreateOptions,
  type SessionEnd,
  type StoreClient,
  type StoreEntry,
  type StoreSession,
  type StoreSubject,
  type Subscription,
  storeSessionEnded,
} from '../../src/coordination/store.js';
import type { Timer } from '../../src/model/clock.js';
import { PolyboltError } from '../../src/model/errors.js';
import type { Process, World } from './world.js';

export const SESSION_MS = 4000;
const TICK_MS = 500;
const LOSS_MS = (SESSION_MS * 2) / 3;

/** A write at the moment it takes effect. */
export interface Write {
  readonly kind: 'create' | 'set' | 'delete';
  readonly path: string;
  readonly session: ServerSession;
  /** Undefined where nothing was. */
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** The version the writer names, and the one that is there. */
  readonly named: number | undefined;
  readonly found: number | undefined;
}

/** What the server knows of a session. */
export class ServerSession {
  readonly memory: MemoryStoreSession;
  readonly process: Process;
  heardAtMs: number;
  isOver = false;
  /** Somebody has taken its candidate away by hand. */
  isDeposed = false;
  /** The one connection that it has. */
  connection = 0;

  constructor(memory: MemoryStoreSession, process: Process, nowMs: number) {
    this.memory = memory;
    this.process = process;
    this.heardAtMs = nowMs;
  }
}

export class SimStore {
  readonly world: World;
  readonly tree = new MemoryStore();
  readonly #sessions = new Set<ServerSession>();
  readonly #onWrite: (write: Write) => void;
  readonly #ignoresVersions: boolean;

  constructor(world: World, onWrite: (write: Write) => void, ignoresVersions: boolean) {
    this.world = world;
    this.#onWrite = onWrite;
    this.#ignoresVersions = ignoresVersions;
    this.#tick();
  }

  open(process: Process): ServerSession {
    const session = new ServerSession(this.tree.session(), process, this.world.nowMs);
    this.#sessions.add(session);
    return session;
  }

  expire(session: ServerSession): void {
    if (session.isOver) return;
    session.isOver = true;
    this.#sessions.delete(session);
    this.world.note(() => `the store gives up a session of ${session.process.name}`);
    session.memory.expire();
  }

  close(session: ServerSession): void {
    session.isOver = true;
    this.#sessions.delete(session);
    void session.memory.close();
  }

  get(path: string): StoreEntry | undefined {
    const entry = this.tree.find(path);
    return entry === undefined ? undefined : { data: entry.data, version: entry.version, owned: false };
  }

  children(path: string): readonly string[] {
    return [...(this.tree.find(path)?.children ?? [])].sort();
  }

  ownerOf(path: string): ServerSession | undefined {
    const owner = this.tree.find(path)?.owner;
    return [...this.#sessions].find(({ memory }) => memory === owner);
  }

  create(session: ServerSession, path: string, data: string, isEphemeral: boolean): void {
    this.tree.create(path, data, isEphemeral ? session.memory : undefined);
    this.#onWrite({ kind: 'create', path, session, before: undefined, after: data, named: undefined, found: undefined });
  }

  set(session: ServerSession, path: string, data: string, named: number): number {
    const entry = this.tree.find(path);
    const [before, found] = [entry?.data, entry?.version];
    const version = this.tree.update(path, data, this.#ignoresVersions ? (found ?? named) : named);
    this.#onWrite({ kind: 'set', path, session, before, after: data, named, found });
    return version;
  }

  delete(session: ServerSession, path: string, named: number): void {
    const entry = this.tree.find(path);
    const [before, found] = [entry?.data, entry?.version];
    this.tree.delete(path, this.#ignoresVersions ? (found ?? named) : named);
    this.#onWrite({ kind: 'delete', path, session, before, after: undefined, named, found });
  }

  #tick(): void {
    for (const session of this.#sessions) if (this.world.nowMs - session.heardAtMs > SESSION_MS) this.expire(session);
    this.world.after(TICK_MS, () => this.#tick());
  }
}

/** The way between one machine and the store. */
export class StoreLink {
  readonly world: World;
  isUp = true;
  /** Longest time on the way, in ms. */
  slowMs = 3;
  readonly #queue: (() => void)[] = [];
  #stalled = 0;
  #lastAtMs = 0;

  constructor(world: World) {
    this.world = world;
  }

  /** Carries something, one after the other; what meets a cut waits until it is mended, as TCP would have it. */
  carry(action: () => void, isQuiet = false): void {
    this.#queue.push(action);
    this.#schedule(isQuiet);
  }

  mend(): void {
    if (this.isUp) return;
    this.isUp = true;
    for (; this.#stalled > 0; this.#stalled--) this.#schedule(false);
  }

  #schedule(isQuiet: boolean): void {
    this.#lastAtMs = Math.max(this.#lastAtMs, this.world.nowMs + this.world.between(0.2, this.slowMs));
    this.world.after(
      this.#lastAtMs - this.world.nowMs,
      () => {
        if (this.isUp) this.#queue.shift()?.();
        else this.#stalled++;
      },
      isQuiet,
    );
  }
}

/** The client in one life of one daemon. */
export class SimStoreClient implements StoreClient {
  readonly #store: SimStore;
  readonly #process: Process;
  readonly #link: StoreLink;
  readonly sessions: SimSession[] = [];

  constructor(store: SimStore, process: Process, link: StoreLink) {
    this.#store = store;
    this.#process = process;
    this.#link = link;
  }

  open(): Promise<StoreSession> {
    return new Promise((resolve, reject) => {
      let isGivenUp = false;
      const giveUp = this.#process.after(LOSS_MS, () => {
        isGivenUp = true;
        reject(unreachable());
      });
      this.#link.carry(() => {
        if (!this.#process.isAlive) return;
        const server = this.#store.open(this.#process);
        this.#link.carry(() =>
          this.#process.get(() => {
            if (isGivenUp) return;
            giveUp.cancel();
            const session = new SimSession(this.#store, server, this.#process, this.#link);
            this.sessions.push(session);
            resolve(session);
          }),
        );
      });
    });
  }
}

interface Open {
  readonly reject: (error: PolyboltError) => void;
}

/** One session as its client has it. */
export class SimSession implements StoreSession {
  readonly ended: Promise<SessionEnd>;
  isConnected = true;
  readonly server: ServerSession;
  readonly #store: SimStore;
  readonly #process: Process;
  readonly #link: StoreLink;
  readonly #open = new Set<Open>();
  readonly #listeners = new Set<(isConnected: boolean) => void>();
  readonly #subscriptions = new Set<SimSubscription>();
  #settleEnded: (end: SessionEnd) => void = () => {};
  #end: SessionEnd | undefined;
  #connection = 0;
  #heardAtMs: number;
  #timer: Timer | undefined;

  constructor(store: SimStore, server: ServerSession, process: Process, link: StoreLink) {
    this.#store = store;
    this.server = server;
    this.#process = process;
    this.#link = link;
    this.#heardAtMs = process.now();
    this.ended = new Promise((resolve) => {
      this.#settleEnded = resolve;
    });
    this.#watch();
  }

  onConnection(onChange: (isConnected: boolean) => void): Subscription {
    this.#listeners.add(onChange);
    return { close: () => void this.#listeners.delete(onChange) };
  }

  create(path: string, data: string, options?: CreateOptions): Promise<void> {
    return this.#ask(() => this.#store.create(this.server, path, data, options?.ephemeral === true));
  }

  createSequential(prefix: string, data: string): Promise<string> {
    return this.#ask(() => this.#store.tree.createSequential(prefix, data, this.server.memory));
  }

  get(path: string): Promise<StoreEntry | undefined> {
    return this.#ask(() => {
      const entry = this.#store.tree.find(path);
      return entry === undefined ? undefined : { data: entry.data, version: entry.version, owned: entry.owner === this.server.memory };
    });
  }

  setIfVersion(path: string, data: string, version: number): Promise<number> {
    return this.#ask(() => this.#store.set(this.server, path, data, version));
  }

  deleteIfVersion(path: string, version: number): Promise<void> {
    return this.#ask(() => this.#store.delete(this.server, path, version));
  }

  children(path: string): Promise<readonly string[]> {
    return this.#ask(() => this.#store.children(path));
  }

  subscribe(path: string, subject: StoreSubject, onChange: () => void): Subscription {
    if (this.#end !== undefined) throw storeSessionEnded(this.#end);
    const subscription = new SimSubscription(path, subject, onChange, () => this.#subscriptions.delete(subscription));
    this.#subscriptions.add(subscription);
    if (this.isConnected) this.#follow(subscription);
    return subscription;
  }

  async close(): Promise<void> {
    if (this.#end !== undefined) return;
    if (this.isConnected) await this.#ask(() => this.#store.close(this.server)).catch(() => {});
    this.#finish('closed');
  }

  /** Cuts the connection: what is on its way is lost, in either direction. */
  cut(): void {
    if (this.isConnected && this.#end === undefined) this.#process.get(() => this.#disconnect());
  }

  #ask<T>(effect: () => T): Promise<T> {
    if (this.#end !== undefined) return Promise.reject(storeSessionEnded(this.#end));
    if (!this.isConnected) return Promise.reject(unreachable());
    return new Promise((resolve, reject) => {
      const open: Open = { reject };
      this.#open.add(open);
      this.#carry(() => {
        let settle: () => void;
        try {
          const result = effect();
          settle = () => resolve(result);
        } catch (error) {
          settle = () => reject(error);
        }
        this.#answer(() => {
          if (this.#open.delete(open)) settle();
        });
      });
    });
  }

  /** To the server: what comes over a connection that has a successor, or for a session that is over, is not heard. */
  #carry(action: () => void, isQuiet = false): void {
    const connection = this.#connection;
    this.#link.carry(() => {
      if (this.server.connection !== connection) return;
      // It closes the connection, and the client asks why.
      if (this.server.isOver) return this.#answer(() => this.#disconnect());
      this.server.heardAtMs = this.#store.world.nowMs;
      action();
    }, isQuiet);
  }

  /** From the server, in order. */
  #answer(action: () => void, isQuiet = false): void {
    const connection = this.#connection;
    const arrive = (): void => {
      if (this.#end !== undefined || !this.isConnected || this.#connection !== connection) return;
      this.#heardAtMs = this.#process.now();
      action();
    };
    this.#link.carry(() => this.#process.get(arrive), isQuiet);
  }

  #follow(subscription: SimSubscription): void {
    this.#carry(() => {
      const inner = this.server.memory.subscribe(subscription.path, subscription.subject, () => this.#answer(() => subscription.call()));
      subscription.followed(inner);
    });
  }

  /** Says that it lives, and looks whether the server does. */
  #watch(): void {
    if (this.#end !== undefined) return;
    const silentMs = this.#process.now() - this.#heardAtMs;
    if (silentMs >= SESSION_MS) return this.#finish('expired');
    if (this.isConnected && silentMs >= LOSS_MS) this.#disconnect();
    else if (this.isConnected) this.#carry(() => this.#answer(() => {}, true), true);
    if (!this.isConnected) this.#reconnect();
    this.#timer = this.#process.after(this.isConnected ? SESSION_MS / 4 : SESSION_MS / 10, () => this.#watch());
  }

  #disconnect(): void {
    this.isConnected = false;
    this.#process.world.note(() => `${this.#process.name} has lost the store`);
    for (const { reject } of [...this.#open]) reject(unreachable());
    this.#open.clear();
    for (const subscription of this.#subscriptions) subscription.unfollow();
    for (const listener of [...this.#listeners]) listener(false);
  }

  #reconnect(): void {
    const connection = this.#connection + 1;
    this.#link.carry(() => {
      if (!this.#process.isAlive) return;
      if (!this.server.isOver) {
        this.server.connection = Math.max(this.server.connection, connection);
        this.server.heardAtMs = this.#store.world.nowMs;
      }
      this.#link.carry(() => this.#process.get(() => this.#onReconnected(connection)));
    });
  }

  #onReconnected(connection: number): void {
    if (this.#end !== undefined || this.isConnected) return;
    if (this.server.isOver) return this.#finish('expired');
    if (this.server.connection !== connection) return;
    this.#connection = connection;
    this.#heardAtMs = this.#process.now();
    this.isConnected = true;
    this.#process.world.note(() => `${this.#process.name} has the store back`);
    for (const subscription of this.#subscriptions) this.#follow(subscription);
    for (const listener of [...this.#listeners]) listener(true);
  }

  #finish(end: SessionEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#timer?.cancel();
    const wasConnected = this.isConnected;
    this.isConnected = false;
    this.#process.world.note(() => `${this.#process.name}: its session is ${end}`);
    for (const { reject } of [...this.#open]) reject(storeSessionEnded(end));
    for (const subscription of [...this.#subscriptions]) subscription.close();
    if (wasConnected) for (const listener of [...this.#listeners]) listener(false);
    this.#listeners.clear();
    this.#settleEnded(end);
  }
}

class SimSubscription implements Subscription {
  readonly path: string;
  readonly subject: StoreSubject;
  readonly #onChange: () => void;
  readonly #onClose: () => void;
  #inner: Subscription | undefined;
  #isClosed = false;

  constructor(path: string, subject: StoreSubject, onChange: () => void, onClose: () => void) {
    this.path = path;
    this.subject = subject;
    this.#onChange = onChange;
    this.#onClose = onClose;
  }

  call(): void {
    if (!this.#isClosed) this.#onChange();
  }

  followed(inner: Subscription): void {
    this.#inner?.close();
    this.#inner = inner;
    if (this.#isClosed) inner.close();
  }

  unfollow(): void {
    this.#inner?.close();
    this.#inner = undefined;
  }

  close(): void {
    this.#isClosed = true;
    this.unfollow();
    this.#onClose();
  }
}

function unreachable(): PolyboltError {
  return new PolyboltError('PB_STORE_UNREACHABLE', { message: 'no server of the store answers', hint: 'wait' });
}
