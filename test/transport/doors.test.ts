/**
 * Who is let in and whom a worker believes: tokens, topologies, versions, certificates, and whatever else comes to a port.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { get } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import t from 'tap';
import { WebSocket, WebSocketServer } from 'ws';
import { makeAuthority, makeDaemonCertificate } from '../../src/cli/certificates.js';
import {
  LINK_CONNECTIONS_MAX,
  LINK_FRAME_BYTES_MAX,
  LINK_HEADER_BYTES_MAX,
  LINK_RETRY_MS_MAX,
  LINK_RETRY_MS_MIN,
  LINK_SILENCE_MS,
} from '../../src/model/limits.js';
import { SILENT_LOG } from '../../src/model/log.js';
import { BatchEncoder } from '../../src/transport/batch-encoder.js';
import { BatchQueue } from '../../src/transport/batch-queue.js';
import { FrameBufferPool } from '../../src/transport/frame-buffers.js';
import { retryMs } from '../../src/transport/link-dialer.js';
import { type Hello, LINK_PATH, newNonce, replyHeaders, requestHeaders } from '../../src/transport/link-hello.js';
import { LinkServer } from '../../src/transport/link-server.js';
import { createWsTransport } from '../../src/transport/ws-network.js';
import { batchOf, introduce, pairOf, startWorker, TOKEN, type WsWorker } from './workers.js';

const HELLO: Hello = { topologyId: 'words-1-1700000000', versions: { frames: 1, grouping: 1 }, self: { incarnation: '1.1', launch: 1 } };

function close(...workers: readonly WsWorker[]): Promise<unknown> {
  return Promise.all(workers.map(({ network }) => network.close()));
}

/** A link from 1.0 to 1.1 works. */
async function works(one: WsWorker, other: WsWorker): Promise<boolean> {
  one.transport.send('1.1', batchOf('["it works"]'));
  await other.ear.until(() => other.ear.texts.length > 0);
  return other.ear.texts[0] === '["it works"]';
}

t.test('a worker that has closed leaves no socket, no server and no timer, whatever it was in the middle of', async (t) => {
  const open = (): readonly string[] => process.getActiveResourcesInfo().filter((resource) => /^TCP|Timeout|Immediate/.test(resource));
  const before = [...open()].sort();
  const mute = createServer(() => {});
  mute.listen(0, '127.0.0.1');
  await once(mute, 'listening');
  const [one, other] = await pairOf();
  const nobody = { name: '1.5', address: { host: '127.0.0.1', port: 1 } };
  const silent = { name: '1.6', address: { host: '127.0.0.1', port: (mute.address() as AddressInfo).port } };
  introduce(one, other, nobody, silent);
  await once(mute, 'connection');
  for (let i = 0; i < 100; i++) one.transport.send('1.1', batchOf(`["${'x'.repeat(100_000)}"]`));
  one.transport.close();
  one.transport.send('1.1', batchOf('["too late"]'));
  await close(one, other);
  mute.close();
  await once(mute, 'close');
  // A handle that was closed is listed until a turn or two later.
  for (let turn = 0; turn < 100 && open().length > before.length; turn++) await new Promise((resolve) => setImmediate(resolve));
  t.same([...open()].sort(), before);
});

const strangers = [
  {
    what: 'another token',
    options: { token: 'another' },
    at: /^error link\.refused refusal=unauthorized address=127\.0\.0\.1$/,
    here: /the reason given is unauthorized/,
  },
  {
    what: 'another topology',
    options: { topologyId: 'words-2-1700000001' },
    at: /^error link\.refused refusal=other-topology .*peer=1\.1 launch=1 topologyId=words-2-1700000001/,
    here: /the reason given is other-topology/,
  },
  {
    what: 'other frames',
    options: { versions: { frames: 2, grouping: 1 } },
    at: /^error link\.refused refusal=other-versions .* frames=2 grouping=1/,
    here: /^error link\.failed .*code=PB_LINK_VERSIONS reason=the other worker speaks frames 1 with grouping 1, this one frames 2 with grouping 1/,
  },
  {
    what: 'another grouping',
    options: { versions: { frames: 1, grouping: 3 } },
    at: /^error link\.refused refusal=other-versions .* frames=1 grouping=3/,
    here: /^error link\.failed .*code=PB_LINK_VERSIONS/,
  },
];

