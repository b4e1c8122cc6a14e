/**
 * Sessions with the ZooKeeper of a cluster under test: one of our own to look at what the store holds, and the end of a daemon's, on purpose, as ZooKeeper does when it has not heard of it for too
 * long. Invariant: the daemon has no part in that: all that is known of its session is what everybody can read, and how the server makes passwords.
 */
import type { StoreSession } from '../../src/coordination/store.js';
import { ZooKeeperStore } from '../../src/coordination/zookeeper-store.js';
import { SYSTEM_CLOCK } from '../../src/daemon/settings/system-clock.js';
import { rawClient, sayGoodbyeAs } from '../coordination/zookeeper-clients.js';
import type { ZooKeeperServer } from './zookeeper.js';

/** The store of the daemons of a cluster without credentials. */
export function openStore({ address }: ZooKeeperServer): Promise<StoreSession> {
  const times = { sessionTimeoutMs: 30_000, connectionTimeoutMs: 30_000 };
  return new ZooKeeperStore({ servers: [address], root: '/polybolt', ...times, clock: SYSTEM_CLOCK }).open();
}

/** @param path of an ephemeral of the session, from the root of ZooKeeper */
export async function expireSession(server: ZooKeeperServer, path: string): Promise<void> {
  const client = await rawClient(server.address);
  const ownerOf = async (): Promise<string | undefined> => {
    try {
      return (await client.get(path, false))[0].ephemeralOwner;
    } catch (error) {
      if (String(error).includes(NO_NODE)) return undefined;
      throw error;
    }
  };
  try {
    const id = await ownerOf();
    if (id === undefined) throw new Error(`nobody owns ${path}`);
    const identity = { id, password: passwordOf(BigInt(`0x${id}`)) };
    // The daemon may have its session back before the good-bye is heard.
    do await sayGoodbyeAs(server.port, { identity });
    while ((await ownerOf()) === id);
  } finally {
    client.close();
  }
}

/** `ZooKeeperServer.generatePasswd`: sixteen bytes of a `java.util.Random` that begins with the id. */
function passwordOf(id: bigint): string {
  const password = Buffer.alloc(16);
  let seed = BigInt.asUintN(48, id ^ SUPER_SECRET ^ JAVA_MULTIPLIER);
  for (let offset = 0; offset < password.length; offset += 4) {
    seed = BigInt.asUintN(48, seed * JAVA_MULTIPLIER + 0xbn);
    password.writeUInt32LE(Number(BigInt.asUintN(32, seed >> 16n)), offset);
  }
  return password.toString('hex');
}

/** How the npm package says that a node is not there. */
const NO_NODE = '-101';
const SUPER_SECRET = 0xb3415c00n;
const JAVA_MULTIPLIER = 0x5deece66dn;
