/**
 * Frames between workers: whatever a batch holds comes out as it went in, and what is not exactly a frame of this version is refused without harm.
 */
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import t from 'tap';
import { VERSIONS } from '../../src/model/cluster-records.js';
import { PolyboltError } from '../../src/model/errors.js';
import { FRAME_CHARS_MAX, LINK_FRAME_BYTES_MAX, LINK_FRAME_CHARS, LINK_FRAME_NUMBERS, LINK_SOURCES_MAX } from '../../src/model/limits.js';
import { Tuple, type TupleSource } from '../../src/model/tuple.js';
import { Values } from '../../src/model/values.js';
import { tupleHead } from '../../src/protocol/host-encoder.js';
import { BatchDecoder } from '../../src/transport/batch-decoder.js';
import { BatchEncoder } from '../../src/transport/batch-encoder.js';
import { BatchQueue } from '../../src/transport/batch-queue.js';
import { FrameBufferPool } from '../../src/transport/frame-buffers.js';
import { Batch } from '../../src/transport/transport.js';
import { readProjectFile } from '../model/project-files.js';
import { batchOf, SOURCE } from './workers.js';

const SEED = 20_261_121;
const ADDRESS = { from: { incarnation: '3.1', launch: 2 }, to: { incarnation: '12.0', launch: 7 } };

/** One end of a link that encodes, and what it could not send. */
class Sender {
  readonly unsendable: PolyboltError[] = [];
  readonly queue = new BatchQueue();
  readonly encoder = new BatchEncoder(ADDRESS, VERSIONS, new FrameBufferPool(), (_tuple, error) => this.unsendable.push(error));

  /** Frames of everything, copied: their buffers are used again. */
  frames(...batches: readonly Batch[]): Buffer[] {
    for (const batch of batches) this.queue.push(batch);
    const frames: Buffer[] = [];
    while (this.queue.first !== undefined) frames.push(Buffer.from(this.encoder.encode(this.queue)));
    return frames;
  }
}

function decode(frame: Buffer, decoder = new BatchDecoder(VERSIONS)): Batch {
  return decoder.body(frame, decoder.header(frame));
}

/** Everything in a batch that travels. */
function contents(batches: readonly Batch[]): unknown {
  return {
    tuples: batches.flatMap(({ tasks, tuples }) =>
      tuples.map(({ source, values, rootCount, rootHigh, rootLow, edgeHigh, edgeLow, moreRoots }, index) => [
        tasks[index],
        source,
        values.text,
        rootCount,
        rootCount === 0 ? [] : [rootHigh, rootLow, edgeHigh, edgeLow, ...(moreRoots ?? [])],
      ]),
    ),
    roots: batches.flatMap(({ roots }) => roots),
    congestion: batches.flatMap(({ congestion }) => congestion),
  };
}

