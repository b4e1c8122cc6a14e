import t from 'tap';
import { ComponentDecoder } from '../../src/protocol/component-decoder.js';
import { byteByByte, type Call, decode, decodeChunks, decodeFrames, emit, printable, Recorder } from './recorder.js';

/** Messages, one a line, and what a handler is told of each. */
function table(title: string, rows: readonly (readonly [message: string, call: Call])[]): void {
  t.test(title, async (t) => {
    for (const [message, call] of rows) t.strictSame(decodeFrames(message), [call], printable(message));
    t.strictSame(
      decodeFrames(...rows.flatMap(([message]) => [message, message])),
      rows.flatMap(([, call]) => [call, call]),
      'all of them in a row, each twice',
    );
  });
}

table('ML-EM-01: an emit hands over its values as written, and how many they are', [
  ['{"command":"emit","tuple":["cow"]}', emit('["cow"]', 1)],
  ['{"command":"emit","tuple":[]}', emit('[]', 0)],
  ['{"command":"emit","tuple":[ ]}', emit('[ ]', 0)],
  ['{"command":"emit","tuple":[ 1 , [2,3] , {"a":[4,5]} , "[6,7]" ]}', emit('[ 1 , [2,3] , {"a":[4,5]} , "[6,7]" ]', 4)],
  ['{"command": "emit", "tuple": [null, true, false]}', emit('[null, true, false]', 3)],
]);

table('ML-EM-20: values keep the characters they were written with', [
  [
    '{"command":"emit","tuple":[1.0,1e400,9007199254740993,1180591620717411303424,-0,1E+2]}',
    emit('[1.0,1e400,9007199254740993,1180591620717411303424,-0,1E+2]', 6),
  ],
  ['{"command":"emit","tuple":["\\u00e9\\/\\ud800","\u2028","é日😀"]}', emit('["\\u00e9\\/\\ud800","\u2028","é日😀"]', 3)],
  ['{"command":"emit","tuple":["a\\nend\\nb"]}', emit('["a\\nend\\nb"]', 1)],
  ['{"command":"emit","tuple":["\\"tuple\\":[1]",{"tuple":[2]},"\\\\"]}', emit('["\\"tuple\\":[1]",{"tuple":[2]},"\\\\"]', 3)],
]);

table('ML-EM-21: NaN, Infinity and -Infinity are handed on as they are', [
  ['{"command":"emit","tuple":[NaN,Infinity,-Infinity,"NaN"]}', emit('[NaN,Infinity,-Infinity,"NaN"]', 4)],
]);

t.test('ML-EM-20: line breaks between the tokens of a pretty-printed emit become spaces', async (t) => {
  const pretty = '{\n  "command": "emit",\r\n  "anchors": [\n    "7"\n  ],\n  "tuple": [\n    "a\\nb",\r\n    {\n"k": 1\n}\n  ]\n}';
  t.strictSame(decodeFrames(pretty, pretty), [
    emit('[     "a\\nb",      { "k": 1 }   ]', 2, { anchors: [7] }),
    emit('[     "a\\nb",      { "k": 1 }   ]', 2, { anchors: [7] }),
  ]);
});

t.test('ML-FR-02: the id of a pretty-printed emit is one line as well, since it is sent back', async (t) => {
  const pretty = '{"command":"emit","id":{\n"line":\r\n3},"tuple":[1]}';
  t.strictSame(decodeFrames(pretty, pretty), [emit('[1]', 1, { id: '{ "line":  3}' }), emit('[1]', 1, { id: '{ "line":  3}' })]);
});

table('ML-EM-02: a stream that is absent or null is the default one', [
  ['{"command":"emit","stream":null,"tuple":[1]}', emit('[1]', 1)],
  ['{"command":"emit","stream":"default","tuple":[1]}', emit('[1]', 1)],
  ['{"command":"emit","stream":"errors","tuple":[1]}', emit('[1]', 1, { stream: 'errors' })],
  ['{"command":"emit","stream":"","tuple":[1]}', emit('[1]', 1, { stream: '' })],
  ['{"command":"emit","stream":"\\u0065rr\\"\\\\","tuple":[1]}', emit('[1]', 1, { stream: 'err"\\' })],
  ['{"command":"emit","tuple":[1],"stream":"err日"}', emit('[1]', 1, { stream: 'err日' })],
]);

