/**
 * Components that do not start as they should, and hostile spouts: ML-HS, ML-LC-16 and ML-SP. Invariant: the table is the documentation of the errors; programs are in
 * `test/fixtures/children` but for those whose fault is the file itself, which are made here.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { suite } from './rows.js';

const NOT_STARTED = { fault: 'fatal', exit: 'not started', restarts: 0 } as const;
const LIVES = { codes: [], restarts: 0 };
const SPOUT = { kind: 'spout' } as const;

const directory = mkdtempSync(join(tmpdir(), 'polybolt-starts-'));
t.teardown(() => rmSync(directory, { recursive: true, force: true }));

function program(name: string, text: string, mode: number): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

mkdirSync(join(directory, 'bolts'));

suite([
  {
    title: 'ML-LC-16: a command that does not exist is fatal and named',
    run: ['no-such-command-anywhere', 'x'],
    codes: ['PB_COMPONENT_NOT_FOUND'],
    says: /no-such-command-anywhere is not on the PATH/,
    ...NOT_STARTED,
  },
  {
    title: 'ML-LC-16: a path that does not exist is fatal and named',
    run: ['./no-such-file'],
    codes: ['PB_COMPONENT_NOT_FOUND'],
    says: /\.\/no-such-file does not exist in .*children/,
    ...NOT_STARTED,
  },
  {
    title: 'ML-LC-16: a file that is not executable is fatal, with the remedy',
    run: [program('not-executable', '#!/bin/sh\n', 0o644)],
    codes: ['PB_COMPONENT_NOT_EXECUTABLE'],
    says: /not-executable is not executable \(mode 644\)/,
    ...NOT_STARTED,
  },
  {
    title: 'ML-LC-16: a directory is no program',
    run: [join(directory, 'bolts')],
    codes: ['PB_COMPONENT_NOT_EXECUTABLE'],
    says: /bolts is a directory/,
    ...NOT_STARTED,
  },
  {
    title: 'ML-LC-16: an interpreter that does not exist is fatal and named',
    run: [program('wrong-interpreter', '#!/no/such/python -u\n', 0o755)],
    codes: ['PB_COMPONENT_NOT_FOUND'],
    says: /asks for the interpreter \/no\/such\/python, which does not exist/,
    ...NOT_STARTED,
  },
  {
    title: 'ML-LC-16: an interpreter whose name ends in a carriage return is told from one that does not exist',
    run: [program('carriage-return', '#!/bin/sh\r\nexit 0\r\n', 0o755)],
    codes: ['PB_COMPONENT_NOT_FOUND'],
    says: /asks for the interpreter \/bin\/sh\\r, which does not exist/,
    ...NOT_STARTED,
  },
  {
    title: 'ML-LC-20: a program that ends before its pid is reported with its stderr',
    run: 'exits_before_pid.py',
    codes: ['PB_HANDSHAKE_FAILED'],
    exit: 1,
    facts: { stderr: /No module named 'no_such_package'$/ },
    restarts: 1,
  },
  {
    title: 'ML-HS-09: a program that never sends its pid is ended',
    run: 'never_handshakes.py',
    config: { 'polybolt.handshake.timeout.secs': 1 },
    codes: ['PB_HANDSHAKE_TIMEOUT'],
    exit: 'SIGKILL',
    facts: { stdout: /^starting$/ },
    restarts: 1,
  },
  { title: 'ML-HS-05, ML-HS-02: an emit before the pid takes effect and is answered', run: 'emits_before_pid.py', ...LIVES },
  { title: 'ML-HS-05: a second pid is passed over', run: 'pid_twice.py', ...LIVES },
  {
    title: 'ML-SP-20: a spout that acks is ended',
    run: 'spout_acks.py',
    ...SPOUT,
    codes: ['PB_COMMAND_UNKNOWN'],
    says: /a spout sent the command "ack"/,
    exit: 'SIGKILL',
    restarts: 1,
  },
  { title: 'ML-SP-17: a sync that nobody waits for is passed over', run: 'spout_syncs_twice.py', ...SPOUT, ...LIVES },
  {
    title: 'ML-HB-07: a spout that never syncs a command is ended',
    run: 'spout_hangs.py',
    ...SPOUT,
    config: { 'topology.subprocess.timeout.secs': 2 },
    codes: ['PB_CHILD_HUNG'],
    exit: 'SIGKILL',
    restarts: 1,
  },
  {
    title: 'ML-LC-08: a spout that exits is started anew',
    run: 'spout_exits.py',
    ...SPOUT,
    codes: ['PB_CHILD_EXITED'],
    exit: 3,
    restarts: 1,
  },
  {
    title: 'ML-EM-17: a spout whose reliable emit is refused hears fail for it',
    run: 'spout_wrong_arity.py',
    ...SPOUT,
    codes: ['PB_ARITY_WRONG'],
    restarts: 0,
    check: (run, test) => {
      test.ok(run.stderr.includes('told that 0 failed'));
      test.equal(run.emitted.length, 10, 'all ten words come through in the end');
    },
  },
  { title: 'ML-SP-05: a hundred thousand emits outside of any command take effect', run: 'spout_floods.py', ...SPOUT, ...LIVES },
]);
