/**
 * The client of a cluster against little servers: who is asked, who is followed, what is sent where, and what becomes of each answer.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import t from 'tap';
import { makeAuthority, makeDaemonCertificate } from '../../src/cli/certificates.js';
import { NimbusClient } from '../../src/daemon/client/nimbus-client.js';
import { NimbusCaller } from '../../src/daemon/client/nimbus-client-http.js';
import { LineMerger, linesOf } from '../../src/daemon/client/nimbus-client-logs.js';
import { createHttpServer, type Route } from '../../src/daemon/http/http-server.js';
import { NimbusClient as exported, shell, TopologyBuilder } from '../../src/index.js';
import { PolyboltError } from '../../src/model/errors.js';
import { HTTP_ANSWER_BYTES_MAX, HTTP_REDIRECTS_MAX, LOG_LINE_BYTES_MAX, LOG_LINES_WAITING_MAX } from '../../src/model/limits.js';
import { SILENT_LOG } from '../../src/model/log.js';

type Test = Pick<typeof t, 'teardown'>;

/** A server of plain HTTP; its URL. */
async function serve(t: Test, listener: RequestListener): Promise<string> {
  const server: Server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A daemon of ours; its URL. */
async function daemon(t: Test, route: Partial<Route> & Pick<Route, 'handle' | 'path'>): Promise<string> {
  const server = createHttpServer({ routes: [{ method: 'POST', token: 'client', ...route }], security: {}, log: SILENT_LOG });
  t.teardown(() => server.close());
  return server.listen('127.0.0.1', 0);
}

const NOBODY = 'http://127.0.0.1:1';
const ANSWER = JSON.stringify({ name: 'a' });

function errorText(code: string): string {
  return JSON.stringify({ error: { code, message: 'said there', hint: 'do this', context: { a: 1 } } });
}

t.test('the nimbuses are asked in order until one answers, and the token goes along', async (t) => {
  const seen: string[] = [];
  const url = await serve(t, (request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    request.resume();
    response.end(ANSWER);
  });
  const client = new NimbusClient({ urls: [NOBODY, `${url}/`], token: 'secret' });
  t.same(await client.activate('a b/c'), { name: 'a' });
  t.same(seen, ['POST /v1/topologies/a%20b%2Fc/activate Bearer secret']);
  t.equal(exported, NimbusClient, 'it is exported');
});

t.test('when nobody answers, every URL is named with its reason', async (t) => {
  const broken = await serve(t, (request) => request.socket.destroy());
  const client = new NimbusClient({ urls: [NOBODY, broken] });
  await t.rejects(client.topologies(), {
    code: 'PB_NIMBUS_UNREACHABLE',
    message: `no nimbus answers: ${NOBODY}: nobody listens there; ${broken}: the connection was closed`,
  });
  t.throws(() => new NimbusClient({ urls: ['ftp://x'] }), { code: 'PB_USAGE' });
});

t.test('a change that was taken and not answered is not tried elsewhere', async (t) => {
  let asked = 0;
  const broken = await serve(t, (request) => request.socket.destroy());
  const next = await serve(t, (_request, response) => {
    asked += 1;
    response.end(ANSWER);
  });
  const client = new NimbusClient({ urls: [broken, next] });
  await t.rejects(client.kill('a'), { code: 'PB_NIMBUS_UNREACHABLE', hint: /may have been done or not/ });
  t.equal(asked, 0);
  t.ok(await client.cluster(), 'a question is');
  t.equal(asked, 1);
});

t.test('the leader is followed, with body and token, and errors keep code, hint and context', async (t) => {
  const leader = await serve(t, async (request, response) => {
    const body = (await buffer(request)).toString();
    response.statusCode = body === '{"waitSecs":5}' && request.headers.authorization === 'Bearer secret' ? 409 : 500;
    response.end(errorText('PB_TOPOLOGY_KILLED'));
  });
  const other = await serve(t, (request, response) => {
    request.resume();
    response.writeHead(307, { location: `${leader}${request.url}` }).end(errorText('PB_NOT_LEADER'));
  });
  const client = new NimbusClient({ urls: [other], token: 'secret' });
  await t.rejects(client.kill('a', { waitSecs: 5 }), {
    code: 'PB_TOPOLOGY_KILLED',
    message: 'said there',
    hint: 'do this',
    context: { a: 1 },
  });
});

t.test('while nobody leads, or the leader has just died, it goes on asking', async (t) => {
  const pauses: number[] = [];
  const answers = [
    [503, {}],
    [307, { location: `${NOBODY}/x` }],
    [200, {}],
  ] as const;
  const url = await serve(t, (request, response) => {
    request.resume();
    const [status, headers] = answers[pauses.length] ?? [200, {}];
    response.writeHead(status, headers).end(status === 200 ? ANSWER : errorText('PB_NOT_LEADER'));
  });
  const options = { urls: [url], connectMs: 1000, replyMs: 10_000, pause: async (ms: number) => void pauses.push(ms) };
  t.same(await new NimbusCaller({ ...options, patienceMs: 30_000 }).json({ method: 'POST', path: '/x' }), { name: 'a' });
  t.equal(pauses.length, 2);
  const impatient = new NimbusCaller({
    ...options,
    urls: [await serve(t, (_, response) => response.writeHead(503).end(errorText('PB_NOT_LEADER')))],
    patienceMs: 0,
  });
  await t.rejects(impatient.json({ method: 'GET', path: '/x' }), { code: 'PB_NOT_LEADER' });
});

t.test('redirects in a circle end', async (t) => {
  let asked = 0;
  const url = await serve(t, (request, response) => {
    asked += 1;
    response.writeHead(307, { location: request.url }).end();
  });
  const caller = new NimbusCaller({ urls: [url], connectMs: 1000, replyMs: 10_000, patienceMs: 0, pause: async () => {} });
  await t.rejects(caller.json({ method: 'GET', path: '/x' }), { code: 'PB_NOT_LEADER', message: /in circles/ });
  t.equal(asked, HTTP_REDIRECTS_MAX + 1);
});

t.test('what no daemon of ours would answer is said so, and is read no further than the bound', async (t) => {
  const page = await serve(t, (_request, response) => response.writeHead(404).end('<html>'));
  await t.rejects(new NimbusClient({ urls: [page] }).topologies(), { code: 'PB_REPLY_INVALID', message: /answered with status 404/ });
  const text = await serve(t, (_request, response) => response.end('hello'));
  await t.rejects(new NimbusClient({ urls: [text] }).topologies(), { code: 'PB_REPLY_INVALID', message: /what is no JSON/ });
  const flood = await serve(t, (_request, response) => {
    Readable.from(Array.from({ length: HTTP_ANSWER_BYTES_MAX / (1024 * 1024) + 1 }, () => Buffer.alloc(1024 * 1024, 32))).pipe(response);
  });
  await t.rejects(new NimbusClient({ urls: [flood] }).topologies(), { code: 'PB_REPLY_INVALID', message: /answered with more than/ });
});

t.test('a token that went out over TLS goes nowhere without it', async (t) => {
  let asked = 0;
  const plain = await serve(t, (_request, response) => {
    asked += 1;
    response.end('a line');
  });
  const caller = new NimbusCaller({
    urls: ['https://127.0.0.1:1'],
    token: 'secret',
    connectMs: 1000,
    replyMs: 1000,
    patienceMs: 0,
    pause: async () => {},
  });
  await t.rejects(caller.stream(plain, '/v1/workers/a-1-1/6700/log'), { code: 'PB_REPLY_INVALID', hint: /token is not sent there/ });
  t.equal(asked, 0);
});

t.test('a daemon with a certificate of the cluster is trusted with its authority, and only then', async (t) => {
  const authority = await makeAuthority();
  const tls = { ...(await makeDaemonCertificate(authority, ['127.0.0.1'])), ca: authority.cert };
  const routes: readonly Route[] = [
    { method: 'GET', path: '/v1/topologies', token: 'client', handle: async () => ({ json: { topologies: [] } }) },
  ];
  const server = createHttpServer({ routes, security: { tls, clientToken: 'secret' }, log: SILENT_LOG });
  t.teardown(() => server.close());
  const url = await server.listen('127.0.0.1', 0);
  t.same(await new NimbusClient({ urls: [url], token: 'secret', ca: authority.cert }).topologies(), []);
  await t.rejects(new NimbusClient({ urls: [url], token: 'secret' }).topologies(), { code: 'PB_NIMBUS_UNREACHABLE', hint: /--ca ca\.crt/ });
  const other = await makeAuthority();
  await t.rejects(new NimbusClient({ urls: [url], ca: other.cert }).topologies(), {
    code: 'PB_NIMBUS_UNREACHABLE',
    hint: /the authority of --ca/,
  });
  await t.rejects(new NimbusClient({ urls: [url.replace('https', 'http')] }).topologies(), { code: 'PB_NIMBUS_UNREACHABLE' });
});

t.test('a packed topology is sent once it is wanted, and to the leader only', async (t) => {
  const resources = t.testdir({ 'a.txt': 'x' });
  const builder = new TopologyBuilder('sent');
  builder.setSpout('lines', shell(['cat'], { outputs: ['line'] }));
  const topology = builder.build({ resources });
  let received: { sha256?: unknown; sum?: string; query?: string } = {};
  const leader = await daemon(t, {
    path: '/v1/topologies',
    bytesMax: 1_000_000,
    handle: async ({ body, headers, query }) => {
      const sum = createHash('sha256')
        .update(await buffer(body()))
        .digest('hex');
      received = { sha256: headers['x-polybolt-sha256'], sum, query: query.toString() };
      return { status: 201, json: { id: 'renamed-1-1', name: 'renamed' } };
    },
  });
  let wasSent = false;
  const other = await daemon(t, {
    path: '/v1/topologies',
    handle: async ({ url }) => ({ status: 307, headers: { location: `${leader}${url}` } }),
  });
  const counting = await serve(t, () => {});
  const client = new NimbusClient({ urls: [other, counting] });
  t.same(await client.submit(topology, { name: 'renamed', inactive: true }), { id: 'renamed-1-1', name: 'renamed' });
  t.equal(received.sum, received.sha256);
  t.equal(received.query, 'name=renamed&inactive=true');
  const refusing = createServer().listen(0, '127.0.0.1');
  t.teardown(() => void refusing.close());
  refusing.on('checkContinue', (request, response) => {
    request.on('data', () => {
      wasSent = true;
    });
    response.writeHead(401, { connection: 'close' }).end(errorText('PB_UNAUTHORIZED'));
  });
  await once(refusing, 'listening');
  const refused = new NimbusClient({ urls: [`http://127.0.0.1:${(refusing.address() as AddressInfo).port}`] });
  await t.rejects(refused.submit(topology), { code: 'PB_UNAUTHORIZED' });
  t.notOk(wasSent, 'a refused upload is not sent');
  await t.rejects(client.submit(topology, { name: 'a/b' }), { code: 'PB_NAME_INVALID' });
});

t.test('a topology file with mistakes is not sent', async (t) => {
  const file = join(t.testdir({ 'a.yaml': '' }), 'a.yaml');
  writeFileSync(file, 'name: a/b\nspouts: []\n');
  await t.rejects(new NimbusClient({ urls: [NOBODY] }).submit(file), {
    code: 'PB_TOPOLOGY_INVALID',
    message: /PB_TOPOLOGY_EMPTY[\s\S]*a\.yaml:1:7: PB_NAME_INVALID/,
  });
});

t.test('lines of a log are cut where they end, across chunks, and where they are too long', async (t) => {
  const all = async (...chunks: readonly Buffer[]): Promise<string[]> => {
    const lines: string[] = [];
    for await (const line of linesOf(Readable.from(chunks, { objectMode: false }))) lines.push(line);
    return lines;
  };
  const text = Buffer.from('one\n\ntwo é\nthree');
  for (let cut = 0; cut <= text.length; cut++) t.same(await all(text.subarray(0, cut), text.subarray(cut)), ['one', '', 'two é', 'three']);
  const long = await all(Buffer.alloc(LOG_LINE_BYTES_MAX + 5, 120));
  t.same(
    long.map((line) => line.length),
    [LOG_LINE_BYTES_MAX, 5],
  );
});

t.test('a slow reader of logs holds up those who write', async (t) => {
  const merger = new LineMerger();
  const line = { host: 'h', port: 1, line: 'x' };
  for (let index = 1; index < LOG_LINES_WAITING_MAX; index++) await merger.add(line);
  let isThrough = false;
  const held = merger.add(line).then(() => {
    isThrough = true;
  });
  await new Promise(setImmediate);
  t.notOk(isThrough);
  const reader = merger.lines();
  for (let index = 1; index <= LOG_LINES_WAITING_MAX; index++) await reader.next();
  await held;
  merger.end(new PolyboltError('PB_TOPOLOGY_NOT_FOUND', { message: 'gone' }));
  await t.rejects(reader.next(), { code: 'PB_TOPOLOGY_NOT_FOUND' });
});

t.test('logs are followed from worker to worker until the topology is gone', async (t) => {
  const log = await daemon(t, {
    method: 'GET',
    path: '/v1/workers/:id/:port/log',
    handle: async ({ params, query }) => ({ text: `${params['port']} ${query}\n` }),
  });
  const worker = (port: number, supervisorUrl: string | null): object => ({
    host: 'h',
    port,
    supervisorUrl,
    executors: [{ component: 'count' }],
  });
  const rounds = [[worker(1, log)], [worker(1, log), worker(2, log), worker(3, null)]];
  let round = 0;
  const nimbus = await serve(t, (request, response) => {
    if (request.url === '/v1/topologies') response.end(JSON.stringify({ topologies: [{ name: 'a', id: 'a-1-1' }] }));
    else if (round < rounds.length) response.end(JSON.stringify({ workers: rounds[round++] }));
    else response.writeHead(404).end(errorText('PB_TOPOLOGY_NOT_FOUND'));
  });
  const gaps: string[] = [];
  const lines: string[] = [];
  const followed = new NimbusClient({ urls: [nimbus] }).logs('a', {
    follow: true,
    component: 'count',
    lines: 7,
    onGap: (text) => gaps.push(text),
    pollMs: 1,
  });
  for await (const { line } of followed) lines.push(line);
  // A log that ended between two looks is taken up again, without what has been had.
  t.same(lines.filter((line) => !line.startsWith('1 lines=0')).sort(), [
    '1 lines=7&component=count&follow=1',
    '2 lines=7&component=count&follow=1',
  ]);
  t.same(gaps, ['h:3: its supervisor is away']);
});
