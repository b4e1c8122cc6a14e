/** Runs a program to its end, for `doctor`: is it there, and what does it say? Invariant: never throws and never waits for input. */
import { execaSync } from 'execa';

/** The first line it printed on stdout, or why it could not be run. */
export function probeProgram(name: string, args: readonly string[]): { readonly ok: boolean; readonly line: string } {
  const { failed, stdout, shortMessage } = execaSync(name, args, { reject: false, stdin: 'ignore' });
  const text = failed ? shortMessage : String(stdout);
  return { ok: !failed, line: (text ?? '').split('\n')[0] as string };
}