const int32 = fc.integer({ min: -0x80000000, max: 0x7fffffff });
const text = fc.oneof(
  fc.string({ unit: 'binary-ascii' }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.constantFrom(
    '',
    '[]',
    '["\ud800"]',
    '\udc00',
    'a\ud83d',
    '\ude00b',
    '["\u2028\u2029"]',
    '["日😀"]',
    '\ufffd',
    '["\ufeff"]',
    'x'.repeat(5000),
  ),
);
const source: fc.Arbitrary<TupleSource> = fc
  .record({
    component: fc.constantFrom('words', 'a "quoted" one', '日', ''),
    stream: fc.constantFrom('default', 's\\', 'other'),
    task: fc.integer({ min: 1, max: 4 }),
  })
  .map(({ component, stream, task }) => ({ component, stream, task, fields: ['word', stream], head: tupleHead(component, stream, task) }));
const tuple = fc.record({ source, text, roots: fc.array(int32, { maxLength: 6 }) }).map((made) => {
  const tuple = new Tuple(made.source, Values.fromText(made.text));
  const numbers = made.roots.flatMap((number, index) => [number, index, ~number, number ^ 0x55]);
  tuple.rootCount = made.roots.length;
  if (tuple.rootCount > 0) [tuple.rootHigh, tuple.rootLow, tuple.edgeHigh, tuple.edgeLow] = numbers as [number, number, number, number];
  if (tuple.rootCount > 1) tuple.moreRoots = numbers.slice(4);
  return tuple;
});
const record = fc.tuple(fc.integer({ min: 0, max: 4 }), int32, int32, int32, int32);
const batch = fc
  .record({
    tuples: fc.array(fc.tuple(fc.integer({ min: 1, max: 65_535 }), tuple)),
    records: fc.array(record),
    congestion: fc.array(int32),
  })
  .map(({ tuples, records, congestion }) => {
    const made = new Batch();
    made.tasks.push(...tuples.map(([task]) => task));
    made.tuples.push(...tuples.map(([, each]) => each));
    made.roots.push(...records.flat());
    made.congestion.push(...congestion);
    return made;
  });

t.test('any batches come out as they went in, in one order of frames, from any place in a buffer', async () => {
  fc.assert(
    fc.property(fc.array(fc.array(batch, { maxLength: 3 }), { minLength: 1, maxLength: 3 }), fc.nat(3), (rounds, offset) => {
      const sender = new Sender();
      const decoder = new BatchDecoder(VERSIONS);
      for (const batches of rounds) {
        const expected = contents(batches);
        const decoded = sender.frames(...batches).map((frame) => {
          const shifted = Buffer.concat([Buffer.alloc(offset), frame]).subarray(offset);
          const { from, to } = decoder.header(shifted);
          if (JSON.stringify({ from, to }) !== JSON.stringify(ADDRESS)) throw new Error('another address');
          return decode(shifted, decoder);
        });
        if (JSON.stringify(contents(decoded)) !== JSON.stringify(expected)) return false;
      }
      return sender.queue.bytes === 0;
    }),
    { seed: SEED, numRuns: 200 },
  );
});

t.test('a frame that lacks its end, or has a byte that is another, is refused', async (t) => {
  const [first, second] = [batchOf('["日",1.0]', '["b"]'), batchOf('["c"]')];
  first.roots.push(0, 1, 2, 3, 4);
  const [frame] = new Sender().frames(first, second) as [Buffer];
  const isRefused = (bytes: Buffer): boolean => {
    try {
      decode(bytes);
      return false;
    } catch (error) {
      return error instanceof PolyboltError && (error.code === 'PB_LINK_FRAME_INVALID' || error.code === 'PB_LINK_VERSIONS');
    }
  };
  const places = Array.from(frame.keys());
  t.same(
    places.filter((length) => !isRefused(frame.subarray(0, length))),
    [],
    'lengths that are taken',
  );
  t.ok(isRefused(Buffer.concat([frame, Buffer.alloc(1)])), 'and one with a byte too many');
  const withOther = (at: number): Buffer => {
    const wrong = Buffer.from(frame);
    wrong[at] = (wrong[at] as number) ^ (1 << (at % 8));
    return wrong;
  };
  t.same(
    places.filter((at) => !isRefused(withOther(at))),
    [],
    'places where another byte is taken',
  );
});

t.test('a frame with a right sum and wrong contents is refused or read, and never breaks the reader', async () => {
  const [frame] = new Sender().frames(batchOf('["a"]', '["日"]')) as [Buffer];
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 16, max: frame.length - 1 }), fc.nat(255)), { minLength: 1, maxLength: 8 }),
      (changes) => {
        const wrong = Buffer.from(frame);
        for (const [at, byte] of changes) wrong[at] = byte;
        wrong.writeInt32LE(crc32(wrong.subarray(12)) | 0, 8);
        try {
          decode(wrong);
        } catch (error) {
          return error instanceof PolyboltError;
        }
        return true;
      },
    ),
    { seed: SEED, numRuns: 3000 },
  );
});

t.test('a frame of other versions is refused before anything else of it is read, and the error names both', async (t) => {
  const [frame] = new Sender().frames(batchOf('["a"]')) as [Buffer];
  t.throws(() => decode(frame, new BatchDecoder({ frames: 2, grouping: 1 })), {
    code: 'PB_LINK_VERSIONS',
    message: 'the other worker speaks frames 1 with grouping 1, this one frames 2 with grouping 1',
  });
  t.throws(() => decode(frame, new BatchDecoder({ frames: 1, grouping: 40_000 })), { code: 'PB_LINK_VERSIONS' });
  t.throws(() => decode(frame.subarray(0, 8), new BatchDecoder({ frames: 2, grouping: 1 })), { code: 'PB_LINK_VERSIONS' });
});

t.test('a source is spelled out once on a link, whichever object stands for it', async (t) => {
  const sender = new Sender();
  const again = batchOf('["a"]');
  again.tuples[0] = new Tuple({ ...SOURCE }, Values.fromText('["b"]'));
  const frames = [...sender.frames(batchOf('["a"]')), ...sender.frames(again)];
  t.same(
    frames.map((frame) => frame.includes('words')),
    [true, false],
  );
  const decoder = new BatchDecoder(VERSIONS);
  const [one, other] = frames.map((frame) => decode(frame, decoder).tuples[0]?.source);
  t.equal(one, other);
  t.same(one, SOURCE);
});

t.test(
  'frames end soon after LINK_FRAME_CHARS characters and LINK_FRAME_NUMBERS numbers, and hold many batches if these are small',
  async (t) => {
    const values = `["${'x'.repeat(1020)}"]`;
    const byChars = new Sender().frames(batchOf(...Array<string>(200).fill(values)));
    const decoder = new BatchDecoder(VERSIONS);
    t.same(
      byChars.map((frame) => decode(frame, decoder).tuples.length),
      [64, 64, 64, 8],
    );
    t.ok(Math.max(...byChars.map(({ length }) => length)) < LINK_FRAME_CHARS + 64 * 16 + 256);
    const byNumbers = new Sender().frames(batchOf(...Array<string>(LINK_FRAME_NUMBERS / 4 + 1).fill('[]')));
    t.equal(byNumbers.length, 2);
    t.equal(new Sender().frames(...Array.from({ length: 1000 }, () => batchOf('[1]'))).length, 1);
  },
);

