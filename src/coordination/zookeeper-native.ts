/**
 * The npm package `zookeeper`, as far as it is used: its callback methods, which give error numbers as numbers. Invariant: it is loaded when the first
 * session opens and not before, it never prints, and a callback never throws into it.
 */
import { lookup } from 'node:dns/promises';
import { PolyboltError } from '../model/errors.js';

/** What the server keeps of a node. */
export interface NodeStat {
  readonly version: number;
  /** Numbers of the changes that created it, changed its content, changed its children. */
  readonly czxid: number;
  readonly mzxid: number;
  readonly pzxid: number;
  /** In hex; `0` for a node that is no ephemeral. */
  readonly ephemeralOwner: string;
  /** An ephemeral of the session that asked. */
  readonly createdInThisSession: boolean;
}

export interface NodeAcl {
  readonly perms: number;
  readonly scheme: string;
  readonly auth: string;
}

type Callback<T extends readonly unknown[]> = (code: number, error: string, ...results: T) => void;

/** Every method returns 0, or the number of an error after which the callback never comes. */
export interface NativeClient {
  init(config: object): void;
  close(): void;
  on(event: string, listener: (first: unknown, second: unknown) => void): void;
  /** Negotiated session timeout in ms; -1 where the servers' names could not be resolved. */
  readonly timeout: number;
  readonly client_id: string;
  readonly client_password: string;
  readonly state: number;
  a_create(path: string, data: Buffer, flags: number, callback: Callback<[path: string]>): number;
  a_exists(path: string, watch: boolean, callback: Callback<[stat: NodeStat]>): number;
  a_get(path: string, watch: boolean, callback: Callback<[stat: NodeStat, data: Buffer | null]>): number;
  a_get_children(path: string, watch: boolean, callback: Callback<[names: string[]]>): number;
  a_get_children2(path: string, watch: boolean, callback: Callback<[names: string[], stat: NodeStat]>): number;
  a_set(path: string, data: Buffer, version: number, callback: Callback<[stat: NodeStat]>): number;
  a_delete_(path: string, version: number, callback: Callback<[]>): number;
  a_get_acl(path: string, callback: Callback<[acl: NodeAcl[], stat: NodeStat]>): number;
  a_set_acl(path: string, version: number, acl: readonly NodeAcl[], callback: Callback<[]>): number;
  add_auth(scheme: string, auth: string, callback: Callback<[]>): number;
  a_sync(path: string, callback: Callback<[path: string]>): number;
}

/** State of a client that has a server and a session. */
export const STATE_CONNECTED = 3;

/** Flags of a creation. */
export const EPHEMERAL = 1;
export const SEQUENCE = 2;
/** As a version: whichever is there. */
export const ANY_VERSION = -1;

/** Numbers of the client library, `zookeeper.h`. */
export const CODE = {
  CONNECTION_LOSS: -4,
  OPERATION_TIMEOUT: -7,
  INVALID_STATE: -9,
  NO_NODE: -101,
  NO_AUTH: -102,
  BAD_VERSION: -103,
  NO_CHILDREN_FOR_EPHEMERALS: -108,
  NODE_EXISTS: -110,
  NOT_EMPTY: -111,
  SESSION_EXPIRED: -112,
  AUTH_FAILED: -115,
  CLOSING: -116,
  SESSION_MOVED: -118,
} as const;

/** A request that was answered with an error, or with nothing. */
export class ZooKeeperError extends Error {
  override readonly name = 'ZooKeeperError';
  readonly code: number;

  constructor(code: number, text: string) {
    super(`ZooKeeper: ${text} (${code})`);
    this.code = code;
  }

  /** The connection went before an answer came: the request may have been carried out or not. */
  get isLoss(): boolean {
    return this.code === CODE.CONNECTION_LOSS || this.code === CODE.OPERATION_TIMEOUT || this.code === CODE.SESSION_MOVED;
  }
}

export function hasCode(error: unknown, code: number): boolean {
  return error instanceof ZooKeeperError && error.code === code;
}

/** What makes a server take a client for one that was connected before. */
export interface SessionIdentity {
  /** In hex, as the password. */
  readonly id: string;
  readonly password: string;
}

export interface StoreCredentials {
  /** Storm's `storm.zookeeper.auth.scheme`. ZooKeeper takes any name and password of this scheme: they are compared when a node is touched. */
  readonly scheme: 'digest';
  /** `user:password` */
  readonly payload: string;
}

/** Undefined for a node that is not there. */
export function absentIfMissing(error: unknown): undefined {
  if (hasCode(error, CODE.NO_NODE)) return undefined;
  throw error;
}

export type MakeNativeClient = (identity: SessionIdentity | undefined) => Promise<NativeClient>;

/**
 * What makes clients for these servers.
 * @param servers `host:port` each
 * @param sessionTimeoutMs asked for; the server keeps it within its own bounds
 * @throws PB_STORE_CLIENT_MISSING
 */
export async function nativeClients(servers: readonly string[], sessionTimeoutMs: number): Promise<MakeNativeClient> {
  const Client = await loadClient();
  return async (identity) =>
    new Client({
      connect: (await resolveServers(servers)).join(','),
      timeout: sessionTimeoutMs,
      ...(identity && { client_id: identity.id, client_password: identity.password }),
      // Both halves of the package write to standard output and error otherwise.
      debug_level: 0,
      // Reads of a socket that end inside an answer are counted as silence, and after ten of them the package closes the session: a large answer has dozens.
      response_counter_limit: 2 ** 31 - 1,
    });
}

/** The package would ask for addresses itself and stop the process meanwhile. Where names cannot be looked up it is left to it to say that it does not connect. */
async function resolveServers(servers: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(
    servers.map(async (server) => {
      const colon = server.lastIndexOf(':');
      const host = server.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
      const addresses = await lookup(host, { all: true }).catch(() => []);
      return addresses.map(({ address }) => address + server.slice(colon));
    }),
  );
  return found.flat().length > 0 ? [...new Set(found.flat())] : servers;
}

async function loadClient(): Promise<new (config: object) => NativeClient> {
  try {
    const loaded = (await import('zookeeper')) as unknown as { default: new (config: object) => NativeClient };
    return loaded.default;
  } catch (cause) {
    throw new PolyboltError('PB_STORE_CLIENT_MISSING', {
      message: 'The package zookeeper cannot be loaded, so this machine cannot speak with ZooKeeper.',
      hint: "It is optional and is compiled when it is installed: install a C compiler, make and Node's headers, then run `npm install zookeeper`. `polybolt run` does without.",
      context: { reason: cause instanceof Error ? cause.message.split('\n')[0] : String(cause) },
      cause,
    });
  }
}
