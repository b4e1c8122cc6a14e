import t from 'tap';
import { SALVAGE_ATTEMPTS_MAX } from '../../src/model/limits.js';
import { ComponentDecoder } from '../../src/protocol/component-decoder.js';
import { type Call, decode, decodeFrames, emit, printable, Recorder } from './recorder.js';

const UNREADABLE = 'PB_FRAME_UNREADABLE';

function table(title: string, rows: readonly (readonly [message: string, ...calls: Call[]])[]): void {
  t.test(title, async (t) => {
    for (const [message, ...calls] of rows) t.strictSame(decodeFrames(message), calls, printable(message));
  });
}

table('ML-LG-02: a log level is a number from 0 to 4, and anything else means info', [
  ['{"command":"log","msg":"a","level":0}', ['log', 'trace', 'a']],
  ['{"command":"log","msg":"a","level":1}', ['log', 'debug', 'a']],
  ['{"command":"log","msg":"a","level":2}', ['log', 'info', 'a']],
  ['{"command":"log","msg":"a","level":3}', ['log', 'warn', 'a']],
  ['{"level":4,"msg":"a","command":"log"}', ['log', 'error', 'a']],
  ['{"command":"log","msg":"a"}', ['log', 'info', 'a']],
  ['{"command":"log","msg":"a","level":null}', ['log', 'info', 'a']],
  ['{"command":"log","msg":"a","level":5}', ['log', 'info', 'a']],
  ['{"command":"log","msg":"a","level":-1}', ['log', 'info', 'a']],
  ['{"command":"log","msg":"a","level":1.5}', ['log', 'info', 'a']],
  ['{"command":"log","msg":"a","level":"4"}', ['log', 'info', 'a']],
  ['{"command":"log","msg":"a","level":[]}', ['log', 'info', 'a']],
]);

table('ML-LG-08: a msg that is no string is taken by its JSON text, and a metric without a name is reported', [
  ['{"command":"log","msg":{"a":[1]}}', ['log', 'info', '{"a":[1]}']],
  ['{"command":"log","msg":7}', ['log', 'info', '7']],
  ['{"command":"log"}', ['log', 'info', '']],
  ['{"command":"error","msg":["x"]}', ['error', '["x"]']],
  ['{"command":"error","msg":null}', ['error', '']],
  ['{"command":"metrics","params":1}', ['invalid', 'PB_MESSAGE_INVALID', 'a message breaks the protocol: metrics needs a name']],
  ['{"command":"metrics","name":"","params":1}', ['invalid', 'PB_MESSAGE_INVALID', 'a message breaks the protocol: metrics needs a name']],
  ['{"command":"metrics","name":5}', ['invalid', 'PB_MESSAGE_INVALID', 'a message breaks the protocol: metrics needs a name']],
]);

table('errors and metrics are handed over', [
  ['{"command":"error","msg":"Traceback:\\n  …"}', ['error', 'Traceback:\n  …']],
  ['{"command":"metrics","name":"hits","params":12}', ['metrics', 'hits', 12]],
  ['{"command":"metrics","name":"hits","params":{"a":[NaN,"NaN"]}}', ['metrics', 'hits', { a: [NaN, 'NaN'] }]],
  ['{"command":"metrics","name":"hits"}', ['metrics', 'hits', undefined]],
]);

table('ML-HS-03: the pid is an integer', [
  ['{"pid":1234}', ['pid', 1234]],
  ['{ "x": 1, "pid": 0 }', ['pid', 0]],
]);

table('ML-BO-11: a command that is none of the protocol is handed over by name', [
  ['{"command":"next","id":""}', ['unknown', 'next']],
  ['{"command":""}', ['unknown', '']],
  ['{"command":"EMIT","tuple":[1]}', ['unknown', 'EMIT']],
]);

const NO_MESSAGE = 'a message breaks the protocol: a message has a command, or is the answer {"pid":N} to the handshake';

table('ML-FR-11: an object without a string as command or an integer as pid cannot be read', [
  ['{}', ['unreadable', UNREADABLE, 'a frame is JSON but no message: it has neither a command nor a pid']],
  ['{"a":{"command":"ack","id":"1"}}', ['unreadable', UNREADABLE, 'a frame is JSON but no message: it has neither a command nor a pid']],
  ['{"command":5}', ['unreadable', 'PB_MESSAGE_INVALID', NO_MESSAGE]],
  ['{"command":null}', ['unreadable', 'PB_MESSAGE_INVALID', NO_MESSAGE]],
  ['{"pid":"12"}', ['unreadable', 'PB_MESSAGE_INVALID', NO_MESSAGE]],
  ['{"pid":1.5}', ['unreadable', 'PB_MESSAGE_INVALID', NO_MESSAGE]],
]);

