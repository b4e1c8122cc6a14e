/**
 * Real ZooKeeper servers for tests: Debian's, on free loopback ports, alone or as an ensemble. Invariant: each server is killed by its own process id, also
 * when the test process is killed itself, and its files are gone then or after `close`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePorts } from './ports.js';
import { needs } from './tools.js';

/** For tap's `skip`: a server and the client that speaks with it. */
export function needsZooKeeper(): string | false {
  return needs('zookeeper', 'zookeeper-client');
}

export type ServerMode = 'standalone' | 'leader' | 'follower';

export interface ZooKeeperServer {
  /** `127.0.0.1:port`, the same after every start. */
  readonly address: string;
  readonly port: number;
  /** The role that it says it has; undefined while it serves nobody. */
  mode(): Promise<ServerMode | undefined>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it again with what is on its disk; resolves when it serves. */
  restart(): Promise<void>;
  /** SIGSTOP: connections stay, nothing is answered. */
  freeze(): void;
  /** SIGCONT */
  thaw(): void;
  /** Kills it and removes its files. */
  close(): Promise<void>;
}

export interface ZooKeeperEnsemble {
  readonly servers: readonly ZooKeeperServer[];
  readonly addresses: readonly string[];
  leader(): Promise<ZooKeeperServer>;
  close(): Promise<void>;
}

export interface ZooKeeperOptions {
  /** Session timeouts are kept between 2 and 120 of these. */
  readonly tickMs?: number;
}

/** One server, serving. */
export async function startZooKeeper({ tickMs = 500 }: ZooKeeperOptions = {}): Promise<ZooKeeperServer> {
  const [port = 0] = await freePorts(1);
  const server = new Server(port, await makeDirectory([...common(port, tickMs)]));
  await server.restart();
  return server;
}

/** Three servers that have a leader. */
export async function startZooKeeperEnsemble({ tickMs = 500 }: ZooKeeperOptions = {}): Promise<ZooKeeperEnsemble> {
  const ids = [1, 2, 3];
  const ports = await freePorts(3 * ids.length);
  const members = ids.map((id) => `server.${id}=127.0.0.1:${ports[id + 2]}:${ports[id + 5]}`);
  const servers = await Promise.all(
    ids.map(async (id) => {
      const port = ports[id - 1] as number;
      return new Server(port, await makeDirectory([...common(port, tickMs), 'initLimit=40', 'syncLimit=20', ...members], id));
    }),
  );
  await Promise.all(servers.map((server) => server.restart()));
  return {
    servers,
    addresses: servers.map(({ address }) => address),
    async leader() {
      for (;;) {
        for (const server of servers) if ((await server.mode()) === 'leader') return server;
        await pause(POLL_MS);
      }
    },
    close: async () => void (await Promise.all(servers.map((server) => server.close()))),
  };
}

const JARS = '/usr/share/java/zookeeper.jar:/usr/share/java/*';
/** Small, quick to start, and no waiting for the disk. */
const JAVA = ['-Xmx64m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData', '-Dzookeeper.forceSync=no'];
const POLL_MS = 20;

class Server implements ZooKeeperServer {
  readonly port: number;
  readonly address: string;
  readonly #directory: string;
  #child: ChildProcess | undefined;
  #said = '';

  constructor(port: number, directory: string) {
    this.port = port;
    this.address = `127.0.0.1:${port}`;
    this.#directory = directory;
  }

  async restart(): Promise<void> {
    const args = [...JAVA, '-cp', JARS, 'org.apache.zookeeper.server.quorum.QuorumPeerMain', join(this.#directory, 'zoo.cfg')];
    const child = spawn('java', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text: Buffer) => {
        this.#said = `${this.#said}${text}`.slice(-4000);
      });
    }
    this.#guard(child);
    while ((await this.mode()) === undefined) {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`ZooKeeper ended as it started:\n${this.#said}`);
      await pause(POLL_MS);
    }
  }

  /** Outlives a test process that is killed: its end closes the pipe, and then the server goes, and its files. */
  #guard(child: ChildProcess): void {
    const program = 'cat >/dev/null; kill -9 "$0"; rm -rf "$1"';
    const guard = spawn('sh', ['-c', program, `${child.pid}`, this.#directory], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    guard.unref();
    child.once('close', () => guard.pid !== undefined && process.kill(-guard.pid, 'SIGKILL'));
  }

  async mode(): Promise<ServerMode | undefined> {
    const mode = /^Mode: (\w+)$/m.exec(await ask(this.port, 'srvr'))?.[1];
    return mode === 'standalone' || mode === 'leader' || mode === 'follower' ? mode : undefined;
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
  }

  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  async close(): Promise<void> {
    await this.kill();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

function common(port: number, tickMs: number): string[] {
  return [
    `tickTime=${tickMs}`,
    `maxSessionTimeout=${120 * tickMs}`,
    `clientPort=${port}`,
    'clientPortAddress=127.0.0.1',
    'maxClientCnxns=0',
    'admin.enableServer=false',
    '4lw.commands.whitelist=srvr',
  ];
}

/** @param id of a member of an ensemble. */
async function makeDirectory(lines: readonly string[], id?: number): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'polybolt-zookeeper-'));
  const data = join(directory, 'data');
  await mkdir(data);
  if (id !== undefined) await writeFile(join(data, 'myid'), `${id}`);
  await writeFile(join(directory, 'zoo.cfg'), [`dataDir=${data}`, ...lines, ''].join('\n'));
  return directory;
}

/** One of ZooKeeper's four-letter words; empty where nobody answers within a second. */
function ask(port: number, word: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect({ port, host: '127.0.0.1', timeout: 1000 }, () => socket.end(word));
    socket.on('data', (text) => {
      answer += text;
    });
    socket.on('timeout', () => socket.destroy());
    socket.on('error', () => {});
    socket.on('close', () => resolve(answer));
  });
}
