/* MessagePack on both ways: byte vectors of the specification and of Python's msgpack 1.2, every cut, every refusal, any bytes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { FRAME_CHARS_MAX, JSON_DEPTH_MAX, QUOTE_CHARS_MAX } from '../../src/model/limits.js';
import type { TupleSource } from '../../src/model/tuple.js';
import { codecOf } from '../../src/protocol/codec.js';
import { tupleHead } from '../../src/protocol/host-encoder.js';
import { MsgpackDecoder } from '../../src/protocol/msgpack/msgpack-decoder.js';
import { packJson } from '../../src/protocol/msgpack/pack.js';
import { unpackToJson } from '../../src/protocol/msgpack/unpack.js';
import { projectRoot } from '../model/project-files.js';
import { xorshift } from '../random.js';
import { byteByByte, type Call, emit, Recorder } from './recorder.js';

const SEED = 20_261_121;
const codec = codecOf('msgpack');

function decodeChunks(chunks: Iterable<Buffer>, bytesMax?: number): readonly Call[] {
  const recorder = new Recorder();
  const decoder = new MsgpackDecoder(recorder, bytesMax);
  for (const chunk of chunks) decoder.push(chunk);
  return recorder.calls;
}

function decode(...parts: readonly (string | Buffer)[]): readonly Call[] {
  return decodeChunks([Buffer.concat(parts.map((part) => (typeof part === 'string' ? hex(part) : part)))]);
}

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

/** A message as MessagePack, from JSON text. */
function pack(json: string): Buffer {
  return Buffer.from(packJson(json), 'latin1');
}

function packed(json: string): string {
  return pack(json).toString('hex');
}

/** The JSON of one value, given as hexadecimal. */
function unpacked(value: string): string {
  return unpackToJson(hex(value), 0).json;
}

/** An emit of one value, given as hexadecimal. */
function emitOf(value: string, more = ''): Buffer {
  const keys = 2 + (more === '' ? 0 : 1);
  return hex(`8${keys} a7636f6d6d616e64 a4656d6974 ${more} a57475706c65 91 ${value}`);
}

const lines: TupleSource = { component: 'lines', stream: 'default', task: 4, fields: ['a'], head: tupleHead('lines', 'default', 4) };

t.test('ML-MP-02, ML-MP-03: the host writes the bytes that the page shows', async (t) => {
  const page = readFileSync(join(projectRoot, 'spec', 'protocol.md'), 'utf8');
  const shown = [...(/```hex host\n([\s\S]*?)```/.exec(page)?.[1]?.trim().split('\n') ?? [])].map((line) => line.replaceAll(' ', ''));
  const written = [codec.spoutCommand('next'), codec.heartbeat('1'), codec.taskIds([4, 5])];
  t.strictSame(
    written.map((text) => Buffer.from(text, codec.encoding).toString('hex')),
    shown,
  );
  t.equal(shown.length, 3);
});

t.test(
  'ML-MP-03: tuples, verdicts and the handshake are maps with the keys of JSON, in bytes that Python unpacks to the same',
  async (t) => {
    const bytes = (text: string): string => Buffer.from(text, 'latin1').toString('hex');
    t.equal(
      bytes(codec.tuple(300, lines, '["é",1.0,-3,null]')),
      '85a26964a3333030a4636f6d70a56c696e6573a673747265616da764656661756c74a47461736b04a57475706c6594a2c3a9cb3ff0000000000000fdc0',
    );
    t.equal(bytes(codec.verdict('fail', '{"n":[7]}')), '82a7636f6d6d616e64a46661696ca2696481a16e9107');
    t.equal(bytes(codec.spoutCommand('deactivate')), '82a7636f6d6d616e64aa64656163746976617465a26964a0');
    t.equal(bytes(codec.taskIds([])), '90');
    t.equal(bytes(codec.taskIds(Array.from({ length: 16 }, (_, i) => i))), 'dc0010000102030405060708090a0b0c0d0e0f');
    t.equal(
      bytes(codec.handshake({ pidDir: '/p', conf: { a: null }, context: { 'task->component': { '1': 'x' } } })),
      '83a6706964446972a22f70a4636f6e6681a161c0a7636f6e7465787481af7461736b2d3e636f6d706f6e656e7481a131a178',
    );
  },
);

