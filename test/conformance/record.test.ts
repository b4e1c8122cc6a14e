/**
 * Recording and replay: what a run writes down, what a replay makes of it, and the recorded conversations of multilang/transcripts against codecs, the host
 * and the adapters.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { loadTopology } from '../../src/cli/load-topology.js';
import { wireCodecOf } from '../../src/conformance/recording.js';
import { bytesOfLine, parseTranscript, type RecordedLine } from '../../src/conformance/transcript.js';
import { LocalCluster } from '../../src/daemon/local/local-cluster.js';
import { codecOf } from '../../src/protocol/codec.js';
import { packJson } from '../../src/protocol/msgpack/pack.js';
import { unpackToJson } from '../../src/protocol/msgpack/unpack.js';
import { projectRoot } from '../model/project-files.js';
import { byteByByte, type Call, Recorder } from '../protocol/recorder.js';
import { runCli } from '../support/run-cli.js';
import { needs } from '../support/tools.js';

const TRANSCRIPTS = join(projectRoot, 'multilang', 'transcripts');
const ADAPTERS = join(projectRoot, 'adapters');
const names = readdirSync(TRANSCRIPTS).sort();

function read(name: string): ReturnType<typeof parseTranscript> {
  return parseTranscript(readFileSync(join(TRANSCRIPTS, name), 'utf8'));
}

function bytesOf(lines: readonly RecordedLine[], dir: 'host' | 'component'): Buffer {
  return Buffer.concat(lines.filter((line) => line.dir === dir).map(bytesOfLine));
}

const topology = (python: string): string => `
name: recorded
config: { reference.count: 3 }
spouts: [{ id: numbers, command: [python3, ${python}/reference/spout.py], outputs: [word, n] }]
bolts:
  - { id: plain, command: [python3, plain.py], inputs: [{ from: numbers, grouping: shuffle }], outputs: [n] }
`;

/** A bolt with no library, whose form is unlike that of any: key order, spaces, a number with a fraction, a print. */
const PLAIN = `import json, os, sys
def read():
    lines = []
    while True:
        line = sys.stdin.readline()
        if not line: sys.exit(0)
        if line == "end\\n": return json.loads("".join(lines))
        lines.append(line)
def send(text): sys.stdout.write(text + "\\nend\\n"); sys.stdout.flush()
read()
send('{"pid": %d}' % os.getpid())
while True:
    tup = read()
    if isinstance(tup, list): continue
    if tup["stream"] == "__heartbeat": send('{"command":"sync"}'); continue
    print("debug: a print")
    send('{"anchors": ["%s"], "tuple": [%d.0], "command": "emit", "need_task_ids": false}' % (tup["id"], tup["tuple"][1]))
    if os.environ.get("FORGETFUL") and tup["tuple"][1] == 1: continue
    send('{"command":"ack","id":"%s"}' % tup["id"])
`;