table('ML-FR-10: what may be a frame and is not valid JSON cannot be read', [
  ['{"command":"emit","tuple":[1', ['unreadable', UNREADABLE, 'a frame is not valid JSON']],
  ['{"command":"emit","tuple":["a\nb"]}', ['unreadable', UNREADABLE, 'a frame is not valid JSON']],
  ["{'command':'sync'}", ['unreadable', UNREADABLE, 'a frame is not valid JSON']],
  ['{"command":"emit","tuple":[1,,2]}', ['unreadable', UNREADABLE, 'a frame is not valid JSON']],
  ['"command":"sync"', ['unreadable', UNREADABLE, 'a frame is not valid JSON']],
  // The end of a frame that another writer has cut in two.
  ['cow"]}', ['unreadable', UNREADABLE, 'a frame is not valid JSON']],
]);

table('ML-BO-05: an ack or fail without an id cannot be read, as nobody knows what it meant', [
  ['{"command":"ack"}', ['unreadable', 'PB_MESSAGE_INVALID', 'a message breaks the protocol: ack needs the id of a tuple']],
  ['{"command":"fail","ids":"1"}', ['unreadable', 'PB_MESSAGE_INVALID', 'a message breaks the protocol: fail needs the id of a tuple']],
]);

t.test('nothing is decoded behind a frame that cannot be read', async (t) => {
  t.strictSame(decode('{"command":"ack","id":"1"}\nend\n{"command":\nend\n{"command":"ack","id":"2"}\nend\n'), [
    ['ack', 1],
    ['unreadable', UNREADABLE, 'a frame is not valid JSON'],
  ]);
});

table('ML-FR-09: text before a message is reported and the message used', [
  ['loading model\n{"command":"ack","id":"1"}', ['stray', 'loading model'], ['ack', 1]],
  ['progress 50%{"command":"ack","id":"1"}', ['stray', 'progress 50%'], ['ack', 1]],
  ['a {b} c\n\n{"command":"sync"}', ['stray', 'a {b} c'], ['sync']],
  ['{{{{{"pid":5}', ['stray', '{{{{'], ['pid', 5]],
  ['{"loss":0.5}{"command":"sync"}', ['stray', '{"loss":0.5}'], ['sync']],
  [
    '"quoted\n{"command":"emit","anchors":["3"],"tuple":[{"command":"x"}]}',
    ['stray', '"quoted'],
    emit('[{"command":"x"}]', 1, { anchors: [3] }),
  ],
  ['warn\n{"command":"log","msg":"a"}', ['stray', 'warn'], ['log', 'info', 'a']],
  ['\ufeff{"pid":5}', ['pid', 5]],
]);

table('ML-FR-09: the message is the longest end of the text that is one', [
  // A spout that prints the command it has read.
  ['got {"command":"next","id":""}\n{"command":"sync"}', ['stray', 'got {"command":"next","id":""}'], ['sync']],
  ['{"request":{"command":"fail","id":"3"}}\n{"command":"ack","id":"4"}', ['stray', '{"request":{"command":"fail","id":"3"}}'], ['ack', 4]],
  ['{"command":"log","msg":{"command":"sync"}}', ['log', 'info', '{"command":"sync"}']],
]);

table('text behind a message, before its end, is reported as well', [
  ['{"command":"ack","id":"1"} done', ['ack', 1], ['stray', 'done']],
  ['{"command":"ack","id":"1"}\nsaved 5\nrows', ['ack', 1], ['stray', 'saved 5\nrows']],
  ['hm {"command":"sync"} hm', ['stray', 'hm'], ['sync'], ['stray', 'hm']],
  ['{"command":"sync"} {"rows":5}', ['sync'], ['stray', '{"rows":5}']],
]);

const LOST = ['unreadable', UNREADABLE, 'a frame holds an emit, or a piece of one, besides its message'] as const;

table('ML-FR-10: text that may hold a lost emit is not passed over, since its input could then be acked', [
  ['{"command":"emit","anchors":["1"],"tuple":["a{"command":"ack","id":"1"}', LOST],
  ['{"command":"emit","anchors":["1"],"tuple":["a"]}\n{"command":"ack","id":"1"}', LOST],
  ['{"command":"ack","id":"1"}{"command":"emit","tuple":[1', LOST],
]);

