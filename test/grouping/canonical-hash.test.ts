import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { GROUPING_HASH_VERSION, hashFields, hashTextFields } from '../../src/grouping/canonical-hash.js';
import { WordHash } from '../../src/grouping/word-hash.js';
import { Values } from '../../src/model/values.js';

/** Any UTF-16 unit, lone surrogates among them, and more often those that JSON treats specially. */
const anyUnit = fc.oneof(
  fc.nat(0xffff).map((unit) => String.fromCharCode(unit)),
  fc.constantFrom('"', '\\', '/', '\n', '\u0000', ']', '}', 'a', '😀'),
);

const hashText = (text: string): number => hashTextFields(text, [0]);
const hashArray = (...array: unknown[]): number => hashFields(Values.fromArray(array), [0]);

t.test('WordHash is MurmurHash3_x86_32: its published answers for no words and for one', async (t) => {
  const hash = new WordHash();
  t.equal(hash.finish(), 0);
  hash.add(0x87654321);
  t.equal(hash.finish(), 0xf55b516b);
  hash.restart();
  t.equal(hash.finish(), 0);
});

t.test('every example of multilang/grouping-hash.json hashes as it says', async (t) => {
  const file = JSON.parse(readFileSync('multilang/grouping-hash.json', 'utf8')) as {
    version: number;
    vectors: { values: string; fields: number[]; hash: number }[];
  };
  t.equal(file.version, GROUPING_HASH_VERSION);
  t.ok(file.vectors.length >= 60, `${file.vectors.length} examples`);
  t.same(
    file.vectors.map(({ values, fields }) => ({ values, fields, hash: hashTextFields(values, fields) })),
    file.vectors,
  );
});

t.test('a few hashes stand here as well, so that file and code cannot drift together', async (t) => {
  t.equal(hashText('["whale"]'), 1577877068);
  t.equal(hashText('[42]'), 344793462);
  t.equal(hashText('[null]'), 82754377);
  t.equal(hashText('[{"b":2,"a":1}]'), 1336521680);
});

t.test('numbers of one decimal value are one key, however they are written', async (t) => {
  for (const spellings of [
    ['1', '1.0', '1e0', '1E+0', '10e-1', '0.1e1', '1.000', '100000e-5'],
    ['0', '-0', '0.0', '-0.00e7', '0e-99999999999999999999'],
    ['100', '1e2', '1.00E2', '10e+1', '0.0001e6'],
    ['-12.5', '-125e-1', '-0.125e2', '-12.50'],
    ['1e400', '10e399', '0.01e402'],
    ['1180591620717411303424', '1180591620717411303424.0', '1180591620717411303424e0', '1.180591620717411303424e21'],
    ['1e100000000000000', '1e100000000000001', '7e99999999999999999999'.replace('7', '1')],
  ]) {
    const [first = 0, ...others] = spellings.map((spelling) => hashText(`[${spelling}]`));
    for (const [index, other] of others.entries()) t.equal(other, first, `${spellings[0]} and ${spellings[index + 1]}`);
  }
});

t.test('values that differ are different keys, neighbours of 2^53 and 2^70 and things that look alike included', async (t) => {
  const texts = ['0', '1', '-1', '10', '100', '12', '21', '0.1', '1.5', '15', '9007199254740992', '9007199254740993', '1e400', '1e-400'];
  texts.push(
    '1180591620717411303424',
    '1180591620717411303425',
    '1e401',
    '-1e400',
    'NaN',
    'Infinity',
    '-Infinity',
    'null',
    'true',
    'false',
  );
  texts.push('"1"', '"null"', '"true"', '""', '"0"', '[]', '{}', '[[]]', '[1]', '["1"]', '[1,2]', '[12]', '[[1],2]', '[1,[2]]', '[{}]');
  texts.push(
    '{"a":1}',
    '{"a":2}',
    '{"b":1}',
    '{"a":"1"}',
    '{"a":1,"b":1}',
    '{"a":{"b":1}}',
    '{"":1}',
    '"\\ud800"',
    '"\\udc00"',
    '"\\ufffd"',
  );
  const hashes = new Map(texts.map((text) => [hashText(`[${text}]`), text]));
  t.equal(hashes.size, texts.length);
});

t.test('values that are text are never parsed into doubles', async (t) => {
  t.not(hashFields(Values.fromText('[9007199254740993]'), [0]), hashFields(Values.fromText('[9007199254740992]'), [0]));
  const parsed = Values.fromText('[9007199254740993]');
  t.same(parsed.array, [9007199254740992]);
  t.equal(hashFields(parsed, [0]), hashText('[9007199254740993]'), 'having been looked at as an array changes nothing');
});

