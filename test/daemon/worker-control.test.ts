/** The socket between a worker and its supervisor, at its bounds, and what waits to be read behind it. */
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Worker } from '../../src/daemon/worker/worker.js';
import { ControlServer } from '../../src/daemon/worker/worker-control.js';
import { ControlClient } from '../../src/daemon/worker/worker-control-client.js';
import type { WorkerFile } from '../../src/daemon/worker/worker-file.js';
import { forwardingLog } from '../../src/daemon/worker/worker-log.js';
import { type FromWorker, MessageReader } from '../../src/daemon/worker/worker-messages.js';
import { WorkerProcess } from '../../src/daemon/worker/worker-process.js';
import {
  CONTROL_CONNECTIONS_MAX,
  CONTROL_LINE_BYTES_MAX,
  CONTROL_UNSENT_BYTES_MAX,
  FORWARDED_LINES_PER_SECOND,
  PRINT_UNSENT_BYTES_MAX,
} from '../../src/model/limits.js';
import { SILENT_LOG } from '../../src/model/log.js';

function socketIn(t: Test): string {
  const directory = mkdtempSync(join(tmpdir(), 'polybolt-test-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 's');
}

async function serve(t: Test, onMessage: ConstructorParameters<typeof ControlServer>[0]['onMessage'] = () => {}) {
  const path = socketIn(t);
  const counts: number[] = [];
  const waiting: (() => void)[] = [];
  const onConnections = (count: number): void => {
    counts.push(count);
    for (const resolve of waiting.splice(0)) resolve();
  };
  const server = new ControlServer({ onMessage, onConnections, onDrain: () => {} }, SILENT_LOG);
  await server.listen(path);
  t.teardown(() => server.close(0));
  const connections = async (count: number): Promise<void> => {
    while (server.connections !== count) await new Promise<void>((resolve) => waiting.push(resolve));
  };
  return { path, server, connections };
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.on('error', () => {}).on('close', () => resolve()));
}

t.test('messages come out of any cut of their bytes, and empty lines are none', async (t) => {
  const bytes = Buffer.from('{"type":"a","text":"é\\n"}\n\n{"type":"b"}\n{"type":"c"');
  for (let cut = 0; cut <= bytes.length; cut++) {
    const got: unknown[] = [];
    const reader = new MessageReader((message) => got.push(message));
    reader.push(bytes.subarray(0, cut));
    reader.push(bytes.subarray(cut));
    t.same(got, [{ type: 'a', text: 'é\n' }, { type: 'b' }], `cut at ${cut}`);
  }
});

t.test('a line may have CONTROL_LINE_BYTES_MAX bytes and not one more', async (t) => {
  const got: unknown[] = [];
  const line = Buffer.from(JSON.stringify({ type: 'x', fill: '' }));
  const full = Buffer.concat([line.subarray(0, -2), Buffer.alloc(CONTROL_LINE_BYTES_MAX - line.length, 'f'), Buffer.from('"}\n')]);
  new MessageReader((message) => got.push(message.type)).push(full);
  t.same(got, ['x']);
  t.throws(() => new MessageReader(() => {}).push(Buffer.concat([full.subarray(0, 1), full])), { code: 'PB_CONTROL_INVALID' });
});

t.test('CONTROL_CONNECTIONS_MAX may connect; one more is let go, and a place that is free again is given away', async (t) => {
  const { path, connections } = await serve(t);
  const sockets = Array.from({ length: CONTROL_CONNECTIONS_MAX }, () => connect(path).resume());
  await connections(CONTROL_CONNECTIONS_MAX);
  await closed(connect(path).resume());
  sockets[0]?.destroy();
  await connections(CONTROL_CONNECTIONS_MAX - 1);
  sockets.push(connect(path).resume());
  await connections(CONTROL_CONNECTIONS_MAX);
  for (const socket of sockets) socket.destroy();
});

t.test('whoever does not read loses the connection at CONTROL_UNSENT_BYTES_MAX, and the others hear everything', async (t) => {
  const { path, server, connections } = await serve(t);
  const [deaf, attentive] = [connect(path), connect(path)];
  deaf.pause();
  let heard = 0;
  attentive.on('data', (chunk) => {
    heard += chunk.length;
  });
  await connections(2);
  const message: FromWorker = { type: 'print', text: 'x'.repeat(1024 * 1024) };
  let said = 0;
  while (server.connections === 2 && said * 1024 * 1024 < 2 * CONTROL_UNSENT_BYTES_MAX) {
    server.send(message);
    said++;
    const before = heard;
    while (heard === before) await once(attentive, 'data');
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.equal(server.connections, 1);
  t.ok(said * 1024 * 1024 >= CONTROL_UNSENT_BYTES_MAX);
  while (heard < said * (1024 * 1024 + 26)) await once(attentive, 'data');
  for (const socket of [deaf, attentive]) socket.destroy();
});

t.test('a snapshot too long for a line is answered as none', async (t) => {
  const { path } = await serve(t, (message, answer) => {
    if (message.type === 'snapshot') answer({ type: 'snapshot', id: message.id, snapshot: 'x'.repeat(CONTROL_LINE_BYTES_MAX) });
  });
  const answer = await new Promise<FromWorker>((resolve) => {
    const client = new ControlClient(path, { onMessage: resolve, onOpen: () => client.send({ type: 'snapshot', id: 7 }) }, SILENT_LOG);
    t.teardown(() => client.close());
  });
  t.same(answer, { type: 'snapshot', id: 7, snapshot: null });
});

t.test('a supervisor dials until the worker listens, and again when it was cut off', async (t) => {
  const path = socketIn(t);
  let opened = 0;
  let onOpen: () => void = () => {};
  const events = {
    onMessage: () => {},
    onOpen: () => {
      opened++;
      onOpen();
    },
  };
  const client = new ControlClient(path, events, SILENT_LOG);
  t.teardown(() => client.close());
  for (const expected of [1, 2]) {
    const server = new ControlServer({ onMessage: () => {}, onConnections: () => {}, onDrain: () => {} }, SILENT_LOG);
    const isOpen = new Promise<void>((resolve) => {
      onOpen = resolve;
    });
    await server.listen(path);
    await isOpen;
    t.equal(opened, expected);
    await server.close(0);
  }
});

t.test('while PRINT_UNSENT_BYTES_MAX of printed tuples wait for their reader, nobody in the worker emits', async (t) => {
  const path = socketIn(t);
  const stalls: boolean[] = [];
  let onStall: () => void = () => {};
  const fake: Partial<Worker> = {
    update: () => {},
    start: async () => {},
    stop: async () => {},
    kill: () => {},
    stall: (isStalled) => {
      stalls.push(isStalled);
      onStall();
    },
  };
  const file = {
    record: { id: 'x' },
    worker: { incarnation: '1.0', port: 1 },
    launch: 1,
    socket: path,
    heartbeatMs: 60_000,
    supervisorTimeoutMs: 60_000,
  };
  let ended: (status: number) => void = () => {};
  const exited = new Promise<number>((resolve) => {
    ended = resolve;
  });
  const worker = new WorkerProcess(file as WorkerFile, {
    log: SILENT_LOG,
    pulseLog: () => {},
    build: async () => fake as Worker,
    onAbandoned: () => {},
    exit: (status) => ended(status),
    epochMs: () => 0,
  });
  const isUp = worker.run();
  while (!existsSync(path)) await new Promise((resolve) => setImmediate(resolve));
  const reader = connect(path);
  await once(reader, 'readable');
  await isUp;
  worker.print('x'.repeat(PRINT_UNSENT_BYTES_MAX / 2));
  t.same(stalls, [], 'below the bound nothing happens');
  worker.print('x'.repeat(PRINT_UNSENT_BYTES_MAX));
  worker.print('x');
  t.same(stalls, [true]);
  const resumed = new Promise<void>((resolve) => {
    onStall = resolve;
  });
  reader.resume();
  await resumed;
  t.same(stalls, [true, false]);
  reader.write('{"type":"stop"}\n');
  t.equal(await exited, 0);
  reader.destroy();
});

t.test('a local worker hands FORWARDED_LINES_PER_SECOND events a second to its parent, from the level that was asked for', async (t) => {
  let nowMs = 500;
  const sent: FromWorker[] = [];
  const log = forwardingLog(SILENT_LOG, 'warn', { send: (message) => sent.push(message) }, () => nowMs);
  log.info('not.wanted');
  for (let i = 0; i < FORWARDED_LINES_PER_SECOND + 1; i++) log.warn('is.wanted', { i });
  t.equal(sent.length, FORWARDED_LINES_PER_SECOND);
  nowMs = 1000;
  log.error('is.wanted');
  t.same(sent.at(-1), { type: 'log', level: 'error', event: 'is.wanted', fields: {} });
});