table('ML-EM-03: a task that is absent, null or 0 is a grouped emit, another number a direct one', [
  ['{"command":"emit","task":null,"tuple":[1]}', emit('[1]', 1)],
  ['{"command":"emit","task":0,"tuple":[1]}', emit('[1]', 1)],
  ['{"command":"emit","task":7,"tuple":[1]}', emit('[1]', 1, { task: 7 })],
  ['{"command":"emit","tuple":[1],"task": 12 }', emit('[1]', 1, { task: 12 })],
]);

table('ML-EM-04: task ids are wanted unless need_task_ids is false', [
  ['{"command":"emit","need_task_ids":true,"tuple":[1]}', emit('[1]', 1)],
  ['{"command":"emit","need_task_ids":null,"tuple":[1]}', emit('[1]', 1)],
  ['{"command":"emit","need_task_ids":false,"tuple":[1]}', emit('[1]', 1, { needTaskIds: false })],
  ['{"command":"emit","tuple":[1],"need_task_ids": false}', emit('[1]', 1, { needTaskIds: false })],
]);

table('ML-EM-10: anchors are a string, a list, an empty list, null or nothing', [
  ['{"command":"emit","anchors":"12","tuple":[1]}', emit('[1]', 1, { anchors: [12] })],
  ['{"command":"emit","anchors":["12"],"tuple":[1]}', emit('[1]', 1, { anchors: [12] })],
  ['{"command":"emit","anchors":[ "12" , "3" ],"tuple":[1]}', emit('[1]', 1, { anchors: [12, 3] })],
  ['{"command":"emit","anchors":[12],"tuple":[1]}', emit('[1]', 1, { anchors: [12] })],
  ['{"command":"emit","anchors":[],"tuple":[1]}', emit('[1]', 1)],
  ['{"command":"emit","anchors":[ ],"tuple":[1]}', emit('[1]', 1)],
  ['{"command":"emit","anchors":null,"tuple":[1]}', emit('[1]', 1)],
  ['{"command":"emit","tuple":[1],"anchors":["12"]}', emit('[1]', 1, { anchors: [12] })],
  ['{"command":"emit","anchors":["\\u0031\\u0032"],"tuple":[1]}', emit('[1]', 1, { anchors: [12] })],
]);

table('ML-EM-12: an anchor that is no id of ours is handed over as -1', [
  ['{"command":"emit","anchors":["x"],"tuple":[1]}', emit('[1]', 1, { anchors: [-1] })],
  ['{"command":"emit","anchors":["x5"],"tuple":[1]}', emit('[1]', 1, { anchors: [-1] })],
  ['{"command":"emit","anchors":["5x"],"tuple":[1]}', emit('[1]', 1, { anchors: [-1] })],
  ['{"command":"emit","anchors":[""],"tuple":[1]}', emit('[1]', 1, { anchors: [-1] })],
  ['{"command":"emit","anchors":"","tuple":[1]}', emit('[1]', 1, { anchors: [-1] })],
  ['{"command":"emit","anchors":["-7"],"tuple":[1]}', emit('[1]', 1, { anchors: [-1] })],
  ['{"command":"emit","anchors":["007"],"tuple":[1]}', emit('[1]', 1, { anchors: [-1] })],
  ['{"command":"emit","anchors":["7.0"],"tuple":[1]}', emit('[1]', 1, { anchors: [-1] })],
  ['{"command":"emit","anchors":["9007199254740991"],"tuple":[1]}', emit('[1]', 1, { anchors: [9007199254740991] })],
  ['{"command":"emit","anchors":["9007199254740993"],"tuple":[1]}', emit('[1]', 1, { anchors: [-1] })],
  ['{"command":"emit","anchors":["99999999999999999999999999"],"tuple":[1]}', emit('[1]', 1, { anchors: [-1] })],
  [
    '{"command":"emit","anchors":["1",null,true,["2"],{"a":"3"},4.5,"\\ud800"],"tuple":[1]}',
    emit('[1]', 1, { anchors: [1, -1, -1, -1, -1, -1, -1] }),
  ],
]);

