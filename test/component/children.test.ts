/** The small parts of a child's host: what is written first, what it inherits, why it did not start, what of its stderr is logged. ML-LC, ML-BO-08, ML-HS-11. */
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Child, type ChildExit } from '../../src/component/child.js';
import { childEnvironment } from '../../src/component/child-environment.js';
import { closePipes, FifoPool } from '../../src/component/fifo-pool.js';
import { Outbox } from '../../src/component/outbox.js';
import { createFifoPool, spawnChild } from '../../src/component/spawn.js';
import { explainPipeError, explainStartError } from '../../src/component/start-error.js';
import { StderrLog } from '../../src/component/stderr-log.js';
import { EXIT_DRAIN_MS, READ_CHUNK_BYTES, READ_TURN_BYTES, STDERR_TAIL_BYTES } from '../../src/model/limits.js';
import type { LogFields } from '../../src/model/log.js';
import { until } from './fake-child.js';

t.test('ML-BO-08: heartbeats are written first, replies second, tuples last, each kind in its order', async (t) => {
  const outbox = new Outbox();
  t.ok(outbox.isEmpty);
  for (const name of ['t1', 't2']) outbox.addTuple(name);
  for (const name of ['r1', 'r2']) outbox.addReply(name);
  outbox.addHeartbeat('h');
  t.match(outbox, { tupleCount: 2, tupleChars: 4, replyChars: 4, hasHeartbeat: true, isEmpty: false });
  t.equal(outbox.take(), 'hr1r2t1t2');
  t.match(outbox, { tupleCount: 0, tupleChars: 0, replyChars: 0, hasHeartbeat: false, isEmpty: true });
  t.equal(outbox.take(), '');
});

t.test('ML-HS-11: a child inherits no secrets and nothing of ours', async (t) => {
  const inherited = {
    HOME: '/home/me',
    PGPASSWORD: 'x',
    MYSQL_PWD: 'x',
    OLDPWD: '/',
    PWD: '/work',
    GITHUB_TOKEN: 'x',
    aws_secret_access_key: 'x',
    AWS_ACCESS_KEY_ID: 'x',
    SSH_PASSPHRASE: 'x',
    STRIPE_API_KEY: 'x',
    POLYBOLT_HOME: 'x',
    UNSET: undefined,
  };
  t.same(childEnvironment(inherited), { HOME: '/home/me', OLDPWD: '/', PWD: '/work' });
});

t.test('ML-LC-03: what is configured replaces what is inherited, and PATH is appended', async (t) => {
  const environment = childEnvironment(
    { PATH: '/bin', LANG: 'C' },
    { LANG: 'de', PATH: '/a', MY_TOKEN: 'meant' },
    { LANG: 'fr', PATH: '/b' },
  );
  t.same(environment, { PATH: '/bin:/a:/b', LANG: 'fr', MY_TOKEN: 'meant' });
  t.same(childEnvironment({}, { PATH: '/a' }), { PATH: '/a' });
});

const systemError = (code: string): NodeJS.ErrnoException => Object.assign(new Error(`spawn x ${code}`), { code });

t.test('ML-LC-16: a command that cannot be started is explained by what is on the disk', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'polybolt-start-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  const write = (name: string, text: string, mode: number): void => {
    writeFileSync(join(directory, name), text);
    chmodSync(join(directory, name), mode);
  };
  write('plain', 'x', 0o644);
  write('odd', '#! /no/such/thing -x\n', 0o755);
  write('crlf', '#!/bin/sh\r\n', 0o755);
  write('fine', '#!/bin/sh\n', 0o755);
  const explain = (name: string, code: string, cwd = directory): string => {
    const error = explainStartError(systemError(code), { argv: [name, 'a b'], cwd, env: { PATH: directory } });
    return `${error.code} ${error.message.replaceAll(directory, 'DIR')}`;
  };
  t.equal(
    explain('fine', 'ENOENT', '/no/such/directory'),
    'PB_COMPONENT_START_FAILED the working directory /no/such/directory does not exist',
  );
  t.equal(explain('absent', 'ENOENT'), 'PB_COMPONENT_NOT_FOUND the command absent is not on the PATH');
  t.equal(explain('./absent', 'ENOENT'), 'PB_COMPONENT_NOT_FOUND the command ./absent does not exist in DIR');
  t.equal(explain('odd', 'ENOENT'), 'PB_COMPONENT_NOT_FOUND DIR/odd asks for the interpreter /no/such/thing, which does not exist');
  t.equal(explain('./crlf', 'ENOENT'), 'PB_COMPONENT_NOT_FOUND DIR/crlf asks for the interpreter /bin/sh\\r, which does not exist');
  t.equal(explain('./plain', 'EACCES'), 'PB_COMPONENT_NOT_EXECUTABLE DIR/plain is not executable (mode 644)');
  t.equal(explain('./', 'EACCES'), 'PB_COMPONENT_NOT_EXECUTABLE DIR is a directory');
  t.equal(explain('./fine', 'EAGAIN'), 'PB_COMPONENT_START_FAILED DIR/fine could not be started: spawn x EAGAIN');
  t.equal(explainPipeError(systemError('EMFILE')).code, 'PB_COMPONENT_START_FAILED');
});

