/**
 * Creation of entries in several requests: an empty node, its access list, its content. Invariant: a node of version 0 is still being created and is
 * nothing to readers; the write of its content, which names version 0, is what creates the entry, so of many creators one wins, and a creator that dies
 * half-way leaves what the next one completes. Versions of the port are ZooKeeper's less one.
 */
import { STORE_ATTEMPTS_MAX } from '../model/limits.js';
import { parentOf, storeConflict } from './store.js';
import type { ZooKeeperAccess } from './zookeeper-access.js';
import type { ZooKeeperLink } from './zookeeper-link.js';
import { absentIfMissing, CODE, EPHEMERAL, hasCode, type NodeStat, SEQUENCE } from './zookeeper-native.js';

/** ZooKeeper's version of a node whose content has not been written yet. */
export const HALF_VERSION = 0;

export interface Node {
  readonly stat: NodeStat;
  readonly data: string;
}

export class ZooKeeperTree {
  readonly #link: ZooKeeperLink;
  readonly #access: ZooKeeperAccess;

  constructor(link: ZooKeeperLink, access: ZooKeeperAccess) {
    this.#link = link;
    this.#access = access;
  }

  /** A node as it is, half-created or not; undefined where there is none. */
  read(path: string): Promise<Node | undefined> {
    return this.#link.persist(() =>
      this.#link
        .request<[NodeStat, Buffer | null]>((native, answer) => native.a_get(path, false, answer))
        .then(([stat, data]) => ({ stat, data: data?.toString('utf8') ?? '' }), absentIfMissing),
    );
  }

  async names(path: string): Promise<readonly string[]> {
    const names = await this.#link.persist(() =>
      this.#link
        .request<[string[]]>((native, answer) => native.a_get_children(path, false, answer))
        .then(([names]) => names, absentIfMissing),
    );
    return names ?? [];
  }

  /** @throws PB_STORE_CONFLICT */
  async create(path: string, data: string, isEphemeral: boolean): Promise<void> {
    for (let attempt = 0; attempt < STORE_ATTEMPTS_MAX; attempt++) {
      if (!this.#access.isVerified(parentOf(path))) await this.#ensureAbove(path);
      const outcome = await this.#createNode(path, isEphemeral);
      if (outcome === 'childless') throw storeConflict(path, 'create', `${parentOf(path)} is ephemeral and has no children`);
      if (outcome === 'orphan') await this.#ensureAbove(path);
      else if ((outcome === 'created' || (await this.#isToComplete(path, isEphemeral))) && (await this.#complete(path, data))) return;
    }
    throw storeConflict(path, 'create', `others created and deleted it ${STORE_ATTEMPTS_MAX} times meanwhile`);
  }

  /** Creates an ephemeral with a number and returns its path. */
  async createSequential(prefix: string, data: string): Promise<string> {
    for (let attempt = 0; attempt < STORE_ATTEMPTS_MAX; attempt++) {
      if (!this.#access.isVerified(parentOf(prefix))) await this.#ensureAbove(prefix);
      const path = await this.#createNumbered(prefix).catch((error: unknown) => {
        if (hasCode(error, CODE.NO_CHILDREN_FOR_EPHEMERALS)) {
          throw storeConflict(prefix, 'create', `${parentOf(prefix)} is ephemeral and has no children`);
        }
        return absentIfMissing(error);
      });
      if (path === undefined) await this.#ensureAbove(prefix);
      else if (await this.#complete(path, data)) return path;
    }
    throw storeConflict(prefix, 'create', `others deleted it ${STORE_ATTEMPTS_MAX} times meanwhile`);
  }

  /**
   * Replaces the content of the version, and returns ZooKeeper's next one.
   * @throws ZooKeeperError BAD_VERSION, NO_NODE
   */
  write(path: string, data: string, version: number): Promise<number> {
    return this.#link.persist(async (isRepeated) => {
      try {
        const [stat] = await this.#link.request<[NodeStat]>((native, answer) => native.a_set(path, Buffer.from(data), version, answer));
        return stat.version;
      } catch (error) {
        if (!isRepeated || !hasCode(error, CODE.BAD_VERSION)) throw error;
        // The first try may have been carried out and its answer lost. If what is there is what we wanted, at the version it would have got, it is so.
        const node = await this.read(path);
        if (node?.stat.version === version + 1 && node.data === data) return node.stat.version;
        throw error;
      }
    });
  }

  /** @throws ZooKeeperError BAD_VERSION, NO_NODE, NOT_EMPTY */
  async delete(path: string, version: number): Promise<void> {
    await this.#link.persist((isRepeated) =>
      this.#link
        .request<[]>((native, answer) => native.a_delete_(path, version, answer))
        .then(() => undefined)
        .catch((error: unknown) => {
          // The first try has deleted it, or somebody else has meanwhile: it is gone, as wanted.
          if (isRepeated && hasCode(error, CODE.NO_NODE)) return;
          throw error;
        }),
    );
  }

  /** Deletes children that a creator has left half-way; one that still lives begins again. Returns how many it deleted. */
  async prune(path: string): Promise<number> {
    let pruned = 0;
    for (const name of await this.names(path)) {
      const child = `${path}/${name}`;
      const node = await this.read(child);
      if (node === undefined || node.stat.version !== HALF_VERSION || isEphemeralNode(node.stat)) continue;
      await this.delete(child, HALF_VERSION).catch(ignoreRace);
      pruned++;
    }
    return pruned;
  }

  /** Creates what is missing above, and sees that none of it is open to others. */
  async #ensureAbove(path: string): Promise<void> {
    const above = parentOf(path);
    if (above === '/') return;
    if (!this.#access.isVerified(parentOf(above))) await this.#ensureAbove(above);
    await this.ensure(above);
  }

  /** Creates one empty node where there is none, and those above it. @throws PB_STORE_UNPROTECTED */
  async ensure(path: string): Promise<void> {
    const node = await this.read(path);
    if (node !== undefined && node.stat.version !== HALF_VERSION) return this.#access.verify(path);
    try {
      await this.create(path, '', false);
    } catch (error) {
      // Somebody else did, or an ephemeral is in the way, and then the creation below fails and says so.
      if (!isConflict(error)) throw error;
    }
  }

  /** `orphan`: there is nothing above it. */
  async #createNode(path: string, isEphemeral: boolean): Promise<'created' | 'exists' | 'orphan' | 'childless'> {
    try {
      await this.#link.persist(() =>
        this.#link.request<[string]>((native, answer) => native.a_create(path, Buffer.alloc(0), isEphemeral ? EPHEMERAL : 0, answer)),
      );
      return 'created';
    } catch (error) {
      if (hasCode(error, CODE.NODE_EXISTS)) return 'exists';
      if (hasCode(error, CODE.NO_NODE)) return 'orphan';
      if (hasCode(error, CODE.NO_CHILDREN_FOR_EPHEMERALS)) return 'childless';
      throw error;
    }
  }

  /** Whether a node that exists is half-created and ours to complete. False when it was in the way and has been removed. */
  async #isToComplete(path: string, isEphemeral: boolean): Promise<boolean> {
    const node = await this.read(path);
    if (node === undefined) return false;
    if (node.stat.version !== HALF_VERSION) throw storeConflict(path, 'create', 'it exists');
    if (isEphemeralNode(node.stat) && !node.stat.createdInThisSession)
      throw storeConflict(path, 'create', 'another session is creating it');
    if (isEphemeralNode(node.stat) === isEphemeral) return true;
    await this.delete(path, HALF_VERSION).catch(ignoreRace);
    return false;
  }

  /** False when the node is gone before its content was written. @throws PB_STORE_CONFLICT when another creator was first */
  async #complete(path: string, data: string): Promise<boolean> {
    try {
      await this.#access.protect(path);
      await this.write(path, data, HALF_VERSION);
      return true;
    } catch (error) {
      if (hasCode(error, CODE.NO_NODE)) return false;
      if (hasCode(error, CODE.BAD_VERSION)) throw storeConflict(path, 'create', 'it exists');
      throw error;
    }
  }

  /** After a lost answer the node is looked for before another is made. */
  #createNumbered(prefix: string): Promise<string> {
    return this.#link.persist(async (isRepeated) => {
      const own = isRepeated ? await this.#findOwnHalf(prefix) : undefined;
      if (own !== undefined) return own;
      const [path] = await this.#link.request<[string]>((native, answer) =>
        native.a_create(prefix, Buffer.alloc(0), EPHEMERAL | SEQUENCE, answer),
      );
      return path;
    });
  }

  async #findOwnHalf(prefix: string): Promise<string | undefined> {
    const parent = parentOf(prefix);
    // The server that answers now may not have heard yet of what the one before it carried out.
    await this.#link.request<[string]>((native, answer) => native.a_sync(parent, answer));
    for (const name of [...(await this.names(parent))].sort()) {
      const path = `${parent === '/' ? '' : parent}/${name}`;
      if (!path.startsWith(prefix) || !/^\d{10}$/.test(path.slice(prefix.length))) continue;
      const node = await this.read(path);
      if (node?.stat.createdInThisSession && node.stat.version === HALF_VERSION) return path;
    }
    return undefined;
  }
}

function isEphemeralNode(stat: NodeStat): boolean {
  return stat.ephemeralOwner !== '0';
}

/** For a half-created node that somebody else has just completed or removed. */
function ignoreRace(error: unknown): void {
  if (!hasCode(error, CODE.BAD_VERSION) && !hasCode(error, CODE.NO_NODE)) throw error;
}

function isConflict(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'PB_STORE_CONFLICT';
}