table('ML-SP-10: the id of a spout is kept as the JSON it was written in', [
  ['{"command":"emit","id":17,"tuple":[1]}', emit('[1]', 1, { id: '17' })],
  ['{"command":"emit","id":1.0,"tuple":[1]}', emit('[1]', 1, { id: '1.0' })],
  ['{"command":"emit","id":1180591620717411303424,"tuple":[1]}', emit('[1]', 1, { id: '1180591620717411303424' })],
  ['{"command":"emit","id":"m-1\\u00e9","tuple":[1]}', emit('[1]', 1, { id: '"m-1\\u00e9"' })],
  ['{"command":"emit","id":{"file":"a","line":3},"tuple":[1]}', emit('[1]', 1, { id: '{"file":"a","line":3}' })],
  ['{"command":"emit","id":[1,[2]],"tuple":[1]}', emit('[1]', 1, { id: '[1,[2]]' })],
  ['{"command":"emit","id":true,"tuple":[1]}', emit('[1]', 1, { id: 'true' })],
  ['{"command":"emit","tuple":[1],"id":"last"}', emit('[1]', 1, { id: '"last"' })],
  ['{"command":"emit","id":5,"anchors":["6"],"tuple":[1]}', emit('[1]', 1, { id: '5', anchors: [6] })],
  ['{"command":"emit","id":5,"anchors":["6","7"],"tuple":[1]}', emit('[1]', 1, { id: '5', anchors: [6, 7] })],
]);

table('ML-SP-11: only an id that is absent or null is none', [
  ['{"command":"emit","id":1,"tuple":[1]}', emit('[1]', 1, { id: '1' })],
  ['{"command":"emit","id":null,"tuple":[1]}', emit('[1]', 1)],
  ['{"command":"emit","id":0,"tuple":[1]}', emit('[1]', 1, { id: '0' })],
  ['{"command":"emit","id":"","tuple":[1]}', emit('[1]', 1, { id: '""' })],
  ['{"command":"emit","id":false,"tuple":[1]}', emit('[1]', 1, { id: 'false' })],
  ['{"command":"emit","tuple":[1]}', emit('[1]', 1)],
]);

table('acks and fails name a tuple by its id, a string or a number', [
  ['{"command":"ack","id":"12"}', ['ack', 12]],
  ['{"command":"ack","id":"0"}', ['ack', 0]],
  ['{"command": "ack", "id": "12"}', ['ack', 12]],
  ['{"id":"13","command":"ack"}', ['ack', 13]],
  ['{"command":"ack","id":12}', ['ack', 12]],
  ['{"command":"fail","id":"12"}', ['fail', 12]],
  ['{"id":12,"command":"fail"}', ['fail', 12]],
]);

table('ML-BO-07: an id that the host never gave is handed over as -1', [
  ['{"command":"ack","id":"12"}', ['ack', 12]],
  ['{"command":"ack","id":"x"}', ['ack', -1]],
  ['{"command":"ack","id":""}', ['ack', -1]],
  ['{"command":"ack","id":null}', ['ack', -1]],
  ['{"command":"ack","id":{}}', ['ack', -1]],
  ['{"command":"ack","id":"012"}', ['ack', -1]],
  ['{"command":"ack","id":-12}', ['ack', -1]],
  ['{"command":"ack","id":12.0}', ['ack', -1]],
  ['{"command":"ack","id":"-6955786537413359385"}', ['ack', -1]],
  ['{"command":"fail","id":"x"}', ['fail', -1]],
  ['{"command":"fail","id":""}', ['fail', -1]],
]);