t.test('ML-MP-06: integers of every size are packed in the shortest form and arrive exact', async (t) => {
  const forms: readonly (readonly [string, string])[] = [
    ['0', '00'],
    ['127', '7f'],
    ['128', 'cc80'],
    ['255', 'ccff'],
    ['256', 'cd0100'],
    ['65535', 'cdffff'],
    ['65536', 'ce00010000'],
    ['4294967295', 'ceffffffff'],
    ['4294967296', 'cf0000000100000000'],
    ['9007199254740993', 'cf0020000000000001'],
    ['18446744073709551615', 'cfffffffffffffffff'],
    ['-1', 'ff'],
    ['-32', 'e0'],
    ['-33', 'd0df'],
    ['-128', 'd080'],
    ['-129', 'd1ff7f'],
    ['-32768', 'd18000'],
    ['-32769', 'd2ffff7fff'],
    ['-2147483648', 'd280000000'],
    ['-2147483649', 'd3ffffffff7fffffff'],
    ['-9007199254740993', 'd3ffdfffffffffffff'],
    ['-9223372036854775808', 'd38000000000000000'],
  ];
  for (const [json, bytes] of forms) {
    t.equal(packed(json), bytes, json);
    t.equal(unpacked(bytes), json, bytes);
  }
  t.equal(unpacked('d30000000000000005'), '5', 'a longer form than needed');
  t.equal(packed('-0'), '00', 'minus zero without a fraction is the integer 0');
});

t.test('ML-MP-07: every other number is packed as the nearest float 64, and a float stays one in JSON', async (t) => {
  const forms: readonly (readonly [string, string, string])[] = [
    ['1.0', 'cb3ff0000000000000', '1.0'],
    ['1e2', 'cb4059000000000000', '100.0'],
    ['0.1', 'cb3fb999999999999a', '0.1'],
    ['-0.0', 'cb8000000000000000', '-0.0'],
    ['1e400', 'cb7ff0000000000000', 'Infinity'],
    ['-Infinity', 'cbfff0000000000000', '-Infinity'],
    ['NaN', 'cb7ff8000000000000', 'NaN'],
    ['18446744073709551616', 'cb43f0000000000000', '18446744073709552000.0'],
    ['-9223372036854775809', 'cbc3e0000000000000', '-9223372036854776000.0'],
    ['1e21', 'cb444b1ae4d6e2ef50', '1e+21'],
  ];
  for (const [json, bytes, back] of forms) {
    t.equal(packed(json), bytes, json);
    t.equal(unpacked(bytes), back, bytes);
  }
  t.equal(unpacked('ca3dcccccd'), '0.10000000149011612', 'float 32 is the number that it is');
  t.equal(unpacked('ca3f800000'), '1.0');
});

t.test('ML-MP-08: text is str, bin is taken for text, and what is no UTF-8 is never written', async (t) => {
  t.equal(packed('"a"'), 'a161');
  t.equal(packed('"\\u00e9\\n\\ud83d\\ude00"'), 'a7c3a90af09f9880');
  t.equal(packed('"\\ud800"'), 'a3efbfbd', 'a lone surrogate becomes U+FFFD');
  for (const [length, head] of [
    [31, 'bf'],
    [32, 'd920'],
    [255, 'd9ff'],
    [256, 'da0100'],
    [65536, 'db00010000'],
  ] as const) {
    const text = 'x'.repeat(length);
    t.equal(packed(`"${text}"`), head + '78'.repeat(length));
    t.equal(unpacked(head + '78'.repeat(length)), `"${text}"`);
  }
  for (const bin of ['c40161', 'c5000161', 'c60000000161']) t.equal(unpacked(bin), '"a"');
  t.equal(unpacked('a7c3a90af09f9880'), '"é\\n😀"');
});

