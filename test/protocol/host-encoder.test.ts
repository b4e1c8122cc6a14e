import t from 'tap';
import {
  encodeHandshake,
  encodeHeartbeat,
  encodeSpoutCommand,
  encodeTaskIds,
  encodeTuple,
  encodeVerdict,
  tupleHead,
} from '../../src/protocol/host-encoder.js';

t.test('ML-BO-01: a tuple has id, comp, stream, task and the values exactly as given', async (t) => {
  const lines = tupleHead('lines', 'default', 4);
  t.equal(
    encodeTuple(1, lines, '["the cow jumped",3,1.0,null,{"a":[true]}]'),
    '{"id":"1","comp":"lines","stream":"default","task":4,"tuple":["the cow jumped",3,1.0,null,{"a":[true]}]}\nend\n',
  );
  t.equal(encodeTuple(2_147_483_647, lines, '[]'), '{"id":"2147483647","comp":"lines","stream":"default","task":4,"tuple":[]}\nend\n');
  t.equal(
    encodeTuple(1, lines, '["a\\nend\\nb",1.0,null]'),
    '{"id":"1","comp":"lines","stream":"default","task":4,"tuple":["a\\nend\\nb",1.0,null]}\nend\n',
  );
});

t.test('ML-FR-02: names that hold quotes, line breaks or other alphabets stay one line of JSON', async (t) => {
  t.equal(
    encodeTuple(7, tupleHead('a"b\\c\nd', 'zählen日', 12), '[1]'),
    '{"id":"7","comp":"a\\"b\\\\c\\nd","stream":"zählen日","task":12,"tuple":[1]}\nend\n',
  );
});

t.test('ML-FR-14: a lone surrogate in a name is escaped, so that what is written is UTF-8', async (t) => {
  t.equal(encodeTuple(7, tupleHead('a\ud800', 's', 1), '[]'), '{"id":"7","comp":"a\\ud800","stream":"s","task":1,"tuple":[]}\nend\n');
});

t.test('ML-TK-02: a tick is a tuple of __system on __tick from task -1, its period the only value', async (t) => {
  t.equal(
    encodeTuple(3, tupleHead('__system', '__tick', -1), '[10]'),
    '{"id":"3","comp":"__system","stream":"__tick","task":-1,"tuple":[10]}\nend\n',
  );
});

t.test('ML-HB-02: a heartbeat has the component null, the stream __heartbeat, task -1 and no values', async (t) => {
  t.equal(encodeHeartbeat('2'), '{"id":"2","comp":null,"stream":"__heartbeat","task":-1,"tuple":[]}\nend\n');
  t.equal(encodeHeartbeat('-5'), '{"id":"-5","comp":null,"stream":"__heartbeat","task":-1,"tuple":[]}\nend\n');
});

t.test('ML-EM-04: the reply to an emit is an array of task ids, empty for none', async (t) => {
  t.equal(encodeTaskIds([]), '[]\nend\n');
  t.equal(encodeTaskIds([3]), '[3]\nend\n');
  t.equal(encodeTaskIds([2, 3, 65_535]), '[2,3,65535]\nend\n');
});

t.test('ML-SP-01: next, activate and deactivate have an empty id', async (t) => {
  t.equal(encodeSpoutCommand('next'), '{"command":"next","id":""}\nend\n');
  t.equal(encodeSpoutCommand('activate'), '{"command":"activate","id":""}\nend\n');
  t.equal(encodeSpoutCommand('deactivate'), '{"command":"deactivate","id":""}\nend\n');
});

t.test('ML-SP-10: a verdict carries the id as the JSON that the spout wrote', async (t) => {
  t.equal(encodeVerdict('ack', '17'), '{"command":"ack","id":17}\nend\n');
  t.equal(encodeVerdict('fail', '{"file":"a.txt","line":3}'), '{"command":"fail","id":{"file":"a.txt","line":3}}\nend\n');
  t.equal(encodeVerdict('ack', '"m-1\\u00e9"'), '{"command":"ack","id":"m-1\\u00e9"}\nend\n');
  t.equal(encodeVerdict('ack', '1.0'), '{"command":"ack","id":1.0}\nend\n');
  t.equal(encodeVerdict('fail', '""'), '{"command":"fail","id":""}\nend\n');
});

t.test('ML-HS-01: the handshake is pidDir, conf and context on one line', async (t) => {
  const handshake = {
    pidDir: '/var/run/word-count/pids',
    conf: { 'topology.name': 'word-count', 'topology.tick.tuple.freq.secs': null, 'my.own.key': ['passed', 'through\n'] },
    context: { taskid: 5, componentid: 'split', 'task->component': { '1': '__acker', '5': 'split' } },
  };
  t.equal(
    encodeHandshake(handshake),
    '{"pidDir":"/var/run/word-count/pids","conf":{"topology.name":"word-count","topology.tick.tuple.freq.secs":null,"my.own.key":["passed","through\\n"]},' +
      '"context":{"taskid":5,"componentid":"split","task->component":{"1":"__acker","5":"split"}}}\nend\n',
  );
});