t.test('ML-LC-04: a flood on stderr costs a bounded number of log lines a second, and says how many it swallowed', async (t) => {
  const lines: LogFields[] = [];
  const log = {
    debug: (): void => {},
    info: (_event: string, fields?: LogFields): void => void lines.push(fields ?? {}),
    warn: (_event: string, fields?: LogFields): void => void lines.push(fields ?? {}),
    error: (): void => {},
  };
  const stderr = new StderrLog({ topology: 'test', component: 'split', task: 5, log });
  stderr.pulse(1000);
  stderr.add('one\ntw');
  stderr.add('o\n\n');
  t.same(
    lines.map(({ line }) => line),
    ['one', 'two'],
  );
  stderr.add('x\n'.repeat(100));
  t.equal(lines.length, 20);
  stderr.pulse(1999);
  t.equal(lines.length, 20);
  stderr.pulse(2000);
  t.equal(lines.at(-1)?.['lines'], 82);
  stderr.add(`${'long'.repeat(10_000)}\nlast`);
  t.equal(String(lines.at(-1)?.['line']).length, 2000);
  stderr.flush();
  t.equal(lines.at(-1)?.['line'], 'last');
});

interface Played {
  readonly child: Child;
  readonly out: Buffer[];
  readonly exits: ChildExit[];
  readonly ended: { count: number };
  largestRead: number;
}

async function play(t: Test, argv: readonly string[]): Promise<Played> {
  const fifos = createFifoPool();
  t.teardown(() => fifos.close());
  const pipes = await fifos.take();
  const played = { out: [] as Buffer[], exits: [] as ChildExit[], ended: { count: 0 }, largestRead: 0 };
  const child = new Child(spawnChild, { argv, cwd: '/', env: { PATH: process.env['PATH'] ?? '' } }, pipes, {
    onBytes: (chunk) => {
      played.out.push(Buffer.from(chunk));
      played.largestRead = Math.max(played.largestRead, chunk.length);
    },
    onStderr: () => {},
    onStdoutEnd: () => played.ended.count++,
    onStdinClosed: () => {},
    onExit: (exit) => played.exits.push(exit),
    onDrain: () => {},
  });
  return Object.assign(played, { child });
}

t.test('ML-LC-09: what a child wrote before it exited is read to its end, also when reading was paused', async (t) => {
  const { child, out, exits } = await play(t, ['sh', '-c', 'head -c 60000 /dev/zero; echo why >&2; exit 4']);
  child.pause(true);
  await until(() => exits.length === 1);
  t.equal(Buffer.concat(out).length, 60_000);
  t.same(exits, [{ code: 4, signal: undefined, startError: undefined }]);
  t.equal(child.stderrLines(20), 'why');
});

t.test(
  'ML-LC-10: the exit counts EXIT_DRAIN_MS later at the latest when a grandchild holds the pipes, and the grandchild is killed',
  async (t) => {
    const { child, out, exits } = await play(t, ['sh', '-c', 'sleep 600 & echo $!']);
    await until(() => exits.length === 1);
    t.equal(EXIT_DRAIN_MS, 100);
    const grandchild = Number(Buffer.concat(out).toString());
    await until(() => !isAlive(grandchild));
    t.equal(child.hasExited, true);
  },
);

/** A process that has ended and waits for its parent has no command line left. */
function isAlive(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`).length > 0;
  } catch {
    return false;
  }
}

t.test('design D9: a flood is read READ_CHUNK_BYTES at a time and READ_TURN_BYTES a turn', async (t) => {
  const played = await play(t, ['head', '-c', String(20 * READ_TURN_BYTES), '/dev/zero']);
  let turns = 0;
  await until(() => {
    turns++;
    return played.exits.length === 1;
  });
  t.equal(Buffer.concat(played.out).length, 20 * READ_TURN_BYTES);
  t.ok(played.largestRead <= READ_CHUNK_BYTES);
  t.ok(turns >= 20, 'other work had a turn in between');
});

t.test('ML-LC-20: at most STDERR_TAIL_BYTES of stderr are kept, in whole lines where they are asked for', async (t) => {
  const { child, exits } = await play(t, [
    'sh',
    '-c',
    'head -c 1000000 /dev/zero | tr "\\0" x >&2; i=0; while [ $i -lt 30 ]; do echo line $i >&2; i=$((i+1)); done',
  ]);
  await until(() => exits.length === 1);
  t.same(child.stderrLines(3), 'line 27\nline 28\nline 29');
  t.ok(child.stderrLines(1000).length <= STDERR_TAIL_BYTES);
});

t.test('a start that fails leaves no descriptor open', async (t) => {
  const count = (): number => readdirSync('/proc/self/fd').length;
  const fifos = createFifoPool();
  t.teardown(() => fifos.close());
  closePipes(await fifos.take());
  const before = count();
  for (let round = 0; round < 3; round++) {
    const { exits } = await play(t, ['/no/such/command']);
    await until(() => exits.length === 1);
    t.equal(exits[0]?.startError?.code, 'ENOENT');
  }
  t.equal(count(), before);
});

t.test('pipes whose names cannot be made are an error of that take alone', async (t) => {
  let isBroken = true;
  const real = createFifoPool();
  t.teardown(() => real.close());
  const pool = new FifoPool(() => (isBroken ? Promise.reject(systemError('ENOSPC')) : Promise.resolve()));
  t.teardown(() => pool.close());
  await t.rejects(pool.take(), { code: 'ENOSPC' });
  isBroken = false;
  // Now the names are there and the pipes are not.
  await t.rejects(pool.take(), { code: 'ENOENT' });
});
