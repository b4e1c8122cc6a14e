/** The verdicts as numbers. Invariant: every verdict is counted once. */
import type { Judgement } from '../conform.js';

export interface Counts {
  readonly passed: number;
  readonly nonStrict: number;
  readonly failed: number;
  /** Failures that were expected. */
  readonly known: number;
  readonly skipped: number;
}

/** Expected failures that pass count as failed. */
export function countsOf({ verdicts }: Judgement): Counts {
  const counts = { passed: 0, nonStrict: 0, failed: 0, known: 0, skipped: 0 };
  for (const { outcome, isBad, known } of verdicts) {
    if (outcome === 'skipped') counts.skipped++;
    else if (known !== undefined) counts[isBad ? 'failed' : 'known']++;
    else if (outcome === 'fail') counts.failed++;
    else if (outcome === 'non-strict') counts.nonStrict++;
    else counts.passed++;
  }
  return counts;
}
