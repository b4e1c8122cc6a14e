import { EventEmitter } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { ZooKeeperAccess } from '../../src/coordination/zookeeper-access.js';
import { ZooKeeperLane } from '../../src/coordination/zookeeper-lane.js';
import { ZooKeeperLink } from '../../src/coordination/zookeeper-link.js';
import {
  CODE,
  type NativeClient,
  type NodeStat,
  type SessionIdentity,
  STATE_CONNECTED,
  ZooKeeperError,
} from '../../src/coordination/zookeeper-native.js';
import { ZooKeeperTree } from '../../src/coordination/zookeeper-tree.js';
import * as records from '../../src/model/cluster-records.js';
import {
  STORE_ATTEMPTS_MAX,
  STORE_OPERATIONS_MAX,
  STORE_PROBES_PER_TIMEOUT,
  STORE_RECONNECTS_PER_TIMEOUT,
  STORE_RETRY_MS,
  STORE_VERIFIED_MAX,
} from '../../src/model/limits.js';
import { FakeClock, settled } from '../daemon/supervisor-fakes.js';
import { readProjectFile } from '../model/project-files.js';

const TIMEOUT_MS = 8000;
const ENDED = { code: 'PB_STORE_SESSION_ENDED' };

type Answer = (code: number, error: string, ...results: unknown[]) => void;

/** A native client whose server answers when the test says so. */
class FakeNative extends EventEmitter {
  timeout = TIMEOUT_MS;
  readonly client_id = 'abc';
  readonly client_password = '00';
  state = 0;
  readonly asked: { readonly path: string; readonly answer: Answer }[] = [];
  readonly introductions: string[] = [];
  closes = 0;
  refusal = 0;
  breaksOnSending = false;

  init(): void {}

  close(): void {
    this.closes++;
    this.state = 0;
    this.answerAll(CODE.CLOSING);
    this.emit('close');
  }

  a_exists(path: string, _watch: boolean, answer: Answer): number {
    if (this.breaksOnSending) this.state = 0;
    if (this.refusal === 0) this.asked.push({ path, answer });
    return this.refusal;
  }

  a_sync(_path: string, answer: Answer): number {
    answer(0, 'ok', '/');
    return 0;
  }

  add_auth(scheme: string, payload: string, answer: Answer): number {
    this.introductions.push(`${scheme} ${payload}`);
    answer(0, 'ok');
    return 0;
  }

  up(): void {
    this.state = STATE_CONNECTED;
    this.emit('connect');
  }

  down(): void {
    this.state = 0;
    this.emit('connecting');
  }

  answerAll(code = 0): void {
    for (const { answer } of this.asked.splice(0)) answer(code, 'text', {});
  }
}

interface Linked {
  /** The latest client. */
  readonly native: FakeNative;
  readonly natives: readonly FakeNative[];
  /** For whom each of them was made. */
  readonly identities: readonly (SessionIdentity | undefined)[];
  readonly link: ZooKeeperLink;
  readonly clock: FakeClock;
  readonly heard: readonly unknown[];
}

function linked(): Linked {
  const [clock, heard]: [FakeClock, unknown[]] = [new FakeClock(), []];
  const natives: FakeNative[] = [];
  const identities: (SessionIdentity | undefined)[] = [];
  const ports = {
    clock,
    random: () => 0.5,
    sessionTimeoutMs: TIMEOUT_MS,
    credentials: { scheme: 'digest', payload: 'me:secret' } as const,
    makeClient: async (identity: SessionIdentity | undefined) => {
      identities.push(identity);
      natives.push(new FakeNative());
      return natives.at(-1) as unknown as NativeClient;
    },
  };
  const link = new ZooKeeperLink(ports, {
    onConnection: (isConnected) => heard.push(isConnected),
    onRenewed: () => heard.push('renewed'),
    onNode: (event, path) => heard.push(`${event} ${path}`),
  });
  return {
    get native() {
      return natives.at(-1) as FakeNative;
    },
    natives,
    identities,
    link,
    clock,
    heard,
  };
}

async function connected(): Promise<Linked> {
  const all = linked();
  await turn();
  all.native.up();
  await settled();
  return all;
}

const exists = (link: ZooKeeperLink, path = '/a'): Promise<unknown> =>
  link.persist(() => link.request<[NodeStat]>((native, answer) => native.a_exists(path, false, answer)));

t.test('a session asks its server a few times in each timeout, and lives on while it is answered', async (t) => {
  const { native, link, clock } = await connected();
  for (let probe = 0; probe < 3 * STORE_PROBES_PER_TIMEOUT; probe++) {
    await clock.advance(TIMEOUT_MS / STORE_PROBES_PER_TIMEOUT);
    t.equal(native.asked.length, 1);
    native.answerAll();
    await turn();
  }
  t.equal(link.end, undefined);
});

