import fc from 'fast-check';
import t from 'tap';
import { JSON_DEPTH_MAX } from '../../src/model/limits.js';
import { INVALID, skipBrackets, skipScalar, skipSpace, skipString, skipValue, TOO_DEEP } from '../../src/protocol/json-scan.js';

const SEED = 20_260_401;

/** Whether the text is one value and white space. */
function accepts(text: string): boolean {
  const end = skipValue(text, skipSpace(text, 0));
  return end >= 0 && skipSpace(text, end) === text.length;
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

t.test('every form of a JSON value ends where it ends', async (t) => {
  const values = [
    ...['0', '-0', '7', '-12', '3.25', '0.0', '1e5', '1E+05', '-2.5e-10', '9007199254740993', '1e400', '123456789012345678901234567890'],
    ...[
      'true',
      'false',
      'null',
      '""',
      '"a"',
      '"\\""',
      '"\\\\"',
      '"\\/\\b\\f\\n\\r\\t"',
      '"\\u00e9\\uD83D\\uDE00"',
      '"\u2028\u2029\u007f"',
      '"日本😀"',
    ],
    ...[
      '[]',
      '[ ]',
      '[1]',
      '[1,2]',
      '[ 1 , [ ] , { } ]',
      '{}',
      '{ }',
      '{"a":1}',
      '{ "a" : 1 , "b" : [ { } ] }',
      '[[[[]]]]',
      '{"":{"":{}}}',
      '["]","}"]',
    ],
  ];
  const wrong = values.filter((value) =>
    ['', ',', ']', '}', ' ', '\n'].some((behind) => skipValue(`${value}${behind}`, 0) !== value.length),
  );
  t.same(wrong, []);
  t.same(
    values.filter((value) => skipValue(`xx${value}`, 2) !== value.length + 2),
    [],
    'from the middle',
  );
});

t.test('ML-EM-21: NaN, Infinity and -Infinity are values wherever a value may stand', async (t) => {
  for (const token of ['NaN', 'Infinity', '-Infinity']) {
    t.equal(skipScalar(token, 0), token.length);
    t.equal(skipValue(`[1,${token},{"a":${token}}]`, 0), `[1,${token},{"a":${token}}]`.length);
  }
});

t.test('tokens that look like the non-finite ones are no values', async (t) => {
  for (const token of [
    'nan',
    'NAN',
    'Nan',
    '-NaN',
    '+Infinity',
    'infinity',
    'Inf',
    '-Inf',
    'Infinit',
    '--Infinity',
    '- Infinity',
    'undefined',
    '1.#INF',
  ]) {
    t.notOk(accepts(token), token);
    t.equal(skipValue(`[${token}]`, 0), INVALID, `[${token}]`);
  }
});

t.test('every form that JSON forbids is refused', async (t) => {
  const scalars = [
    '',
    '-',
    '+1',
    '01',
    '-01',
    '00',
    '1.',
    '.5',
    '-.5',
    '1e',
    '1e+',
    '1e-',
    '1.e5',
    '1.5.5',
    '0x10',
    '1_000',
    '--1',
    'tru',
    'TRUE',
    'True',
    'None',
    'nulll',
    "'a'",
    'a',
  ];
  const strings = [
    '"',
    '"a',
    '"a\\"',
    '"\\',
    '"\\x41"',
    '"\\u12"',
    '"\\u123g"',
    '"\\u"',
    '"\\U0041"',
    '"a\nb"',
    '"a\rb"',
    '"a\tb"',
    '"\u0000"',
    '"\u001f"',
    '"\\\n"',
  ];
  const arrays = ['[', ']', '[1', '[1,', '[1,]', '[,]', '[,1]', '[1,,2]', '[1 2]', '[1}', '[}', '[1;2]', '[[]', '[]]', '["a":1]', '[1,2'];
  const objects = [
    '{',
    '}',
    '{]',
    '{"a"',
    '{"a":',
    '{"a":1',
    '{"a":1,',
    '{"a":1,}',
    '{"a" 1}',
    '{"a",1}',
    '{a:1}',
    '{1:1}',
    '{"a":1 "b":2}',
    '{,}',
    '{"a"::1}',
    '{"a":}',
    '{"a":1]',
  ];
  const spaces = ['\u00a01', '\ufeff1', '\u000b1', '\u000c1', '\u20281', '1\u00a0'];
  const forbidden = [...scalars, ...strings, ...arrays, ...objects, ...spaces];
  t.same(forbidden.filter(parses), [], 'JSON.parse refuses them as well');
  t.same(forbidden.filter(accepts), []);
  const inside = forbidden.map((text) => `[${text}]`);
  t.same(inside.filter(accepts), inside.filter(parses), 'inside of an array');
});

t.test('escapes of lone surrogates are valid, as they are for JSON.parse', async (t) => {
  for (const text of ['"\\ud800"', '"\\udfff\\ud800"', '"a\\uDBFFb"', '["\\udc00"]']) t.ok(accepts(text) && parses(text), text);
});

t.test('a string ends at its first quote that is not escaped', async (t) => {
  t.equal(skipString('"a\\\\"b"', 0), 5);
  t.equal(skipString('"a\\\\\\"b"', 0), 8);
  t.equal(skipString('x"a"y', 1), 4);
  t.equal(skipString('"', 0), INVALID);
});

t.test('only the four white space characters of JSON are skipped', async (t) => {
  t.equal(skipSpace(' \t\r\n x', 0), 5);
  t.equal(skipSpace('x', 0), 0);
  t.equal(skipSpace('  ', 0), 2);
  t.equal(skipSpace('\u00a0', 0), 0);
});

const nested = (depth: number, open = '[', close = ']'): string => open.repeat(depth) + close.repeat(depth);

t.test('ML-EM-16: JSON_DEPTH_MAX levels of nesting pass and one more is TOO_DEEP', async (t) => {
  t.equal(JSON_DEPTH_MAX, 256);
  t.equal(skipValue(nested(256), 0), 512);
  t.equal(skipValue(nested(257), 0), TOO_DEEP);
  t.equal(skipValue(nested(256, '{"a":', '}').replace(':}', ':0}'), 0), 256 * 6 + 1);
  t.equal(skipValue(nested(257, '{"a":', '}').replace(':}', ':0}'), 0), TOO_DEEP);
  t.equal(skipValue(nested(1_000_000), 0), TOO_DEEP);
});

t.test('levels around a value count towards its depth, or one less does', async (t) => {
  t.equal(skipValue(nested(255), 0, 1), 510);
  t.equal(skipValue(nested(256), 0, 1), TOO_DEEP);
  t.equal(skipValue(nested(257), 0, -1), 514);
  t.equal(skipValue(nested(258), 0, -1), TOO_DEEP);
  t.equal(skipValue('[[1],{"a":[]}] ', 0, -1), 14);
});

t.test('skipBrackets finds the end of valid JSON of any depth', async (t) => {
  t.equal(skipBrackets(`${nested(1_000_000)},`, 0), 2_000_000);
  t.equal(skipBrackets('x[{"]":"\\"}"},[]]y', 1), 17);
});

t.test('any JSON text that JSON.parse takes is accepted, whatever its spaces', async (t) => {
  const spaced = fc
    .tuple(fc.json({ maxDepth: 6 }), fc.constantFrom('', ' ', '\n', '\r\n\t '))
    .map(([json, space]) => `${space}${json}${space}`);
  fc.assert(
    fc.property(spaced, (text) => accepts(text)),
    { seed: SEED, numRuns: 1500 },
  );
  const pretty = fc
    .tuple(fc.jsonValue({ maxDepth: 5 }), fc.integer({ min: 0, max: 4 }))
    .map(([value, indent]) => JSON.stringify(value, null, indent));
  fc.assert(
    fc.property(pretty, (text) => accepts(text)),
    { seed: SEED, numRuns: 1500 },
  );
  t.pass(`seed ${SEED}`);
});

t.test('a text is accepted exactly when JSON.parse accepts it, also after mutations', async (t) => {
  // Tokens that only this project takes are kept out: no N and no I.
  const piece = fc.constantFrom(...'[]{},:"\\ \n0159.-+eEtrufalsn', 'null', 'true', '"a"', '\\u', '\\n', '\u0001', 'é', '1e5', '{"a":');
  const mutated = fc
    .tuple(fc.json({ maxDepth: 4 }), fc.nat(), fc.nat(6), piece)
    .map(([json, at, cut, inserted]) => json.slice(0, at % (json.length + 1)) + inserted + json.slice((at % (json.length + 1)) + cut))
    .filter((text) => !/NaN|Infinity/.test(text));
  const soup = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
  let accepted = 0;
  fc.assert(
    fc.property(fc.oneof(mutated, soup), (text) => {
      if (accepts(text)) accepted++;
      return accepts(text) === parses(text);
    }),
    { seed: SEED, numRuns: 8000 },
  );
  t.ok(accepted > 200, `${accepted} of 8000 were JSON; seed ${SEED}`);
});

t.test('with the three tokens put in for null a text is accepted exactly when the one with null is', async (t) => {
  const token = fc.constantFrom('NaN', 'Infinity', '-Infinity');
  const withHoles = fc
    .array(fc.constantFrom('[', ']', ',', '@', '{"a":', '}', ' ', '1'), { maxLength: 10 })
    .map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(withHoles, token, (text, put) => accepts(text.replaceAll('@', put)) === parses(text.replaceAll('@', 'null'))),
    { seed: SEED, numRuns: 5000 },
  );
  t.pass(`seed ${SEED}`);
});
