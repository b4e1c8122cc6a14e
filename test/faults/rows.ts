/**
 * Drives a table of hostile components as one suite. Invariant: whatever the component does, its neighbours each ack a thousand tuples afterwards, the error
 * says everything that a person needs, and neither a process nor a file descriptor stays behind.
 */
import t, { type Test } from 'tap';
import type { ErrorCode, PolyboltError } from '../../src/index.js';
import { needs } from '../support/tools.js';
import { CHILDREN, type HostileOptions, type HostileRun, NEIGHBOUR_TUPLES, openDescriptors, runHostile } from './hostile.js';

export interface Row extends Omit<HostileOptions, 'command'> {
  /** A sentence about what the component does and what comes of it. */
  readonly title: string;
  /** A program among `test/fixtures/children`, or a whole command. */
  readonly run: string | readonly string[];
  /** The errors of the component, in order, each kind once; none when it has to live through what it does. */
  readonly codes: readonly ErrorCode[];
  /** How the process ended: exit code or signal. Not given when it goes on. */
  readonly exit?: number | string;
  /** What the error has to say besides: in its message, or in a fact of its context. */
  readonly says?: RegExp;
  readonly facts?: Readonly<Record<string, RegExp>>;
  /** Restarts that it takes; 0 when it lives. */
  readonly restarts: number;
  /** One process, whose id the fixture noted, is out of reach of any signal to the group; the suite ends it. */
  readonly leavesNoted?: boolean;
  readonly check?: (run: HostileRun, test: Test) => void;
}

export function suite(rows: readonly Row[]): void {
  let descriptors = 0;
  for (const row of rows) {
    t.test(row.title, { skip: needs('python3'), timeout: 60_000 }, async (test) => {
      const command = typeof row.run === 'string' ? ['python3', row.run] : row.run;
      const run = await runHostile({ ...row, command, fault: row.fault ?? (row.codes.length === 0 ? 'none' : 'error') });
      const codes = [...new Set([...run.errors, ...run.fatal].map(({ code }) => code))];
      test.same(codes, row.codes, 'these errors and no others');
      for (const error of [...run.errors.slice(0, 1), ...run.fatal]) checkError(error, row, command, test);
      test.same(run.others, [], 'no error of anybody else');
      test.equal(run.neighbourAcks, NEIGHBOUR_TUPLES, 'each neighbour acks a thousand tuples after the fault');
      test.equal(run.summary.components.find(({ id }) => id === 'hostile')?.restarts, row.restarts, 'restarts');
      const { emitted, acked, failed, abandoned, pending, timedOut } = run.summary.roots;
      test.equal(acked + failed + abandoned + pending, emitted, 'every root is accounted for');
      test.equal(timedOut, 0, 'no root timed out');
      row.check?.(run, test);
      test.same(run.survivors.map(String), row.leavesNoted === true ? [run.note] : [], 'no process survives');
      for (const pid of run.survivors) process.kill(pid, 'SIGKILL');
      if (descriptors === 0) descriptors = openDescriptors().length;
      test.equal(openDescriptors().length, descriptors, 'as many open descriptors as after the first run');
    });
  }
}

function checkError(error: PolyboltError, row: Row, command: readonly string[], test: Test): void {
  const { context, hint, message } = error;
  test.equal(context['component'], 'hostile', 'names the component');
  test.match(context['task'], row.kind === 'spout' ? 3 : 4, 'names the task');
  test.type(context['pid'], 'number', 'names the process');
  test.equal(context['command'], command.join(' '), 'names the command');
  test.equal(context['cwd'], CHILDREN, 'names the directory');
  test.same(context['exit'], row.exit, 'says how the process ended, if it did');
  test.ok(error.code === 'PB_COMPONENT_ERROR' || hint !== '', 'has a hint');
  if (row.exit !== 'not started') test.match(context['stderr'], /misbehaving as \w+\.py/, 'has the last lines of stderr');
  if (row.says !== undefined) test.match(message, row.says);
  for (const [name, pattern] of Object.entries(row.facts ?? {})) test.match(context[name], pattern, name);
}
