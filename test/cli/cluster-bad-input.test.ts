/**
 * What nobody should be able to do to a cluster, against a real nimbus over HTTP: a clear error each, and afterwards the nimbus's directory and its topologies are as they were.
 */
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { BLOB_BYTES_MAX, BLOB_ENTRIES_MAX, BLOB_UNPACKED_BYTES_MAX } from '../../src/model/limits.js';
import { SILENT_LOG } from '../../src/model/log.js';
import { hostile, tarOf } from '../coordination/hostile-archives.js';
import { listing, startNimbus } from '../support/nimbus.js';
import { type CliResult, runCli } from '../support/run-cli.js';

type Test = Pick<typeof t, 'testdir' | 'teardown' | 'same'>;

const TOPOLOGY = 'name: words\nspouts:\n  - { id: lines, command: [cat], outputs: [line] }\n';
const CLIENT_TOKEN = 'client-token-of-the-test';

interface Victim {
  readonly url: string;
  /** Events of the nimbus's log. */
  readonly events: EventEmitter;
  /** The last `--nimbus` wins. */
  run(command: string, ...args: readonly string[]): Promise<CliResult>;
  /** Sends bytes as a topology; the error of the answer, or nothing. */
  upload(bytes: Buffer, sha256?: string): Promise<{ readonly status: number; readonly code?: string; readonly message?: string }>;
  /** Fails unless everything is as it was when the last call was made. */
  unchanged(what: string): Promise<void>;
}

async function victimFor(t: Test, nimbusDirectory?: string): Promise<Victim> {
  const directory = t.testdir({ 'topology.yaml': TOPOLOGY, 'client.token': `${CLIENT_TOKEN}\n`, 'wrong.token': 'wrong', nimbus: {} });
  const own = nimbusDirectory ?? join(directory, 'nimbus');
  const events = new EventEmitter();
  const info = (event: string, fields: object = {}): void => void events.emit(event, fields);
  const security = { clientToken: CLIENT_TOKEN, daemonToken: 'daemon-token-of-the-test' };
  const { url } = await startNimbus(t, { directory: own, security, log: { ...SILENT_LOG, info } });
  const headers = { authorization: `Bearer ${CLIENT_TOKEN}` };
  const state = async (): Promise<unknown> => [listing(own), await (await fetch(`${url}/v1/topologies`, { headers })).json()];
  const before = await state();
  return {
    url,
    events,
    run: (command, ...args) => runCli([command, '--nimbus', url, ...args], { cwd: directory }),
    upload: async (body, sha256 = createHash('sha256').update(body).digest('hex')) => {
      const reply = await fetch(`${url}/v1/topologies`, { method: 'POST', body, headers: { ...headers, 'x-polybolt-sha256': sha256 } });
      const { error } = (await reply.json()) as { readonly error?: { readonly code: string; readonly message: string } };
      return { status: reply.status, ...error };
    },
    unchanged: async (what) => void t.same(await state(), before, `${what}: the cluster is as it was`),
  };
}

