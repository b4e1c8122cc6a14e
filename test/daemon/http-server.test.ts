/** The HTTP server of the daemons over real sockets of the loopback address: who is let in, what is too much, and what happens when either side goes away. */
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import t, { type Test } from 'tap';
import { createHttpServer, type HttpServer, type HttpServerOptions, type Route } from '../../src/daemon/http/http-server.js';
import type { Security } from '../../src/daemon/security/security.js';
import { PolyboltError } from '../../src/model/errors.js';
import {
  HTTP_CONNECTIONS_MAX,
  HTTP_DISCARD_MS,
  HTTP_IDLE_MS,
  HTTP_JSON_BYTES_MAX,
  HTTP_NAME_CHARS_MAX,
  NAME_CHARS_MAX,
} from '../../src/model/limits.js';
import { type Log, SILENT_LOG } from '../../src/model/log.js';

const NO_SECURITY: Security = {};
const TOKENS: Security = { clientToken: 'for-clients-only', daemonToken: 'for-daemons-only' };
const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

async function serve(
  t: Test,
  routes: readonly Route[],
  more: Partial<HttpServerOptions> = {},
): Promise<{ url: string; server: HttpServer }> {
  const server = createHttpServer({ routes, security: NO_SECURITY, log: SILENT_LOG, ...more });
  t.teardown(() => server.close(0));
  return { server, url: await server.listen('127.0.0.1', 0) };
}

/** Answers with what it was asked. */
const ECHO: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/things/:name',
    token: 'client',
    handle: async ({ params, query }) => ({ json: { name: params['name'], lines: query.get('lines') } }),
  },
  { method: 'POST', path: '/v1/things/:name', token: 'client', handle: async (request) => ({ status: 201, json: await request.json() }) },
  {
    method: 'PUT',
    path: '/v1/blobs/:sha',
    token: 'daemon',
    bytesMax: 10,
    handle: async (request) => ({ text: await textOf(request.body()) }),
  },
];

async function textOf(stream: Readable): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}

const codeOf = async (response: Response): Promise<unknown> => ((await response.json()) as { error: { code: unknown } }).error.code;

t.test('names in a path are decoded, replies are JSON, and bodies are read as JSON', async (t) => {
  const { url } = await serve(t, ECHO);
  const response = await fetch(`${url}/v1/things/${encodeURIComponent('wört / 100%')}?lines=5`);
  t.equal(response.headers.get('content-type'), 'application/json');
  t.same(await response.json(), { name: 'wört / 100%', lines: '5' });
  const created = await fetch(`${url}/v1/things/x`, { method: 'POST', body: '{"a":[1]}' });
  t.equal(created.status, 201);
  t.same(await created.json(), { a: [1] });
});

t.test('the longest name there can be fits, and no longer one', async (t) => {
  const { url } = await serve(t, ECHO);
  const longest = '€'.repeat(NAME_CHARS_MAX);
  t.equal(encodeURIComponent(longest).length, HTTP_NAME_CHARS_MAX);
  t.match(await (await fetch(`${url}/v1/things/${encodeURIComponent(longest)}`)).json(), { name: longest });
  t.equal((await fetch(`${url}/v1/things/${'x'.repeat(HTTP_NAME_CHARS_MAX + 1)}`)).status, 404);
});

t.test('what is not there says what is', async (t) => {
  const { url } = await serve(t, ECHO);
  const nowhere = await fetch(`${url}/v2/things`);
  t.equal(nowhere.status, 404);
  t.equal(await codeOf(nowhere), 'PB_ROUTE_UNKNOWN');
  const wrong = (await (await fetch(`${url}/v1/things/x`, { method: 'DELETE' })).json()) as { error: { hint: string } };
  t.match(wrong.error.hint, /this path takes GET, POST/);
});

t.test('a token opens what it is for, and nothing is told without one', async (t) => {
  const { url } = await serve(t, ECHO, { security: TOKENS });
  const status = async (method: string, path: string, headers: Record<string, string>): Promise<number> =>
    (await fetch(`${url}${path}`, { method, headers, ...(method === 'PUT' ? { body: 'x' } : {}) })).status;
  t.equal(await status('GET', '/v1/things/x', {}), 401);
  t.equal(await status('GET', '/v1/things/x', bearer('for-clients-onlx')), 401);
  t.equal(await status('GET', '/v1/nowhere', {}), 401, 'not even what exists');
  t.equal(await status('GET', '/v1/things/x', bearer('for-clients-only')), 200);
  t.equal(await status('GET', '/v1/things/x', bearer('for-daemons-only')), 200);
  t.equal(await status('PUT', '/v1/blobs/x', bearer('for-clients-only')), 401);
  t.equal(await status('PUT', '/v1/blobs/x', bearer('for-daemons-only')), 200);
  const refused = await fetch(`${url}/v1/things/x`);
  t.equal(refused.headers.get('www-authenticate'), 'Bearer');
  t.equal(await codeOf(refused), 'PB_UNAUTHORIZED');
});

