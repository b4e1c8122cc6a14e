/** The pure parts of the judge: reading by the letter, patterns, transcripts. */
import t from 'tap';
import { jsonCodec } from '../../src/conformance/json-codec.js';
import { fillIn, matches } from '../../src/conformance/pattern.js';
import { shellWords } from '../../src/conformance/quote.js';
import { bytesOfLine, formatLine, lineOfBytes, lineOfEvent, parseTranscript } from '../../src/conformance/transcript.js';

/** Messages and kinds of findings, read from bytes in pieces of that size. */
function read(text: string | Buffer, pieceBytes = 1_000_000): { readonly messages: unknown[]; readonly findings: string[] } {
  const messages: unknown[] = [];
  const findings: string[] = [];
  const reader = jsonCodec.createReader({
    onMessage: (message, found) => {
      messages.push(message.value);
      findings.push(...found.map(({ kind }) => kind));
    },
    onUnreadable: (_bytes, { kind }) => findings.push(kind),
  });
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += pieceBytes) reader.push(bytes.subarray(at, at + pieceBytes));
  reader.end();
  return { messages, findings };
}

const SYNC = { command: 'sync' };

t.test('ML-FR-06: the messages and findings are the same however the bytes are cut', async (t) => {
  const text =
    '{"pid":1}\nend\nstray é{"command":"sync"}\nend\n{"command":"log","msg":"a\\nend\\nb"}\r\nend\r\n\n{\n"command":"sync"}\nend\n{"comm';
  const whole = read(text);
  t.strictSame(whole.messages, [{ pid: 1 }, SYNC, { command: 'log', msg: 'a\nend\nb' }, SYNC]);
  t.strictSame(whole.findings, ['stray-text', 'crlf', 'blank-lines', 'many-lines', 'incomplete']);
  for (const size of [1, 2, 3, 7]) t.strictSame(read(text, size), whole, `in pieces of ${size}`);
});

t.test('ML-FR-08: stray text is found and the message behind it read', async (t) => {
  t.strictSame(read('loading\n{"command":"sync"}\nend\n'), { messages: [SYNC], findings: ['stray-text'] });
  t.strictSame(read('50%{"command":"sync"}\nend\n'), { messages: [SYNC], findings: ['stray-text'] });
  t.strictSame(read('{"command":"sync"} done\nend\n'), { messages: [SYNC], findings: ['stray-text'] });
  t.strictSame(read('{"a":1}{"command":"sync"\nend\n'), { messages: [], findings: ['unreadable'] });
});

t.test('ML-FR-01: what is no message, or one without its end, is found', async (t) => {
  t.strictSame(read("{'command':'sync'}\nend\n").findings, ['unreadable']);
  t.strictSame(read('\nend\n').findings, ['unreadable']);
  t.strictSame(read('end\n').findings, ['unreadable']);
  t.strictSame(read('{"command":"sync"}\n{"command":"sync"}\nend\n'), { messages: [SYNC, SYNC], findings: ['missing-end'] });
  t.strictSame(read(Buffer.from('{"command":"log","msg":"\xe9"}\nend\n', 'latin1')).findings, ['not-utf8']);
  t.strictSame(read('{"command":"emit","tuple":[NaN,"NaN"]}\nend\n'), {
    messages: [{ command: 'emit', tuple: [null, 'NaN'] }],
    findings: ['non-finite'],
  });
});

t.test('ML-FR-11: a message that is no object with a command, or has a key twice, is found', async (t) => {
  t.strictSame(read('[1]\nend\n').findings, ['no-command']);
  t.strictSame(read('{"msg":1}\nend\n').findings, ['no-command']);
  t.strictSame(read('{"command":null}\nend\n').findings, ['no-command']);
  t.strictSame(read('{"command":"ack","id":"1", "id" :"2"}\nend\n').findings, ['duplicate-key']);
});

t.test('patterns match what they name and nothing that they contradict', async (t) => {
  const names = new Map([['a', '"7"']]);
  const resolve = (name: string): string | undefined => names.get(name);
  const message = { command: 'ack', id: '7', list: [1, { k: null }], text: 'naïve' };
  t.ok(matches({ command: 'ack', id: '$a' }, message, resolve));
  t.ok(matches({ list: [1, { k: null }] }, message, resolve));
  t.notOk(matches({ list: [1] }, message, resolve));
  t.notOk(matches({ id: '8' }, message, resolve));
  t.ok(matches({ gone: { $absent: true }, id: { $present: true }, text: { $contains: 'ï' } }, message, resolve));
  t.notOk(matches({ gone: { $present: true } }, message, resolve));
  t.ok(matches({ id: { $oneOf: [1, '$a'] }, text: { $matches: '^na' }, list: { $length: 2 } }, message, resolve));
  t.notOk(matches({ id: { $type: 'integer' } }, message, resolve));
  t.ok(matches('$$a', '$a', resolve));
  t.throws(() => matches('$b', 'x', resolve), /the case uses \$b, which nothing before it defines/);
  t.equal(jsonCodec.encode(fillIn({ id: '$a', more: ['$$x'] }, resolve)).toString(), '{"id":"7","more":["$x"]}\nend\n');
});

t.test('a line of a transcript gives back the bytes it stands for, in the most readable form that does', async (t) => {
  const cases: readonly (readonly [string | Buffer, string])[] = [
    ['{"command":"sync"}\nend\n', 'frame'],
    ['{"command":"emit","tuple":[1.0]}\nend\n', 'text'],
    ['{"a": 1}\nend\n', 'text'],
    ['stray', 'text'],
    ['', 'text'],
    [Buffer.from([0xff, 10]), 'base64'],
  ];
  for (const [bytes, key] of cases) {
    const line = lineOfBytes('component', 1.26, Buffer.from(bytes));
    t.equal(Object.keys(line)[2], key);
    t.equal(line.at_ms, 1.3);
    t.ok(bytesOfLine(line).equals(Buffer.from(bytes)));
    t.strictSame(parseTranscript(formatLine(line)).lines, [line]);
  }
  t.equal(bytesOfLine(lineOfEvent('component', 2, 'stderr', { text: 'x' })).length, 0);
});

t.test('a transcript that is none is refused with the line', async (t) => {
  t.throws(() => parseTranscript('{"transcript":1,"kind":"bolt"}\n{"dir":"host"}\n'), /line 2 is no line of a transcript/);
  t.throws(() => parseTranscript('{"dir":\n'), /line 1 is not JSON/);
  t.throws(() => parseTranscript('{"transcript":1,"kind":"bolt"}\n\n{"transcript":1,"kind":"bolt"}\n'), /line 3 is a second header/);
});

t.test('a command line is quoted for a shell', async (t) => {
  t.equal(shellWords(['polybolt', 'a b', "it's", 'x=1', '{}.py', '']), `polybolt 'a b' 'it'\\''s' x=1 {}.py ''`);
});