t.test('each hostile archive is refused with its reason, and the cluster is as it was', async (t) => {
  const victim = await victimFor(t);
  const topology = { path: 'topology.json', content: '{}' };
  const more = [
    {
      name: '10,001 entries',
      bytes: gzipSync(tarOf(Array.from({ length: BLOB_ENTRIES_MAX + 1 }, (_, index) => ({ path: `resources/d${index}`, type: '5' })))),
      code: 'PB_ARCHIVE_TOO_LARGE',
      says: /it is entry 10001; at most 10000/,
    },
    {
      name: 'a bomb that says so',
      bytes: gzipSync(tarOf([topology, { path: 'resources/big', size: BLOB_UNPACKED_BYTES_MAX }], false)),
      code: 'PB_ARCHIVE_TOO_LARGE',
      says: /at "resources\/big": with it there are \d+ bytes/,
    },
    {
      name: 'a bomb that does not',
      bytes: gzipSync(Buffer.concat([tarOf([topology, { path: 'resources/', type: '5' }]), Buffer.alloc(64 * 1024 * 1024)])),
      code: 'PB_ARCHIVE_INVALID',
      says: /more follows behind its end/,
    },
    {
      name: 'a topology with mistakes',
      bytes: gzipSync(
        tarOf([
          { path: 'topology.json', content: '{"name":"a/b",\n"resources":"resources",\n"spouts":[{"id":"s","comand":["x"]}]}' },
          { path: 'resources/', type: '5' },
        ]),
      ),
      code: 'PB_TOPOLOGY_INVALID',
      says: /topology\.json:1:9: PB_NAME_INVALID[\s\S]*topology\.json:3:21: PB_KEY_UNKNOWN .*did you mean `command`/,
    },
    {
      name: 'resources elsewhere',
      bytes: gzipSync(
        tarOf([
          { path: 'topology.json', content: TOPOLOGY.replace('spouts', 'resources: /etc\nspouts') },
          { path: 'resources/', type: '5' },
        ]),
      ),
      code: 'PB_TOPOLOGY_INVALID',
      says: /the resources of a packed topology lie beside it/,
    },
  ];
  for (const { name, bytes, code, says } of [...hostile(), ...more]) {
    t.match(await victim.upload(bytes), { status: 400, code, message: says }, name);
    await victim.unchanged(name);
  }
  t.match(await victim.upload(Buffer.from('other'), '0'.repeat(64)), { status: 400, code: 'PB_BLOB_CORRUPT' });
  t.match(await victim.upload(Buffer.from('x'), 'no sum'), { status: 400, code: 'PB_REQUEST_INVALID' });
  await victim.unchanged('wrong sums');
});

t.test('what a user gets wrong is said with what to do, and changes nothing', async (t) => {
  const victim = await victimFor(t);
  const token = ['--token-file', 'client.token'];
  const rows: readonly (readonly [what: string, args: readonly string[], status: number, says: RegExp])[] = [
    ['no such file', ['submit', 'nope.yaml', ...token], 3, /^nope\.yaml:1:1: PB_TOPOLOGY_UNREADABLE nope\.yaml does not exist/],
    ['no token', ['submit', 'topology.yaml'], 1, /^PB_UNAUTHORIZED .*none came/],
    ['a wrong token', ['submit', 'topology.yaml', '--token-file', 'wrong.token'], 1, /^PB_UNAUTHORIZED/],
    ['a token file that is not there', ['list', '--token-file', 'nope.token'], 2, /^PB_USAGE nope\.token \(--token-file\) does not exist/],
    [
      'a name that cannot be',
      ['submit', 'topology.yaml', '--name', 'a/b', ...token],
      3,
      /^PB_NAME_INVALID the topology name `a\/b` holds one of/,
    ],
    ['an unknown topology', ['kill', 'nope', ...token], 1, /^PB_TOPOLOGY_NOT_FOUND/],
    ['an unknown topology to look at', ['logs', 'nope', ...token], 1, /^PB_TOPOLOGY_NOT_FOUND/],
    ['https where there is none', ['list', '--nimbus', victim.url.replace('http:', 'https:'), ...token], 4, /^PB_NIMBUS_UNREACHABLE/],
  ];
  for (const [what, [command = '', ...args], status, says] of rows) {
    t.match(await victim.run(command, ...args), { status, stdout: '', stderr: says }, what);
  }
  writeFileSync(join(t.testdirName, 'bad.yaml'), 'name: a/b\nspouts:\n  - { id: s, comand: [x] }\n');
  const invalid = await victim.run('submit', 'bad.yaml', ...token);
  t.match(invalid, { status: 3, stderr: /^bad\.yaml:1:7: PB_NAME_INVALID[\s\S]*bad\.yaml:3:14: PB_KEY_UNKNOWN/ });
  await victim.unchanged('mistakes of users');
});

