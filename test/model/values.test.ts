/** Values: text and array, each made from the other when it is needed, and the tokens that JSON does not have. */
import t from 'tap';
import { parseValues, Values, withoutNonFinite } from '../../src/model/values.js';

t.test('values keep the text they came with, and are parsed when somebody looks', async (t) => {
  const values = Values.fromText('[1.0, "a",{"b":1e400}]');
  t.equal(values.text, '[1.0, "a",{"b":1e400}]');
  t.strictSame(values.array, [1, 'a', { b: Number.POSITIVE_INFINITY }]);
  t.ok(Object.isFrozen(values.array));
  t.equal(values.text, '[1.0, "a",{"b":1e400}]', 'looking changes nothing');
});

t.test('values from an array are written when somebody needs text', async (t) => {
  const values = Values.fromArray([1, 'a', null]);
  t.equal(values.hasText, false);
  t.equal(values.text, '[1,"a",null]');
  t.equal(values.hasText, true);
});

t.test('detached values keep their text', async (t) => {
  const chunk = `${'x'.repeat(1000)}["a text that is longer than a slice",1]`;
  const values = Values.fromText(chunk.slice(1000));
  values.detach();
  t.equal(values.text, '["a text that is longer than a slice",1]');
});

for (const [text, array, without] of [
  ['[NaN]', [Number.NaN], '[null]'],
  ['[Infinity,-Infinity]', [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY], '[null,null]'],
  ['["NaN",NaN]', ['NaN', Number.NaN], '["NaN",null]'],
  ['["a\\"NaN",{"NaN":[NaN]}]', ['a"NaN', { NaN: [Number.NaN] }], '["a\\"NaN",{"NaN":[null]}]'],
  ['["\\\\",NaN]', ['\\', Number.NaN], '["\\\\",null]'],
  ['["-Infinity"]', ['-Infinity'], '["-Infinity"]'],
] as const) {
  t.test(`ML-EM-21: ${text} is read as it is meant and can be given without tokens that are no JSON`, async (t) => {
    t.strictSame(parseValues(text), array);
    t.equal(withoutNonFinite(text), without);
  });
}

t.test('a string of many million characters beside a NaN is read', async (t) => {
  const long = `${'\\"x'.repeat(4_000_000)}`;
  const [text, token] = parseValues(`["${long}",NaN]`) as [string, number];
  t.equal(text.length, 8_000_000);
  t.ok(Number.isNaN(token));
});
