/**
 * The store port over one ZooKeeper session. Invariant: callers see paths below the root, versions from 0 and errors of the port; ZooKeeper's own paths,
 * versions and numbers stay below this file.
 */
import type { Clock } from '../model/clock.js';
import { assert } from '../model/errors.js';
import {
  type CreateOptions,
  checkStoreData,
  checkStorePath,
  type SessionEnd,
  type StoreEntry,
  type StoreSession,
  type StoreSubject,
  type Subscription,
  storeConflict,
  storeSessionEnded,
} from './store.js';
import { explainRefusal, ZooKeeperAccess } from './zookeeper-access.js';
import { ZooKeeperLane } from './zookeeper-lane.js';
import { ZooKeeperLink } from './zookeeper-link.js';
import { CODE, hasCode, type MakeNativeClient, type SessionIdentity, type StoreCredentials } from './zookeeper-native.js';
import { escapePath, unescapePath } from './zookeeper-paths.js';
import { HALF_VERSION, type Node, ZooKeeperTree } from './zookeeper-tree.js';
import { ZooKeeperWatches } from './zookeeper-watches.js';

export interface ZooKeeperSessionOptions {
  /** Above all paths; empty where the tree begins at `/`. */
  readonly root: string;
  readonly credentials: StoreCredentials | undefined;
  /** Asked for, in ms. */
  readonly sessionTimeoutMs: number;
  readonly makeClient: MakeNativeClient;
  readonly clock: Clock;
}

export class ZooKeeperSession implements StoreSession {
  readonly ended: Promise<SessionEnd>;
  readonly #root: string;
  readonly #link: ZooKeeperLink;
  readonly #access: ZooKeeperAccess;
  readonly #tree: ZooKeeperTree;
  readonly #watches: ZooKeeperWatches;
  readonly #lane = new ZooKeeperLane();
  readonly #listeners = new Set<(isConnected: boolean) => void>();

