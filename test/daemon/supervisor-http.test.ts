/**
 * What a supervisor tells over HTTP: a real server, real logs that are written, rotated and followed, and names that would lead elsewhere.
 */
import { appendFileSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createHttpServer } from '../../src/daemon/http/http-server.js';
import type { SlotView } from '../../src/daemon/supervisor/supervisor.js';
import { supervisorRoutes } from '../../src/daemon/supervisor/supervisor-http.js';
import { readLog } from '../../src/daemon/supervisor/supervisor-log.js';
import { WorkerLog } from '../../src/daemon/worker/worker-log.js';
import { LOG_FOLLOW_MS, LOG_LINE_BYTES_MAX, LOG_LINES_MAX, LOG_SCAN_BYTES_MAX } from '../../src/model/limits.js';
import { SILENT_LOG } from '../../src/model/log.js';

const ID = 'words-1-1700000000';
const WORKER: SlotView = { topologyId: ID, incarnation: '1.0', launch: 2, state: 'running', topology: 'words', port: 6700 };

function workerDir(t: Test): { readonly root: string; readonly path: string } {
  const root = mkdtempSync(join(tmpdir(), 'polybolt-logs-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(join(root, ID, '6700'), { recursive: true });
  return { root, path: join(root, ID, '6700', 'worker.log') };
}

async function served(t: Test, root: string): Promise<(path: string, init?: RequestInit) => Promise<Response>> {
  const supervisor = {
    workers: [WORKER],
    snapshot: async (topologyId: string, port: number) => (topologyId === ID && port === 6700 ? { emitted: 7 } : undefined),
  };
  const routes = supervisorRoutes({ id: 's1', supervisor, workersDirectory: root });
  const server = createHttpServer({ routes, security: { clientToken: 'secret' }, log: SILENT_LOG });
  const url = await server.listen('127.0.0.1', 0);
  t.teardown(() => server.close(0));
  return (path, init) => fetch(`${url}${path}`, { headers: { authorization: 'Bearer secret' }, ...init });
}

function event(number: number, component = 'split'): string {
  return `${JSON.stringify({ time: 'now', level: 'info', event: 'child.said', component, number })}\n`;
}

function numbersIn(text: string): number[] {
  return text.split('\n').flatMap((line) => (line.startsWith('{') ? [(JSON.parse(line) as { number: number }).number] : []));
}

t.test('it tells what its slots run and what their workers have counted', async (t) => {
  const get = await served(t, workerDir(t).root);
  t.same(await (await get('/v1/workers')).json(), { supervisor: 's1', workers: [{ ...WORKER, snapshot: { emitted: 7 } }] });
  t.same(await (await get(`/v1/workers/${ID}/6700/snapshot`)).json(), { ...WORKER, snapshot: { emitted: 7 } });
  const other = await get(`/v1/workers/${ID}/6701/snapshot`);
  t.equal(other.status, 404);
  t.match(await other.json(), {
    error: { code: 'PB_WORKER_NOT_FOUND', message: `no worker of ${ID} runs in slot 6701 of this supervisor` },
  });
  t.equal((await get('/v1/workers', { headers: {} })).status, 401, 'not to everybody');
});

t.test('the last lines of a log come in their order, from several files where one does not hold them', async (t) => {
  const { root, path } = workerDir(t);
  const get = await served(t, root);
  const numbers = (from: number, to: number): string => Array.from({ length: to - from }, (_, index) => event(from + index)).join('');
  writeFileSync(`${path}.2`, numbers(0, 1000));
  writeFileSync(`${path}.1`, numbers(1000, 3000));
  writeFileSync(path, `${numbers(3000, 3010)}half a li`);
  for (const [query, from] of [
    ['?lines=3', 3007],
    ['', 2910],
    ['?lines=2500', 510],
    ['?lines=10000', 0],
  ] as const) {
    const text = await (await get(`/v1/workers/${ID}/6700/log${query}`)).text();
    t.same(
      numbersIn(text),
      Array.from({ length: 3010 - from }, (_, index) => from + index),
      query,
    );
    t.notMatch(text, 'half a li', 'a line that has not ended is not shown');
  }
  t.equal(await (await get(`/v1/workers/${ID}/6700/log?lines=0`)).text(), '');
});

t.test('the lines of one component are told from those that only speak of it', async (t) => {
  const { root, path } = workerDir(t);
  const get = await served(t, root);
  const says = JSON.stringify({ level: 'info', component: 'count', number: -1, text: '"component":"split"' });
  writeFileSync(
    path,
    Array.from(
      { length: 50 },
      (_, number) => `${event(number, number % 10 === 0 ? 'split' : 'count')}plain text of split\n${says}\n{"component":"split"\n`,
    ).join(''),
  );
  t.same(numbersIn(await (await get(`/v1/workers/${ID}/6700/log?component=split&lines=3`)).text()), [20, 30, 40]);
  t.equal(await (await get(`/v1/workers/${ID}/6700/log?component=none`)).text(), '');
});

t.test('a log is followed as it is written, until the client goes away', async (t) => {
  const { root, path } = workerDir(t);
  const get = await served(t, root);
  writeFileSync(path, `${event(1)}${event(2)}`);
  const going = new AbortController();
  const reply = await get(`/v1/workers/${ID}/6700/log?lines=1&follow=true&component=split`, {
    signal: going.signal,
    headers: { authorization: 'Bearer secret' },
  });
  const reader = (reply.body as ReadableStream<Uint8Array>).getReader();
  let text = '';
  const until = async (number: number): Promise<void> => {
    while (!numbersIn(text.slice(0, text.lastIndexOf('\n') + 1)).includes(number))
      text += Buffer.from((await reader.read()).value ?? []).toString();
  };
  await until(2);
  const line = event(3);
  appendFileSync(path, `${event(9, 'count')}${line.slice(0, 10)}`);
  appendFileSync(path, `${line.slice(10)}${event(4)}`);
  await until(4);
  t.same(numbersIn(text), [2, 3, 4]);
  going.abort();
  t.ok(LOG_FOLLOW_MS < 1000, 'nobody waits for a second');
});

t.test('a log that is rotated while it is followed loses no line and repeats none', async (t) => {
  const { path } = workerDir(t);
  for (const filesMax of [2, 4]) {
    rmSync(path, { force: true });
    const log = new WorkerLog({ path, descriptor: openSync(path, 'a'), bytesMax: 20_000, filesMax, isDebug: false, epochMs: () => 0 });
    const signal = new AbortController();
    const numbers: number[] = [];
    let written = 0;
    const write = (count: number): void => {
      for (let line = 0; line < count; line++) log.info('child.said', { number: written++ });
    };
    write(10);
    for await (const line of readLog(path, { lines: 5, follow: true, signal: signal.signal, everyMs: 1 })) {
      numbers.push((JSON.parse(line) as { number: number }).number);
      if (numbers.at(-1) !== written - 1) continue;
      // The reader has all: on with some lines more, and a look at the size in their midst.
      if (written > 5000) signal.abort();
      write(100);
      log.pulse();
      write(37);
    }
    t.ok(readFileSync(`${path}.1`).length > 0, 'it was rotated');
    t.same(
      numbers,
      Array.from({ length: numbers.length }, (_, index) => index + 5),
    );
    t.ok(numbers.length > 5000);
  }
});

t.test('lines without end and files without end are bounded', async (t) => {
  const { path } = workerDir(t);
  writeFileSync(path, `${'x'.repeat(LOG_LINE_BYTES_MAX + 1e6)}end\n`);
  const lines: string[] = [];
  for await (const line of readLog(path, { lines: 10, follow: false, signal: new AbortController().signal })) lines.push(line);
  t.equal(lines.length, 1);
  t.ok((lines[0]?.length ?? 0) <= LOG_LINE_BYTES_MAX + 64 * 1024 + 1, `${lines[0]?.length}`);
  t.match(lines[0], /xend\n$/);
  const block = `${'y'.repeat(1e6)}\n`.repeat(10);
  writeFileSync(path, event(1));
  for (let written = 0; written < LOG_SCAN_BYTES_MAX; written += block.length) appendFileSync(path, block);
  const found: string[] = [];
  for await (const line of readLog(path, { lines: 1, follow: false, component: 'split', signal: new AbortController().signal }))
    found.push(line);
  t.same(found, [], 'it does not search for ever');
});

t.test('names that would lead elsewhere, links, and workers that never ran here are not found', async (t) => {
  const { root, path } = workerDir(t);
  const get = await served(t, root);
  writeFileSync(join(root, 'worker.log'), 'secret\n');
  mkdirSync(join(root, 'other-1-1', '6700'), { recursive: true });
  symlinkSync(join(root, 'worker.log'), join(root, 'other-1-1', '6700', 'worker.log'));
  writeFileSync(path, event(1));
  for (const place of [
    `${ID}/6701`,
    `${ID}/..`,
    `..%2f..%2fetc/6700`,
    '%2e%2e/%2e%2e',
    `..%2f${ID}/6700`,
    `${ID}%00/6700`,
    `${ID}/6700%2f..`,
    `${ID}/-1`,
    'other-1-1/6700',
    'words/6700',
    `${encodeURIComponent(ID.replace('words', 'wörter'))}/6700`,
  ]) {
    const reply = await get(`/v1/workers/${place}/log`);
    t.equal(reply.status, 404, place);
    t.notMatch(await reply.text(), 'secret');
  }
  for (const lines of ['-1', 'many', `${LOG_LINES_MAX + 1}`, '1e3']) {
    t.match(await (await get(`/v1/workers/${ID}/6700/log?lines=${lines}`)).json(), { error: { code: 'PB_REQUEST_INVALID' } });
  }
});