t.test('who may not ask is refused before the body: one that asked first sends none of it', async (t) => {
  const { url } = await serve(t, ECHO, { security: TOKENS });
  const ask = async (token: string): Promise<{ status: number | undefined; wasInvited: boolean }> => {
    const request = httpRequest(`${url}/v1/blobs/x`, {
      method: 'PUT',
      headers: { ...bearer(token), expect: '100-continue', 'content-length': 4 },
    });
    let wasInvited = false;
    request.on('continue', () => {
      wasInvited = true;
      request.end('abcd');
    });
    request.flushHeaders();
    const [response] = await once(request, 'response');
    response.resume();
    request.destroy();
    return { status: response.statusCode, wasInvited };
  };
  t.same(await ask('for-nobody'), { status: 401, wasInvited: false });
  t.same(await ask('for-daemons-only'), { status: 200, wasInvited: true });
});

t.test('one that sends all the same gets to read why it was refused', async (t) => {
  const { url } = await serve(t, ECHO, { security: TOKENS });
  const response = await fetch(`${url}/v1/blobs/x`, { method: 'PUT', body: Buffer.alloc(4 * 1024 * 1024) });
  t.equal(response.status, 401);
});

t.test('one that never stops sending is cut off', async (t) => {
  const { url } = await serve(t, ECHO, { security: TOKENS, discardMs: HTTP_DISCARD_MS / 100 });
  const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {});
  socket.write('PUT /v1/blobs/x HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n');
  const more = setInterval(() => socket.write('1\r\nx\r\n'), 1);
  const [reply] = await once(socket, 'data');
  t.match(String(reply), /^HTTP\/1\.1 401/);
  await once(socket, 'close');
  clearInterval(more);
});

t.test('without tokens neither a page of another origin nor another name of loopback is answered', async (t) => {
  const { url } = await serve(t, ECHO);
  const page = await fetch(`${url}/v1/things/x`, { method: 'POST', headers: { origin: 'http://evil.example' } });
  t.equal(page.status, 403);
  t.equal(await codeOf(page), 'PB_ORIGIN_REFUSED');
  const { port } = new URL(url);
  const named = async (host: string): Promise<number | undefined> => {
    const request = httpRequest({ host: '127.0.0.1', port, path: '/v1/things/x', headers: { host } }).end();
    const [response] = await once(request, 'response');
    response.resume();
    return response.statusCode;
  };
  t.equal(await named(`rebound.example:${port}`), 403);
  t.equal(await named(`localhost:${port}`), 200);
  t.equal(await named(`[::1]:${port}`), 200);
});

t.test('a body that is no JSON, or not UTF-8, is refused', async (t) => {
  const { url } = await serve(t, ECHO);
  for (const body of ['{', Buffer.from([0x22, 0xff, 0x22])]) {
    const response = await fetch(`${url}/v1/things/x`, { method: 'POST', body });
    t.equal(response.status, 400);
    t.equal(await codeOf(response), 'PB_REQUEST_INVALID');
  }
});

t.test('a body has a bound, announced or not', async (t) => {
  const { url } = await serve(t, ECHO);
  const fits = JSON.stringify('x'.repeat(HTTP_JSON_BYTES_MAX - 2));
  t.equal((await fetch(`${url}/v1/things/x`, { method: 'POST', body: fits })).status, 201);
  const announced = await fetch(`${url}/v1/things/x`, { method: 'POST', body: `${fits} ` });
  t.equal(announced.status, 413);
  t.equal(await codeOf(announced), 'PB_REQUEST_TOO_LARGE');
  const body = Readable.toWeb(Readable.from([Buffer.alloc(8), Buffer.alloc(8)])) as ReadableStream;
  const streamed = await fetch(`${url}/v1/blobs/x`, { method: 'PUT', body, duplex: 'half' } as RequestInit);
  t.equal(streamed.status, 413);
});