t.test('arrays and maps of every header, with integer keys as their decimal text', async (t) => {
  t.equal(packed('[ ]'), '90');
  t.equal(packed(' { "a" : [ 1 , { } ] } '), '81a161920180');
  const long = `[${Array.from({ length: 65536 }, () => 0).join(',')}]`;
  t.equal(packed(long).slice(0, 10), 'dd00010000');
  t.equal(unpacked(packed(long)), long);
  const wide = `{${Array.from({ length: 16 }, (_, i) => `"${i}":${i}`).join(',')}}`;
  t.equal(packed(wide).slice(0, 6), 'de0010');
  t.equal(unpacked(packed(wide)), wide);
  t.equal(unpacked('df0000000101c0'), '{"1":null}');
  t.equal(unpacked('81d0dfc2'), '{"-33":false}');
  t.equal(unpacked('81c40161c3'), '{"a":true}');
});

t.test('every word of a component is understood, as pystorm writes it', async (t) => {
  const calls = decode(
    '81a3706964cd04d2',
    pack('{"command":"emit","anchors":["1","3"],"stream":"words","need_task_ids":false,"tuple":["cow",1.0]}'),
    pack('{"command":"emit","task":7,"tuple":[]}'),
    pack('{"command":"emit","id":{"f":[1.0,12345678901234567890]},"tuple":[null]}'),
    pack('{"command":"ack","id":"1"}'),
    pack('{"command":"fail","id":"2"}'),
    '81a7636f6d6d616e64a473796e63',
    pack('{"command":"log","msg":"hé","level":3}'),
    pack('{"command":"error","msg":"oh"}'),
    pack('{"command":"metrics","name":"m","params":{"a":1.5}}'),
    pack('{"command":"dance"}'),
  );
  t.strictSame(calls, [
    ['pid', 1234],
    emit('["cow",1.0]', 2, { stream: 'words', needTaskIds: false, anchors: [1, 3] }),
    emit('[]', 0, { task: 7 }),
    emit('[null]', 1, { id: '{"f":[1.0,12345678901234567890]}' }),
    ['ack', 1],
    ['fail', 2],
    ['sync'],
    ['log', 'warn', 'hé'],
    ['error', 'oh'],
    ['metrics', 'm', { a: 1.5 }],
    ['unknown', 'dance'],
  ]);
});

const CONVERSATION = Buffer.concat([
  hex('81a3706964cd04d2'),
  Buffer.from('hello\nand '),
  pack('{"command":"emit","anchors":["1"],"tuple":["日😀",1.5,[{"a":null}],123456789012345678]}'),
  pack(`{"command":"log","msg":"${'x'.repeat(300)}"}`),
  hex('82a7636f6d6d616e64a361636ba26964c40131'),
  Buffer.from('\n'),
  hex('81a7636f6d6d616e64a473796e63'),
  hex('90'),
]);

t.test('ML-FR-06: the calls are the same cut at every point, and byte by byte', async (t) => {
  const whole = decodeChunks([CONVERSATION]);
  t.strictSame(whole, [
    ['pid', 1234],
    ['stray', 'hello'],
    ['stray', 'and'],
    emit('["日😀",1.5,[{"a":null}],123456789012345678]', 4, { anchors: [1] }),
    ['log', 'info', 'x'.repeat(300)],
    ['ack', 1],
    ['sync'],
    ['unreadable', 'PB_FRAME_UNREADABLE', 'what the component wrote stands where a message, which is a map, should begin'],
  ]);
  t.strictSame(decodeChunks(byteByByte(CONVERSATION)), whole);
  for (let cut = 1; cut < CONVERSATION.length; cut++) {
    t.strictSame(decodeChunks([CONVERSATION.subarray(0, cut), CONVERSATION.subarray(cut)]), whole, `cut at ${cut}`);
  }
});

