/**
 * What must hold for any stream: exact values, independence of what came before and of cuts, and no way to crash or to fill memory.
 */
import fc from 'fast-check';
import t from 'tap';
import { ComponentDecoder } from '../../src/protocol/component-decoder.js';
import { FrameSplitter } from '../../src/protocol/frame-splitter.js';
import { xorshift } from '../random.js';
import { type Call, decode, decodeChunks, decodeFrames, emit, Recorder } from './recorder.js';

const SEED = 20_260_403;

/** JSON text as no stringify would write it: odd numbers, escapes and spaces between tokens. */
const space = fc.constantFrom('', '', '', ' ', '\t', '  ');
const scalar = fc.oneof(
  fc.constantFrom(
    '1.0',
    '-0',
    '1e400',
    '9007199254740993',
    '1180591620717411303424',
    'NaN',
    'Infinity',
    '-Infinity',
    'true',
    'null',
    '0.10',
  ),
  fc.constantFrom(
    '"tuple"',
    '"\\"tuple\\":[9]"',
    '"a\\nend\\nb"',
    '"\\ud800"',
    '"\u2028"',
    '"\\/\\u0041"',
    '"]"',
    '"command"',
    '"日😀"',
    '""',
  ),
  fc.string().map((text) => JSON.stringify(text)),
);
const { value } = fc.letrec<{ value: string; list: string; object: string }>((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, scalar, tie('list'), tie('object')),
  list: fc.tuple(fc.array(tie('value'), { maxLength: 4 }), space).map(([items, gap]) => `[${gap}${items.join(`${gap},`)}${gap}]`),
  object: fc
    .tuple(fc.array(fc.tuple(fc.constantFrom('"tuple"', '"a"', '"command"', '"id"'), tie('value')), { maxLength: 3 }), space)
    .map(([pairs, gap]) => `{${pairs.map(([key, item]) => `${gap}${key}${gap}:${gap}${item}`).join(',')}${gap}}`),
}));
const values = fc.tuple(fc.array(value, { maxLength: 5 }), space, space).map(([items, before, after]) => ({
  text: `[${before}${items.map((item) => `${item}${after}`).join(`,${before}`)}]`,
  arity: items.length,
}));

t.test('ML-EM-20: for any array, in any order of keys, what is handed over is what was written', async (t) => {
  const others = fc.shuffledSubarray([
    '"anchors":["7"]',
    '"stream":"s"',
    '"need_task_ids":false',
    '"x":{"tuple":[0]}',
    '"y":"\\"tuple\\":[0]"',
    '"id":[1.0]',
  ]);
  const written = fc.tuple(values, others, fc.nat(7), space);
  fc.assert(
    fc.property(written, ([{ text, arity }, keys, at, gap]) => {
      const parts = ['"command":"emit"', ...keys];
      parts.splice(at % (parts.length + 1), 0, `"tuple"${gap}:${gap}${text}`);
      const facts = {
        ...(keys.includes('"stream":"s"') ? { stream: 's' } : {}),
        ...(keys.includes('"need_task_ids":false') ? { needTaskIds: false as const } : {}),
        ...(keys.includes('"anchors":["7"]') ? { anchors: [7] } : {}),
        ...(keys.includes('"id":[1.0]') ? { id: '[1.0]' } : {}),
      };
      const frame = `{${gap}${parts.join(`${gap},${gap}`)}${gap}}`;
      t.strictSame(decodeFrames(frame, frame), [emit(text, arity, facts), emit(text, arity, facts)]);
    }),
    { seed: SEED, numRuns: 400 },
  );
  t.pass(`seed ${SEED}`);
});

/** Frames that are alike and not alike, good and bad, so that shapes are learned, hit, missed and almost hit. */
const frame = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(
        '{"command":"emit","anchors":[A],"tuple":V}',
        '{"command":"emit","tuple":V,"anchors":[A]}',
        '{"command":"emit","anchors":A,"stream":"s","tuple":V}',
        '{"command":"emit","anchors":[A],"id":I,"tuple":V}',
        '{"command":"emit","id":I,"tuple":V}',
        '{"command":"emit","tuple":V,"id":I,"need_task_ids":false}',
        '{"command":"emit","tuple":V}',
        '{"command":"emit","task":3,"tuple":V}',
        '{"command":"emit", "tuple": V, "tuple": V}',
        '{"command":"ack","id":A}',
        '{"command": "ack", "id": I}',
        '{"command":"fail","id":A}',
        '{"command":"sync"}',
      ),
      fc.constantFrom('"1"', '"23"', '""', '"x"', '"4x"', '7', 'null', '"05"', '"\\u0031"', '"8","9"', ''),
      fc.constantFrom('1', '"a"', 'null', '0', '{"a":\n1}', 'nul', '[1]', '"x","y":1'),
      fc.constantFrom(
        '[]',
        '["a"]',
        '[1,2]',
        '[ ]',
        '[1,[2]]',
        '{}',
        '[1,]',
        '"a"',
        '[1]x',
        '[\n1]',
        `${'['.repeat(257)}${']'.repeat(257)}`,
      ),
    )
    .map(([form, anchor, id, tuple]) =>
      form
        .replaceAll('A', () => anchor)
        .replaceAll('V', () => tuple)
        .replaceAll('I', () => id),
    ),
  fc.constantFrom('{"command":"log","msg":"a"}', 'print', '', '{"pid":3}', 'hm {"command":"ack","id":"1"} hm'),
);