t.test('a run is recorded, and its recording can be replayed', { skip: needs('python3'), timeout: 90_000 }, async (t) => {
  const directory = t.testdir({ 'topology.yaml': topology(join(ADAPTERS, 'python')), 'plain.py': PLAIN });
  const records = join(directory, 'records');
  const run = await runCli(['run', join(directory, 'topology.yaml'), '--until-idle', '1s', '--record', records, '--log', 'error']);
  t.equal(run.status, 0, run.stderr);
  const files = readdirSync(records).sort();
  t.match(files, [/^numbers-2-\d+\.ndjson$/, /^plain-3-\d+\.ndjson$/]);
  t.equal(files.length, 2);
  const plain = join(records, files[1] as string);

  await t.test('one line a message, in the form of the format, with header and events', async (t) => {
    const { header, lines } = parseTranscript(readFileSync(plain, 'utf8'));
    t.strictSame(header, {
      transcript: 1,
      kind: 'bolt',
      serializer: 'json',
      component: 'plain',
      task: 3,
      command: ['python3', 'plain.py'],
    });
    t.match(lines[0], { dir: 'host', frame: { conf: { 'reference.count': 3 } } });
    const pid = lines.find((line) => line.dir === 'component');
    t.match(pid, { text: /^\{"pid": \d+\}\nend\n$/ });
    t.equal(files[1], `plain-3-${JSON.parse((pid as { text: string }).text.slice(0, -5)).pid}.ndjson`);
    const emits = lines.filter((line) => 'text' in line && line.text?.includes('"emit"'));
    t.match(emits[1], {
      dir: 'component',
      text: 'debug: a print\n{"anchors": ["2"], "tuple": [1.0], "command": "emit", "need_task_ids": false}\nend\n',
    });
    t.match(
      lines.filter((line) => 'event' in line),
      [
        { dir: 'host', event: 'eof' },
        { dir: 'component', event: 'eof' },
        { dir: 'component', event: 'exit', code: 0, signal: null },
      ],
    );
    const times = lines.map((line) => line.at_ms);
    t.strictSame(
      times,
      [...times].sort((a, b) => a - b),
    );
  });

  await t.test('the same component says the same', async (t) => {
    const same = await runCli(['replay', plain, '--', 'python3', join(directory, 'plain.py')]);
    t.equal(same.status, 0, same.stdout + same.stderr);
    t.match(same.stdout, /^the same: \d+ messages as recorded in /);
  });

  await t.test('one that differs is shown at its first difference, with the rule', async (t) => {
    const other = await runCli(['replay', plain, '--timeout', '1s', '--', 'env', 'FORGETFUL=1', 'python3', join(directory, 'plain.py')]);
    t.equal(other.status, 1);
    t.match(other.stdout, /^different after \d+ messages, at message or event \d+ of /);
    t.match(other.stdout, /expected \{"command":"ack","id":"2"\}\n +ML-BO-05: A bolt MUST answer each tuple/);
  });

  await t.test('one that ends is shown with its status and its last words', async (t) => {
    const dead = await runCli(['replay', plain, '--', 'python3', '-c', 'import sys; sys.exit("no such thing")']);
    t.equal(dead.status, 1);
    t.match(dead.stdout, /came {5}its end, with status 1\n {2}stderr {3}no such thing\n$/);
  });
});

t.test('a spout may choose other ids: they are compared up to renaming', { skip: needs('python3'), timeout: 60_000 }, async (t) => {
  const spout = `import json, sys
ids, left = [], ["a", "b"]
for line in sys.stdin:
    if line == "end\\n": continue
    message = json.loads(line)
    def send(frame): sys.stdout.write(json.dumps(frame) + "\\nend\\n"); sys.stdout.flush()
    if "context" in message: send({"pid": 1}); continue
    if message["command"] == "next" and left:
        value = left.pop(0)
        send({"command": "emit", "id": sys.argv[1] + value, "tuple": [value], "need_task_ids": False})
    if message["command"] == "ack": send({"command": "log", "msg": "acked " + ("mine" if message["id"].startswith(sys.argv[1]) else "foreign")})
    send({"command": "sync"})
`;
  const line = (dir: string, frame: unknown): string => `${JSON.stringify({ dir, at_ms: 0, frame })}\n`;
  const turn = (command: string, id: string, ...said: readonly unknown[]): string =>
    [line('host', { command, id }), ...[...said, { command: 'sync' }].map((frame) => line('component', frame))].join('');
  const emit = (id: string, value: string): unknown => ({ command: 'emit', id, tuple: [value], need_task_ids: false });
  const directory = t.testdir({
    'spout.py': spout,
    'recorded.ndjson': [
      '{"transcript":1,"kind":"spout"}\n',
      line('host', { pidDir: '/nowhere', conf: {}, context: {} }),
      line('component', { pid: 77 }),
      turn('next', '', emit('one-1', 'a')),
      turn('next', '', emit('one-2', 'b')),
      turn('ack', 'one-2', { command: 'log', msg: 'acked mine' }),
    ].join(''),
  });
  const same = await runCli(['replay', join(directory, 'recorded.ndjson'), '--', 'python3', join(directory, 'spout.py'), 'two-']);
  t.match(same.stdout, /^the same: 7 messages/, same.stdout + same.stderr);
  const mixed = readFileSync(join(directory, 'recorded.ndjson'), 'utf8').replace('"id":"one-2","tuple"', '"id":"one-1","tuple"');
  const other = t.testdir({ 'mixed.ndjson': mixed, 'spout.py': spout });
  const different = await runCli(['replay', join(other, 'mixed.ndjson'), '--', 'python3', join(other, 'spout.py'), 'two-']);
  t.match(different.stdout, /^different after 3 messages/, 'one recorded id cannot be two');
});