for (const { what, options, at, here } of strangers) {
  t.test(`a worker with ${what} is refused, both ends say why, and no tuple passes`, async (t) => {
    const [one, stranger] = await Promise.all([startWorker('1.0'), startWorker('1.1', options)]);
    introduce(one, stranger);
    introduce(stranger, one);
    one.transport.send('1.1', batchOf('["secret"]'));
    stranger.transport.send('1.0', batchOf('["lie"]'));
    await Promise.all([one.ear.until(() => one.log.has(at)), stranger.ear.until(() => stranger.log.has(here))]);
    t.same([one.ear.said, stranger.ear.said, one.ear.texts, stranger.ear.texts], [['congested 1.1'], ['congested 1.0'], [], []]);
    t.notOk(
      [...one.log.lines, ...stranger.log.lines].some((line) => line.includes(TOKEN)),
      'the token is in no log',
    );
    await close(one, stranger);
  });
}

t.test('a refusal that repeats is logged once', async (t) => {
  const [one, stranger] = await Promise.all([startWorker('1.0'), startWorker('1.1', { token: 'another' })]);
  introduce(stranger, one);
  let refusals = 0;
  const debug = stranger.log.debug;
  stranger.log.debug = () => {
    refusals++;
    stranger.ear.stir();
  };
  await stranger.ear.until(() => refusals >= 3);
  stranger.log.debug = debug;
  t.same([one.log.lines.length, stranger.log.lines.length], [1, 1]);
  await close(one, stranger);
});

t.test('a worker that has not joined yet asks its peers to come again, and then lets them in', async (t) => {
  const network = await createWsTransport({
    ...HELLO,
    ...HELLO.self,
    host: '127.0.0.1',
    port: 0,
    token: TOKEN,
    random: () => 0,
    log: SILENT_LOG,
  });
  const one = await startWorker('1.0');
  introduce(one, { name: '1.1', address: network.address });
  await one.ear.until(() => one.log.has(/the reason given is not-ready/));
  const transport = network.join('1.1', { receive: () => {}, onCongestion: () => {}, onLost: () => {} });
  transport.setPeers(new Map([['1.0', one.address]]));
  transport.send('1.0', batchOf('["here"]'));
  await one.ear.until(() => one.ear.texts.length > 0);
  t.same(one.ear.texts, ['["here"]']);
  await Promise.all([close(one), network.close()]);
});

t.test('two workers cannot have one port', async (t) => {
  const one = await startWorker('1.0');
  await t.rejects(startWorker('1.1', { port: one.address.port }), { code: 'PB_LISTEN_FAILED', context: { port: one.address.port } });
  await close(one);
});

t.test('with certificates of one authority links are encrypted; without one, or with that of another, nobody is let in', async (t) => {
  const [authority, foreign] = await Promise.all([makeAuthority(), makeAuthority()]);
  const tlsOf = async (from: typeof authority) => ({ ca: from.cert, ...(await makeDaemonCertificate(from, ['127.0.0.1'])) });
  const tls = await tlsOf(authority);
  const [one, other] = await pairOf({ tls });
  t.ok(await works(one, other));
  const bare = new WebSocket(`wss://127.0.0.1:${one.address.port}${LINK_PATH}`, {
    ca: authority.cert,
    headers: requestHeaders(HELLO, TOKEN, newNonce()),
  });
  await t.rejects(once(bare, 'open'));
  const [stranger, plain] = await Promise.all([startWorker('1.2', { tls: await tlsOf(foreign) }), startWorker('1.3')]);
  introduce(one, other, stranger, plain);
  introduce(stranger, one);
  introduce(plain, one);
  for (const worker of [stranger, plain]) await worker.ear.until(() => worker.log.has(/link\.failed/));
  await one.ear.until(() => one.log.lines.filter((line) => line.includes('link.failed')).length >= 2);
  t.same([stranger.ear.said, plain.ear.said], [['congested 1.0'], ['congested 1.0']]);
  t.equal(one.ear.count('lost 1.1'), 0);
  await close(one, other, stranger, plain);
});

t.test('a certificate for another host is not believed', async (t) => {
  const authority = await makeAuthority();
  const tls = { ca: authority.cert, ...(await makeDaemonCertificate(authority, ['elsewhere.example'])) };
  const [one, other] = await Promise.all([startWorker('1.0', { tls }), startWorker('1.1', { tls })]);
  introduce(one, other);
  await one.ear.until(() => one.log.has(/link\.failed .*code=ERR_TLS_CERT_ALTNAME_INVALID/));
  t.same(one.ear.said, ['congested 1.1']);
  await close(one, other);
});

