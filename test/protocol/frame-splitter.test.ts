import fc from 'fast-check';
import t from 'tap';
import { FRAME_CHARS_MAX, QUOTE_CHARS_MAX } from '../../src/model/limits.js';
import { FrameSplitter } from '../../src/protocol/frame-splitter.js';
import { byteByByte } from './recorder.js';

const SEED = 20_260_402;

interface Result {
  readonly text: string;
  readonly held: number;
  readonly failure: string | undefined;
}

function split(chunks: Iterable<Buffer>, frameBytesMax?: number): Result {
  const splitter = new FrameSplitter(frameBytesMax);
  let text = '';
  for (const chunk of chunks) text += splitter.push(chunk);
  return { text, held: splitter.heldBytes, failure: splitter.failure?.code };
}

/** Whole, byte by byte and at every split point. */
function everyCut(bytes: Buffer): Buffer[][] {
  const cuts = [[bytes], byteByByte(bytes)];
  for (let at = 1; at < bytes.length; at++) cuts.push([bytes.subarray(0, at), bytes.subarray(at)]);
  return cuts;
}

const streams: [title: string, written: string, whole: string, held: number][] = [
  ['one frame', '{"a":1}\nend\n', '{"a":1}\nend\n', 0],
  ['two frames and the beginning of a third', '1\nend\n2\nend\n{"b', '1\nend\n2\nend\n', 3],
  ['lines that end with CR LF', '{"a":1}\r\nend\r\n{"b":2}\r\nend\r\n', '{"a":1}\r\nend\r\n{"b":2}\r\nend\r\n', 0],
  ['blank lines', '\n\n{"a":1}\n\n\nend\n\n', '\n\n{"a":1}\n\n\nend\n', 1],
  ['an end inside of a string, escaped', '{"a":"x\\nend\\ny"}\nend\n', '{"a":"x\\nend\\ny"}\nend\n', 0],
  ['lines that only begin with end', '1\nend of it\nend.\nend \n end\nendend\nend\n', '1\nend of it\nend.\nend \n end\nendend\nend\n', 0],
  ['an end with a CR that no LF follows', '1\nend\rx\nend\n', '1\nend\rx\nend\n', 0],
  ['characters of two, three and four bytes', '"é日😀"\nend\n"ü', '"é日😀"\nend\n', 3],
  ['an empty message first of all', 'end\n1\nend\n', 'end\n1\nend\n', 0],
  ['empty messages one after the other', '1\nend\nend\r\nend\n', '1\nend\nend\r\nend\n', 0],
  ['an empty message alone', 'end\r\n', 'end\r\n', 0],
  ['no end at all', 'hello\nworld\nen', '', 14],
  ['an end that its LF has not reached', '1\nend', '', 5],
  ['an end that its CR has reached and its LF has not', '1\nend\r', '', 6],
  ['nothing', '', '', 0],
];

for (const [title, written, whole, held] of streams) {
  t.test(`ML-FR-06: ${title} gives the same text however it is cut`, async (t) => {
    for (const chunks of everyCut(Buffer.from(written))) {
      const result = split(chunks);
      if (result.text !== whole || result.held !== held)
        t.same(result, { text: whole, held, failure: undefined }, JSON.stringify(chunks.map(String)));
    }
    t.same(split([Buffer.from(written)]), { text: whole, held, failure: undefined });
  });
}

t.test('the bytes of a chunk are not kept: the reader may use its buffer again', async (t) => {
  const splitter = new FrameSplitter();
  const chunk = Buffer.from('{"a":"first"');
  splitter.push(chunk);
  chunk.fill('#');
  t.equal(splitter.push(Buffer.from('}\nend\n')), '{"a":"first"}\nend\n');
});

t.test('empty chunks change nothing', async (t) => {
  const empty = Buffer.alloc(0);
  t.same(split([empty, Buffer.from('1\ne'), empty, Buffer.from('nd\n'), empty]), { text: '1\nend\n', held: 0, failure: undefined });
});

t.test('what waits for its end can be quoted, in at most QUOTE_CHARS_MAX bytes', async (t) => {
  const splitter = new FrameSplitter();
  t.equal(splitter.quoteHeld(), '');
  splitter.push(Buffer.from('1\nend\n{"command":"em'));
  t.equal(splitter.quoteHeld(), '{"command":"em');
  splitter.push(Buffer.from('x'.repeat(1000)));
  t.equal(splitter.quoteHeld().length, QUOTE_CHARS_MAX);
  splitter.push(Buffer.from('\nend\n'));
  t.equal(splitter.quoteHeld(), '');
});

t.test('ML-FR-13: a frame as large as the limit passes and one byte more does not, however it is cut', async (t) => {
  const fits = Buffer.from('123456789012345\nend\n');
  const tooLarge = Buffer.from('1234567890123456\nend\n');
  t.equal(fits.length, 20);
  for (const chunks of everyCut(fits)) t.same(split(chunks, 20), { text: fits.toString(), held: 0, failure: undefined });
  for (const chunks of everyCut(tooLarge)) t.same(split(chunks, 20), { text: '', held: 0, failure: 'PB_FRAME_TOO_LARGE' });
});

t.test('ML-FR-13: many frames in one chunk may together be longer than one may be', async (t) => {
  const text = '1234567890\nend\n'.repeat(10);
  t.same(split([Buffer.from(text)], 20), { text, held: 0, failure: undefined });
});