table('ML-FR-12: unknown keys are ignored and the order of keys does not matter', [
  ['{"tuple":[1],"command":"emit"}', emit('[1]', 1)],
  [
    '{"tuple":[1],"stream":"s","anchors":["4"],"need_task_ids":false,"command":"emit"}',
    emit('[1]', 1, { stream: 's', anchors: [4], needTaskIds: false }),
  ],
  ['{"x":{"command":"ack","id":"9"},"command":"emit","y":[["tuple"]],"tuple":[1],"tuples":[2],"Tuple":[3]}', emit('[1]', 1)],
  ['{"command":"sync","x":null}', ['sync']],
  ['{"ids":"1","id":"2","command":"ack"}', ['ack', 2]],
]);

table('keys and commands may be written with escapes, as any JSON string may', [
  ['{"\\u0063ommand":"emit","tupl\\u0065":[1]}', emit('[1]', 1)],
  ['{"command":"\\u0065mit","tuple":[1]}', emit('[1]', 1)],
  ['{"command":"ac\\u006b","\\u0069d":"\\u0035"}', ['ack', 5]],
  ['{"command":"emit","tuple":[1],"tupl\\\\u0065":[2],"\\n\\"":3}', emit('[1]', 1)],
]);

table('of a key that is given twice the last counts', [
  ['{"command":"ack","command":"emit","tuple":[1],"tuple":[2]}', emit('[2]', 1)],
  ['{"command":"emit","anchors":["1"],"anchors":["2"],"tuple":[1]}', emit('[1]', 1, { anchors: [2] })],
  ['{"command":"emit","anchors":["1"],"tuple":[1],"anchors":[]}', emit('[1]', 1)],
  ['{"command":"emit","tuple":5,"tuple":[1,2]}', emit('[1,2]', 2)],
  ['{"command":"ack","id":"1","id":"2"}', ['ack', 2]],
]);

table('ML-FR-04: blank lines, CR LF and spaces around and within a message are accepted', [
  ['\n\n{"command":"ack","id":"1"}\n', ['ack', 1]],
  ['{"command":"ack","id":"1"}\r', ['ack', 1]],
  ['\t{ "command"\t:\n"sync"\n}  \n', ['sync']],
  ['\r\n{"command":\r\n"emit","tuple":[1]}\r\n\r', emit('[1]', 1)],
]);

t.test('ML-FR-04: a stream with CR LF throughout reads like one without', async (t) => {
  const text = '{"command":"emit","anchors":["1"],"tuple":["a"]}\nend\n{"command":"ack","id":"1"}\nend\n{"command":"sync"}\nend\n'.repeat(
    3,
  );
  t.strictSame(decode(text.replaceAll('\n', '\r\n')), decode(text));
  t.equal(decode(text).length, 9);
});

t.test('ML-FR-06: a conversation gives the same calls byte by byte and at every split point', async (t) => {
  const bytes = Buffer.from(
    '{"pid":77}\nend\nprint 日\n{"command":"emit","anchors":["1"],"tuple":["日😀"]}\nend\n{"command":"ack","id":"1"}\r\nend\r\n\n{"command":"sync"}\n\nend\n{"command":"log","msg":"é"}\nend\n',
  );
  const calls: Call[] = [
    ['pid', 77],
    ['stray', 'print 日'],
    emit('["日😀"]', 1, { anchors: [1] }),
    ['ack', 1],
    ['sync'],
    ['log', 'info', 'é'],
  ];
  t.strictSame(decodeChunks([bytes]), calls);
  t.strictSame(decodeChunks(byteByByte(bytes)), calls);
  const wrong: number[] = [];
  for (let at = 1; at < bytes.length; at++)
    if (JSON.stringify(decodeChunks([bytes.subarray(0, at), bytes.subarray(at)])) !== JSON.stringify(calls)) wrong.push(at);
  t.same(wrong, []);
});