t.test('ML-MP-04: printed text is reported line by line, and the messages behind it are used', async (t) => {
  const sync = '81a7636f6d6d616e64a473796e63';
  t.strictSame(decode(Buffer.from('loading\r\n\n  \n50%'), sync, Buffer.from('x'.repeat(QUOTE_CHARS_MAX + 1)), sync), [
    ['stray', 'loading'],
    ['stray', '50%'],
    ['sync'],
    ['stray', 'x'.repeat(QUOTE_CHARS_MAX)],
    ['stray', 'x'],
    ['sync'],
  ]);
});

t.test('a component that writes JSON is told so at its first message', async (t) => {
  const says = ['unreadable', 'PB_FRAME_UNREADABLE', 'the component writes JSON where the topology says MessagePack'];
  t.strictSame(decode(Buffer.from('{"pid":12}\nend\n')), [says]);
  t.strictSame(decode(Buffer.from('{ "command" : "sync" }\nend\n')), [says]);
});

t.test('ML-MP-05: anything between messages that is neither a map nor a printed character ends the incarnation', async (t) => {
  for (const other of ['90', 'a161', 'c0', 'c3', 'ff', 'cd0100', 'cb3ff0000000000000', 'd40100', 'dc0000', 'c1']) {
    t.match(
      decode('81a7636f6d6d616e64a473796e63', other, '81a7636f6d6d616e64a473796e63'),
      [['sync'], ['unreadable', 'PB_FRAME_UNREADABLE']],
      other,
    );
  }
  t.match(decode('81a161c1'), [['unreadable', 'PB_FRAME_UNREADABLE', /the byte c1/]]);
  t.match(decode('80'), [['unreadable', 'PB_FRAME_UNREADABLE', /neither a command nor a pid/]]);
});

t.test('ML-MP-09: an emit that JSON cannot hold is refused, with its anchors and its wish for task ids', async (t) => {
  const anchors = 'a7616e63686f7273 91 a137';
  const refused = (message: string, code = 'PB_MESSAGE_INVALID'): Call =>
    emit('', -1, { anchors: [7], refusal: `${code}: a message holds ${message}` });
  t.strictSame(decode(emitOf('d40100', anchors)), [refused('an extension type, which has no JSON')]);
  t.strictSame(decode(emitOf('c7030161626364'.slice(0, 12), anchors)), [refused('an extension type, which has no JSON')]);
  t.strictSame(decode(emitOf('a2c328', anchors)), [refused('bytes that are not UTF-8', 'PB_FRAME_NOT_UTF8')]);
  t.strictSame(decode(emitOf('c402ff00', anchors)), [refused('bytes that are not UTF-8', 'PB_FRAME_NOT_UTF8')]);
  t.strictSame(decode(emitOf('a3eda080', anchors)), [refused('bytes that are not UTF-8', 'PB_FRAME_NOT_UTF8')], 'a surrogate in UTF-8');
  for (const key of ['c0', 'c3', '9101', 'cb3ff0000000000000', '8101c0', 'd40100']) {
    t.strictSame(decode(emitOf(`81${key}c0`, anchors)), [refused('a map key that is neither text nor an integer')], key);
  }
  t.strictSame(decode(hex('84 a7636f6d6d616e64 a4656d6974 ad6e6565645f7461736b5f696473 c2 a26964 05 a57475706c65 91 d40100')), [
    emit('', -1, { needTaskIds: false, id: '5', refusal: 'PB_MESSAGE_INVALID: a message holds an extension type, which has no JSON' }),
  ]);
});

