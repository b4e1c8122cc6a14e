/**
 * The store on ZooKeeper: opens sessions over one tree. Invariant: a session is handed out only after it is connected, has said who we are, and its root is
 * there and, with credentials, closed to everybody else.
 */
import type { Clock } from '../model/clock.js';
import { PolyboltError } from '../model/errors.js';
import type { StoreClient } from './store.js';
import { nativeClients, type StoreCredentials } from './zookeeper-native.js';
import { escapePath } from './zookeeper-paths.js';
import { ZooKeeperSession } from './zookeeper-session.js';

export interface ZooKeeperStoreOptions {
  /** `host:port` each, all of one ensemble. */
  readonly servers: readonly string[];
  /** Node above the whole tree, `/polybolt` for instance; `/` for none. */
  readonly root: string;
  /** Asked for, in ms; the servers keep it between 2 and 20 of their ticks. */
  readonly sessionTimeoutMs: number;
  /** How long `open` waits for a server, in ms. */
  readonly connectionTimeoutMs: number;
  /** Without, every node is open to whoever reaches a server. */
  readonly credentials?: StoreCredentials;
  readonly clock: Clock;
}

export class ZooKeeperStore implements StoreClient {
  readonly #options: ZooKeeperStoreOptions;
  readonly #root: string;

  /** @throws PB_DAEMON_CONFIG_INVALID */
  constructor(options: ZooKeeperStoreOptions) {
    this.#options = options;
    this.#root = checkedRoot(options.root);
    checkCredentials(options.credentials);
    if (options.servers.length === 0) throw invalid('No server of ZooKeeper is named.', 'Name at least one in storm.zookeeper.servers.');
  }

  /**
   * @throws PB_STORE_UNREACHABLE when no server answers in time
   * @throws PB_STORE_CLIENT_MISSING, PB_STORE_FORBIDDEN, PB_STORE_UNPROTECTED what waiting does not mend
   */
  async open(): Promise<ZooKeeperSession> {
    const { servers, sessionTimeoutMs, connectionTimeoutMs, credentials, clock } = this.#options;
    const makeClient = await nativeClients(servers, sessionTimeoutMs);
    const session = new ZooKeeperSession({ root: this.#root, credentials, sessionTimeoutMs, makeClient, clock });
    const timer = clock.after(connectionTimeoutMs, () => session.abandon());
    try {
      await session.prepare();
      return session;
    } catch (error) {
      await session.close();
      if (!(error instanceof PolyboltError) || error.code !== 'PB_STORE_SESSION_ENDED') throw error;
      throw this.#unreachable(error);
    } finally {
      timer.cancel();
    }
  }

  #unreachable(cause: unknown): PolyboltError {
    const { servers, connectionTimeoutMs } = this.#options;
    return new PolyboltError('PB_STORE_UNREACHABLE', {
      message: `No server of ZooKeeper answered within ${connectionTimeoutMs} ms: ${servers.join(', ')}.`,
      hint: 'See that ZooKeeper runs there, that its ports can be reached from here, and that storm.zookeeper.servers and storm.zookeeper.port name them.',
      context: { servers },
      cause,
    });
  }
}

function checkedRoot(root: string): string {
  if (root === '/') return '';
  if (/^(?:\/[^/\p{Cc}]+)+$/u.test(root) && !/\/\.{1,2}(?:\/|$)/.test(root) && root !== '/zookeeper' && escapePath(root) === root)
    return root;
  throw invalid(
    `${JSON.stringify(root)} is not a path in ZooKeeper.`,
    'storm.zookeeper.root is a path like /polybolt, with no slash at its end.',
  );
}

function checkCredentials(credentials: StoreCredentials | undefined): void {
  if (credentials === undefined) return;
  if (credentials.scheme !== 'digest') {
    throw invalid(
      `ZooKeeper's scheme ${JSON.stringify(credentials.scheme)} is not supported.`,
      'storm.zookeeper.auth.scheme is digest, or is left out.',
    );
  }
  // A payload without a name would make an identity that nobody else can be told apart from.
  if (/^[^:]+:./.test(credentials.payload)) return;
  throw invalid(
    'The credentials for ZooKeeper are not a name, a colon and a password.',
    'Set storm.zookeeper.auth.payload to name:password.',
  );
}

function invalid(message: string, hint: string): PolyboltError {
  return new PolyboltError('PB_DAEMON_CONFIG_INVALID', { message, hint });
}
