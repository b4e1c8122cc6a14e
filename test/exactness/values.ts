/** Values that parsers and writers are known to change. Invariant: each is one JSON array as a component may write it, with what has to arrive where that differs. */

/** Text as it is written, and as it arrives. */
export interface Written {
  readonly text: string;
  readonly arrives: string;
}

const SAME: readonly string[] = [
  '[1.0]',
  '[1.10]',
  '[1e2]',
  '[1E+2]',
  '[-0]',
  '[-0.0]',
  '[1e400]',
  '[-1e-400]',
  '[9007199254740993]',
  '[1180591620717411303424]',
  '[1180591620717411303425]',
  '[0.1000000000000000055511151231257827]',
  '[NaN]',
  '[Infinity]',
  '[-Infinity]',
  '[[NaN,{"a":-Infinity}]]',
  '["\u2028\u2029"]',
  '["\\u2028"]',
  '["\\ud800"]',
  '["\\udc00\\ud800"]',
  '["\\u0000"]',
  '["\u007f\u0080\ufeff\uffff"]',
  '["caf\u00e9 \u{1f600} \\u00e9"]',
  '["\\nend\\n"]',
  '["{\\"command\\":\\"ack\\",\\"id\\":\\"1\\"}\\nend\\n"]',
  '["\\/ \\u002f /"]',
  '["\\"tuple\\":[1]"]',
  '[{"tuple":[1],"command":"fail"}]',
  '[{"b":1,"a":2,"b":3}]',
  '[ "spaces" ]',
  '[\t"tab"\t]',
  '[null]',
  '[""]',
  '[[]]',
  '[{}]',
];

function deep(levels: number): string {
  return '['.repeat(levels) + ']'.repeat(levels);
}

export const WRITTEN: readonly Written[] = [
  ...SAME.map((text) => ({ text, arrives: text })),
  { text: deep(256), arrives: deep(256) },
  { text: `["${'0123456789abcdef'.repeat(65_536)}"]`, arrives: `["${'0123456789abcdef'.repeat(65_536)}"]` },
  { text: '[\n  {\n    "a": 1.0,\r\n    "b": "x\\ny"\n  }\n]', arrives: '[   {     "a": 1.0,      "b": "x\\ny"   } ]' },
  { text: '[\n\n1e2\n\n]', arrives: '[  1e2  ]' },
];

/** Arrays that are not JSON, as bytes in latin-1, and what an error has to quote of them. */
export const INVALID: readonly { readonly bytes: string; readonly quote: string }[] = [
  { bytes: '[01]', quote: '[01]' },
  { bytes: '[1.]', quote: '[1.]' },
  { bytes: '[.5]', quote: '[.5]' },
  { bytes: '[+1]', quote: '[+1]' },
  { bytes: '[0x1f]', quote: '[0x1f]' },
  { bytes: '[nan]', quote: '[nan]' },
  { bytes: '[True]', quote: '[True]' },
  { bytes: '[undefined]', quote: '[undefined]' },
  { bytes: "['single']", quote: "['single']" },
  { bytes: '[1,]', quote: '[1,]' },
  { bytes: '["a" "b"]', quote: '["a" "b"]' },
  { bytes: '["\\x41"]', quote: '["\\x41"]' },
  { bytes: '["\\ud8"]', quote: '["\\ud8"]' },
  { bytes: '["raw\nbreak"]', quote: 'raw\nbreak' },
  { bytes: '["raw\ttab"]', quote: 'raw\ttab' },
  { bytes: '["open]', quote: '["open]' },
  { bytes: '[1]]', quote: '[1]]' },
  { bytes: '["caf\xe9"]', quote: 'caf\ufffd' },
  { bytes: '["\xed\xa0\x80"]', quote: '"\ufffd' },
];