t.test('a session is over when its timeout has passed since the sending of the last request that was answered', async (t) => {
  const { native, link, clock, heard } = await connected();
  await clock.advance(TIMEOUT_MS / STORE_PROBES_PER_TIMEOUT);
  await clock.advance(1000);
  native.answerAll();
  const waiting = exists(link).catch((error: unknown) => error);
  await clock.advance(TIMEOUT_MS - 1000 - 1);
  t.equal(link.isConnected, true, 'nobody has said otherwise');
  await clock.advance(1);
  t.equal(link.isConnected, false);
  t.equal(await link.ended, 'expired');
  t.match(await waiting, ENDED);
  await t.rejects(exists(link), ENDED);
  t.equal(native.closes, 1);
  t.equal(clock.timers, 0);
  native.up();
  native.emit('changed', {}, '/a');
  await settled();
  t.same(heard, [true], 'nothing is told after the end');
});

t.test('errors of the server are answers, losses of the connection are none', async (t) => {
  const { native, link, clock } = await connected();
  for (let asked = 0; asked < 2 * STORE_PROBES_PER_TIMEOUT && link.end === undefined; asked++) {
    await clock.advance(TIMEOUT_MS / STORE_PROBES_PER_TIMEOUT);
    native.answerAll(CODE.NO_NODE);
    await turn();
  }
  t.equal(link.end, undefined);
  for (let asked = 0; asked < STORE_PROBES_PER_TIMEOUT; asked++) {
    await clock.advance(TIMEOUT_MS / STORE_PROBES_PER_TIMEOUT);
    native.answerAll(CODE.CONNECTION_LOSS);
    await turn();
  }
  t.equal(link.end, 'expired');
});

t.test('the clock alone deposes a process that was frozen: it is not connected before any timer has fired', async (t) => {
  const { link, clock } = await connected();
  const now = clock.now();
  clock.now = () => now + TIMEOUT_MS;
  t.equal(link.isConnected, false);
  t.equal(link.end, undefined);
});

t.test('a request that is lost is sent again once the client is connected again, and not before', async (t) => {
  const { native, link, heard, natives } = await connected();
  const done = exists(link);
  await turn();
  native.down();
  native.answerAll(CODE.OPERATION_TIMEOUT);
  await turn();
  t.same([native.asked.length, link.isConnected], [0, false]);
  native.up();
  await settled();
  t.same(
    native.asked.map(({ path }) => path),
    ['/a'],
  );
  native.answerAll();
  await done;
  t.same(heard, [true, false, true]);
  t.equal(natives.length, 1, 'the client has found a server by itself, and kept its watches');
  t.same(native.introductions, ['digest me:secret'], 'and repeats who we are');
});

t.test('a client that stays without a server is replaced by one for the same session, and again, and again', async (t) => {
  const { natives, identities, clock, heard, link } = await connected();
  natives[0]?.down();
  await turn();
  const round = TIMEOUT_MS / STORE_RECONNECTS_PER_TIMEOUT;
  await clock.advance(round / 2);
  t.equal(natives.length, 1, 'it has time to try the other servers');
  await clock.advance(2.5 * round);
  t.ok(natives.length > 2, `${natives.length} clients`);
  t.same(
    identities.slice(1),
    natives.slice(1).map(() => ({ id: 'abc', password: '00' })),
  );
  t.ok(
    natives.slice(0, -1).every(({ closes }) => closes === 1),
    'each is closed before the next is made',
  );
  const last = natives.at(-1) as FakeNative;
  last.up();
  await settled();
  t.same(heard, [true, false, 'renewed', true], 'watches are set anew before others hear of it');
  t.same(last.introductions, ['digest me:secret']);
  t.equal(link.isConnected, true);
});

t.test('a client that is up is never closed to be replaced: that would end the session', async (t) => {
  const { native, natives, clock } = await connected();
  native.down();
  await turn();
  native.state = STATE_CONNECTED;
  await clock.advance(TIMEOUT_MS - 1);
  t.same([natives.length, native.closes], [1, 0]);
});

t.test('a client whose socket breaks in a call is given up in that very call', async (t) => {
  const { native, natives, clock, link, heard } = await connected();
  native.breaksOnSending = true;
  const done = exists(link);
  await Promise.resolve();
  t.equal(native.closes, 1, 'before anything else can get its descriptor');
  await settled();
  t.equal(link.end, undefined, 'its farewell is not the end of the session');
  await clock.advance(TIMEOUT_MS / STORE_RECONNECTS_PER_TIMEOUT / 2);
  const next = natives[1] as FakeNative;
  next.up();
  await settled();
  next.answerAll();
  await done;
  t.same(heard, [true, false, 'renewed', true]);
});

t.test('a loss that is not announced is met with patience, not with a loop', async (t) => {
  const { native, link, clock } = await connected();
  const done = exists(link);
  await turn();
  native.answerAll(CODE.SESSION_MOVED);
  await turn();
  t.equal(native.asked.length, 0);
  await clock.advance(STORE_RETRY_MS);
  native.answerAll();
  await done;
});