t.test('whatever comes to the port does no harm to the links that there are', async (t) => {
  const [one, other] = await pairOf({ silenceMs: 100 });
  const { port } = one.address;
  const ended = async (bytes: Buffer | string): Promise<string> => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.on('error', () => {});
    socket.on('data', (data) => {
      answer += data.toString('latin1');
    });
    socket.write(bytes);
    await new Promise((resolve) => socket.once('close', resolve));
    return answer.split('\r\n')[0] as string;
  };
  const upgrade = (headers: Readonly<Record<string, string>>, path = LINK_PATH): string =>
    [
      `GET ${path} HTTP/1.1`,
      'host: x',
      'connection: Upgrade',
      'upgrade: websocket',
      'sec-websocket-version: 13',
      `sec-websocket-key: ${randomBytes(16).toString('base64')}`,
    ]
      .concat(
        Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
        '',
        '',
      )
      .join('\r\n');
  const right = requestHeaders(HELLO, TOKEN, newNonce());
  t.equal(await ended(randomBytes(100_000)), '', 'noise');
  t.equal(await ended(''), '', 'silence');
  t.equal(await ended('GET /v1/li'), '', 'half a request');
  t.equal(await ended(`GET / HTTP/1.1\r\nx: ${'y'.repeat(LINK_HEADER_BYTES_MAX)}\r\n\r\n`), '', 'a header beyond LINK_HEADER_BYTES_MAX');
  t.match(await ended(upgrade({})), /^HTTP\/1\.1 401/);
  t.match(await ended(upgrade({ ...right, authorization: 'Bearer ' })), /^HTTP\/1\.1 401/);
  t.match(await ended(upgrade(right, '/')), /^HTTP\/1\.1 400/);
  for (const wrong of ['', '1.1', '1.1 0', '1.1 -1', 'x 1', '99999999999.1 1', '1.1 1 1']) {
    t.match(await ended(upgrade({ ...right, 'x-polybolt-worker': wrong })), /^HTTP\/1\.1 400/, wrong);
  }
  t.match(await ended(upgrade({ ...right, 'x-polybolt-versions': 'frames=one' })), /^HTTP\/1\.1 400/);
  const [response] = await once(get({ port, host: '127.0.0.1' }), 'response');
  t.equal(response.resume().statusCode, 426);
  t.ok(await works(one, other));
  t.equal(one.ear.count('lost 1.1'), 0);
  await close(one, other);
});

t.test('a receiver that sends, though it has the token, loses its link', async (t) => {
  const one = await startWorker('1.0');
  introduce(one, { name: '1.1', address: { host: '', port: 0 } });
  for (const words of ['text', Buffer.alloc(100)]) {
    const ws = new WebSocket(`ws://127.0.0.1:${one.address.port}${LINK_PATH}`, { headers: requestHeaders(HELLO, TOKEN, newNonce()) });
    await once(ws, 'open');
    ws.send(words);
    await once(ws, 'close');
  }
  t.equal(one.ear.count('lost 1.1'), 2);
  t.same(one.ear.texts, []);
  await close(one);
});

t.test('a sender that cannot prove that it has the token is not believed, whatever it answers', async (t) => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const lies = [{}, replyHeaders(HELLO, 'a guess', {}), { 'x-polybolt-worker': '1.1 1', 'x-polybolt-proof': '00' }];
  let asked = 0;
  server.on('headers', (headers) => {
    for (const [name, value] of Object.entries(lies[asked++ % lies.length] as object)) headers.push(`${name}: ${value}`);
  });
  server.on('connection', (ws) => ws.send(Buffer.alloc(100)));
  const one = await startWorker('1.0');
  introduce(one, { name: '1.1', address: { host: '127.0.0.1', port: (server.address() as AddressInfo).port } });
  one.log.debug = () => one.ear.stir();
  await one.ear.until(() => asked > lies.length);
  t.same([one.ear.said, one.ear.texts], [['congested 1.1'], []]);
  t.ok(one.log.has(/^warn link\.failed .*code=PB_LINK_REFUSED .*does not know the token/));
  await close(one);
  for (const client of server.clients) client.terminate();
  server.close();
});

