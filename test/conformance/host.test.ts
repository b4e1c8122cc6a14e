/**
 * Polybolt under its own host checks, in JSON and MessagePack; and hosts that do one thing wrong, each of which fails exactly the check for it. The hosts are
 * fakes: what the probe found at Polybolt, with the one mistake written into it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { HOST_CHECKS, judgeHost } from '../../src/conformance/host/judge-host.js';
import { parseReport } from '../../src/conformance/host/report.js';
import { loadRequirements } from '../../src/conformance/requirements.js';
import { runCli } from '../support/run-cli.js';
import { needs } from '../support/tools.js';

/** A line of a report, to be changed. */
interface Line {
  role: string;
  run: string;
  n: number;
  at_ms: number;
  dir?: string;
  // biome-ignore lint/suspicious/noExplicitAny: frames and facts of every form
  frame?: any;
  exact?: { tuple?: string; id?: string };
  event?: string;
  [fact: string]: unknown;
}
type Break = (lines: Line[]) => void;

const requirements = loadRequirements();

const polybolt = (...args: readonly string[]): ReturnType<typeof runCli> => runCli(args);

/** Finds the one line that is meant. */
function find(lines: Line[], is: (line: Line) => unknown): Line {
  const found = lines.find((line) => is(line));
  if (found === undefined) throw new Error(`no line is such: ${is.toString()}`);
  return found;
}

const change =
  (is: (line: Line) => unknown, edit: (line: Line) => void): Break =>
  (lines) =>
    edit(find(lines, is));

const drop =
  (is: (line: Line) => unknown): Break =>
  (lines) => {
    lines.splice(lines.indexOf(find(lines, is)), 1);
  };

/** Puts messages behind a line, in the same process. */
const after =
  (is: (line: Line) => unknown, ...more: readonly Partial<Line>[]): Break =>
  (lines) => {
    const at = find(lines, is);
    lines.splice(lines.indexOf(at) + 1, 0, ...more.map((line) => ({ role: at.role, run: at.run, n: at.n, at_ms: at.at_ms, ...line })));
  };

const of = (role: string, event: string) => (line: Line) => line.role === role && line.event === event;
const command = (word: string, id?: string) => (line: Line) =>
  line.role === 'spout' && line.dir === 'host' && line.frame.command === word && (id === undefined || line.exact?.id === id);
const tuple = (role: string, order: unknown) => (line: Line) =>
  line.role === role && line.dir === 'host' && line.frame.tuple?.[0] === order;
const heartbeat = (role: string) => (line: Line) => line.role === role && line.frame?.stream === '__heartbeat';
const handshake = (role: string) => (line: Line) => line.role === role && line.frame?.context !== undefined;
const sync: Partial<Line> = { dir: 'component', frame: { command: 'sync' } };
const verdict = (word: string, id: unknown): Partial<Line>[] => [
  { dir: 'host', frame: { command: word, id }, exact: { id: JSON.stringify(id) } },
  sync,
];

/** A `next` where three emits have no verdict. */
const nextWhenFull: Break = (lines) => {
  let pending = 0;
  const at = lines.findIndex((line) => {
    if (line.role !== 'spout') return false;
    if (line.dir === 'component' && line.frame.command === 'emit' && (line.frame.id ?? null) !== null) pending++;
    else if (line.dir === 'host' && ['ack', 'fail'].includes(line.frame.command)) pending--;
    return pending >= 3 && line.dir === 'component' && line.frame.command === 'sync';
  });
  const full = lines[at] as Line;
  lines.splice(at + 1, 0, { ...full, dir: 'host', frame: { command: 'next', id: '' } }, { ...full, ...sync });
};

const withoutRestart: Break = (lines) => {
  const second = [...new Set(lines.filter((line) => line.role === 'bolt').map((line) => line.run))][1];
  for (const line of lines.filter((each) => each.run === second)) lines.splice(lines.indexOf(line), 1);
  after(of('bolt', 'die'), { event: 'eof' })(lines);
};

const withoutIdleHeartbeats: Break = (lines) => {
  const from = find(lines, (line) => line.dir === 'component' && line.exact?.id === '"late"').at_ms;
  const to = find(lines, command('fail', '"late"')).at_ms;
  for (const line of lines.filter((each) => heartbeat('bolt')(each) && each.at_ms >= from && each.at_ms <= to))
    lines.splice(lines.indexOf(line), 1);
};

