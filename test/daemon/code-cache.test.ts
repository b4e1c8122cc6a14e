/**
 * The code of topologies on its way from nimbuses to a supervisor's disk: real archives over real HTTP, nimbuses that fail in every way, `prepare` commands that are
 * real programs.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { makeAuthority, makeDaemonCertificate } from '../../src/cli/certificates.js';
import { packTopology } from '../../src/coordination/archive.js';
import { downloadBlob } from '../../src/daemon/supervisor/code-cache-download.js';
import { HttpCodeCache, type HttpCodeCacheOptions } from '../../src/daemon/supervisor/code-cache-http.js';
import { prepareTopology } from '../../src/daemon/supervisor/prepare-topology.js';
import { shell } from '../../src/model/component-implementation.js';
import type { PolyboltError } from '../../src/model/errors.js';
import { PREPARE_FAILURE_MS, PREPARE_MS_MAX } from '../../src/model/limits.js';
import { type Log, SILENT_LOG } from '../../src/model/log.js';
import type { Topology } from '../../src/model/topology.js';
import { TopologyBuilder } from '../../src/model/topology-builder.js';
import { FakeClock, recordOf } from './supervisor-fakes.js';

function tempDir(t: Test): string {
  const directory = mkdtempSync(join(tmpdir(), 'polybolt-code-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function topologyIn(resources: string, prepare?: readonly string[], config: Record<string, unknown> = {}): Topology {
  mkdirSync(resources, { recursive: true });
  writeFileSync(join(resources, 'words.py'), 'print("words")\n');
  const builder = new TopologyBuilder('words').config(config);
  builder.setSpout('words', shell(['python3', 'words.py'], { outputs: ['word'] }));
  if (prepare !== undefined) builder.prepare(prepare);
  return builder.build({ resources });
}

interface Packed {
  readonly blob: string;
  readonly bytes: Buffer;
}

async function packed(topology: Topology): Promise<Packed> {
  const { sha256, file, remove } = await packTopology(topology);
  const bytes = readFileSync(file);
  await remove();
  return { blob: sha256, bytes };
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A nimbus that answers as it is told; resolves to its URL. */
async function nimbus(t: Test, answer: Answer): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A nimbus that has it, and counts how often it is asked. */
async function goodNimbus(t: Test, { bytes }: Packed): Promise<{ readonly url: string; readonly asked: string[] }> {
  const asked: string[] = [];
  const url = await nimbus(t, (request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.authorization ?? 'no token'}`);
    response.end(bytes);
  });
  return { url, asked };
}

interface Cache {
  readonly cache: HttpCodeCache;
  readonly directory: string;
  readonly clock: FakeClock;
  readonly events: string[];
}

function cacheOf(urls: readonly string[], directory: string, options: Partial<HttpCodeCacheOptions> = {}): Cache {
  const clock = new FakeClock();
  const events: string[] = [];
  const note = (event: string): void => void events.push(event);
  const log: Log = { debug: note, info: note, warn: note, error: note };
  const cache = new HttpCodeCache(
    { directory: join(directory, 'code'), security: {}, environment: { PATH: process.env['PATH'] }, ...options },
    { nimbusUrls: async () => urls, clock, random: () => 0, log },
  );
  return { cache, directory: join(directory, 'code'), clock, events };
}

/** The error of a fetch that fails, while time goes on. */
async function failure({ cache, clock }: Cache, blob: string): Promise<PolyboltError> {
  let error: PolyboltError | undefined;
  const failing = cache.fetch(recordOf('words', [], { blob })).catch((thrown: unknown) => {
    error = thrown as PolyboltError;
  });
  while (error === undefined) await clock.advance(100);
  await failing;
  return error;
}

t.test('code is fetched with the daemon token, checked and unpacked, once for all who ask', async (t) => {
  const directory = tempDir(t);
  const code = await packed(topologyIn(join(directory, 'resources')));
  const { url, asked } = await goodNimbus(t, code);
  const { cache, directory: place, events } = cacheOf([url], directory, { security: { daemonToken: 'secret' } });
  const record = recordOf('words', [], { blob: code.blob });
  const found = await Promise.all([cache.fetch(record), cache.fetch(record)]);
  t.same(found, [join(place, code.blob), join(place, code.blob)]);
  t.equal(readFileSync(join(place, code.blob, 'resources', 'words.py'), 'utf8'), 'print("words")\n');
  t.same(asked, [`GET /v1/blobs/${code.blob} Bearer secret`]);
  await cache.fetch(record);
  const { cache: nextLife } = cacheOf([], directory);
  t.equal(await nextLife.fetch(record), join(place, code.blob), 'also in the next life, without any nimbus');
  t.equal(asked.length, 1);
  t.same(readdirSync(place).sort(), [code.blob, `${code.blob}.ready`]);
  t.ok(events.includes('code.ready'));
});

t.test('a nimbus that is dead, has nothing, fails, lies, is cut off or sends too little is passed over', async (t) => {
  const directory = tempDir(t);
  const code = await packed(topologyIn(join(directory, 'resources')));
  const half = code.bytes.subarray(0, code.bytes.length / 2);
  const bad = await Promise.all([
    nimbus(t, (request) => request.socket.destroy()),
    nimbus(t, (_, response) => response.writeHead(404).end()),
    nimbus(t, (_, response) => response.writeHead(503).end('busy')),
    nimbus(t, (_, response) => response.end(Buffer.concat([code.bytes, Buffer.from('more')]))),
    nimbus(t, (_, response) => {
      response.writeHead(200, { 'content-length': code.bytes.length });
      response.write(half, () => response.destroy());
    }),
    nimbus(t, (_, response) => response.end(half)),
  ]);
  const { url } = await goodNimbus(t, code);
  const { cache, directory: place, events } = cacheOf(['http://127.0.0.1:1', ...bad, url], directory);
  await cache.fetch(recordOf('words', [], { blob: code.blob }));
  t.equal(events.filter((event) => event === 'code.download-failed').length, 7);
  t.same(readdirSync(place).sort(), [code.blob, `${code.blob}.ready`]);
});

t.test('what no nimbus has is asked for three times, and then the error says what each of them answered', async (t) => {
  const directory = tempDir(t);
  let asked = 0;
  const url = await nimbus(t, (_, response) => {
    asked++;
    response.writeHead(404).end();
  });
  const place = cacheOf([url, 'http://127.0.0.1:1'], directory);
  const error = await failure(place, 'a'.repeat(64));
  t.match(error, {
    code: 'PB_CODE_UNAVAILABLE',
    message: /could not be had from any nimbus: http.*it does not have it; http:\/\/127\.0\.0\.1:1: .*ECONNREFUSED/,
  });
  t.equal(asked, 3);
  t.same(readdirSync(place.directory), []);
  t.match(await failure(cacheOf([], directory), 'a'.repeat(64)), { message: /none is registered/ });
});

t.test('a nimbus that comes back between two rounds is found', async (t) => {
  const directory = tempDir(t);
  const code = await packed(topologyIn(join(directory, 'resources')));
  let isBack = false;
  const url = await nimbus(t, (_, response) => (isBack ? response.end(code.bytes) : response.writeHead(503).end()));
  const { cache, clock, events } = cacheOf([url], directory);
  let place: string | undefined;
  const fetching = cache.fetch(recordOf('words', [], { blob: code.blob })).then((found) => {
    place = found;
  });
  while (!events.includes('code.download-failed')) await clock.advance(0);
  isBack = true;
  while (place === undefined) await clock.advance(100);
  await fetching;
  t.ok(existsSync(join(place, 'topology.json')));
});

t.test('a nimbus that falls silent in the middle is not waited for', async (t) => {
  const directory = tempDir(t);
  const url = await nimbus(t, (_, response) => response.writeHead(200).write('a little'));
  const file = join(directory, 'blob');
  await t.rejects(
    downloadBlob(url, 'a'.repeat(64), file, { security: {}, signal: new AbortController().signal, idleMs: 20 }),
    /it was silent for 20 ms/,
  );
  t.notOk(existsSync(file));
});

t.test('over TLS only a nimbus of the own authority is believed', async (t) => {
  const directory = tempDir(t);
  const code = await packed(topologyIn(join(directory, 'resources')));
  const [own, other] = await Promise.all([makeAuthority(), makeAuthority()]);
  const file = join(directory, 'blob');
  for (const authority of [own, other]) {
    const server = createTlsServer(await makeDaemonCertificate(authority, ['127.0.0.1']), (_, response) => response.end(code.bytes));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.teardown(() => server.close());
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const security = { tls: { ca: own.cert, cert: '', key: '' } };
    const downloading = downloadBlob(url, code.blob, file, { security, signal: new AbortController().signal });
    if (authority === own) await downloading;
    else await t.rejects(downloading, /certificate/);
    t.equal(existsSync(file), authority === own);
  }
});

t.test('an archive that is damaged although its sum is right is refused at once, and nothing is left', async (t) => {
  const directory = tempDir(t);
  const bytes = Buffer.from('no archive');
  const code = { bytes, blob: createHash('sha256').update(bytes).digest('hex') };
  const { url, asked } = await goodNimbus(t, code);
  const place = cacheOf([url], directory);
  t.match(await failure(place, code.blob), { code: 'PB_ARCHIVE_INVALID' });
  t.equal(asked.length, 1);
  t.same(readdirSync(place.directory), []);
});

t.test('the name of a blob that is none reaches neither disk nor network', async (t) => {
  const directory = tempDir(t);
  const { cache } = cacheOf(['http://127.0.0.1:1'], directory);
  for (const blob of ['', '../../etc', `${'a'.repeat(63)}/`, 'A'.repeat(64)]) {
    await t.rejects(cache.fetch(recordOf('words', [], { blob })), /is not the name of a blob/);
  }
});

t.test('prepare runs once for each blob, in the resources directory, with the allowed environment and the topology’s own', async (t) => {
  const directory = tempDir(t);
  const count = join(directory, 'count');
  const script = `echo run >> ${count}; pwd; env > made; test -f words.py`;
  const topology = topologyIn(join(directory, 'resources'), ['sh', '-c', script], { 'topology.environment': { MINE: '1' } });
  const code = await packed(topology);
  const { url } = await goodNimbus(t, code);
  const environment = { PATH: process.env['PATH'], ALLOWED: '2', SOME_TOKEN: 'secret' };
  const { cache } = cacheOf([url], directory, { environment });
  const record = recordOf('words', [], { blob: code.blob });
  const [place] = await Promise.all([cache.fetch(record), cache.fetch(record)]);
  await cacheOf([url], directory, { environment }).cache.fetch(record);
  t.equal(readFileSync(count, 'utf8'), 'run\n');
  const made = readFileSync(join(place ?? '', 'resources', 'made'), 'utf8');
  t.match(made, /^MINE=1$/m);
  t.match(made, /^ALLOWED=2$/m);
  t.notMatch(made, /SOME_TOKEN|HOME=/);
});

t.test('a prepare that fails is reported with its command, its exit and its last lines, and left out of the cache', async (t) => {
  const directory = tempDir(t);
  const count = join(directory, 'count');
  const code = await packed(
    topologyIn(join(directory, 'resources'), ['sh', '-c', `echo run >> ${count}; seq 30; echo no such package >&2; exit 3`]),
  );
  const { url, asked } = await goodNimbus(t, code);
  const place = cacheOf([url], directory);
  const error = await failure(place, code.blob);
  t.equal(error.code, 'PB_PREPARE_FAILED');
  t.match(error.message, /^the prepare command of `words` ended with exit code 3: sh -c /);
  t.equal(error.context['exit'], 3);
  t.match(error.context['output'], /^12\n(.|\n)*\n30\nno such package$/);
  t.same(readdirSync(place.directory), []);
  t.equal(await failure(place, code.blob), error, 'asked again, the answer is there');
  t.equal(asked.length, 1);
  await place.clock.advance(PREPARE_FAILURE_MS);
  await failure(place, code.blob);
  t.equal(readFileSync(count, 'utf8'), 'run\nrun\n', 'a while later it is tried again, on a fresh copy');
  t.equal(asked.length, 2);
});

t.test('a prepare that does not end is killed with all that it started', async (t) => {
  const directory = tempDir(t);
  const topology = topologyIn(join(directory, 'resources'), ['sh', '-c', 'sleep 1000 & echo $!; wait']);
  t.ok(PREPARE_MS_MAX >= 60_000, 'in earnest it has time');
  const failing = prepareTopology(topology, { environment: process.env, log: SILENT_LOG, timeoutMs: 200 });
  const error = await failing.then(
    () => undefined,
    (thrown: unknown) => thrown as PolyboltError,
  );
  t.match(error, { code: 'PB_PREPARE_FAILED', message: /did not end within 0\.2 s/ });
  const pid = Number(error?.context['output']);
  t.ok(pid > 0);
  await gone(pid);
});

t.test('what a prepare leaves behind is ended with it, and does not hold it up', async (t) => {
  const directory = tempDir(t);
  const chunks: Buffer[] = [];
  const topology = topologyIn(join(directory, 'resources'), ['sh', '-c', 'sleep 1000 & echo $!']);
  await prepareTopology(topology, { environment: process.env, log: SILENT_LOG, onOutput: (chunk) => chunks.push(chunk) });
  const pid = Number(Buffer.concat(chunks));
  t.ok(pid > 0);
  await gone(pid);
});

t.test('a prepare that cannot be started says why', async (t) => {
  const directory = tempDir(t);
  for (const [command, says] of [
    [['no-such-program'], /could not be started \(the command no-such-program is not on the PATH\)/],
    [['./words.py'], /could not be started \(.*words\.py is not executable/],
  ] as const) {
    const topology = topologyIn(join(directory, 'resources'), command);
    await t.rejects(prepareTopology(topology, { environment: process.env, log: SILENT_LOG }), { code: 'PB_PREPARE_FAILED', message: says });
  }
});

t.test('a supervisor that stops ends a prepare that runs', async (t) => {
  const directory = tempDir(t);
  const started = join(directory, 'started');
  const code = await packed(topologyIn(join(directory, 'resources'), ['sh', '-c', `touch ${started}; sleep 1000`]));
  const { url } = await goodNimbus(t, code);
  const { cache, clock, directory: place } = cacheOf([url], directory);
  const fetching = t.rejects(cache.fetch(recordOf('words', [], { blob: code.blob })), {
    code: 'PB_PREPARE_FAILED',
    message: /was ended by SIGKILL/,
  });
  while (!existsSync(started)) await clock.advance(0);
  await cache.close();
  await fetching;
  t.same(readdirSync(place), []);
});

t.test('what an earlier life left half done is cleared away, and what was changed since is fetched anew', async (t) => {
  const directory = tempDir(t);
  const code = await packed(topologyIn(join(directory, 'resources')));
  const { url, asked } = await goodNimbus(t, code);
  const place = join(directory, 'code');
  for (const name of [code.blob, `${'b'.repeat(64)}`]) mkdirSync(join(place, name, 'resources'), { recursive: true });
  writeFileSync(join(place, `${code.blob}.1234.tgz`), 'half');
  const record = recordOf('words', [], { blob: code.blob });
  await cacheOf([url], directory).cache.fetch(record);
  t.same([readdirSync(place).sort(), asked.length], [[code.blob, `${code.blob}.ready`], 1]);
  writeFileSync(join(place, code.blob, 'topology.json'), '{}');
  await cacheOf([url], directory).cache.fetch(record);
  t.same([readFileSync(join(place, code.blob, 'topology.json'), 'utf8').includes('words'), asked.length], [true, 2]);
});

t.test('code that nobody needs is removed, also where a prepare took away the right to', async (t) => {
  const directory = tempDir(t);
  const codes = await Promise.all([
    packed(topologyIn(join(directory, 'one'), ['sh', '-c', 'mkdir made; touch made/file; chmod 500 made'])),
    packed(topologyIn(join(directory, 'two'), ['true'])),
  ]);
  const urls = await Promise.all(codes.map(async (code) => (await goodNimbus(t, code)).url));
  const { cache, directory: place } = cacheOf(urls, directory);
  const [one, two] = codes.map(({ blob }) => blob) as [string, string];
  for (const blob of [one, two]) {
    const { cache: each } = cacheOf([urls[blob === one ? 0 : 1] as string], directory);
    await each.fetch(recordOf('words', [], { blob }));
  }
  await cache.retain(new Set([one, two]));
  t.equal(readdirSync(place).length, 4);
  await cache.retain(new Set([two]));
  t.same(readdirSync(place).sort(), [two, `${two}.ready`]);
  await cache.retain(new Set());
  t.same(readdirSync(place), []);
});

/** A process that was killed is still there for a moment; one that was not is there until the test times out. */
async function gone(pid: number): Promise<void> {
  while (isRunning(pid)) await new Promise((resolve) => setImmediate(resolve));
}

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