/** Somebody with the token, who sends each receiver one of these, whole. */
async function badSender(
  frames: readonly (Buffer | string)[],
): Promise<{ readonly port: number; readonly close: () => void; asked(): number }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  server.on('headers', (headers, request) => {
    for (const [name, value] of Object.entries(replyHeaders(HELLO, TOKEN, request.headers))) headers.push(`${name}: ${value}`);
  });
  let asked = 0;
  server.on('connection', (ws) => {
    const frame = frames[asked++ % frames.length] as Buffer | string;
    if (typeof frame === 'string' && frame.startsWith('raw '))
      (ws as unknown as { _socket: { write(bytes: Buffer): void } })._socket.write(Buffer.from(frame.slice(4), 'hex'));
    else ws.send(frame);
  });
  const stop = (): void => {
    for (const client of server.clients) client.terminate();
    server.close();
  };
  return { port: (server.address() as AddressInfo).port, close: stop, asked: () => asked };
}

function frameBetween(from: Hello['self'], to: Hello['self']): Buffer {
  const queue = new BatchQueue();
  queue.push(batchOf('["forged"]'));
  return new BatchEncoder({ from, to }, HELLO.versions, new FrameBufferPool(), () => {}).encode(queue);
}

t.test('frames that cannot be read, are too large or are not for this launch end the link, and nothing of them is used', async (t) => {
  const self = { incarnation: '1.0', launch: 4 };
  const lengthBeyond = Buffer.alloc(10);
  lengthBeyond.set([0x82, 127]);
  lengthBeyond.writeBigUInt64BE(BigInt(LINK_FRAME_BYTES_MAX) + 1n, 2);
  const bad = [
    randomBytes(1000),
    'text',
    frameBetween(HELLO.self, { ...self, launch: 3 }),
    frameBetween(HELLO.self, { ...self, launch: 5 }),
    frameBetween(HELLO.self, { incarnation: '1.2', launch: 4 }),
    frameBetween({ incarnation: '1.2', launch: 1 }, self),
    frameBetween({ incarnation: '1.1', launch: 2 }, self),
    `raw ${lengthBeyond.toString('hex')}`,
    `raw ${randomBytes(50).toString('hex').replace(/^../, 'ff')}`,
  ];
  const sender = await badSender([...bad, frameBetween(HELLO.self, self)]);
  const one = await startWorker('1.0', self);
  introduce(one, { name: '1.1', address: { host: '127.0.0.1', port: sender.port } });
  await one.ear.until(() => one.ear.texts.length > 0);
  t.same(one.ear.texts, ['["forged"]'], 'only the last one, which is right');
  t.same([sender.asked(), one.ear.count('lost 1.1')], [bad.length + 1, bad.length]);
  t.ok(one.log.has(/^error frame\.refused peer=1\.1 launch=1 code=PB_LINK_FRAME_INVALID/));
  t.ok(one.log.has(/a frame from 1\.1 \(launch 1\) to 1\.0 \(launch 3\) is not for this link/));
  t.ok(one.log.has(/Max payload size exceeded/));
  await close(one);
  sender.close();
});

t.test('connections beyond a bound are not taken', async (t) => {
  t.ok(LINK_CONNECTIONS_MAX > 1000);
  const admission = { refusalOf: () => undefined, onAdmitted: () => {} };
  const options = { host: '127.0.0.1', port: 0, hello: HELLO, token: TOKEN, tls: undefined, startMs: 1000, log: SILENT_LOG };
  const server = new LinkServer({ ...options, connectionsMax: 2 }, admission);
  const { port } = await server.listen();
  const sockets = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  const third = connect(port, '127.0.0.1').on('error', () => {});
  await new Promise((resolve) => third.once('close', resolve));
  t.ok(sockets.every(({ destroyed }) => !destroyed));
  for (const socket of sockets) socket.on('error', () => {});
  await server.close();
});

t.test(
  'attempts to reach a peer begin LINK_RETRY_MS_MIN apart and end LINK_RETRY_MS_MAX apart, each up to half sooner by chance',
  async (t) => {
    t.same(
      [0, 1, 2, 3].map((failures) => retryMs(failures, 1)),
      [1, 2, 4, 8].map((times) => times * LINK_RETRY_MS_MIN),
    );
    t.same(
      [10, 1e6].map((failures) => retryMs(failures, 1)),
      [LINK_RETRY_MS_MAX, LINK_RETRY_MS_MAX],
    );
    t.equal(retryMs(1e6, 0), LINK_RETRY_MS_MAX / 2);
    t.ok(LINK_RETRY_MS_MAX < LINK_SILENCE_MS);
  },
);