t.test('a file that is no transcript is refused with the line', async (t) => {
  const directory = t.testdir({ 'none.ndjson': '{"dir":"host"}\n' });
  const { status, stderr } = await runCli(['replay', join(directory, 'none.ndjson'), '--', 'true']);
  t.equal(status, 2);
  t.match(stderr, /line 1 is no line of a transcript/);
});

t.test('recorded conversations: libraries of five authors, both kinds, both serializations', async (t) => {
  const headers = names.map((name) => read(name).header);
  t.ok(names.length >= 8, `${names.length} transcripts`);
  t.ok(
    headers.every((header) => header?.note !== undefined && header.command !== undefined),
    'each says what it shows and what was launched',
  );
  t.strictSame(
    new Set(headers.map((header) => `${header?.kind} ${header?.serializer}`)),
    new Set(['bolt json', 'spout json', 'bolt msgpack', 'spout msgpack']),
  );
});

for (const name of names) {
  t.test(`${name}: what the component wrote is decoded without complaint, whole and byte by byte`, async (t) => {
    const { header, lines } = read(name);
    const decode = (chunks: readonly Buffer[]): readonly Call[] => {
      const recorder = new Recorder();
      const decoder = codecOf(header?.serializer ?? 'json').createDecoder(recorder);
      for (const chunk of chunks) decoder.push(chunk);
      t.equal(decoder.heldBytes, 0);
      return recorder.calls;
    };
    const bytes = bytesOf(lines, 'component');
    const calls = decode([bytes]);
    t.strictSame(decode(byteByByte(bytes)), calls);
    t.strictSame(
      calls.filter(([call]) => ['stray', 'invalid', 'unreadable', 'unknown'].includes(call as string)),
      [],
    );
    t.equal(calls.length, lines.filter((line) => line.dir === 'component' && !('event' in line)).length);
  });

  t.test(`${name}: what the host wrote is what it writes today`, async (t) => {
    const { header, lines } = read(name);
    const serializer = header?.serializer ?? 'json';
    const written: string[] = [];
    const reader = wireCodecOf(serializer).createReader({
      onMessage: ({ bytes, value }) => {
        const json = serializer === 'json' ? JSON.stringify(value) : unpackToJson(bytes, 0).json;
        written.push(serializer === 'json' ? bytes.toString() : packJson(json));
        if (serializer === 'msgpack') t.strictSame(Buffer.from(packJson(json), 'latin1'), bytes);
        else t.strictSame(JSON.parse(bytes.toString().replace(/\nend\n$/, '')), value);
      },
      onUnreadable: (_bytes, { detail }) => t.fail(detail),
    });
    reader.push(bytesOf(lines, 'host'));
    reader.end();
    t.equal(written.length, lines.filter((line) => line.dir === 'host' && !('event' in line)).length);
  });
}

/** Plays the component of a transcript: it says what was recorded as soon as it has been given the tuples that came before it then. */
const PLAYER = `import base64, json, os, sys
lines = [json.loads(line) for line in open(sys.argv[1])][1:]
def read():
    while True:
        line = sys.stdin.readline()
        if not line: sys.exit(0)
        if line == "end\\n": continue
        message = json.loads(line)
        if "context" in message: return message
        if isinstance(message, dict) and message.get("stream") == "__heartbeat": say(b'{"command":"sync"}\\nend\\n'); continue
        if isinstance(message, dict): return message
def say(data): sys.stdout.buffer.write(data); sys.stdout.buffer.flush()
for line in lines:
    frame = line.get("frame")
    if "event" in line: continue
    if line["dir"] == "host":
        if isinstance(frame, list) or frame.get("stream") == "__heartbeat": continue
        read()
    elif frame != {"command": "sync"}:
        say((json.dumps(frame, separators=(",", ":"), ensure_ascii=False) + "\\nend\\n").encode() if frame is not None else line["text"].encode())
while True: read()
`;