t.test('strings are one key whether their characters are escaped or not, lone surrogates too', async (t) => {
  t.equal(hashText('["\\u0077h\\u0061le"]'), hashText('["whale"]'));
  t.equal(hashText('["\\/\\b\\f\\n\\r\\t\\"\\\\"]'), hashText('["/\\u0008\\u000c\\u000A\\u000d\\u0009\\u0022\\u005C"]'));
  t.equal(hashText('["\\ud83d\\ude00"]'), hashText('["😀"]'));
  t.equal(hashText('["\\uD800x"]'), hashText('["\ud800x"]'));
  t.equal(hashText('["\\uD800x"]'), hashArray('\ud800x'));
});

t.test('object members count by name and value, not by order; of two with one name the last counts', async (t) => {
  t.equal(hashText('[{"a":1,"b":[2]}]'), hashText('[ { "b" : [ 2.0 ] , "\\u0061" : 1e0 } ]'));
  t.equal(hashText('[{"a":7,"b":2,"a":1}]'), hashText('[{"b":2,"a":1}]'));
  t.equal(hashText('[{"__proto__":1}]'), hashText('[{"__proto__":2,"__proto__":1}]'));
});

t.test('an array hashes as the JSON text that it would be sent as', async (t) => {
  class Point {
    toJSON(): unknown {
      return { x: 1 };
    }
  }
  const cases: [value: unknown, text: string][] = [
    [-0, '0'],
    [Number.NaN, 'null'],
    [Number.NEGATIVE_INFINITY, 'null'],
    [undefined, 'null'],
    [() => 1, 'null'],
    [2 ** 70, '1180591620717411300000'],
    [1e21, '1e21'],
    [1e-7, '0.0000001'],
    [2 ** 31, '2147483648'],
    [-(2 ** 31), '-2147483648'],
    [-1200, '-12e2'],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
    [new Point(), '{"x":1}'],
    [{ b: undefined, a: [undefined] }, '{"a":[null]}'],
  ];
  for (const [value, text] of cases) t.equal(hashArray(value), hashText(`[${text}]`), text);
  t.throws(() => hashArray(1n), TypeError);
});

t.test('fields are taken in the order of the grouping, wherever they stand', async (t) => {
  const text = ` [ "skipped \\" ] , [" , { "k\\\\" : ["]}", 1] } , "whale" , 7 , "${'\\"x'.repeat(30)}\\\\" , true ] `;
  const one = (value: string, ...more: string[]): number =>
    hashTextFields(`[${[value, ...more].join(',')}]`, [0, 1, 2].slice(0, 1 + more.length));
  t.equal(hashTextFields(text, [2]), one('"whale"'));
  t.equal(hashTextFields(text, [5]), one('true'));
  t.equal(hashTextFields(text, [2, 3]), one('"whale"', '7'));
  t.equal(hashTextFields(text, [3, 2]), one('7', '"whale"'));
  t.equal(hashTextFields(text, [5, 2, 5]), one('true', '"whale"', 'true'));
  t.not(hashTextFields(text, [2, 3]), hashTextFields(text, [3, 2]));
  t.not(hashTextFields('["ab",""]', [0, 1]), hashTextFields('["","ab"]', [0, 1]));
  t.not(hashTextFields('[1,23]', [0, 1]), hashTextFields('[12,3]', [0, 1]));
});

t.test('a field that is not there is our own mistake, not a hash', async (t) => {
  t.throws(() => hashTextFields('[]', [0]), /assertion failed/);
  t.throws(() => hashTextFields('[1]', [1]), /assertion failed/);
  t.throws(() => hashTextFields('[1,2]', [1, 2]), /assertion failed/);
  t.throws(() => hashTextFields('[1,2]', [0, 1, 2]), /assertion failed/);
});

t.test('a key nested 256 deep is hashed, one nested deeper is refused', async (t) => {
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
  t.type(hashText(nested(256)), 'number');
  t.throws(() => hashText(nested(257)), { code: 'PB_VALUES_INVALID' });
  t.throws(() => hashText(`[${'{"a":'.repeat(256)}1${'}'.repeat(256)}]`), { code: 'PB_VALUES_INVALID' });
});

t.test('property: text and array of any JSON value hash alike, spelled plainly or oddly', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue({ stringUnit: anyUnit }), { minLength: 1 }), fc.infiniteStream(fc.nat(9)), (array, dice) => {
      const fields = array.map((_, index) => index);
      const expected = hashFields(Values.fromArray(array), fields);
      const odd = spellOddly(array, dice);
      const reversed = [...fields].reverse();
      return (
        hashTextFields(JSON.stringify(array), fields) === expected &&
        hashTextFields(odd, fields) === expected &&
        hashTextFields(odd, reversed) === hashFields(Values.fromArray(array), reversed)
      );
    }),
    { numRuns: 500 },
  );
  t.pass();
});

