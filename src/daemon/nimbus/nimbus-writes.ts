/**
 * What only the leading nimbus writes. Invariant: right before each write the latch is looked at again, each write goes through the session that holds the latch and
 * names the version it replaces; so a decision never outlives its session, and a leader that was frozen does no harm.
 */
import type { StoreSession } from '../../coordination/store.js';
import { ERRORS_PATH, SUBMITTED_PATH, type TopologyRecord, topologyPath } from '../../model/cluster-records.js';
import { PolyboltError } from '../../model/errors.js';
import type { Log } from '../../model/log.js';
import type { StoredTopology } from './nimbus-records.js';

export class LeaderWrites {
  readonly #store: StoreSession;
  readonly #isLeading: () => boolean;
  readonly #log: Log;

  constructor(store: StoreSession, isLeading: () => boolean, log: Log) {
    this.#store = store;
    this.#isLeading = isLeading;
    this.#log = log;
  }

  /** Throws PB_TOPOLOGY_EXISTS: the store itself takes a name once. */
  async create(record: TopologyRecord): Promise<void> {
    this.#check();
    try {
      await this.#store.create(topologyPath(record.name), JSON.stringify(record));
    } catch (error) {
      if (isSessionEnd(error)) throw error;
      // A reply can be lost, and the client may have tried again: what stands there tells.
      const entry = await this.#store.get(topologyPath(record.name));
      if (entry !== undefined && idIn(entry.data) === record.id) return;
      throw isConflict(error) ? topologyExists(record.name) : error;
    }
  }

  /** Throws PB_STORE_CONFLICT. */
  async replace(stored: StoredTopology, record: TopologyRecord): Promise<void> {
    this.#check();
    await this.#store.setIfVersion(topologyPath(record.name), JSON.stringify(record), stored.version);
  }

  /** Throws PB_STORE_CONFLICT. */
  async remove({ record, version }: StoredTopology): Promise<void> {
    this.#check();
    await this.#store.deleteIfVersion(topologyPath(record.name), version);
  }

  /** A number that no submission had before, whoever led. */
  async nextSubmission(): Promise<number> {
    for (;;) {
      const entry = await this.#store.get(SUBMITTED_PATH);
      const number = (Number(entry?.data) || 0) + 1;
      this.#check();
      try {
        if (entry === undefined) await this.#store.create(SUBMITTED_PATH, String(number));
        else await this.#store.setIfVersion(SUBMITTED_PATH, String(number), entry.version);
        return number;
      } catch (error) {
        if (!isConflict(error)) throw error;
      }
    }
  }

  /** Removes the errors of topologies that are no more. @param ids those that are */
  async sweepErrors(ids: ReadonlySet<string>): Promise<void> {
    for (const id of await this.#store.children(ERRORS_PATH)) {
      if (!ids.has(id)) await this.#removeErrors(`${ERRORS_PATH}/${id}`);
    }
  }

  async #removeErrors(path: string): Promise<void> {
    try {
      for (const component of await this.#store.children(path)) await this.#removeEntry(`${path}/${component}`);
      await this.#removeEntry(path);
    } catch (error) {
      // A supervisor has written one more: the next sweep finds it.
      if (!isConflict(error)) throw error;
      this.#log.debug('errors.kept', { path });
    }
  }

  async #removeEntry(path: string): Promise<void> {
    const entry = await this.#store.get(path);
    if (entry === undefined) return;
    this.#check();
    await this.#store.deleteIfVersion(path, entry.version);
  }

  #check(): void {
    if (!this.#isLeading()) throw notLeader(undefined);
  }
}

/** @param leader URL of the nimbus that does lead, if one is known */
export function notLeader(leader: string | undefined): PolyboltError {
  return new PolyboltError('PB_NOT_LEADER', {
    message: leader === undefined ? 'this nimbus does not lead, and none does at the moment' : `this nimbus does not lead; ${leader} does`,
    hint: leader === undefined ? 'try again in some seconds' : 'ask that one',
    ...(leader === undefined ? {} : { context: { leader } }),
  });
}

export function topologyExists(name: string): PolyboltError {
  return new PolyboltError('PB_TOPOLOGY_EXISTS', {
    message: `a topology named "${name}" is already running`,
    hint: 'kill it first, or submit under another name',
    context: { topology: name },
  });
}

export function topologyNotFound(name: string): PolyboltError {
  return new PolyboltError('PB_TOPOLOGY_NOT_FOUND', {
    message: `no topology named "${name}" is running`,
    hint: 'list what runs, and mind the spelling',
    context: { topology: name },
  });
}

export function isConflict(error: unknown): boolean {
  return error instanceof PolyboltError && error.code === 'PB_STORE_CONFLICT';
}

export function isSessionEnd(error: unknown): boolean {
  return error instanceof PolyboltError && (error.code === 'PB_STORE_SESSION_ENDED' || error.code === 'PB_NOT_LEADER');
}

function idIn(data: string): unknown {
  try {
    return (JSON.parse(data) as Partial<TopologyRecord>).id;
  } catch {
    return undefined;
  }
}