t.test('prints between frames go with the frame that follows', async (t) => {
  t.strictSame(decode('one\n{"command":"sync"}\nend\ntwo\nthree\n{"command":"ack","id":"1"}\nend\n'), [
    ['stray', 'one'],
    ['sync'],
    ['stray', 'two\nthree'],
    ['ack', 1],
  ]);
});

t.test('a print inside of a frame makes it unreadable', async (t) => {
  t.strictSame(decode('{"command":"emit",\nhello\n"tuple":[1]}\nend\n'), [['unreadable', UNREADABLE, 'a frame is not valid JSON']]);
});

table('a plain print that met a line "end" holds no message that could be lost: it is reported and passed over', [
  ['hello', ['stray', 'hello']],
  ['the\nlazy\ndog', ['stray', 'the\nlazy\ndog']],
  ['', ['stray', '']],
  ['\n \n', ['stray', '']],
  ['[1,2]', ['stray', '[1,2]']],
  ['null', ['stray', 'null']],
]);

t.test('frames on both sides of an empty message or a plain print are read', async (t) => {
  t.strictSame(decode('end\n{"command":"sync"}\nend\nend\r\nthe\nend\n{"command":"ack","id":"1"}\nend\n'), [
    ['stray', ''],
    ['sync'],
    ['stray', ''],
    ['stray', 'the'],
    ['ack', 1],
  ]);
});

t.test('a message is looked for at most SALVAGE_ATTEMPTS_MAX times', async (t) => {
  const behind = (braces: number): readonly Call[] => decodeFrames(`${'{ '.repeat(braces)}{"command":"sync"}`);
  t.strictSame(behind(SALVAGE_ATTEMPTS_MAX - 1), [['stray', '{ '.repeat(63).trim()], ['sync']]);
  t.strictSame(behind(SALVAGE_ATTEMPTS_MAX), [['unreadable', UNREADABLE, 'a frame is not valid JSON']]);
});

const invalid = (rule: string): string => `PB_MESSAGE_INVALID: a message breaks the protocol: ${rule}`;
const refused = (rule: string, facts: object = {}): Call => emit('', -1, { ...facts, refusal: invalid(rule) });

table('ML-EM-16: an emit with a part of the wrong type is refused, its anchors and id known', [
  ['{"command":"emit","anchors":["5","6"]}', refused('emit needs a tuple: an array of values', { anchors: [5, 6] })],
  ['{"command":"emit","anchors":"5","tuple":"a"}', refused('the tuple of an emit is an array of values', { anchors: [5] })],
  ['{"command":"emit","id":1.0,"tuple":{"a":1}}', refused('the tuple of an emit is an array of values', { id: '1.0' })],
  ['{"command":"emit","tuple":null}', refused('the tuple of an emit is an array of values')],
  ['{"command":"emit","anchors":["5"],"stream":7,"tuple":[1]}', refused('the stream of an emit is a string', { anchors: [5] })],
  ['{"command":"emit","anchors":5,"tuple":[1]}', refused('anchors is a tuple id or a list of them')],
  ['{"command":"emit","anchors":{"5":1},"tuple":[1]}', refused('anchors is a tuple id or a list of them')],
  [
    '{"command":"emit","anchors":["5"],"need_task_ids":"no","tuple":[1]}',
    refused('need_task_ids of an emit is true or false', { anchors: [5] }),
  ],
  [
    '{"command":"emit","anchors":["5"],"need_task_ids":0,"tuple":[1]}',
    refused('need_task_ids of an emit is true or false', { anchors: [5] }),
  ],
]);

const TASK_RULE = 'the task of a direct emit is a whole number, written without fraction or exponent';

table('ML-EM-17: a refused emit is owed a reply unless it declined one or was direct', [
  ['{"command":"emit","need_task_ids":false,"tuple":5}', refused('the tuple of an emit is an array of values', { needTaskIds: false })],
  ['{"command":"emit","task":7,"tuple":5}', refused('the tuple of an emit is an array of values', { needTaskIds: false })],
  ['{"command":"emit","task":0,"tuple":5}', refused('the tuple of an emit is an array of values')],
  ['{"command":"emit","task":-7,"tuple":[1]}', refused(TASK_RULE, { needTaskIds: false })],
  ['{"command":"emit","task":7.5,"tuple":[1]}', refused(TASK_RULE, { needTaskIds: false })],
  ['{"command":"emit","task":99999999999999999999,"tuple":[1]}', refused(TASK_RULE, { needTaskIds: false })],
  ['{"command":"emit","task":"7","tuple":[1]}', refused(TASK_RULE)],
  ['{"command":"emit","task":NaN,"tuple":[1]}', refused(TASK_RULE)],
]);