  /** Begins to connect; the session is no use before `prepare` has resolved. */
  constructor({ root, credentials, sessionTimeoutMs, makeClient, clock }: ZooKeeperSessionOptions) {
    this.#root = root;
    this.#watches = new ZooKeeperWatches(() => this.#link);
    const ports = { clock, random: Math.random, sessionTimeoutMs, makeClient, credentials };
    this.#link = new ZooKeeperLink(ports, {
      onConnection: (isConnected) => {
        for (const listener of this.#listeners) listener(isConnected);
      },
      onRenewed: () => this.#watches.renew(),
      onNode: (event, path) => this.#watches.fire(event, path),
    });
    this.#access = new ZooKeeperAccess(this.#link, root, credentials);
    this.#tree = new ZooKeeperTree(this.#link, this.#access);
    this.ended = this.#link.ended;
  }

  /** Connects, and makes the root or sees that it is ours. Rejects when the session ends meanwhile. */
  async prepare(): Promise<void> {
    await this.#explained(this.#root === '' ? '/' : this.#root, async () => {
      if (this.#root !== '') await this.#tree.ensure(this.#root);
      // Where others have closed the tree to us, it is said at the start and not at the first submission.
      await this.#tree.names(this.#root === '' ? '/' : this.#root);
    });
  }

  get isConnected(): boolean {
    return this.#link.isConnected;
  }

  /** Negotiated with the server, in ms. */
  get timeoutMs(): number {
    return this.#link.timeoutMs;
  }

  onConnection(onChange: (isConnected: boolean) => void): Subscription {
    this.#checkOpen();
    const listener = (isConnected: boolean): void => onChange(isConnected);
    this.#listeners.add(listener);
    return { close: () => void this.#listeners.delete(listener) };
  }

  create(path: string, data: string, options?: CreateOptions): Promise<void> {
    return this.#write(path, async (node) => {
      checkStoreData(path, data);
      await this.#tree.create(node, data, options?.ephemeral === true);
    });
  }

  createSequential(prefix: string, data: string): Promise<string> {
    return this.#write(prefix, async (node) => {
      checkStoreData(prefix, data);
      const created = await this.#tree.createSequential(node, data);
      return unescapePath(created.slice(this.#root.length));
    });
  }

  get(path: string): Promise<StoreEntry | undefined> {
    return this.#read(path, async (node) => {
      const found = await this.#readCreated(node);
      return found && { data: found.data, version: found.stat.version - 1, owned: found.stat.createdInThisSession };
    });
  }

  setIfVersion(path: string, data: string, version: number): Promise<number> {
    return this.#write(path, async (node) => {
      checkStoreData(path, data);
      checkVersion(version);
      const next = await this.#guarded(path, 'write', version, () => this.#tree.write(node, data, version + 1));
      return next - 1;
    });
  }

  deleteIfVersion(path: string, version: number): Promise<void> {
    return this.#write(path, async (node) => {
      checkVersion(version);
      const remove = (): Promise<void> => this.#tree.delete(node, version + 1);
      await this.#guarded(path, 'delete', version, async () => {
        try {
          await remove();
        } catch (error) {
          if (!hasCode(error, CODE.NOT_EMPTY) || (await this.#tree.prune(node)) === 0) throw error;
          await remove();
        }
      });
    });
  }

  children(path: string): Promise<readonly string[]> {
    return this.#read(path, async (node) => (await this.#tree.names(node)).map(unescapePath).sort());
  }

  subscribe(path: string, subject: StoreSubject, onChange: () => void): Subscription {
    checkStorePath(path);
    this.#checkOpen();
    return this.#watches.subscribe(this.#nodeOf(path), subject, onChange);
  }

  /**
   * Resolves even when no server answers; the ephemerals then go when the store gives the session up. Blocks the process for up to 1.5 s
   * where a server that seemed to be connected does not answer.
   */
  async close(): Promise<void> {
    this.#link.finish('closed');
    await this.#link.ended;
  }

  /** For a session that could not be prepared in time. */
  abandon(): void {
    this.#link.finish('expired');
  }

  /** What a server would need to know to take somebody for this session: for tests that end it from outside. */
  get identity(): SessionIdentity | undefined {
    return this.#link.identity;
  }

  /** A node that is still being created is not there yet; whoever finds that will be told when it is. */
  async #readCreated(node: string): Promise<Node | undefined> {
    const found = await this.#tree.read(node);
    if (found === undefined || found.stat.version !== HALF_VERSION) return found;
    const stat = await this.#watches.expect(node);
    return stat === undefined || stat.version === HALF_VERSION ? undefined : this.#tree.read(node);
  }

  #read<T>(path: string, operation: (node: string) => Promise<T>): Promise<T> {
    return this.#ordered(path, (run) => this.#lane.read(run), operation);
  }

  #write<T>(path: string, operation: (node: string) => Promise<T>): Promise<T> {
    return this.#ordered(path, (run) => this.#lane.write(run), operation);
  }

  async #ordered<T>(path: string, enter: (run: () => Promise<T>) => Promise<T>, operation: (node: string) => Promise<T>): Promise<T> {
    checkStorePath(path);
    this.#checkOpen();
    return enter(() => this.#explained(path, () => operation(this.#nodeOf(path))));
  }

  async #explained<T>(path: string, operation: () => Promise<T>): Promise<T> {
    try {
      return await operation();
    } catch (error) {
      // The client reports the end of its session in several ways; there is one for the callers of the port.
      if (this.#link.end !== undefined) throw storeSessionEnded(this.#link.end);
      throw explainRefusal(error, path);
    }
  }

  /** Makes a refusal of the server's a conflict that says what was found instead. */
  async #guarded<T>(path: string, wanted: string, version: number, operation: () => Promise<T>): Promise<T> {
    try {
      return await operation();
    } catch (error) {
      if (hasCode(error, CODE.NOT_EMPTY)) throw storeConflict(path, wanted, 'it has children');
      if (!hasCode(error, CODE.BAD_VERSION) && !hasCode(error, CODE.NO_NODE)) throw error;
      const found = await this.#readCreated(this.#nodeOf(path));
      const there = found === undefined ? 'nothing is there' : `${found.stat.version - 1} is there`;
      throw storeConflict(path, wanted, `version ${version} was expected and ${there}`);
    }
  }

  #nodeOf(path: string): string {
    return this.#root + escapePath(path);
  }

  #checkOpen(): void {
    if (this.#link.end !== undefined) throw storeSessionEnded(this.#link.end);
  }
}

/** A version of ZooKeeper's own that means "any", or "still being created", must not come from a caller. */
function checkVersion(version: number): void {
  assert(Number.isSafeInteger(version) && version >= 0, `${version} is not a version of an entry`);
}