t.test('property: a decimal number is one key wherever its point stands and whatever zeros it has', async (t) => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 1n, max: 10n ** 40n }),
      fc.integer({ min: -50, max: 50 }),
      fc.nat(20),
      fc.nat(60),
      (digits, power, zeros, shift) => {
        const plain = hashText(`[${digits}e${power}]`);
        const padded = hashText(`[${digits}${'0'.repeat(zeros)}E${power - zeros}]`);
        const small = hashText(`[0.${'0'.repeat(shift)}${digits}e${power + shift + String(digits).length}]`);
        return (
          plain === padded &&
          plain === small &&
          plain !== hashText(`[${digits + 1n}e${power}]`) &&
          plain !== hashText(`[-${digits}e${power}]`)
        );
      },
    ),
    { numRuns: 300 },
  );
  t.pass();
});

t.test('each bit of a key sways each bit of the hash about half of the time', async (t) => {
  const trials = 2000;
  const flips = new Uint32Array(32);
  for (let trial = 0; trial < trials; trial++) {
    const one = hashText(`["key-${trial}-a"]`);
    const other = hashText(`["key-${trial}-${String.fromCharCode(0x61 ^ (1 << (trial % 4)))}"]`);
    for (let bit = 0; bit < 32; bit++) if (((one ^ other) >>> bit) & 1) flips[bit] = (flips[bit] as number) + 1;
  }
  for (const [bit, count] of flips.entries()) t.ok(count > 0.45 * trials && count < 0.55 * trials, `bit ${bit}: ${count} of ${trials}`);
});

t.test('words, numbered names and integers spread evenly over any number of tasks', async (t) => {
  const kinds: ((index: number) => string)[] = [
    (index) => `[${index}]`,
    (index) => `[${index * 1000}]`,
    (index) => `["user-${index}"]`,
    (index) => `["${index.toString(2)}"]`,
    (index) => `[[${index % 100},${Math.floor(index / 100)}]]`,
  ];
  for (const [kind, keyOf] of kinds.entries()) {
    for (const tasks of [2, 3, 7, 16, 100]) {
      const counts = new Array<number>(tasks).fill(0);
      for (let index = 0; index < 10_000; index++) {
        const task = hashText(keyOf(index)) % tasks;
        counts[task] = (counts[task] as number) + 1;
      }
      const expected = 10_000 / tasks;
      const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
      // Mean tasks - 1, variance twice that: five deviations above the mean would be a broken hash.
      t.ok(chiSquare < tasks - 1 + 5 * Math.sqrt(2 * (tasks - 1)), `kind ${kind} over ${tasks} tasks: ${chiSquare.toFixed(1)}`);
    }
  }
});

/** Writes a JSON value with spaces, escapes, shuffled and doubled members and other spellings of numbers, as the dice fall. */
function spellOddly(value: unknown, dice: Iterator<number>): string {
  const roll = (): number => dice.next().value as number;
  const space = (): string => ['', ' ', '\t', '  '][roll() % 4] as string;
  if (typeof value === 'number') return roll() < 5 ? spellNumber(value, roll()) : JSON.stringify(value);
  if (typeof value === 'string') {
    const escaped = [...Array(value.length).keys()].map((at) => {
      const unit = value.charCodeAt(at);
      const surrogate = unit >= 0xd800 && unit < 0xe000;
      if (roll() < 3 || surrogate || unit < 0x20) return `\\u${unit.toString(16).padStart(4, '0')}`;
      return JSON.stringify(value[at]).slice(1, -1);
    });
    return `"${escaped.join('')}"`;
  }
  if (Array.isArray(value))
    return `${space()}[${space()}${value.map((item) => spellOddly(item, dice)).join(`${space()},${space()}`)}]${space()}`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, item]) => [
    name,
    `${space()}${spellOddly(name, dice)}${space()}:${space()}${spellOddly(item, dice)}`,
  ]);
  const doubled = roll() < 3 ? members.map(([name]) => `${JSON.stringify(name)}:[0,{"x":"}"}]`) : [];
  const ordered = members.map(([, text]) => text as string);
  return `{${[...doubled, ...(roll() < 5 ? ordered.reverse() : ordered)].join(`${space()},`)}${space()}}`;
}

function spellNumber(value: number, zeros: number): string {
  const [mantissa = '', power = '0'] = String(value === 0 ? 0 : value).split('e');
  const point = mantissa.includes('.') ? '' : '.0';
  return `${mantissa}${point}${'0'.repeat(zeros)}E${power.startsWith('-') ? power : `+${power.replace('+', '')}`}`;
}