t.test('ML-EM-16: values nest 256 deep and no deeper', async (t) => {
  const nested = (depth: number): string => `${'91'.repeat(depth - 1)}90`;
  t.strictSame(decode(emitOf(nested(JSON_DEPTH_MAX - 1))), [
    emit(`[${'['.repeat(JSON_DEPTH_MAX - 1)}${']'.repeat(JSON_DEPTH_MAX - 1)}]`, 1),
  ]);
  const says = 'PB_FRAME_TOO_DEEP: a message holds arrays or maps nested more than 256 deep';
  t.strictSame(decode(emitOf(nested(JSON_DEPTH_MAX)), '81a7636f6d6d616e64a473796e63'), [emit('', -1, { refusal: says }), ['sync']]);
  t.match(decode(`82 a7636f6d6d616e64 a36c6f67 a36d7367 ${nested(JSON_DEPTH_MAX + 1)}`), [['unreadable', 'PB_FRAME_TOO_DEEP']]);
});

t.test('an id that cannot be sent back cannot be failed: the incarnation ends', async (t) => {
  t.match(decode(emitOf('01', 'a26964 d40100')), [['unreadable', 'PB_MESSAGE_INVALID']]);
  t.match(decode(emitOf('01', 'a26964 a1ff')), [['unreadable', 'PB_FRAME_NOT_UTF8']]);
});

t.test('what concerns no tuple is used as far as it can be read', async (t) => {
  t.strictSame(decode('82 a7636f6d6d616e64 a36c6f67 a36d7367 c403 61ff62'), [['log', 'info', 'a\ufffdb']]);
  t.strictSame(decode('83 a7636f6d6d616e64 a76d657472696373 a46e616d65 a16d a6706172616d73 91d40100'), [['metrics', 'm', [null]]]);
});

t.test('ML-FR-13: a message is bounded, and one that says it will be too large is refused at its header', async (t) => {
  const long = (length: number): Buffer => pack(`{"command":"log","msg":"${'x'.repeat(length)}"}`);
  const overhead = long(290).length - 290;
  t.match(decodeChunks([long(300 - overhead)], 300), [['log']]);
  t.match(decodeChunks([long(301 - overhead)], 300), [['unreadable', 'PB_FRAME_TOO_LARGE', 'a message has more than 300 bytes']]);
  t.match(decodeChunks([long(300).subarray(0, 30)], 290), [['unreadable', 'PB_FRAME_TOO_LARGE']]);
  const huge = hex('82 a7636f6d6d616e64 a4656d6974 a57475706c65 dd ffffffff');
  t.match(decodeChunks([huge]), [['unreadable', 'PB_FRAME_TOO_LARGE', `a message has more than ${FRAME_CHARS_MAX} bytes`]]);
});

t.test('an error quotes the message as JSON, or what there is of it as bytes', async (t) => {
  const recorder = new Recorder();
  const decoder = new MsgpackDecoder(recorder);
  let quoted = '';
  recorder.onCall = () => {
    quoted = decoder.quote();
  };
  decoder.push(hex('82a7636f6d6d616e64a361636ba26964a3393939'));
  t.equal(quoted, '{"command":"ack","id":"999"}');
  decoder.push(hex('82a7636f'));
  t.strictSame([decoder.heldBytes, decoder.quoteHeld()], [4, 'bytes 82a7636f']);
  const printing = new MsgpackDecoder(new Recorder());
  printing.push(Buffer.from('Traceback'));
  t.strictSame([printing.heldBytes, printing.quoteHeld()], [9, 'Traceback']);
});

t.test('a decoder that is stopped by its handler decodes no further message of the chunk', async (t) => {
  const recorder = new Recorder();
  const decoder = new MsgpackDecoder(recorder);
  recorder.onCall = () => decoder.stop();
  decoder.push(hex('81a7636f6d6d616e64a473796e63 81a7636f6d6d616e64a473796e63'));
  decoder.push(hex('81a7636f6d6d616e64a473796e63'));
  t.strictSame(recorder.calls, [['sync']]);
});

