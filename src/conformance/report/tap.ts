/** The judgement as TAP 14. Invariant: one test point a check; its evidence is a YAML block, whose values are JSON strings. */
import type { Counted, Judgement } from '../conform.js';
import type { Reporter } from './pretty.js';

export function createTapReporter(): Reporter {
  let points = 0;
  return {
    verdict(verdict) {
      points++;
      const start = points === 1 ? 'TAP version 14\n' : '';
      const { check, evidence } = verdict;
      const point = `${isOk(verdict) ? 'ok' : 'not ok'} ${points} - ${check.key}: ${escaped(check.case.title)}${directive(verdict)}\n`;
      if (evidence === undefined) return `${start}${point}`;
      const { requirements, sent, expected, came, reason, advice, repeat } = evidence;
      const facts = {
        outcome: verdict.outcome,
        requirements: requirements.map(({ id }) => id),
        sent,
        expected,
        came,
        reason,
        advice,
        repeat,
      };
      const lines = Object.entries(facts).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}\n`);
      return `${start}${point}  ---\n${lines.join('')}  ...\n`;
    },
    end: ({ verdicts }: Judgement) => `1..${verdicts.length}\n`,
  };
}

/** Known failures are "not ok" with the directive "todo", which harnesses do not count. */
function isOk({ outcome, isBad, known }: Counted): boolean {
  return !isBad && (known === undefined || outcome === 'skipped');
}

function directive({ outcome, reason, known, isBad }: Counted): string {
  if (outcome === 'skipped') return ` # SKIP ${escaped(reason ?? '')}`;
  if (known !== undefined && !isBad) return ` # Todo known: ${escaped(known)}`;
  return '';
}

function escaped(text: string): string {
  return text.replaceAll('#', '\\#').replaceAll('\n', ' ');
}
