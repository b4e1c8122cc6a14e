/**
 * The store port: the little that daemons must agree on, behind the operations that ZooKeeper's npm client can do (design D6).
 * Invariant: an entry changes only by a write that names the version it replaces, and no write outlives its session; whoever
 * meets a conflict reads again and decides anew. Every implementation passes `test/coordination/store-contract.ts`.
 */
import { assert, PolyboltError } from '../model/errors.js';
import { STORE_DATA_BYTES_MAX } from '../model/limits.js';

export interface StoreEntry {
  /** Mostly JSON text. */
  readonly data: string;
  /** 0 after its creation, one more after each write. A path that is deleted and created anew starts at 0 again. */
  readonly version: number;
  /** Whether it is an ephemeral of the very session that asks, and so will die with it. */
  readonly owned: boolean;
}

export interface CreateOptions {
  /** Delete it when this session ends, however that comes. An ephemeral has no children. */
  readonly ephemeral?: boolean;
}

/** What of a path to hear about: its own entry, or the names of the entries right under it. */
export type StoreSubject = 'entry' | 'children';

export interface Subscription {
  /** No call comes after it. */
  close(): void;
}

/** `closed`: on our own wish. `expired`: the store gave this session up and let others take over what it held. */
export type SessionEnd = 'closed' | 'expired';

/**
 * One client of the store. Paths are absolute, `/` between names and none at the end. Operations of one session take effect
 * in the order of the calls; a session sees its own writes, and those of others once it is told of them. Rejections:
 * PB_STORE_CONFLICT where said; PB_STORE_SESSION_ENDED when the session is over. With any other the outcome is unknown: read.
 */
export interface StoreSession {
  /**
   * Settles, and never rejects, when the session is over. What it held may belong to others already. A session that cannot reach its
   * store counts itself expired when the negotiated timeout has passed by our own clock, whatever the store may think.
   */
  readonly ended: Promise<SessionEnd>;

  /** Whether the store answers. While it does not, operations wait or reject, and whoever leads by this session must not act (Curator: SUSPENDED). */
  readonly isConnected: boolean;

  /** Calls back whenever `isConnected` has changed. Never after the session has ended. @param onChange must not throw. */
  onConnection(onChange: (isConnected: boolean) => void): Subscription;

  /** Creates an entry of version 0, and the entries above it, empty, where they are missing. Conflict: it exists, or an ephemeral is above it. */
  create(path: string, data: string, options?: CreateOptions): Promise<void>;

  /**
   * Creates an ephemeral named `prefix` and a number of ten digits that is higher than every earlier one under the same parent, and returns its
   * path. A reply can be lost: give the prefix something nobody else has, and look for it among the children.
   */
  createSequential(prefix: string, data: string): Promise<string>;

  /** The entry as it is, or undefined where there is none. */
  get(path: string): Promise<StoreEntry | undefined>;

  /** Replaces the data and returns the new version. Conflict: it has another version, or is gone. */
  setIfVersion(path: string, data: string, version: number): Promise<number>;

  /** Conflict: it has another version, is gone, or has children. */
  deleteIfVersion(path: string, version: number): Promise<void>;

  /** Names of the entries right under a path, sorted; none if the path does not exist. */
  children(path: string): Promise<readonly string[]>;

  /**
   * Calls `onChange` soon, and again after the subject has changed: "read (again)". Several changes may make one call, and a
   * call may find nothing changed; but after the last change there is a call, and what is read in it is as new as that change.
   * Never called before this returns, nor after the session has ended.
   * @param onChange must not throw.
   */
  subscribe(path: string, subject: StoreSubject, onChange: () => void): Subscription;

  /** Ends the session and deletes its ephemerals. The second call does nothing. */
  close(): Promise<void>;
}

/** Opens sessions with one store: a daemon whose session has expired opens the next. */
export interface StoreClient {
  /** Throws PB_STORE_UNREACHABLE when no server answers in time. */
  open(): Promise<StoreSession>;
}

/** A write met another state than the writer knew of. */
export function storeConflict(path: string, wanted: string, found: string): PolyboltError {
  return new PolyboltError('PB_STORE_CONFLICT', {
    message: `The store would not ${wanted} ${path}: ${found}.`,
    hint: 'Read it again and decide anew.',
    context: { path },
  });
}

/** The session that was asked is over. */
export function storeSessionEnded(end: SessionEnd): PolyboltError {
  return new PolyboltError('PB_STORE_SESSION_ENDED', {
    message: `The session with the store has ${end === 'closed' ? 'been closed' : 'expired'}.`,
    hint: 'Open a new session, and take nothing for granted that the old one held.',
    context: { end },
  });
}

/** Refuses data that ZooKeeper would not take, so that what works locally works on a cluster. */
export function checkStoreData(path: string, data: string): void {
  const bytes = Buffer.byteLength(data);
  if (bytes <= STORE_DATA_BYTES_MAX) return;
  throw new PolyboltError('PB_STORE_TOO_LARGE', {
    message: `${path} would hold ${bytes} bytes; an entry of the store holds at most ${STORE_DATA_BYTES_MAX}.`,
    hint: 'If it is a topology, give it fewer tasks or executors, or split it in two.',
    context: { path, bytes },
  });
}

/** A path comes from our own code: a bad one is our own mistake. */
export function checkStorePath(path: string): void {
  assert(/^(?:\/[^/\p{Cc}]+)+$/u.test(path) && !/\/\.{1,2}(?:\/|$)/.test(path), `${JSON.stringify(path)} is not a path in the store`);
}

/** The path right above; `/` above a path of one name. */
export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}