t.test('a tuple of FRAME_CHARS_MAX characters of three bytes each fits LINK_FRAME_BYTES_MAX, and a longer one is left out', async (t) => {
  const sender = new Sender();
  const longest = '日'.repeat(FRAME_CHARS_MAX);
  const frames = sender.frames(batchOf('["before"]', longest, `${longest}x`, '["after"]'));
  t.ok(frames.every(({ length }) => length <= LINK_FRAME_BYTES_MAX));
  const decoder = new BatchDecoder(VERSIONS);
  const texts = frames.flatMap((frame) => decode(frame, decoder).tuples.map(({ values }) => values.text));
  t.same(
    texts.map(({ length }) => length),
    [10, FRAME_CHARS_MAX, 9],
  );
  t.ok(texts[1] === longest);
  t.match(sender.unsendable, [{ code: 'PB_LINK_TUPLE_UNSENDABLE', context: { component: 'words', task: 3 } }]);
});

t.test('a tuple whose values have no JSON is left out, and says why; arrays become text', async (t) => {
  const sender = new Sender();
  const batch = batchOf('["a"]', '["b"]', '["c"]');
  (batch.tuples[1] as Tuple).values = Values.fromArray([1n]);
  (batch.tuples[2] as Tuple).values = Values.fromArray(['日', 1.5, null]);
  const [frame] = sender.frames(batch) as [Buffer];
  t.same(
    decode(frame).tuples.map(({ values }) => values.text),
    ['["a"]', '["日",1.5,null]'],
  );
  t.match(sender.unsendable, [{ code: 'PB_LINK_TUPLE_UNSENDABLE', cause: TypeError }]);
});

t.test('a link that names more than LINK_SOURCES_MAX sources is of no use any more', async (t) => {
  const sender = new Sender();
  const batch = new Batch();
  for (let task = 0; task < LINK_SOURCES_MAX; task++) {
    batch.tasks.push(1);
    batch.tuples.push(new Tuple({ ...SOURCE, task }, Values.fromText('[]')));
  }
  const decoder = new BatchDecoder(VERSIONS);
  const frames = sender.frames(batch);
  t.equal(
    frames.reduce((sum, frame) => sum + decode(frame, decoder).tuples.length, 0),
    LINK_SOURCES_MAX,
  );
  const oneMore = batchOf('[]');
  oneMore.tuples[0] = new Tuple({ ...SOURCE, task: -1 }, Values.fromText('[]'));
  t.throws(() => sender.frames(oneMore), { code: 'PB_LINK_FRAME_INVALID' });
  const [other] = new Sender().frames(oneMore) as [Buffer];
  t.throws(() => decode(other, decoder), { code: 'PB_LINK_FRAME_INVALID', message: /more than 131072 sources/ });
});

interface Vector {
  readonly name: string;
  readonly batch: {
    readonly tuples: readonly {
      readonly task: number;
      readonly source: readonly [string, string, number, readonly string[]];
      readonly values: string;
      readonly roots: readonly number[];
    }[];
    readonly roots: readonly number[];
    readonly congestion: readonly number[];
  };
  readonly frame: string;
}

t.test(
  'the frames of multilang/link-frames.json are what this version writes and reads: a change of them needs a new version',
  async (t) => {
    const file = JSON.parse(readProjectFile('multilang', 'link-frames.json')) as {
      readonly version: number;
      readonly vectors: readonly Vector[];
    };
    t.equal(file.version, VERSIONS.frames);
    const sender = new Sender();
    const decoder = new BatchDecoder(VERSIONS);
    for (const { name, batch, frame } of file.vectors) {
      const made = new Batch();
      for (const { task, source, values, roots } of batch.tuples) {
        const [component, stream, from, fields] = source;
        const tuple = new Tuple(
          { component, stream, task: from, fields, head: tupleHead(component, stream, from) },
          Values.fromText(values),
        );
        tuple.rootCount = roots.length / 4;
        if (roots.length > 0)
          [tuple.rootHigh, tuple.rootLow, tuple.edgeHigh, tuple.edgeLow] = roots as unknown as [number, number, number, number];
        if (roots.length > 4) tuple.moreRoots = roots.slice(4);
        made.tasks.push(task);
        made.tuples.push(tuple);
      }
      made.roots.push(...batch.roots);
      made.congestion.push(...batch.congestion);
      const expected = contents([made]);
      t.same(
        sender.frames(made).map((each) => each.toString('hex')),
        [frame],
        name,
      );
      t.same(contents([decode(Buffer.from(frame, 'hex'), decoder)]), expected, name);
    }
  },
);