t.test('what the client says is acted on after its callback has returned', async (t) => {
  const { native, link } = await connected();
  let isDone = false;
  const done = exists(link).then(() => {
    isDone = true;
  });
  await turn();
  native.answerAll();
  await Promise.resolve();
  t.equal(isDone, false);
  await done;
});

t.test('a client that closes itself has heard that the session is over', async (t) => {
  const { native, link } = await connected();
  native.emit('close');
  t.equal(await link.ended, 'expired');
});

t.test('a client that takes no request any more leaves the session to its timeout', async (t) => {
  const { native, link, clock } = await connected();
  native.refusal = CODE.INVALID_STATE;
  const refused = exists(link).catch((error: unknown) => error);
  await clock.advance(TIMEOUT_MS);
  t.match(await refused, ENDED);
});

/** Operations of a lane, begun and ended by hand. */
function steps(): { begun: string[]; run(name: string): () => Promise<void>; end(name: string): Promise<void> } {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  return {
    begun,
    run: (name) => () => {
      begun.push(name);
      return new Promise((resolve) => ends.set(name, resolve));
    },
    end: async (name) => {
      ends.get(name)?.();
      await turn();
    },
  };
}

/** A link to a server that answers at once, each question by the path it asks about. */
function answering(answer: (question: string, path: string) => readonly unknown[] | ZooKeeperError): ZooKeeperLink {
  const questions = new Proxy(
    {},
    {
      get: (_, question: string) => (path: string) => {
        const result = answer(question, path);
        throw result instanceof ZooKeeperError ? result : Object.assign(new Error('answered'), { result });
      },
    },
  );
  const link = {
    persist: (send: (isRepeated: boolean) => Promise<unknown>) => send(false),
    request: async (send: (native: object, answer: () => void) => number): Promise<unknown> => {
      try {
        return send(questions, () => {});
      } catch (error) {
        if (error instanceof Error && 'result' in error) return error.result;
        throw error;
      }
    },
  };
  return link as unknown as ZooKeeperLink;
}

t.test('a creation that others always get between gives up in the end', async (t) => {
  let attempts = 0;
  const link = answering((question) => {
    if (question === 'a_create') attempts++;
    return new ZooKeeperError(question === 'a_create' ? CODE.NODE_EXISTS : CODE.NO_NODE, 'text');
  });
  const tree = new ZooKeeperTree(link, new ZooKeeperAccess(link, '/p', undefined));
  await t.rejects(tree.create('/p/a', 'x', false), { code: 'PB_STORE_CONFLICT' });
  t.equal(attempts, STORE_ATTEMPTS_MAX);
});

t.test('the access lists that need not be read again are bounded in number', async (t) => {
  const link = answering(() => [[{ perms: 31, scheme: 'digest', auth: 'polybolt:efA5xW/4obruOMnwkGul4Z59n1Y=' }], {}]);
  const access = new ZooKeeperAccess(link, '/p', { scheme: 'digest', payload: 'polybolt:secret' });
  for (let path = 0; path < STORE_VERIFIED_MAX; path++) await access.verify(`/p/${path}`);
  t.equal(access.isVerified('/p/0'), true);
  await access.verify('/p/more');
  t.same([access.isVerified('/p/0'), access.isVerified('/p/more')], [false, true]);
});

t.test('spec/zookeeper.md has every node', async (t) => {
  const spec = readProjectFile('spec', 'zookeeper.md');
  const paths = Object.values(records).filter((value) => typeof value === 'string');
  t.ok(paths.length > 4);
  for (const path of paths) t.ok(spec.includes(`\`${path}`), path);
});

t.test('writes are one by one and reads go together, all in the order of the calls', async (t) => {
  const lane = new ZooKeeperLane();
  const { begun, run, end } = steps();
  const all = [lane.write(run('w1')), lane.read(run('r1')), lane.read(run('r2')), lane.write(run('w2')), lane.read(run('r3'))];
  await turn();
  t.same(begun, ['w1']);
  await end('w1');
  t.same(begun, ['w1', 'r1', 'r2']);
  await end('r2');
  t.same(begun, ['w1', 'r1', 'r2'], 'the write waits for both');
  await end('r1');
  await end('w2');
  t.same(begun, ['w1', 'r1', 'r2', 'w2', 'r3']);
  await end('r3');
  await Promise.all(all);
});

t.test('a failed operation keeps nobody waiting, and more than the bound may not wait', async (t) => {
  const lane = new ZooKeeperLane();
  await t.rejects(
    lane.write(async () => Promise.reject(new Error('no'))),
    /no/,
  );
  await t.rejects(
    lane.read(async () => Promise.reject(new Error('no'))),
    /no/,
  );
  let open = (): void => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const all = Array.from({ length: STORE_OPERATIONS_MAX }, () => lane.write(() => gate));
  await t.rejects(
    lane.read(() => gate),
    { code: 'PB_STORE_UNREACHABLE' },
  );
  open();
  await Promise.all(all);
  await lane.read(async () => {});
});
