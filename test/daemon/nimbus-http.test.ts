/** Nimbus over HTTP: real sockets of the loopback address, real files, a store in memory. What is refused must leave no trace. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { packTopology } from '../../src/coordination/archive.js';
import { MemoryStore, type MemoryStoreSession } from '../../src/coordination/memory-store.js';
import { jsonOf } from '../../src/daemon/http/http-call.js';
import { createHttpServer, type Route } from '../../src/daemon/http/http-server.js';
import { pullSnapshots } from '../../src/daemon/nimbus/nimbus-answers.js';
import type { ClusterAnswer, ErrorsAnswer, TopologyAnswer, TopologyDetail } from '../../src/daemon/nimbus/nimbus-api.js';
import { NimbusBlobs } from '../../src/daemon/nimbus/nimbus-blobs.js';
import { NimbusDaemon } from '../../src/daemon/nimbus/nimbus-daemon.js';
import { loadScheduler } from '../../src/daemon/nimbus/nimbus-scheduler.js';
import type { Security } from '../../src/daemon/security/security.js';
import { SYSTEM_CLOCK } from '../../src/daemon/settings/system-clock.js';
import {
  errorsPath,
  nimbusPath,
  type SupervisorRecord,
  supervisorPath,
  type TopologyRecord,
  VERSIONS,
} from '../../src/model/cluster-records.js';
import { shell } from '../../src/model/component-implementation.js';
import {
  BLOB_BYTES_MAX,
  BLOB_GRACE_MS,
  HTTP_ANSWER_BYTES_MAX,
  PARSED_TOPOLOGIES_MAX,
  REPLICATION_MS,
  SNAPSHOT_MS,
} from '../../src/model/limits.js';
import { SILENT_LOG } from '../../src/model/log.js';
import { TopologyBuilder } from '../../src/model/topology-builder.js';
import { hostile, tarOf } from '../coordination/hostile-archives.js';
import { TIMES } from './nimbus-world.js';
import { FakeClock } from './supervisor-fakes.js';

const TOKENS: Security = { clientToken: 'for-clients-only', daemonToken: 'for-daemons-only' };
const CLIENT = { authorization: `Bearer ${TOKENS.clientToken}` };
const DAEMON = { authorization: `Bearer ${TOKENS.daemonToken}` };

/** Nimbuses over one store. */
class Cluster {
  readonly store = new MemoryStore();
  readonly session: MemoryStoreSession = this.store.session();
  readonly daemons: NimbusDaemon[] = [];
  readonly #resources: string;
  readonly root: string;

  constructor(t: Test) {
    const directory = t.testdir({ nimbuses: {}, resources: {} });
    this.root = join(directory, 'nimbuses');
    this.#resources = join(directory, 'resources');
    t.teardown(() => Promise.all(this.daemons.map((daemon) => daemon.stop())));
  }

  async nimbus(security: Security = TOKENS): Promise<NimbusDaemon> {
    const id = `n${this.daemons.length + 1}`;
    const directory = this.directoryOf(id);
    mkdirSync(directory, { recursive: true });
    const daemon = await NimbusDaemon.start(
      { id, host: '127.0.0.1', port: 0, advertise: (url) => url, directory, schedulerDirectory: this.root, ...TIMES },
      { store: this.store, security, clock: SYSTEM_CLOCK, random: Math.random, epochSeconds: () => 1_700_000_000, log: SILENT_LOG },
    );
    this.daemons.push(daemon);
    await daemon.ready;
    if (this.daemons.length === 1) await daemon.nimbus.whenLeading();
    return daemon;
  }

  directoryOf(id: string): string {
    return join(this.root, id);
  }

  async supervisor(id: string, url: string, more: Partial<SupervisorRecord> = {}): Promise<void> {
    const record = { id, host: '127.0.0.1', ports: [6700, 6701], url, versions: VERSIONS, workers: [], ...more };
    const entry = await this.session.get(supervisorPath(id));
    if (entry === undefined) await this.session.create(supervisorPath(id), JSON.stringify(record));
    else await this.session.setIfVersion(supervisorPath(id), JSON.stringify(record), entry.version);
  }