t.test('ML-FR-06: the frames before one that is too large are the same however they are cut', async (t) => {
  const bytes = Buffer.from('1\nend\n2\nend\n3456789012345678901\nend\n4\nend\n');
  for (const chunks of everyCut(bytes)) t.same(split(chunks, 20), { text: '1\nend\n2\nend\n', held: 0, failure: 'PB_FRAME_TOO_LARGE' });
});

t.test('ML-FR-06: the frames before one that is not UTF-8 are the same however they are cut', async (t) => {
  const bytes = Buffer.concat([Buffer.from('"é"\nend\n2\nend\n"'), Buffer.from([0xc3, 0x28]), Buffer.from('"\nend\n4\nend\n')]);
  for (const chunks of everyCut(bytes)) t.same(split(chunks), { text: '"é"\nend\n2\nend\n', held: 0, failure: 'PB_FRAME_NOT_UTF8' });
});

t.test('ML-FR-14: every malformed sequence is refused', async (t) => {
  const malformed: [title: string, bytes: number[]][] = [
    ['a lone continuation byte', [0x80]],
    ['a sequence that breaks off', [0xe6, 0x97]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['beyond U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
    ['0xff', [0xff]],
  ];
  for (const [title, bad] of malformed) {
    const bytes = Buffer.concat([Buffer.from('"'), Buffer.from(bad), Buffer.from('"\nend\n')]);
    t.same(split([bytes]), { text: '', held: 0, failure: 'PB_FRAME_NOT_UTF8' }, title);
    t.same(split(byteByByte(bytes)), { text: '', held: 0, failure: 'PB_FRAME_NOT_UTF8' }, title);
  }
});

t.test('the errors say what, how to mend it, and show the surroundings of the bad bytes', async (t) => {
  const large = new FrameSplitter(300);
  large.push(Buffer.from(`1\nend\n{"command":"log","msg":"${'x'.repeat(400)}`));
  t.match(large.failure, { message: 'a frame passed 300 bytes before its line "end"', hint: /send big data by reference/ });
  t.equal(large.failure?.context.frame, `{"command":"log","msg":"${'x'.repeat(QUOTE_CHARS_MAX - 24)}`);
  const binary = new FrameSplitter();
  binary.push(Buffer.concat([Buffer.from(`"${'a'.repeat(500)}`), Buffer.from([0xff]), Buffer.from(`${'b'.repeat(500)}"\nend\n`)]));
  t.match(binary.failure, { message: 'a frame holds bytes that are not UTF-8', hint: /base64/ });
  t.equal(binary.failure?.context.frame, `${'a'.repeat(100)}\ufffd${'b'.repeat(99)}`);
});

t.test('nothing is collected or returned after a failure', async (t) => {
  const splitter = new FrameSplitter(10);
  splitter.push(Buffer.from('x'.repeat(11)));
  t.equal(splitter.push(Buffer.from('\nend\n1\nend\n')), '');
  t.equal(splitter.heldBytes, 0);
});

t.test('ML-FR-13: by default a frame has FRAME_CHARS_MAX bytes, and 100 MB without an end are not collected', async (t) => {
  t.equal(FRAME_CHARS_MAX, 33_554_432);
  const splitter = new FrameSplitter();
  const chunk = Buffer.alloc(1024 * 1024, 'x');
  let heldMax = 0;
  for (let i = 0; i < 100; i++) {
    splitter.push(chunk);
    heldMax = Math.max(heldMax, splitter.heldBytes);
  }
  t.equal(heldMax, FRAME_CHARS_MAX);
  t.equal(splitter.failure?.code, 'PB_FRAME_TOO_LARGE');
  t.equal(splitter.heldBytes, 0);
});

t.test('a 1 MB value passes in reads of 16 KB', async (t) => {
  const text = `{"command":"emit","tuple":["${'é'.repeat(500_000)}"]}\nend\n`;
  const bytes = Buffer.from(text);
  const chunks = Array.from({ length: Math.ceil(bytes.length / 16_384) }, (_, i) => bytes.subarray(i * 16_384, (i + 1) * 16_384));
  const result = split(chunks);
  t.ok(result.text === text);
  t.same({ held: result.held, failure: result.failure }, { held: 0, failure: undefined });
});

t.test('ML-FR-06: any bytes cut anywhere give the same text and the same failure', async (t) => {
  const piece = fc
    .constantFrom('\nend\n', '\nend\r\n', 'end\n', '\n', '\r', 'e', 'n', 'd', '\nen', '"é"', '😀', '{"a":1}', 'x'.repeat(30))
    .map((text) => Buffer.from(text));
  const bad = fc.constantFrom([0xff], [0xc3], [0xe6, 0x97]).map((bytes) => Buffer.from(bytes));
  const stream = fc
    .array(fc.oneof({ weight: 20, arbitrary: piece }, { weight: 1, arbitrary: bad }), { maxLength: 30 })
    .map((pieces) => Buffer.concat(pieces));
  fc.assert(
    fc.property(stream, fc.array(fc.nat(400), { maxLength: 6 }), (bytes, cuts) => {
      const at = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
      const chunks = at.slice(1).map((end, i) => bytes.subarray(at[i], end));
      t.strictSame(split(chunks, 40), split([bytes], 40));
      t.strictSame(split(byteByByte(bytes), 40), split([bytes], 40));
    }),
    { seed: SEED, numRuns: 400 },
  );
  t.pass(`seed ${SEED}`);
});
