/**
 * What a component may write that is not the protocol, and what comes of it: ML-FR-09, ML-FR-10, ML-FR-13, ML-FR-14 and the refusals of ML-EM. Invariant: the
 * table is the documentation of the errors; each row is one program in `test/fixtures/children`.
 */
import { suite } from './rows.js';

const ENDED = { exit: 'SIGKILL', restarts: 1 };
const LIVES = { restarts: 0 };

suite([
  {
    title: 'ML-FR-09: text that is printed before the handshake is answered is reported, and the component lives',
    run: 'prints_before.py',
    codes: ['PB_STDOUT_POLLUTED'],
    facts: { text: /^loading model\nloaded in 3 s$/ },
    ...LIVES,
  },
  {
    title: 'ML-FR-09: text that is printed between frames is reported, and the component lives',
    run: 'prints_between.py',
    codes: ['PB_STDOUT_POLLUTED'],
    facts: { text: /^processing a tuple\nprogress 50%$/ },
    ...LIVES,
  },
  {
    title: 'ML-FR-10: text that is printed inside of a frame may hide an emit and ends the incarnation',
    run: 'prints_inside.py',
    codes: ['PB_FRAME_UNREADABLE'],
    facts: { frame: /DEBUG "tuple":\["x"\]/ },
    ...ENDED,
  },
  {
    title: 'ML-HB-06: half a frame and then silence ends the incarnation and is quoted',
    run: 'half_frame.py',
    config: { 'topology.subprocess.timeout.secs': 2 },
    codes: ['PB_FRAME_INCOMPLETE'],
    says: /wrote 23 bytes of a frame and then nothing/,
    facts: { frame: /^\{"command":"ack","id":"$/ },
    ...ENDED,
  },
  {
    title: 'ML-LC-09: the rest of a frame that the exit cut off is discarded and quoted',
    run: 'half_frame_exit.py',
    codes: ['PB_FRAME_INCOMPLETE'],
    says: /exited with code 0 in the middle of a frame of 23 bytes/,
    exit: 0,
    restarts: 1,
  },
  {
    title: 'ML-FR-13: a line of 100 MB ends the incarnation at the bound of a frame',
    run: 'long_line.py',
    codes: ['PB_FRAME_TOO_LARGE'],
    facts: { frame: /^\{"command":"emit","tuple":\["xxx/ },
    ...ENDED,
  },
  {
    title: 'ML-EM-16: a value nested a million deep is refused, and the component lives',
    run: 'deep.py',
    codes: ['PB_FRAME_TOO_DEEP'],
    facts: { frame: /\[\[\[\[/ },
    ...LIVES,
  },
  {
    title: 'ML-FR-10: a million brackets that nothing closes end the incarnation',
    run: 'deep_open.py',
    codes: ['PB_FRAME_TOO_DEEP'],
    ...ENDED,
  },
  {
    title: 'ML-FR-14: bytes that are not UTF-8 end the incarnation and are quoted with U+FFFD',
    run: 'invalid_utf8.py',
    codes: ['PB_FRAME_NOT_UTF8'],
    facts: { frame: /"caf\ufffd"/ },
    ...ENDED,
  },
  {
    title: 'ML-FR-11: an object without a command ends the incarnation',
    run: 'no_command.py',
    codes: ['PB_FRAME_UNREADABLE'],
    facts: { frame: /"comand": "ack"/ },
    ...ENDED,
  },
  {
    title: 'ML-FR-10: an ack that names no tuple ends the incarnation',
    run: 'ack_without_id.py',
    codes: ['PB_MESSAGE_INVALID'],
    ...ENDED,
  },
  {
    title: 'ML-EM-16: an emit whose tuple is no array is refused, and the component lives',
    run: 'wrong_types.py',
    codes: ['PB_MESSAGE_INVALID'],
    facts: { frame: /"tuple": "x"/ },
    ...LIVES,
  },
  {
    title: 'ML-EM-13: an emit to an undeclared stream is refused, and the component lives',
    run: 'undeclared_stream.py',
    codes: ['PB_STREAM_UNDECLARED'],
    facts: { frame: /"erors"/, stream: /^erors$/ },
    ...LIVES,
  },
  {
    title: 'ML-EM-15, ML-EM-17: an emit of the wrong arity is refused and answered with no task ids, and the component lives',
    run: 'wrong_arity.py',
    codes: ['PB_ARITY_WRONG'],
    says: /has 2 values where the stream declares 1 fields/,
    ...LIVES,
    check: (run, test) => {
      test.ok(run.stderr.includes('told that the emit went to []'));
      test.equal(run.summary.roots.failed, 1, 'the anchor failed, and was replayed');
    },
  },
  {
    title: 'ML-EM-14: a direct emit on a plain stream is refused, and the component lives',
    run: 'direct_on_plain.py',
    codes: ['PB_DIRECT_MISMATCH'],
    ...LIVES,
  },
  {
    title: 'ML-EM-12: an emit that is anchored to a finished tuple is refused, and the component lives',
    run: 'anchors_finished.py',
    codes: ['PB_TUPLE_UNKNOWN'],
    says: /anchored an emit to a tuple that it does not hold/,
    facts: { frame: /"late"/ },
    ...LIVES,
    check: (run, test) => {
      test.same(run.emitted, [], 'the emit goes to nobody');
    },
  },
]);