t.test('ML-FR-06: a frame is decoded the same whatever frames came before it', async (t) => {
  let handled = 0;
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 24 }), (frames) => {
      const alone: Call[] = [];
      for (const text of frames) {
        const calls = decodeFrames(text);
        alone.push(...calls);
        if (calls.some(([name]) => name === 'unreadable')) break;
      }
      handled += alone.length;
      t.strictSame(decodeFrames(...frames), alone);
    }),
    { seed: SEED, numRuns: 600 },
  );
  t.ok(handled > 2000, `${handled} calls; seed ${SEED}`);
});

t.test('ML-FR-06: any frames cut anywhere give the same calls', async (t) => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 8 }), fc.array(fc.nat(600), { maxLength: 5 }), fc.boolean(), (frames, cuts, crlf) => {
      const text = frames.map((message) => `${message}\nend\n`).join('');
      const bytes = Buffer.from(crlf ? text.replaceAll('\n', '\r\n') : text);
      const at = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
      t.strictSame(decodeChunks(at.slice(1).map((end, i) => bytes.subarray(at[i], end))), decodeChunks([bytes]));
    }),
    { seed: SEED, numRuns: 300 },
  );
  t.pass(`seed ${SEED}`);
});

t.test('any log message, error and metric arrives as it was meant', async (t) => {
  fc.assert(
    fc.property(fc.string(), fc.jsonValue({ maxDepth: 3 }), fc.integer({ min: 0, max: 4 }), (text, params, indent) => {
      const write = (message: object): string => `${JSON.stringify(message, null, indent)}\nend\n`;
      const sent =
        write({ command: 'log', msg: text }) + write({ command: 'error', msg: text }) + write({ command: 'metrics', name: 'n', params });
      const arrived = JSON.parse(JSON.stringify(params)) as unknown;
      t.strictSame(decode(sent), [
        ['log', 'info', text],
        ['error', text],
        ['metrics', 'n', arrived],
      ]);
    }),
    { seed: SEED, numRuns: 200 },
  );
  t.pass(`seed ${SEED}`);
});

t.test('a million random frames neither throw nor are held beyond the bound', async (t) => {
  const frames = 1_000_000;
  const pieces = [
    '{"command":"emit","anchors":["',
    '1',
    '"],"tuple":[',
    '"a"',
    ']}',
    '{"command":"ack","id":"',
    '"}',
    '{',
    '}',
    '[',
    ']',
    '"',
    ',',
    ':',
    '\\',
    'x',
    '\r',
    '\n',
    'en',
    'é',
    '-',
    '1.5',
    'NaN',
    '{"pid":',
    'sync',
  ];
  const bytes = [...pieces.map((piece) => Buffer.from(piece)), Buffer.from([0xff]), Buffer.from([0xe6, 0x97]), Buffer.alloc(40, 'y')];
  const end = Buffer.from('\nend\n');
  const random = xorshift(SEED);
  const chunk = Buffer.alloc(16_384);
  const counts = new Map<string, number>();
  let frameAt = 0;
  let heldMax = 0;
  const recorder = new Recorder();
  let decoder = new ComponentDecoder(recorder, new FrameSplitter(512));
  const count = (name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1);
  // What is heard most is only counted.
  recorder.onEmit = () => count('emit');
  recorder.onSync = () => count('sync');
  recorder.onCall = ([name]) => {
    count(name as string);
    recorder.calls.length = 0;
    // Another child is started in the place of one that cannot be read.
    if (name === 'unreadable') decoder = new ComponentDecoder(recorder, new FrameSplitter(512));
  };
  while (frameAt < frames) {
    let length = 0;
    while (length < chunk.length - 1024 && frameAt < frames) {
      const good = random(3) > 0;
      if (good)
        length += chunk.write(
          random(2) === 0 ? `{"command":"emit","anchors":["${random(99)}"],"tuple":[${random(9)}]}` : '{"command":"sync"}',
          length,
        );
      else for (let i = random(10); i > 0; i--) length += (bytes[random(bytes.length)] as Buffer).copy(chunk, length);
      if (random(40) > 0) length += end.copy(chunk, length);
      frameAt++;
      // A short chunk now and then, so that a new decoder soon reads on.
      if (random(6) === 0) break;
    }
    decoder.push(chunk.subarray(0, length));
    heldMax = Math.max(heldMax, decoder.heldBytes);
  }
  t.ok(heldMax <= 512, `held at most ${heldMax} bytes of a frame; seed ${SEED}`);
  for (const name of ['emit', 'sync', 'stray', 'unreadable']) t.ok((counts.get(name) ?? 0) > 1000, `${name}: ${counts.get(name)}`);
});

t.test('random bytes neither throw nor are held beyond the bound', async (t) => {
  const random = xorshift(SEED);
  const chunk = Buffer.alloc(1024);
  for (let round = 0; round < 500; round++) {
    const decoder = new ComponentDecoder(new Recorder(), new FrameSplitter(4096));
    for (let i = 0; i < chunk.length; i++) chunk[i] = random(256);
    for (let i = 0; i < 8; i++) decoder.push(chunk);
    if (decoder.heldBytes > 4096) t.fail(`held ${decoder.heldBytes} bytes; seed ${SEED}`);
  }
  t.pass(`seed ${SEED}`);
});
