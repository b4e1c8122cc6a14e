/**
 * Clients of ZooKeeper beside our own: what an operator, an intruder or a misfortune would do. Invariant: each is closed before its function returns, or by
 * its `close`.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Test } from 'tap';
import type { StoreSession } from '../../src/coordination/store.js';
import type { ZooKeeperSession } from '../../src/coordination/zookeeper-session.js';
import { ZooKeeperStore, type ZooKeeperStoreOptions } from '../../src/coordination/zookeeper-store.js';
import { SYSTEM_CLOCK } from '../../src/daemon/settings/system-clock.js';

let trees = 0;

/** A store of short times and, unless said otherwise, a root of its own. */
export function storeAt(servers: readonly string[], options: Partial<ZooKeeperStoreOptions> = {}): ZooKeeperStore {
  const root = `/tree${trees++}`;
  return new ZooKeeperStore({ servers, root, sessionTimeoutMs: 8000, connectionTimeoutMs: 20_000, clock: SYSTEM_CLOCK, ...options });
}

/** A session that is closed when the test ends. */
export async function opened(t: Test, store: ZooKeeperStore): Promise<ZooKeeperSession> {
  const session = await store.open();
  t.teardown(() => session.close());
  return session;
}

/** Resolves when the session tells that it is connected, or is not. */
export function connection(session: StoreSession, wanted: boolean): Promise<void> {
  return new Promise((resolve) => {
    const subscription = session.onConnection((isConnected) => {
      if (isConnected !== wanted) return;
      subscription.close();
      resolve();
    });
  });
}

/** Resolves when what is read on being told of a change is so. */
export function becomes(session: StoreSession, path: string, subject: 'entry' | 'children', isSo: () => Promise<boolean>): Promise<void> {
  return new Promise((resolve, reject) => {
    const subscription = session.subscribe(path, subject, () => {
      isSo().then((so) => {
        if (!so) return;
        subscription.close();
        resolve();
      }, reject);
    });
  });
}

/** The promises of the npm package, as far as they are used here. */
export interface RawClient {
  create(path: string, data: string, flags: number): Promise<string>;
  get(path: string, watch: boolean): Promise<[stat: { readonly version: number; readonly ephemeralOwner: string }, data: Buffer]>;
  set(path: string, data: string, version: number): Promise<unknown>;
  get_children(path: string, watch: boolean): Promise<string[]>;
  delete_(path: string, version: number): Promise<void>;
  get_acl(path: string): Promise<[acl: { readonly perms: number; readonly scheme: string; readonly auth: string }[], stat: object]>;
  set_acl(path: string, version: number, acl: readonly object[]): Promise<void>;
  add_auth(scheme: string, auth: string, callback: (code: number) => void): number;
  close(): void;
}

/** A client without credentials. */
export async function rawClient(address: string, extra: object = {}): Promise<RawClient> {
  const Client = (await import('zookeeper')).default as unknown as new (
    config: object,
  ) => RawClient & NodeJS.EventEmitter & { init(config: object): void };
  const client = new Client({ connect: address, timeout: 10_000, debug_level: 0, ...extra });
  const connected = once(client, 'connect');
  client.init({});
  await connected;
  return client;
}

/**
 * Ends a session as the server would on its timeout: somebody presents himself as it and says good-bye. The true owner may take the session back in
 * between, and is then tried again. Resolves when it knows.
 */
export async function endSession(port: number, session: ZooKeeperSession): Promise<void> {
  for (let isOver = false; !isOver; ) {
    const outcome = new Promise<boolean>((resolve) => {
      const subscription = session.onConnection((isConnected) => {
        if (!isConnected) return;
        subscription.close();
        resolve(false);
      });
      void session.ended.then(() => resolve(true));
    });
    await sayGoodbyeAs(port, session);
    isOver = await outcome;
  }
}

/** Once. The true owner may take the session back in between. */
export async function sayGoodbyeAs(port: number, { identity }: Pick<ZooKeeperSession, 'identity'>): Promise<void> {
  if (identity === undefined) throw new Error('a session that was never connected');
  const hello = Buffer.alloc(49);
  hello.writeInt32BE(45, 0);
  hello.writeInt32BE(10_000, 16);
  hello.writeBigUInt64BE(BigInt(`0x${identity.id}`), 20);
  hello.writeInt32BE(16, 28);
  hello.write(identity.password, 32, 'hex');
  const goodbye = Buffer.alloc(12);
  goodbye.writeInt32BE(8, 0);
  goodbye.writeInt32BE(1, 4);
  goodbye.writeInt32BE(CLOSE_SESSION, 8);
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {}).resume();
  socket.write(Buffer.concat([hello, goodbye]));
  await once(socket, 'close');
}

/** Number of the request, ZooDefs.OpCode. */
const CLOSE_SESSION = -11;