t.test('a 1 MB string comes out as it went in', async (t) => {
  const values = `["${'é\\n'.repeat(350_000)}",1.0]`;
  const bytes = Buffer.from(`{"command":"emit","tuple":${values}}\nend\n`);
  const chunks = Array.from({ length: Math.ceil(bytes.length / 16_384) }, (_, i) => bytes.subarray(i * 16_384, (i + 1) * 16_384));
  const [call, ...others] = decodeChunks(chunks);
  t.ok(call?.[1] === values);
  t.same([call?.[2], others], [2, []]);
});

t.test('runs of like emits, of every shape a component may use, are told apart from one that differs', async (t) => {
  const like = [
    '{"command":"emit","anchors":["@"],"tuple":["a"]}',
    '{"command":"emit","tuple":["a"],"anchors":["@"]}',
    '{"command":"emit","anchors":"@","tuple":["a"]}',
  ];
  for (const shape of like) {
    const frames = [5, 6, 1234567].map((id) => shape.replace('@', String(id)));
    const others = [
      '{"command":"emit","tuple":["a"]}',
      shape.replace('@', 'x'),
      shape.replace('"@"', '["1","2"]').replace('[[', '[').replace(']]', ']'),
    ];
    t.strictSame(decodeFrames(...frames, ...others, ...frames), [
      ...[5, 6, 1234567].map((id) => emit('["a"]', 1, { anchors: [id] })),
      emit('["a"]', 1),
      emit('["a"]', 1, { anchors: [-1] }),
      emit('["a"]', 1, { anchors: [1, 2] }),
      ...[5, 6, 1234567].map((id) => emit('["a"]', 1, { anchors: [id] })),
    ]);
  }
});

t.test('a component that emits to more streams than are remembered is read just the same', async (t) => {
  const streams = Array.from({ length: 60 }, (_, i) => `s${i % 7}`);
  const frames = streams.map((stream, i) => `{"command":"emit","anchors":["${i}"],"stream":"${stream}","tuple":[${i}]}`);
  t.strictSame(
    decodeFrames(...frames),
    streams.map((stream, i) => emit(`[${i}]`, 1, { anchors: [i], stream })),
  );
});

t.test('stop() lets no further frame through, also not of the chunk at hand', async (t) => {
  const recorder = new Recorder();
  const decoder = new ComponentDecoder(recorder);
  recorder.onCall = ([name]) => name === 'ack' && decoder.stop();
  decoder.push(Buffer.from('{"command":"sync"}\nend\n{"command":"ack","id":"1"}\nend\n{"command":"ack","id":"2"}\nend\nprint'));
  decoder.push(Buffer.from('\nend\n{"command":"sync"}\nend\n'));
  t.strictSame(recorder.calls, [['sync'], ['ack', 1]]);
});

t.test('a handler can quote the frame at hand, cut to a bound', async (t) => {
  const quotes: string[] = [];
  const recorder = new Recorder();
  const decoder = new ComponentDecoder(recorder);
  recorder.onCall = () => quotes.push(decoder.quote(30));
  decoder.push(
    Buffer.from('{"command":"ack","id":"1"}\nend\n{"command":"emit","tuple":["0123456789"]}\nend\nhm {"command":"ack","id":"7"}\nend\n'),
  );
  t.same(quotes, [
    '{"command":"ack","id":"1"}',
    '{"command":"emit","tuple":["01… (41 characters)',
    'hm {"command":"ack","id":"7"}',
    '{"command":"ack","id":"7"}',
  ]);
  t.equal(decoder.quote(), '', 'outside of a call there is nothing to quote');
});

t.test('what has begun and not ended can be counted and quoted', async (t) => {
  const decoder = new ComponentDecoder(new Recorder());
  decoder.push(Buffer.from('{"command":"sync"}\nend\n{"comm'));
  t.equal(decoder.heldBytes, 6);
  t.equal(decoder.quoteHeld(), '{"comm');
});
