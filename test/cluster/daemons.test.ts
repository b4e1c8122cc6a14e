/**
 * A cluster as an operator makes it: keys, configuration, daemons over TLS with tokens and ZooKeeper with credentials; what runs outlives its supervisor, and nothing secret gets
 * anywhere. Everything is a real process on loopback.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { freePorts } from '../support/cluster.js';
import { CLI, ROOT, runCli } from '../support/run-cli.js';
import { needs } from '../support/tools.js';
import { needsZooKeeper, startZooKeeper } from '../support/zookeeper.js';

const ROOTS = 200;
const ZOOKEEPER_PASSWORD = 'zookeeper-pa55word';

/** Writes down all that a component is given, and then has nothing to do. */
const PROBE = `
import json, os, sys
def read():
    lines = []
    for line in iter(sys.stdin.readline, 'end\\n'):
        if not line: sys.exit()
        lines.append(line)
    return ''.join(lines)
def say(message):
    sys.stdout.write(json.dumps(message) + '\\nend\\n'); sys.stdout.flush()
setup = read()
open(os.path.join(json.loads(setup)['pidDir'], str(os.getpid())), 'w').close()
with open(sys.argv[1] + '.part', 'w') as out: out.write(json.dumps(dict(os.environ)) + setup)
os.rename(sys.argv[1] + '.part', sys.argv[1])
say({'pid': os.getpid()})
while True:
    read(); say({'command': 'sync'})
`;

interface Daemon {
  readonly child: ChildProcess;
  /** All of its log. */
  readonly lines: string[];
  /** Resolves to the line of an event, one that has been already too. */
  said(event: string): Promise<Record<string, unknown>>;
  /** Resolves to the exit status. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** The ends of all daemons' logs, for a test that fails. */
let lastWords = (): string => '';

function start(t: Test, kind: string, args: readonly string[], env: Readonly<Record<string, string>>): Daemon {
  const child = spawn(process.execPath, [CLI, kind, ...args], { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'] });
  t.teardown(() => child.kill('SIGKILL'));
  const lines: string[] = [];
  const onLine = new Set<() => void>();
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line);
    for (const call of onLine) call();
  });
  const find = (event: string): Record<string, unknown> | undefined =>
    lines.map((line) => JSON.parse(line) as Record<string, unknown>).find((line) => line['event'] === event);
  return {
    child,
    lines,
    said: (event) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const line = find(event);
          if (line === undefined) return;
          onLine.delete(look);
          resolve(line);
        };
        child.once('exit', (code) => reject(new Error(`${kind} ended with ${code} before it said ${event}:\n${lines.join('\n')}`)));
        onLine.add(look);
        look();
      }),
    end: async (signal) => {
      const exited = once(child, 'exit');
      child.kill(signal);
      const [code] = (await exited) as [number | null];
      return code;
    },
  };
}

/** Everything in all files below a folder. */
function textBelow(folder: string, isWanted: (path: string) => boolean): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => ({ entry, path: join(entry.parentPath, entry.name) }))
    .filter(({ entry, path }) => entry.isFile() && isWanted(path))
    .map(({ path }) => readFileSync(path, 'utf8'))
    .join('\n');
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await holds()); tries++) {
    if (tries > 200) throw new Error(`it did not come to be that ${what}\n${lastWords()}`);
    await pause(50);
  }
}