t.test('a name that is taken is refused, and the one that has it goes on', async (t) => {
  const victim = await victimFor(t);
  const token = ['--token-file', 'client.token'];
  t.match(await victim.run('submit', 'topology.yaml', ...token), { status: 0 });
  const before = await victim.run('list', '--json', ...token);
  t.match(await victim.run('submit', 'topology.yaml', ...token), { status: 1, stdout: '', stderr: /^PB_TOPOLOGY_EXISTS/ });
  t.match(await victim.run('submit', 'topology.yaml', '--json', ...token), { status: 1, stdout: /^{"error":{"code":"PB_TOPOLOGY_EXISTS"/ });
  t.equal((await victim.run('list', '--json', ...token)).stdout, before.stdout);
  t.same(
    readdirSync(tmpdir()).filter((name) => name.startsWith('polybolt-pack-')),
    [],
    'nothing is left of what was packed',
  );
});

t.test('an upload that announces too much is refused before it is sent', async (t) => {
  const victim = await victimFor(t);
  const headers = { authorization: `Bearer ${CLIENT_TOKEN}`, 'x-polybolt-sha256': '0'.repeat(64), 'content-length': BLOB_BYTES_MAX + 1 };
  const upload = request(`${victim.url}/v1/topologies`, { method: 'POST', headers: { ...headers, expect: '100-continue' } });
  upload.flushHeaders();
  const [reply] = (await once(upload, 'response')) as [IncomingMessage];
  t.match(await json(reply), { error: { code: 'PB_REQUEST_TOO_LARGE' } });
  upload.destroy();
  await victim.unchanged('too large an upload');
});

t.test('a client that goes away in the middle of its upload leaves nothing', async (t) => {
  const victim = await victimFor(t);
  const refused = once(victim.events, 'http.refused');
  const { port } = new URL(victim.url);
  const socket = connect(Number(port), '127.0.0.1');
  await once(socket, 'connect');
  const head = [
    'POST /v1/topologies HTTP/1.1',
    'host: 127.0.0.1',
    `authorization: Bearer ${CLIENT_TOKEN}`,
    `x-polybolt-sha256: ${'0'.repeat(64)}`,
  ];
  socket.write([...head, 'content-length: 1000000', '', ''].join('\r\n'));
  socket.write(Buffer.alloc(300_000), () => socket.destroy());
  const [fields] = (await refused) as [{ readonly code: string }];
  t.equal(fields.code, 'PB_REQUEST_ABORTED');
  await victim.unchanged('half an upload');
});

/** Runs on a file system of two MiB, where one can be mounted. */
const skip = platform() !== 'linux' || process.getuid?.() !== 0 || !canMount() ? 'needs root on Linux, to mount a small tmpfs' : false;

t.test('a full disk is said so, and leaves nothing', { skip }, async (t) => {
  const disk = join(t.testdir({ disk: {} }), 'disk');
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk]);
  try {
    mkdirSync(join(disk, 'nimbus'));
    const victim = await victimFor(
      { testdir: () => t.testdirName, teardown: (handler) => t.teardown(handler), same: t.same.bind(t) },
      join(disk, 'nimbus'),
    );
    const app = join(t.testdirName, 'app');
    mkdirSync(app);
    writeFileSync(join(app, 'topology.yaml'), TOPOLOGY);
    writeFileSync(join(app, 'model.bin'), randomBytes(3 * 1024 * 1024));
    writeFileSync(join(app, 'token'), CLIENT_TOKEN);
    const result = await runCli(['submit', 'topology.yaml', '--nimbus', victim.url, '--token-file', 'token'], { cwd: app });
    t.match(result, { status: 1, stdout: '', stderr: /^PB_DISK_FULL the disk is full: the packed topology cannot be written/ });
    await victim.unchanged('a full disk');
  } finally {
    // Before the directory is removed, and although the nimbus still has it.
    execFileSync('umount', ['-l', disk]);
  }
});

function canMount(): boolean {
  const probe = join(t.testdir({ probe: {} }), 'probe');
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', probe], { stdio: 'ignore' });
  } catch {
    return false;
  }
  execFileSync('umount', [probe]);
  return true;
}
