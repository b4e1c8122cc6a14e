/**
 * What a bolt may do besides its words: ML-BO-07, ML-HB and ML-LC. Invariant: the table is the documentation of the errors; each row is one
 * program in `test/fixtures/children`.
 */
import { suite } from './rows.js';

const ENDED = { exit: 'SIGKILL', restarts: 1 };
const IMPATIENT = { 'topology.subprocess.timeout.secs': 2 };

suite([
  {
    title: 'ML-LC-08: an exit with 0 that nobody asked for is a failure',
    run: 'exits_zero.py',
    codes: ['PB_CHILD_EXITED'],
    exit: 0,
    restarts: 1,
  },
  {
    title: 'ML-LC-20: a crash is reported with the trace on stderr',
    run: 'crashes.py',
    codes: ['PB_CHILD_EXITED'],
    exit: 1,
    facts: { stderr: /ValueError: no such word$/ },
    restarts: 1,
  },
  { title: 'ML-LC-20: an end on a signal names the signal', run: 'aborts.py', codes: ['PB_CHILD_EXITED'], exit: 'SIGABRT', restarts: 1 },
  { title: 'ML-HB-06: a bolt that hangs is ended', run: 'hangs.py', config: IMPATIENT, codes: ['PB_CHILD_HUNG'], ...ENDED },
  {
    title: 'ML-HB-06: a bolt that never reads its stdin is ended',
    run: 'never_reads.py',
    config: IMPATIENT,
    codes: ['PB_CHILD_HUNG'],
    ...ENDED,
  },
  {
    title: 'ML-LC-10: a bolt that closes its stdout and lives on is ended',
    run: 'closes_stdout.py',
    codes: ['PB_CHILD_CLOSED_STDOUT'],
    ...ENDED,
  },
  {
    title: 'ML-LC-10: a bolt that closes its stdin and lives on is ended',
    run: 'closes_stdin.py',
    codes: ['PB_CHILD_CLOSED_STDIN'],
    ...ENDED,
  },
  {
    title: 'ML-BO-07: a bolt that acks a tuple twice is ended',
    run: 'acks_twice.py',
    codes: ['PB_TUPLE_UNKNOWN'],
    facts: { frame: /^\{"command": "ack", "id": "1"\}$/ },
    ...ENDED,
  },
  {
    title: 'ML-BO-07: a bolt that acks a tuple it was never given is ended',
    run: 'acks_unknown.py',
    codes: ['PB_TUPLE_UNKNOWN'],
    facts: { frame: /"987654321"/ },
    ...ENDED,
  },
  {
    title: 'ML-BO-07: a bolt that fails what is no id at all is ended',
    run: 'fails_text.py',
    codes: ['PB_TUPLE_UNKNOWN'],
    says: /failed a tuple that it does not hold/,
    facts: { frame: /"the first one"/ },
    ...ENDED,
  },
  {
    title: 'ML-HB-04: a bolt that acks a heartbeat is ended',
    run: 'acks_heartbeat.py',
    codes: ['PB_TUPLE_UNKNOWN'],
    facts: { frame: /"id": "-1"/ },
    ...ENDED,
  },
  {
    title: 'ML-LC-10: an exit counts although a grandchild keeps stdout and stderr open, and the grandchild is killed',
    run: 'grandchild_stdout.py',
    codes: ['PB_CHILD_EXITED'],
    exit: 1,
    restarts: 1,
  },
  {
    title: 'ML-LC-10: an exit counts although a grandchild in another session keeps stdout and stderr open',
    run: 'grandchild_session.py',
    codes: ['PB_CHILD_EXITED'],
    exit: 1,
    restarts: 1,
    leavesNoted: true,
  },
  {
    title: 'ML-LC-10: a bolt that forks and whose parent exits has exited',
    run: 'forks.py',
    codes: ['PB_CHILD_EXITED'],
    exit: 0,
    restarts: 1,
  },
  {
    title: 'ML-LC-18: a bolt that ignores the end of stdin and SIGTERM is killed',
    run: 'ignores_term.py',
    fault: 'none',
    codes: ['PB_CHILD_IGNORED_TERM'],
    exit: 'SIGKILL',
    restarts: 0,
  },
]);