t.test('an error of ours is logged and told to nobody; one for people goes with its facts', async (t) => {
  const logged: string[] = [];
  const log: Log = { ...SILENT_LOG, error: (event, fields) => void logged.push(`${event} ${String(fields?.['trace'])}`) };
  const throwing = (path: string, error: Error): Route => ({
    method: 'GET',
    path,
    token: 'client',
    handle: async () => {
      throw error;
    },
  });
  const known = new PolyboltError('PB_TOPOLOGY_NOT_FOUND', { message: 'none', hint: 'look', context: { topology: 'x' } });
  const { url } = await serve(t, [throwing('/ours', new Error('a secret')), throwing('/known', known)], { log });
  const ours = await fetch(`${url}/ours`);
  t.equal(ours.status, 500);
  t.notMatch(await ours.text(), /secret/);
  t.match(logged, [/^http\.refused .*a secret/]);
  const theirs = await fetch(`${url}/known`);
  t.equal(theirs.status, 404);
  t.same(await theirs.json(), { error: { code: 'PB_TOPOLOGY_NOT_FOUND', message: 'none', hint: 'look', context: { topology: 'x' } } });
});

/** A route that tells how reading its body ended. */
function uploads(): { routes: readonly Route[]; ended: Promise<unknown> } {
  let tell: (how: unknown) => void = () => {};
  const ended = new Promise((resolve) => {
    tell = resolve;
  });
  const handle: Route['handle'] = async (request) => {
    try {
      await textOf(request.body());
      tell('whole');
    } catch (error) {
      tell((error as PolyboltError).code);
      throw error;
    }
    return { text: 'ok' };
  };
  return { ended, routes: [{ method: 'PUT', path: '/upload', token: 'client', bytesMax: 1e6, handle }] };
}

/** Sends the beginning of an upload. */
async function beginUpload(url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.write('PUT /upload HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\nonly this');
  return socket;
}

t.test('a client that goes away in the middle of a body is noticed', async (t) => {
  const { routes, ended } = uploads();
  const { url } = await serve(t, routes);
  const socket = await beginUpload(url);
  socket.destroy();
  t.equal(await ended, 'PB_REQUEST_ABORTED');
});

t.test('a client that falls silent in the middle of a body is not waited for', async (t) => {
  const { routes, ended } = uploads();
  const { url } = await serve(t, routes, { idleMs: HTTP_IDLE_MS / 1500 });
  const socket = await beginUpload(url);
  t.equal(await ended, 'PB_REQUEST_ABORTED');
  await once(socket.resume(), 'close');
});

t.test('an endless reply ends when its client goes away, and when the server closes', async (t) => {
  const closed: string[] = [];
  const endless: Route = {
    method: 'GET',
    path: '/log',
    token: 'client',
    handle: async ({ signal }) => {
      const stream = new Readable({ read: () => {} });
      stream.push('first line\n');
      signal.addEventListener('abort', () => stream.push(null));
      stream.once('close', () => closed.push('closed'));
      return { stream };
    },
  };
  const { url, server } = await serve(t, [endless]);
  const abort = new AbortController();
  const gone = await fetch(`${url}/log`, { signal: abort.signal });
  await gone.body?.getReader().read();
  abort.abort();
  while (closed.length < 1) await new Promise((resolve) => setImmediate(resolve));
  const open = await fetch(`${url}/log`);
  const reading = open.text();
  await server.close();
  t.equal(await reading, 'first line\n');
  t.same(closed, ['closed', 'closed']);
});

t.test('closing ends connections that are only kept alive', async (t) => {
  const { url, server } = await serve(t, ECHO);
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write('GET /v1/things/x HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
  await once(socket, 'data');
  const ended = once(socket, 'close');
  await server.close();
  await ended;
  await t.rejects(fetch(url));
});

t.test('more connections than the bound are turned away', async (t) => {
  const { url } = await serve(t, ECHO);
  const port = Number(new URL(url).port);
  const open = async (): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    await once(socket, 'connect');
    return socket;
  };
  const sockets: Socket[] = [];
  while (sockets.length < HTTP_CONNECTIONS_MAX) sockets.push(...(await Promise.all(Array.from({ length: 100 }, open))));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
  });
  const extra = await open();
  await once(extra.resume(), 'close');
  t.equal(sockets.filter(({ destroyed }) => destroyed).length, 0);
});

t.test('an address that is taken is named', async (t) => {
  const { url } = await serve(t, ECHO);
  const port = Number(new URL(url).port);
  const other = createHttpServer({ routes: [], security: NO_SECURITY, log: SILENT_LOG });
  await t.rejects(other.listen('127.0.0.1', port), {
    code: 'PB_LISTEN_FAILED',
    message: new RegExp(`127\\.0\\.0\\.1:${port}`),
    hint: /another process/,
  });
  await other.close();
});

t.test('what is no HTTP gets one line and is closed', async (t) => {
  const { url } = await serve(t, ECHO);
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write('\x16\x03\x01 no http at all\r\n\r\n');
  const [answer] = await once(socket, 'data');
  t.match(String(answer), /^HTTP\/1\.1 400/);
  socket.destroy();
});
