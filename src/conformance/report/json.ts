/** The judgement as NDJSON. Invariant: one line a check, then one line that sums up, which alone has the key `good`. */

import { countsOf } from './counts.js';
import type { Reporter } from './pretty.js';

export const jsonReporter: Reporter = {
  verdict({ check, outcome, isBad, known, reason, evidence, ms }) {
    const { id, title, requirements } = check.case;
    const line = {
      ...{ check: check.key, case: id, kind: check.kind, title, outcome, bad: isBad },
      ...(known === undefined ? {} : { known }),
      ...(reason === undefined ? {} : { reason }),
      ...{ requirements, ms: Math.round(ms) },
      ...(evidence === undefined ? {} : { evidence }),
    };
    return `${JSON.stringify(line)}\n`;
  },
  end(judgement) {
    const { kind, isGood, ms } = judgement;
    return `${JSON.stringify({ good: isGood, kind, ...countsOf(judgement), ms: Math.round(ms) })}\n`;
  },
};