t.test('any JSON comes back from MessagePack as the value that it was', async (t) => {
  const any = fc.jsonValue({ maxDepth: 5 });
  fc.assert(
    fc.property(any, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }), fc.double({ noNaN: true }), (value, integer, float) => {
      const back = JSON.parse(unpackToJson(pack(JSON.stringify(value)), 0).json) as unknown;
      const isSame = JSON.stringify(back) === JSON.stringify(JSON.parse(JSON.stringify(value)));
      const text = Number.isFinite(float)
        ? `${float}${Number.isInteger(float) && !String(float).includes('e') ? '.0' : ''}`
        : String(float);
      return isSame && unpacked(packed(String(integer))) === String(integer) && Object.is(Number(unpacked(packed(text))), Number(text));
    }),
    { seed: SEED, numRuns: 500 },
  );
  t.pass(`seed ${SEED}`);
});

t.test('any messages cut anywhere give the calls of the whole', async (t) => {
  const message = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }).map((value) => pack(`{"command":"emit","anchors":["1"],"tuple":[${JSON.stringify(value)}]}`)),
    fc.constantFrom(pack('{"command":"sync"}'), pack('{"command":"ack","id":"5"}'), Buffer.from('print\n'), emitOf('d40100'), hex('c0')),
  );
  fc.assert(
    fc.property(fc.array(message, { maxLength: 8 }), fc.array(fc.nat(400), { maxLength: 6 }), (messages, cuts) => {
      const bytes = Buffer.concat(messages);
      const at = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
      const pieces = at.slice(1).map((end, i) => bytes.subarray(at[i], end));
      t.strictSame(decodeChunks(pieces), decodeChunks([bytes]));
    }),
    { seed: SEED, numRuns: 300 },
  );
  t.pass(`seed ${SEED}`);
});

t.test('a quarter of a million random messages and broken ones neither throw nor are held beyond the bound', async (t) => {
  const random = xorshift(SEED);
  const good = [
    pack('{"command":"emit","anchors":["1"],"tuple":["a",1.5]}'),
    pack('{"command":"sync"}'),
    pack('{"command":"ack","id":"7"}'),
  ];
  const chunk = Buffer.alloc(16_384);
  const counts = new Map<string, number>();
  const recorder = new Recorder();
  let decoder = new MsgpackDecoder(recorder, 512);
  let heldMax = 0;
  recorder.onCall = ([name]) => {
    counts.set(name as string, (counts.get(name as string) ?? 0) + 1);
    recorder.calls.length = 0;
    if (name === 'unreadable') decoder = new MsgpackDecoder(recorder, 512);
  };
  for (let messages = 0; messages < 250_000; ) {
    let length = 0;
    while (length < chunk.length - 256) {
      const start = length;
      length += (good[random(good.length)] as Buffer).copy(chunk, length);
      messages++;
      const kind = random(60);
      if (kind === 0) chunk[start + random(length - start)] = random(256);
      else if (kind === 1) length -= random(5);
      else if (kind === 2) length += chunk.write('print\n', length);
      if (random(50) === 0) break;
    }
    decoder.push(chunk.subarray(0, length));
    heldMax = Math.max(heldMax, decoder.heldBytes);
  }
  t.ok(heldMax <= 512 + QUOTE_CHARS_MAX, `held at most ${heldMax} bytes; seed ${SEED}`);
  for (const name of ['emit', 'sync', 'ack', 'stray', 'unreadable']) t.ok((counts.get(name) ?? 0) > 100, `${name}: ${counts.get(name)}`);
});

t.test('random bytes neither throw nor are held beyond the bound', async (t) => {
  const random = xorshift(SEED);
  for (let round = 0; round < 3000; round++) {
    const decoder = new MsgpackDecoder(new Recorder(), 4096);
    const bytes = Buffer.from(Array.from({ length: 300 }, () => random(256)));
    bytes[0] = 0x80 | random(16);
    for (let i = 0; i < 20; i++) decoder.push(bytes.subarray(random(2)));
    if (decoder.heldBytes > 4096 + QUOTE_CHARS_MAX) t.fail(`held ${decoder.heldBytes} bytes; seed ${SEED}`);
  }
  t.pass(`seed ${SEED}`);
});