const sameIdTwice: Break = (lines) => {
  const [one, other] = lines.filter(heartbeat('sink')) as [Line, Line];
  other.frame.id = one.frame.id;
};

/** One mistake for each check. */
const BREAKS: Readonly<Record<string, Break>> = {
  'probe-complete': drop((line) => line.event === 'phase' && line['phase'] === 'done'),
  'handshake-first': change(handshake('spout'), (line) => delete line.frame.pidDir),
  'handshake-waits': after(handshake('bolt'), { dir: 'host', frame: [] }),
  'context-complete': change(handshake('bolt'), (line) => (line.frame.context.taskid = String(line.frame.context.taskid))),
  'context-groupings': change(
    handshake('bolt'),
    (line) => (line.frame.context['source->stream->grouping']['probe-spout'].default.type = 'shuffle'),
  ),
  'conf-passed': change(handshake('sink'), (line) => (line.frame.conf['probe.own'].nested[2] = 'null')),
  'pid-dir': change(of('bolt', 'facts'), (line) => (line['pid_dir'] = 'FileNotFoundError')),
  'working-directory': change(of('spout', 'facts'), (line) => (line['files'] = ['worker.log'])),
  environment: change(of('sink', 'facts'), (line) => (line['env'] = { PROBE_ENVIRONMENT: 'passed on', PATH: '/probe/bin' })),
  'wire-form': change(tuple('bolt', 'values'), (line) => (line['form'] = '2 lines before the line end')),
  'stdin-closed': drop(of('sink', 'eof')),
  'spout-activate-first': drop(command('activate')),
  'spout-turns': after(command('activate'), { dir: 'host', frame: { command: 'activate', id: '' } }),
  'spout-commands': after(command('activate'), {
    dir: 'host',
    frame: { id: '9', comp: '__system', stream: '__tick', task: -1, tuple: [2] },
  }),
  'spout-max-pending': nextWhenFull,
  'verdict-once': after((line) => line.role === 'spout' && line['phase'] === 'saturate', ...verdict('ack', 'g')),
  'verdict-falsy-ids': after((line) => line.role === 'spout' && line['phase'] === 'saturate', ...verdict('ack', false)),
  'verdict-id-type': change(command('ack', '7'), (line) =>
    Object.assign(line, { frame: { command: 'ack', id: '7' }, exact: { id: '"7"' } }),
  ),
  'verdict-unreliable': after((line) => line.role === 'spout' && line['phase'] === 'saturate', ...verdict('ack', null)),
  'verdict-true': change(command('fail', '"f"'), (line) => (line.frame.command = 'ack')),
  'emit-in-verdict': drop((line) => line.role === 'bolt' && line.exact?.tuple === '["again", 1, null]'),
  timeout: change(command('fail', '"late"'), (line) => (line.frame.command = 'ack')),
  backpressure: change(of('spout', 'flooded'), (line) => (line['pause_ms'] = 12)),
  'deactivate-before-end': drop(command('deactivate')),
  'tuple-form': change(tuple('bolt', 'values'), (line) => (line.frame.task = String(line.frame.task))),
  'tuple-ids': sameIdTwice,
  'values-exact': change(tuple('bolt', 'values'), (line) => (line.exact = { tuple: line.exact?.tuple?.replace('1.0', '1') ?? '' })),
  'tuple-order': change(of('bolt', 'flood'), (line) => (line['in_order'] = false)),
  'replies-at-once': change(of('spout', 'reply'), (line) => (line['reply'] = null)),
  'replies-in-order': change(of('bolt', 'replies'), (line) => (line['replies'] = [...(line['replies'] as unknown[])].sort())),
  'replies-declined': change(of('bolt', 'replies'), (line) => (line['surplus'] = [[3]])),
  'emits-delivered': drop(tuple('sink', 'g')),
  trees: change(command('fail', '"t1"'), (line) => (line.frame.command = 'ack')),
  'heartbeat-form': change(heartbeat('sink'), (line) => (line.frame.comp = '1')),
  'heartbeats-idle': withoutIdleHeartbeats,
  'heartbeats-busy': change(of('bolt', 'busy'), (line) => (line.at_ms -= 5000)),
  ticks: change(
    (line) => line.role === 'bolt' && line.frame?.stream === '__tick',
    (line) => (line.frame.comp = null),
  ),
  'late-ack': (lines) => {
    const late = find(lines, tuple('bolt', 'late'));
    drop((line) => line.run === late.run && line.dir === 'component' && line.frame.command === 'ack' && line.frame.id === late.frame.id)(
      lines,
    );
  },
  'log-and-error': change(command('ack', '"log"'), (line) => (line.frame.command = 'fail')),
  'stderr-drained': change(of('bolt', 'stderr'), (line) => (line['written'] = 65536)),
  'reads-while-unread': change(of('bolt', 'hearing'), (line) => (line['written'] = 65536)),
  restart: withoutRestart,
  'held-failed': change(command('fail', '"die"'), (line) => (line.at_ms += 6000)),
};