t.test('ML-EM-17: nothing of a refused emit sticks to the emits that follow', async (t) => {
  const good = '{"command":"emit","anchors":["1"],"stream":"s","task":3,"tuple":["a"]}';
  const goodCall = emit('["a"]', 1, { anchors: [1], stream: 's', task: 3 });
  const bad = '{"command":"emit","anchors":["2"],"id":9,"stream":"s","task":3,"tuple":"a"}';
  t.strictSame(decodeFrames(good, good, bad, good, '{"command":"emit","tuple":["a"]}'), [
    goodCall,
    goodCall,
    refused('the tuple of an emit is an array of values', { anchors: [2], id: '9', needTaskIds: false }),
    goodCall,
    emit('["a"]', 1),
  ]);
});

t.test('an emit behind stray text is refused like any other', async (t) => {
  t.strictSame(decodeFrames('hm {"command":"emit","anchors":["5"],"tuple":5} hm'), [
    ['stray', 'hm'],
    refused('the tuple of an emit is an array of values', { anchors: [5] }),
    ['stray', 'hm'],
  ]);
});

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
const TOO_DEEP = 'a frame nests arrays or objects more than 256 deep';

t.test('ML-EM-16: a tuple nests 256 levels deep and no deeper, whatever came before it and stands around it', async (t) => {
  const frame = (depth: number): string => `{"command":"emit","anchors":["5"],"tuple":${nested(depth)}}`;
  const fits = emit(nested(256), 1, { anchors: [5] });
  const refusal = emit('', -1, { anchors: [5], refusal: `PB_FRAME_TOO_DEEP: ${TOO_DEEP}` });
  t.strictSame(decodeFrames(frame(256), frame(256), frame(257), frame(256), frame(257)), [fits, fits, refusal, fits, refusal]);
  t.strictSame(decodeFrames(`hm ${frame(256)}`), [['stray', 'hm'], fits]);
  t.strictSame(decodeFrames(`hm ${frame(257)}`), [['unreadable', 'PB_FRAME_TOO_DEEP', TOO_DEEP]]);
});

t.test('ML-EM-16: an emit nested a million deep is refused, and one whose id is that deep cannot be read', async (t) => {
  const deep = nested(1_000_000);
  t.strictSame(decodeFrames(`{"command":"emit","anchors":["5",["6"]],"id":7,"x":${deep},"tuple":[1]}`), [
    emit('', -1, { anchors: [5, -1], id: '7', refusal: `PB_FRAME_TOO_DEEP: ${TOO_DEEP}` }),
  ]);
  t.strictSame(decodeFrames(`{"command":"emit","anchors":["5",${deep},"6"],"tuple":[1]}`), [
    emit('', -1, { anchors: [5, -1, 6], refusal: `PB_FRAME_TOO_DEEP: ${TOO_DEEP}` }),
  ]);
  t.strictSame(decodeFrames(`{"command":"emit","id":${deep},"tuple":[1]}`), [['unreadable', 'PB_FRAME_TOO_DEEP', TOO_DEEP]]);
  t.strictSame(decodeFrames(`{"command":"log","msg":${deep}}`), [['unreadable', 'PB_FRAME_TOO_DEEP', TOO_DEEP]]);
  t.strictSame(decodeFrames('{"a":'.repeat(100_000)), [['unreadable', 'PB_FRAME_TOO_DEEP', TOO_DEEP]]);
});

t.test('the error of a bad frame quotes it, cut to a bound', async (t) => {
  const quotes: unknown[] = [];
  const recorder = new Recorder();
  recorder.onUnreadable = (error: Error & { context?: Record<string, unknown> }) => quotes.push(error.context?.frame);
  new ComponentDecoder(recorder).push(Buffer.from(`{"a":"${'x'.repeat(1000)}\nend\n`));
  t.same(quotes, [`{"a":"${'x'.repeat(194)}… (1006 characters)`]);
});
