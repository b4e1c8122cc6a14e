/** What is said about a component. Invariant: every check gets exactly one verdict, and a failure holds all that a stranger needs to act on it. */
import type { ConformanceCase, Program } from './case-file.js';
import type { Requirement } from './requirements.js';
import type { Kind } from './rule-monitor.js';
import type { RecordedLine } from './transcript.js';

export type Outcome = 'pass' | 'non-strict' | 'fail' | 'skipped';

/** A check: one case, for one program. */
export interface Check {
  /** The case's id; with `@program` at level adapter. */
  readonly key: string;
  readonly case: ConformanceCase;
  readonly kind: Kind;
  readonly program: Program | undefined;
}

/** Why a check failed, or works but not as written. */
export interface Evidence {
  readonly requirements: readonly Requirement[];
  readonly sent: readonly string[];
  readonly expected: string;
  readonly came: readonly string[];
  readonly reason: string;
  readonly advice: string;
  /** A command line that repeats this check alone. */
  readonly repeat: string;
  readonly stderr: string;
  readonly transcript: readonly RecordedLine[];
}

export interface Verdict {
  readonly check: Check;
  readonly outcome: Outcome;
  /** With skipped: why. */
  readonly reason?: string;
  readonly evidence?: Evidence;
  readonly ms: number;
}