  /** Everything there is of topologies, in the store and on the disks of the nimbuses. */
  async traces(): Promise<unknown> {
    const files = readdirSync(this.root, { recursive: true, encoding: 'utf8' }).filter((path) => !/\/(?:blobs|checking)$/.test(path));
    return { files: files.sort(), topologies: await this.session.children('/topologies') };
  }

  /** Packs a small topology of this name. */
  async packed(name = 'words'): Promise<{ readonly sha256: string; readonly bytes: Buffer }> {
    const builder = new TopologyBuilder(name).config({ 'topology.acker.executors': 0, 'topology.workers': 2 });
    builder.setSpout('lines', shell(['cat'], { outputs: ['line'] }), 2);
    builder.setBolt('count', shell(['cat']), 2).shuffleGrouping('lines');
    const packed = await packTopology(builder.build({ resources: this.#resources }));
    const bytes = readFileSync(packed.file);
    await packed.remove();
    return { sha256: packed.sha256, bytes };
  }

  async submit(name = 'words', url = this.daemons[0]?.url): Promise<Response> {
    const { sha256, bytes } = await this.packed(name);
    return upload(url as string, bytes, sha256);
  }
}

function upload(url: string, body: Buffer, sha256: string, query = '', headers: Record<string, string> = CLIENT): Promise<Response> {
  return fetch(`${url}/v1/topologies${query}`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/gzip', 'x-polybolt-sha256': sha256 },
    body,
    redirect: 'manual',
  });
}

async function get<T>(url: string, path: string, headers: Record<string, string> = CLIENT): Promise<T> {
  return (await (await fetch(`${url}/v1/${path}`, { headers })).json()) as T;
}

function post(url: string, path: string, body?: unknown): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return fetch(`${url}/v1/topologies/${path}`, {
    method: 'POST',
    headers: CLIENT,
    redirect: 'manual',
    ...(body === undefined ? {} : { body: text }),
  });
}

async function errorOf(response: Response): Promise<{ status: number; code: string; message: string }> {
  const { error } = (await response.json()) as { error: { code: string; message: string } };
  return { status: response.status, code: error.code, message: error.message };
}

const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

t.test('a submission is answered when every nimbus has the code and the store the topology', async (t) => {
  const cluster = new Cluster(t);
  const { url } = await cluster.nimbus();
  await cluster.nimbus();
  await cluster.supervisor('s1', '');
  const { sha256, bytes } = await cluster.packed();
  const response = await upload(url, bytes, sha256);
  t.equal(response.status, 201);
  t.same(await response.json(), { id: 'words-1-1700000000', name: 'words' });
  for (const id of ['n1', 'n2']) t.same(readFileSync(join(cluster.directoryOf(id), 'blobs', `${sha256}.tgz`)), bytes);
  t.same(readdirSync(join(cluster.directoryOf('n1'), 'checking')), [], 'nothing unpacked is left');
  const { topologies } = await get<{ topologies: TopologyAnswer[] }>(url, 'topologies');
  t.match(topologies, [
    { name: 'words', status: 'active', workers: 2, executors: 4, unassigned: 0, tasks: 4, blob: sha256, submittedAt: 1_700_000_000 },
  ]);
});

t.test('a submission may give another name, and be inactive', async (t) => {
  const cluster = new Cluster(t);
  const { url } = await cluster.nimbus();
  const { sha256, bytes } = await cluster.packed();
  t.same(await (await upload(url, bytes, sha256, '?name=other&inactive=true')).json(), { id: 'other-1-1700000000', name: 'other' });
  t.match(await get(url, 'topologies/other'), { status: 'inactive', isEmitting: false });
  t.match(await errorOf(await upload(url, bytes, sha256, '?name=a/b')), { status: 400, code: 'PB_NAME_INVALID' });
  t.match(await errorOf(await upload(url, bytes, sha256, '?inactive=maybe')), { status: 400, code: 'PB_REQUEST_INVALID' });
  t.equal((await upload(url, bytes, sha256)).status, 201, 'the same code under its own name');
});

t.test('what cannot be taken is refused with its reason, the cluster is unchanged and nothing is left behind', async (t) => {
  const cluster = new Cluster(t);
  const { url } = await cluster.nimbus();
  await cluster.nimbus();
  const { sha256, bytes } = await cluster.packed();
  const empty = await cluster.traces();
  const refused = async (response: Response, status: number, code: string, says: RegExp): Promise<void> => {
    t.match(await errorOf(response), { status, code, message: says });
    t.same(await cluster.traces(), empty, `after ${code}`);
  };
  await refused(await upload(url, bytes, sha256, '', {}), 401, 'PB_UNAUTHORIZED', /none came with the request/);
  await refused(await upload(url, bytes, sha256, '', { authorization: 'Bearer wrong' }), 401, 'PB_UNAUTHORIZED', /not the client token/);
  await refused(await upload(url, bytes, 'abc'), 400, 'PB_REQUEST_INVALID', /no SHA-256/);
  await refused(await upload(url, bytes, '0'.repeat(64)), 400, 'PB_BLOB_CORRUPT', /SHA-256/i);
  await refused(await upload(url, Buffer.from('no archive'), sha256Of(Buffer.from('no archive'))), 400, 'PB_ARCHIVE_INVALID', /./);
  for (const { name, bytes: evil, code, says } of hostile()) {
    t.match(await errorOf(await upload(url, evil, sha256Of(evil))), { status: 400, code, message: says }, name);
  }
  t.same(await cluster.traces(), empty, 'after all hostile archives');
  const mistaken = JSON.stringify({ name: 'words', resources: 'resources', spouts: [{ id: 's', comand: ['cat'] }], bolts: [{ id: 'b' }] });
  const invalid = gzipSync(
    tarOf([
      { path: 'topology.json', content: mistaken },
      { path: 'resources/', type: '5' },
    ]),
  );
  await refused(await upload(url, invalid, sha256Of(invalid)), 400, 'PB_TOPOLOGY_INVALID', /comand.*\n.*inputs/s);
  t.equal((await upload(url, bytes, sha256)).status, 201);
  const one = await cluster.traces();
  t.match(await errorOf(await upload(url, bytes, sha256)), { status: 409, code: 'PB_TOPOLOGY_EXISTS' });
  const other = await cluster.packed('other');
  t.match(await errorOf(await upload(url, other.bytes, other.sha256, '?name=words')), { status: 409, code: 'PB_TOPOLOGY_EXISTS' });
  t.same(await cluster.traces(), one, 'what runs keeps its code');
});

t.test('an upload that announces more than a topology may have is refused before it is sent', async (t) => {
  const cluster = new Cluster(t);
  const { url } = await cluster.nimbus();
  const { sha256 } = await cluster.packed();
  const headers = { ...CLIENT, 'x-polybolt-sha256': sha256, expect: '100-continue', 'content-length': BLOB_BYTES_MAX + 1 };
  const request = httpRequest(`${url}/v1/topologies`, { method: 'POST', headers });
  request.on('continue', () => t.fail('it was invited')).on('error', () => {});
  request.flushHeaders();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  t.equal(response.statusCode, 413);
  request.destroy();
});

t.test('a client that stops in the middle of its upload leaves nothing', async (t) => {
  const cluster = new Cluster(t);
  const { url } = await cluster.nimbus();
  const { sha256, bytes } = await cluster.packed();
  const before = await cluster.traces();
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  const head = [
    'POST /v1/topologies HTTP/1.1',
    'Host: 127.0.0.1',
    `Authorization: ${CLIENT.authorization}`,
    `X-Polybolt-Sha256: ${sha256}`,
  ];
  socket.write(`${[...head, `Content-Length: ${bytes.length}`].join('\r\n')}\r\n\r\n`);
  socket.write(bytes.subarray(0, 100));
  const blobs = join(cluster.directoryOf('n1'), 'blobs');
  while (readdirSync(blobs).length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  socket.destroy();
  while (readdirSync(blobs).length > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  t.same(await cluster.traces(), before);
});

t.test('a nimbus that does not lead sends changes on to the one that does, and answers questions itself', async (t) => {
  const cluster = new Cluster(t);
  const leader = await cluster.nimbus();
  const other = await cluster.nimbus();
  const sent = await cluster.submit('words', other.url);
  t.equal(sent.status, 307);
  t.equal(sent.headers.get('location'), `${leader.url}/v1/topologies`);
  t.equal((await errorOf(sent)).code, 'PB_NOT_LEADER');
  await cluster.submit();
  const killed = await post(other.url, 'words/kill', { waitSecs: 0 });
  t.equal(killed.headers.get('location'), `${leader.url}/v1/topologies/words/kill`);
  t.match(await get(other.url, 'topologies'), { topologies: [{ name: 'words' }] });
  const { nimbus, leader: led, nimbuses } = await get<ClusterAnswer>(other.url, 'cluster');
  t.same([nimbus, led?.id, nimbuses.map(({ id }) => id)], ['n2', 'n1', ['n1', 'n2']]);
});

t.test('the life cycle over HTTP; each change answers with the topology as it is then', async (t) => {
  const cluster = new Cluster(t);
  const { url } = await cluster.nimbus();
  await cluster.submit();
  const answer = async (path: string, body?: unknown): Promise<TopologyAnswer> =>
    (await (await post(url, path, body)).json()) as TopologyAnswer;
  t.match(await answer('words/deactivate'), { status: 'inactive', isEmitting: false });
  t.match(await answer('words/activate'), { status: 'active', isEmitting: true });
  t.match(await answer('words/rebalance', { waitSecs: 60, workers: 3, executors: { count: 1 } }), {
    pending: { kind: 'rebalance', waitMs: 60_000, workers: 3, executors: { count: 1 } },
    isEmitting: false,
  });
  t.match(await answer('words/rebalance', { waitSecs: 0 }), { pending: null, workersWanted: 3, executors: 3, isEmitting: true });
  t.match(await answer('words/kill'), { status: 'killed', pending: { kind: 'kill', waitMs: 30_000 } });
  t.match(await errorOf(await post(url, 'words/activate')), { status: 409, code: 'PB_TOPOLOGY_KILLED' });
  t.match(await answer('words/kill', { waitSecs: 0 }), { name: 'words', status: 'killed' });
  t.match(await errorOf(await post(url, 'words/kill')), { status: 404, code: 'PB_TOPOLOGY_NOT_FOUND' });
  t.match(await get(url, 'topologies'), { topologies: [] });
});

t.test('a change that is malformed or impossible is refused in words', async (t) => {
  const cluster = new Cluster(t);
  const { url } = await cluster.nimbus();
  await cluster.submit();
  const refused = async (path: string, body: unknown, code: string, says: RegExp): Promise<void> => {
    t.match(await errorOf(await post(url, path, body)), { status: 400, code, message: says });
  };
  await refused('words/rebalance', '{', 'PB_REQUEST_INVALID', /not JSON/);
  await refused('words/rebalance', [], 'PB_REQUEST_INVALID', /no JSON object/);
  await refused('words/rebalance', { worker: 1 }, 'PB_REQUEST_INVALID', /no "worker" here/);
  await refused('words/rebalance', { workers: '2' }, 'PB_REQUEST_INVALID', /workers is no number/);
  await refused('words/rebalance', { executors: { count: '2' } }, 'PB_REQUEST_INVALID', /executors is no object of numbers/);
  await refused('words/kill', { workers: 1 }, 'PB_REQUEST_INVALID', /no "workers" here/);
  await refused('words/rebalance', { workers: 0 }, 'PB_CHANGE_INVALID', /above 0/);
  await refused('words/rebalance', { executors: { count: 3 } }, 'PB_CHANGE_INVALID', /more than the 2 tasks/);
  await refused('words/kill', { waitSecs: -1 }, 'PB_CHANGE_INVALID', /wait of -1 s/);
  t.match(await get(url, 'topologies/words'), { status: 'active', pending: null, generation: 0 });
  t.match(await errorOf(await fetch(`${url}/v1/topologies/words?window=7`, { headers: CLIENT })), {
    status: 400,
    message: /no window "7"/,
  });
  t.match(await errorOf(await fetch(`${url}/v1/topologies/none`, { headers: CLIENT })), { status: 404, code: 'PB_TOPOLOGY_NOT_FOUND' });
});

/** A supervisor's HTTP of which workers in slots 6700 answer, and others do not. */
async function supervisorServer(t: Test): Promise<string> {
  const snapshot = { snapshot: 1, incarnation: '1.0', pid: 1, upMs: 1, memoryBytes: 1, isIdle: true, unroutable: 3, links: {}, tasks: [] };
  const route: Route = {
    method: 'GET',
    path: '/v1/workers/:topologyId/:port/snapshot',
    token: 'client',
    handle: async ({ params, signal }) => {
      if (params['port'] === '6700') return { json: { snapshot } };
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return {};
    },
  };
  const server = createHttpServer({ routes: [route], security: TOKENS, log: SILENT_LOG });
  t.teardown(() => server.close(0));
  return server.listen('127.0.0.1', 0);
}

t.test('show gathers what the workers have counted, and names those that are silent', async (t) => {
  const cluster = new Cluster(t);
  const { url } = await cluster.nimbus();
  const supervisorUrl = await supervisorServer(t);
  await cluster.supervisor('s1', supervisorUrl, { ports: [6700] });
  await cluster.supervisor('s2', '', { ports: [6700] });
  await cluster.submit();
  const workers = [{ topologyId: 'words-1-1700000000', incarnation: '1.0', launch: 2, state: 'running' as const }];
  await cluster.supervisor('s1', supervisorUrl, { ports: [6700], workers });
  const detail = await get<TopologyDetail>(url, 'topologies/words?window=600');
  t.match(detail, { generation: 1, figures: { window: '600', workers: 1, unroutable: 3 }, silent: ['1.1'] });
  t.same(detail.components, [
    { id: 'count', tasks: 2, executors: 2, figures: null },
    { id: 'lines', tasks: 2, executors: 2, figures: null },
  ]);
  t.match((await get<{ workers: unknown }>(url, 'topologies/words/workers')).workers, [
    { incarnation: '1.0', supervisor: 's1', supervisorUrl, host: '127.0.0.1', port: 6700, state: 'running', launch: 2 },
    { incarnation: '1.1', supervisor: 's2', supervisorUrl: '', state: 'waiting', launch: 0 },
  ]);
  t.match(await get<ClusterAnswer>(url, 'cluster'), {
    slots: { total: 2, used: 2 },
    topologies: 1,
    supervisors: [{ id: 's1', usedPorts: [6700] }, { id: 's2' }],
  });
});

t.test('a worker that does not answer is not waited for longer than the bound', async (t) => {
  const supervisorUrl = await supervisorServer(t);
  const worker = {
    incarnation: '1.1',
    supervisor: 's1',
    supervisorUrl,
    host: '',
    port: 6701,
    executors: [],
    state: 'running',
    launch: 1,
  } as const;
  const record = { id: 'words-1-1', name: 'words' } as TopologyRecord;
  t.equal((await pullSnapshots(record, [worker], TOKENS, SILENT_LOG, SNAPSHOT_MS / 100)).size, 0);
});

t.test('errors come out of the store, oldest first', async (t) => {
  const cluster = new Cluster(t);
  const { url } = await cluster.nimbus();
  await cluster.submit();
  await cluster.session.create(
    errorsPath('words-1-1700000000', 'count'),
    JSON.stringify([
      { at: 1, message: 'a' },
      { at: 3, message: 'c' },
    ]),
  );
  await cluster.session.create(errorsPath('words-1-1700000000', 'lines'), JSON.stringify([{ at: 2, message: 'b' }]));
  t.same(
    (await get<ErrorsAnswer>(url, 'topologies/words/errors')).errors.map(({ message }) => message),
    ['a', 'b', 'c'],
  );
});

t.test('blobs are for daemons; a nimbus fetches one that it lacks from another', async (t) => {
  const cluster = new Cluster(t);
  const first = await cluster.nimbus();
  await cluster.submit();
  const { sha256, bytes } = await cluster.packed();
  const second = await cluster.nimbus();
  const blob = (daemon: NimbusDaemon, method = 'GET', headers: Record<string, string> = DAEMON, query = ''): Promise<Response> =>
    fetch(`${daemon.url}/v1/blobs/${sha256}${query}`, { method, headers });
  t.equal((await blob(first, 'GET', CLIENT)).status, 401);
  t.equal((await blob(first, 'HEAD')).status, 200);
  t.equal((await blob(second, 'HEAD')).status, 404);
  t.equal((await blob(second, 'GET', DAEMON, '?own=true')).status, 404);
  t.same(Buffer.from(await (await blob(second)).arrayBuffer()), bytes);
  t.equal((await blob(second, 'HEAD')).status, 200, 'it has it from now on');
  t.match(await errorOf(await fetch(`${first.url}/v1/blobs/${'0'.repeat(64)}`, { headers: DAEMON })), {
    status: 404,
    code: 'PB_BLOB_MISSING',
  });
  t.match(await errorOf(await fetch(`${first.url}/v1/blobs/..%2fid`, { headers: DAEMON })), { status: 400, code: 'PB_REQUEST_INVALID' });
  const wrong = await fetch(`${first.url}/v1/blobs/${'0'.repeat(64)}`, { method: 'PUT', headers: DAEMON, body: bytes });
  t.match(await errorOf(wrong), { code: 'PB_BLOB_CORRUPT' });
});

/** The code of one nimbus under a clock that is moved by hand, with whatever other nimbuses. */
function blobsOf(
  { root }: Cluster,
  urls: () => readonly string[],
): { readonly blobs: NimbusBlobs; readonly clock: FakeClock; readonly directory: string } {
  const clock = new FakeClock();
  const directory = join(root, 'own');
  const nimbuses = async () => urls().map((url, index) => ({ id: `other${index}`, url, versions: VERSIONS }));
  return { clock, directory, blobs: new NimbusBlobs('n1', directory, {}, { nimbuses, clock, log: SILENT_LOG }) };
}

t.test(
  'a nimbus that does not answer is waited for while the store counts it among the living, and no longer than the bound',
  async (t) => {
    const cluster = new Cluster(t);
    const { sha256, bytes } = await cluster.packed();
    const dead = 'http://127.0.0.1:1';
    let others = [dead];
    const { blobs, clock, directory } = blobsOf(cluster, () => others);
    const send = (): Promise<string> =>
      blobs.upload(
        Readable.from([bytes]),
        sha256,
        async (topology) => topology,
        async ({ name }) => name,
      );
    const drive = async <T>(ms: number, sent: Promise<T>): Promise<T> => {
      let isDone = false;
      void sent
        .catch(() => {})
        .finally(() => {
          isDone = true;
        });
      // Refused connections take real turns of the loop; each retry then waits for the clock.
      while (!isDone) await clock.advance(ms);
      return sent;
    };
    const startMs = clock.now();
    await t.rejects(drive(500, send()), { code: 'PB_BLOB_UNREPLICATED', context: { nimbuses: [dead] } });
    t.ok(clock.now() - startMs >= REPLICATION_MS);
    t.same(readdirSync(join(directory, 'blobs')), []);
    const sent = send();
    others = [];
    t.equal(await drive(500, sent), 'words');
  },
);

t.test('code that came in lately is kept although no topology has it yet, for so long', async (t) => {
  const cluster = new Cluster(t);
  const { sha256, bytes } = await cluster.packed();
  const { blobs, clock } = blobsOf(cluster, () => []);
  await blobs.receive(Readable.from([bytes]), sha256);
  await clock.advance(BLOB_GRACE_MS - 1);
  await blobs.retain(new Set());
  t.ok(blobs.has(sha256));
  await clock.advance(1);
  await blobs.retain(new Set([sha256]));
  t.ok(blobs.has(sha256));
  await blobs.retain(new Set());
  t.notOk(blobs.has(sha256));
});

t.test('only so many topologies are kept parsed', async (t) => {
  const cluster = new Cluster(t);
  const { blobs, directory } = blobsOf(cluster, () => []);
  const names = Array.from({ length: PARSED_TOPOLOGIES_MAX + 1 }, (_, index) => `t${index}`);
  const sums: string[] = [];
  for (const name of names) {
    const { sha256, bytes } = await cluster.packed(name);
    await blobs.receive(Readable.from([bytes]), sha256);
    t.equal((await blobs.load(sha256)).name, name);
    sums.push(sha256);
  }
  for (const file of readdirSync(join(directory, 'blobs'))) writeFileSync(join(directory, 'blobs', file), 'spoilt');
  t.equal((await blobs.load(sums.at(-1) as string)).name, names.at(-1));
  await t.rejects(blobs.load(sums[0] as string), { code: 'PB_ARCHIVE_INVALID' }, 'the oldest is read again');
});

t.test('an answer of another daemon has a bound', async (t) => {
  const chunk = Buffer.alloc(1024 * 1024, 0x20);
  const body = (bytes: number) =>
    Readable.from(
      (function* () {
        for (let sent = 0; sent < bytes; sent += chunk.length) yield chunk;
        yield Buffer.from('1');
      })(),
    ) as never;
  t.equal(await jsonOf(body(1)), 1);
  await t.rejects(jsonOf(body(HTTP_ANSWER_BYTES_MAX)), { message: /more than/ });
});

t.test('a nimbus with a full disk refuses, and has room again afterwards', { skip: cannotMount() }, async (t) => {
  const cluster = new Cluster(t);
  const disk = cluster.directoryOf('n1');
  mkdirSync(disk);
  mountSmall(disk);
  try {
    const { url } = await cluster.nimbus();
    const before = await cluster.traces();
    const large = Buffer.alloc(2 * 1024 * 1024, 1);
    t.match(await errorOf(await upload(url, large, sha256Of(large))), { status: 507, code: 'PB_DISK_FULL' });
    t.same(await cluster.traces(), before);
    t.equal((await cluster.submit()).status, 201);
  } finally {
    execFileSync('umount', ['-l', disk]);
  }
});

function mountSmall(directory: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', directory], { stdio: 'ignore' });
}

/** Why no small file system can be made here; false where one can. */
function cannotMount(): string | false {
  const directory = t.testdir({ probe: {} });
  try {
    mountSmall(join(directory, 'probe'));
  } catch {
    return 'needs root on Linux, to mount a small tmpfs';
  }
  execFileSync('umount', [join(directory, 'probe')]);
  return false;
}

t.test('a scheduler comes from a module; what is none is refused in words', async (t) => {
  const directory = t.testdir({
    'last.mjs':
      'export default class { schedule({ topologies }) { return topologies.map(({ topologyId }) => ({ topologyId, workers: [] })); } }',
    'none.mjs': 'export const answer = 42;',
    'broken.mjs': 'export default {',
  });
  const schedule = await loadScheduler('./last.mjs', directory);
  const input = {
    supervisors: [],
    topologies: [{ topologyId: 'x', workers: 1, table: { components: [], executors: [] } }],
    isAlive: () => true,
  };
  t.same(schedule(input), [{ topologyId: 'x', workers: [] }]);
  for (const path of ['./none.mjs', './broken.mjs', './missing.mjs']) {
    await t.rejects(loadScheduler(path, directory), {
      code: 'PB_SCHEDULER_INVALID',
      message: new RegExp(path.slice(2)),
      hint: /schedule\(input\)/,
    });
  }
});

t.test('what cannot work fails before anything is heard of the nimbus', async (t) => {
  const cluster = new Cluster(t);
  const { url } = await cluster.nimbus();
  const options = {
    id: 'n9',
    host: '127.0.0.1',
    advertise: (each: string) => each,
    directory: join(cluster.root, 'n9'),
    schedulerDirectory: cluster.root,
    ...TIMES,
  };
  const ports = { store: cluster.store, security: {}, clock: SYSTEM_CLOCK, random: Math.random, epochSeconds: () => 0, log: SILENT_LOG };
  await t.rejects(NimbusDaemon.start({ ...options, port: Number(new URL(url).port) }, ports), { code: 'PB_LISTEN_FAILED' });
  await t.rejects(NimbusDaemon.start({ ...options, port: 0, scheduler: './no.mjs' }, ports), { code: 'PB_SCHEDULER_INVALID' });
  t.equal(await cluster.session.get(nimbusPath('n9')), undefined);
});

t.test('while the store is away a nimbus says so', async (t) => {
  const cluster = new Cluster(t);
  const { url, nimbus } = await cluster.nimbus();
  const ended = (nimbus.session as MemoryStoreSession).ended;
  (nimbus.session as MemoryStoreSession).expire();
  await ended;
  t.match(await errorOf(await fetch(`${url}/v1/topologies`, { headers: CLIENT })), { status: 503, code: /^PB_STORE_/ });
});