function lives(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Empty when it is gone. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** 0 when there is no worker. */
function pidIn(directory: string): number {
  try {
    return Number(readFileSync(join(directory, 'pid'), 'utf8').split('\n')[0]);
  } catch {
    return 0;
  }
}

const skip = needsZooKeeper() || needs('python3');

t.test('with certificates, tokens and credentials a topology runs, outlives its supervisor, and sees no secret', { skip }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'polybolt-daemons-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const zookeeper = await startZooKeeper();
  t.teardown(() => zookeeper.close());

  // What an operator does, in the order of spec/operations.md.
  const keys = join(folder, 'keys');
  t.equal((await runCli(['keys', 'init', keys, '--host', '127.0.0.2'])).status, 0);
  const [nimbusPort = 0, supervisorPort = 0, ...slots] = await freePorts(5);
  const configFile = join(folder, 'polybolt.yaml');
  const config = {
    'storm.zookeeper.servers': [zookeeper.address],
    'storm.zookeeper.auth.scheme': 'digest',
    'storm.zookeeper.session.timeout': 4000,
    'nimbus.port': nimbusPort,
    'nimbus.host': '127.0.0.1',
    'nimbus.monitor.freq.secs': 1,
    'supervisor.port': supervisorPort,
    'supervisor.slots.ports': slots,
    'supervisor.worker.shutdown.sleep.secs': 1,
    'supervisor.environment': ['PATH', 'POLYBOLT_*', 'SECRET_OF_MINE'],
    'polybolt.tls.ca': 'keys/ca.crt',
    'polybolt.tls.cert': 'keys/daemon.crt',
    'polybolt.tls.key': 'keys/daemon.key',
    'polybolt.token.client': 'keys/client.token',
    'polybolt.token.daemon': 'keys/daemon.token',
  };
  writeFileSync(configFile, JSON.stringify(config, undefined, 2), { mode: 0o600 });
  const env = (kind: string): Record<string, string> => ({
    POLYBOLT_CONFIG_FILE: configFile,
    POLYBOLT_STORM_LOCAL_DIR: join(folder, kind),
    POLYBOLT_STORM_ZOOKEEPER_AUTH_PAYLOAD: `polybolt:${ZOOKEEPER_PASSWORD}`,
    SECRET_OF_MINE: ZOOKEEPER_PASSWORD,
  });
  const nimbus = start(t, 'nimbus', [], env('nimbus'));
  // Ended with the whole test, whichever part of it starts one.
  const startSupervisor = (...args: readonly string[]): Daemon => start(t, 'supervisor', args, env('supervisor'));
  let supervisor = startSupervisor('--log', 'debug');
  const [ready] = await Promise.all([nimbus.said('nimbus.ready'), supervisor.said('supervisor.ready')]);
  const url = ready['url'] as string;
  t.equal(url, `https://127.0.0.1:${nimbusPort}`);

  lastWords = () => [nimbus, supervisor].map(({ lines }) => lines.slice(-20).join('\n')).join('\n\n');

  const workers = (): { readonly topology: string; readonly directory: string; readonly pid: number }[] =>
    readdirSync(join(folder, 'supervisor', 'workers'))
      .flatMap((topology) =>
        foldersIn(join(folder, 'supervisor', 'workers', topology)).map((port) => {
          const directory = join(folder, 'supervisor', 'workers', topology, port);
          return { topology, directory, pid: pidIn(directory) };
        }),
      )
      .filter(({ pid }) => lives(pid));
  // Each leads its own group, and its components die when it is gone.
  t.teardown(() => workers().forEach(({ pid }) => void process.kill(-pid, 'SIGKILL')));

  const client = ['--nimbus', url, '--ca', join(keys, 'ca.crt'), '--token-file', join(keys, 'client.token')];
  const polybolt = async (...args: readonly string[]): Promise<string> => {
    const { status, stdout, stderr } = await runCli([...args, ...client], { cwd: folder });
    if (status !== 0) throw new Error(`polybolt ${args.join(' ')} ended with ${status}: ${stdout}${stderr}`);
    return stdout + stderr;
  };

  const [ca, token] = [readFileSync(join(keys, 'ca.crt')), readFileSync(join(keys, 'client.token'), 'utf8').trim()];
  const answers: string[] = [];
  const get = (
    from: string,
    path: string,
    authorization: string | undefined = `Bearer ${token}`,
  ): Promise<{ status: number; body: string }> =>
    new Promise((resolve, reject) => {
      const outgoing = request(
        new URL(path, from),
        { ca, agent: false, headers: authorization === undefined ? {} : { authorization } },
        (response) => {
          let body = '';
          response.setEncoding('utf8').on('data', (chunk) => {
            body += chunk;
          });
          response.on('end', () => {
            answers.push(body);
            resolve({ status: response.statusCode ?? 0, body });
          });
        },
      );
      outgoing.on('error', reject).end();
    });

  await t.test('nobody is let in without a token', async (t) => {
    const supervisorUrl = `https://127.0.0.1:${supervisorPort}`;
    t.equal((await get(url, '/v1/cluster', 'none')).status, 401);
    t.equal((await get(supervisorUrl, '/v1/workers', `Bearer ${token}x`)).status, 401);
    t.equal((await get(url, `/v1/blobs/${'0'.repeat(64)}`)).status, 401, 'a client gets no code');
    t.equal((await get(supervisorUrl, '/v1/workers')).status, 200);
    const anonymous = await runCli(['list', '--nimbus', url, '--ca', join(keys, 'ca.crt')], { cwd: folder });
    t.not(anonymous.status, 0);
    t.match(anonymous.stderr, 'PB_UNAUTHORIZED');
  });

  const ledger = join(folder, 'ledger');
  mkdirSync(ledger);
  mkdirSync(join(folder, 'probe'));
  writeFileSync(join(folder, 'probe', 'probe.py'), PROBE);
  const probe = {
    name: 'probe',
    spouts: [{ id: 'probe', command: ['python3', 'probe.py', join(folder, 'probed')], outputs: ['nothing'] }],
  };
  writeFileSync(join(folder, 'probe', 'topology.yaml'), JSON.stringify(probe));
  const variables = { ledger, adapters: join(ROOT, 'adapters', 'python'), roots: String(ROOTS), rate: '500' };
  const sets = Object.entries(variables).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
  await polybolt('submit', join(ROOT, 'examples', 'cluster', 'topology.yaml'), ...sets, '--config', 'topology.workers=2', '--wait');
  await polybolt('submit', join(folder, 'probe', 'topology.yaml'), '--wait');

  await t.test('every line is acked', async (t) => {
    // Each line of the book is the number of a root and the time.
    const acked = (): number => new Set(textBelow(ledger, (path) => path.endsWith('acked')).match(/^\d+/gm)).size;
    await until(`${ROOTS} lines are acked`, () => acked() === ROOTS);
    t.equal(acked(), ROOTS);
  });

  await t.test('what a supervisor has open, such as its connection with ZooKeeper, no worker and no component has', async (t) => {
    const sockets = (pid: number): string[] =>
      foldersIn(`/proc/${pid}/fd`)
        .map((descriptor) => linkOf(`/proc/${pid}/fd/${descriptor}`))
        .filter((target) => target.startsWith('socket:'));
    const own = new Set(sockets(supervisor.child.pid as number));
    t.ok(own.size > 0);
    const started = workers().flatMap(({ pid, directory }) => [pid, ...foldersIn(join(directory, 'children')).map(Number)]);
    t.ok(started.length > 3 && started.every(lives), `${started}`);
    for (const pid of started)
      t.same(
        sockets(pid).filter((socket) => own.has(socket)),
        [],
        `process ${pid}`,
      );
  });

  await t.test('a supervisor that was asked to end leaves its workers to its next life', async (t) => {
    const before = workers();
    t.equal(before.length, 3);
    t.equal(await supervisor.end('SIGTERM'), 0);
    t.ok(before.every(({ pid }) => lives(pid)));
    const first = supervisor.lines;
    supervisor = startSupervisor();
    supervisor.lines.push(...first);
    await supervisor.said('worker.adopted');
    await until('all workers run', async () =>
      /"state":"running".*"state":"running".*"state":"running"/s.test(
        (await get(`https://127.0.0.1:${supervisorPort}`, '/v1/workers')).body,
      ),
    );
    t.same(workers(), before);
  });

  await t.test('no secret is in a log, an answer, an environment or a handshake', async (t) => {
    await until('the probe has written', () => readdirSync(folder).includes('probed'));
    const directory = join(folder, 'supervisor');
    const links = [...textBelow(directory, (path) => path.endsWith('worker.json')).matchAll(/"linkToken":"(\w+)"/g)].map(
      ([, link = '']) => link,
    );
    t.equal(links.length, 3);
    for (const path of [
      '/v1/cluster',
      '/v1/topologies',
      '/v1/topologies/ledger',
      '/v1/topologies/ledger/workers',
      '/v1/topologies/probe/errors',
    ]) {
      t.equal((await get(url, path)).status, 200, path);
    }
    const places: Record<string, string> = {
      logs: [...nimbus.lines, ...supervisor.lines, textBelow(directory, (path) => path.endsWith('.log'))].join('\n'),
      answers: answers.join('\n'),
      component: readFileSync(join(folder, 'probed'), 'utf8'),
      workers: workers()
        .map(({ pid }) => readFileSync(`/proc/${pid}/environ`, 'utf8'))
        .join('\n'),
      'worker.json': textBelow(directory, (path) => path.endsWith('worker.json')).replaceAll(/"linkToken":"\w+"/g, ''),
    };
    const secret = (name: string): string => readFileSync(join(keys, name), 'utf8').trim();
    const secrets: Record<string, string> = {
      'client token': secret('client.token'),
      'daemon token': secret('daemon.token'),
      'private key': secret('daemon.key').split('\n')[1] ?? '',
      'password of ZooKeeper': ZOOKEEPER_PASSWORD,
      ...Object.fromEntries(links.map((link, index) => [`link token ${index}`, link])),
    };
    t.match(places['component'], /"PATH"/);
    for (const [place, text] of Object.entries(places)) {
      t.not(text, '', place);
      for (const [name, value] of Object.entries(secrets)) {
        // What the worker's process has, its components need not have.
        if (place === 'workers' && name === 'password of ZooKeeper') t.notOk(text.includes(`polybolt:${value}`), `${name} in ${place}`);
        else t.notOk(text.includes(value), `${name} in ${place}`);
      }
    }
  });

  await t.test('Ctrl-C ends a supervisor with its workers, and kill removes a topology', async (t) => {
    await polybolt('kill', 'probe', '-w', '0');
    await until('the worker has gone', () => workers().every(({ topology }) => !topology.startsWith('probe')));
    const rest = workers();
    t.equal(rest.length, 2);
    t.equal(await supervisor.end('SIGINT'), 130);
    t.notOk(rest.some(({ pid }) => lives(pid)));
    t.equal(await nimbus.end('SIGTERM'), 0);
  });
});