t.test('python-bolt.ndjson: the host makes of it what it made then', { skip: needs('python3'), timeout: 60_000 }, async (t) => {
  const { lines } = read('python-bolt.ndjson');
  const tuples = lines
    .flatMap((line) =>
      'frame' in line && line.dir === 'host' ? [line.frame as { comp?: unknown; stream?: string; tuple?: unknown[] }] : [],
    )
    .filter((frame) => frame.comp === 'orders');
  const directory = t.testdir({
    'play.py': PLAYER,
    'orders.mjs': `export default class { left = ${JSON.stringify(tuples.map(({ stream, tuple }) => [stream, tuple]))};
      open(_context, collector) { this.collector = collector; }
      nextTuple() { const next = this.left.shift(); if (next) this.collector.emit(next[1], { stream: next[0], id: this.left.length }); }
    }`,
    'topology.yaml': `
name: played
spouts: [{ id: orders, module: ./orders.mjs, outputs: { default: [a, b], one: [a], three: [a, b, c], four: [a, b, c, d] } }]
bolts:
  - id: bolt
    command: [python3, play.py, ${join(TRANSCRIPTS, 'python-bolt.ndjson')}]
    outputs: { default: [a, b], errors: [a, b] }
    inputs: [${['default', 'one', 'three', 'four'].map((stream) => `{ from: orders, stream: ${stream}, grouping: shuffle }`).join(', ')}]
`,
  });
  const loaded = loadTopology(join(directory, 'topology.yaml'), {});
  if ('mistakes' in loaded) throw new Error(JSON.stringify(loaded.mistakes));
  const emitted: string[] = [];
  const cluster = await LocalCluster.start({
    observerOf: (component) =>
      component === 'bolt' ? (_component, stream, _task, values) => emitted.push(`${stream} ${values.text}`) : undefined,
  });
  try {
    await cluster.submit(loaded.topology);
    t.ok(await cluster.untilIdle('played', 200, 30_000));
    const said = lines.flatMap((line) => ('frame' in line && line.dir === 'component' ? [line.frame as Record<string, unknown>] : []));
    const emits = said
      .filter(({ command }) => command === 'emit')
      .map(({ stream, tuple }) => `${(stream as string | undefined) ?? 'default'} ${JSON.stringify(tuple)}`);
    t.strictSame(emitted, emits);
    const { roots } = cluster.summary('played');
    const count = (word: string): number => said.filter(({ command }) => command === word).length;
    t.strictSame([roots.acked, roots.failed, roots.pending], [count('ack'), count('fail'), 0]);
  } finally {
    await cluster.shutdown();
  }
});

const REFERENCE: Readonly<Record<string, (program: string) => readonly string[]>> = {
  python: (program) => ['python3', `reference/${program}.py`],
  node: (program) => ['node', `reference/${program}.mjs`],
  ruby: (program) => ['ruby', `reference/${program}.rb`],
  shell: (program) => [`reference/${program}`],
};
const TOOLS: Readonly<Record<string, readonly string[]>> = { python: ['python3'], node: [], ruby: ['ruby'], shell: ['jq'] };

for (const [adapter, commandOf] of Object.entries(REFERENCE)) {
  t.test(
    `the reference components of adapters/${adapter} say what those of others said`,
    { skip: needs(...(TOOLS[adapter] ?? [])), timeout: 60_000 },
    async (t) => {
      const table = [
        ['python-bolt', 'bolt'],
        ['shell-bolt', 'bolt'],
        ['python-plain-bolt', 'plain-bolt'],
        // The shell's reliable spout emits again and goes on in one turn, where the others end the turn: both replay before new tuples.
        ...(adapter === 'shell' ? [] : ([['node-spout', 'spout']] as const)),
      ] as const;
      for (const [transcript, program] of table) {
        const result = await runCli(['replay', join(TRANSCRIPTS, `${transcript}.ndjson`), '--', ...commandOf(program)], {
          cwd: join(ADAPTERS, adapter),
        });
        t.match(result.stdout, /^the same: \d+ messages/, `${transcript}: ${result.stdout}${result.stderr}`);
      }
    },
  );
}