t.test('Polybolt passes its own host checks', { skip: needs('python3'), timeout: 120_000 }, async (t) => {
  const directory = t.testdir();
  const written = await polybolt('conform-host', '--component-dir', directory);
  t.equal(written.status, 0, written.stderr);
  const hosted = ['topology.yaml', 'topology-msgpack.yaml'].map((file) =>
    polybolt('run', join(directory, file), '--until-idle', '1500ms', '--log', 'error'),
  );
  for (const { status, stderr } of await Promise.all(hosted)) t.equal(status, 0, stderr);

  for (const serializer of ['json', 'msgpack']) {
    await t.test(`in ${serializer}`, async (t) => {
      const judged = await polybolt('conform-host', '--report', join(directory, `report-${serializer}.ndjson`), '--reporter', 'json');
      t.equal(judged.status, 0);
      const verdicts = judged.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { id: string; outcome: string; seen: string });
      t.equal(verdicts.length, HOST_CHECKS.length);
      t.strictSame(
        verdicts.filter(({ outcome }) => outcome !== 'pass').map(({ id, seen }) => `${id}: ${seen}`),
        [],
      );
    });
  }

  await t.test('a host with one mistake fails the check for it, and no other', async (t) => {
    const text = readFileSync(join(directory, 'report-json.ndjson'), 'utf8');
    for (const { id } of HOST_CHECKS) {
      const lines = text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Line);
      BREAKS[id]?.(lines);
      const verdicts = judgeHost(parseReport(lines.map((line) => JSON.stringify(line)).join('\n')), requirements);
      t.strictSame(
        verdicts.filter(({ outcome }) => outcome === 'fail').map((verdict) => verdict.id),
        [id],
        `${id}: ${verdicts.find((verdict) => verdict.id === id)?.seen}`,
      );
    }
  });

  await t.test('a failure is told with the rule, its source and what was seen', async (t) => {
    const broken = join(directory, 'broken.ndjson');
    const lines = readFileSync(join(directory, 'report-json.ndjson'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
    BREAKS['backpressure']?.(lines);
    writeFileSync(broken, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const { status, stdout } = await polybolt('conform-host', '--report', broken);
    t.equal(status, 1);
    t.match(
      stdout,
      /FAIL {3}backpressure {2}next pauses while the bolt downstream does not read\n +seen {3}\d+ tuples were asked for without a pause\n +ML-SP-14 {2}The host MUST NOT send `next`/,
    );
    t.match(stdout, /does not conform: host, \d+ passed, 1 failed, 0 skipped\n$/);
  });
});

t.test('each check names rules that bind the host, and has a mistake of its own above', async (t) => {
  for (const { id, requirements: cited } of HOST_CHECKS) {
    t.ok(id in BREAKS, id);
    for (const rule of cited) t.not(requirements.get(rule)?.binds ?? 'component', 'component', `${id} cites ${rule}`);
  }
  t.equal(Object.keys(BREAKS).length, HOST_CHECKS.length);
  t.ok(HOST_CHECKS.length >= 25, `${HOST_CHECKS.length} checks`);
});

t.test('a report that ends early fails, and one that is none is refused', async (t) => {
  const directory = t.testdir({
    'early.ndjson': '{"role":"spout","run":"1-1","n":1,"at_ms":1,"dir":"host","frame":{"pidDir":"/tmp","conf":{},"context":{}}}\n',
    'none.ndjson': '{"hello":1}\n',
  });
  const early = await polybolt('conform-host', '--report', join(directory, 'early.ndjson'));
  t.equal(early.status, 1);
  t.match(early.stdout, /FAIL {3}probe-complete {2}the probe came to its end\n +seen {3}the spout never got a next/);
  const none = await polybolt('conform-host', '--report', join(directory, 'none.ndjson'));
  t.equal(none.status, 2);
  t.match(none.stderr, /line 1 is no finding of the probe/);
  t.equal((await polybolt('conform-host')).status, 2);
});
