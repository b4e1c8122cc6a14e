/** The judgement for people. Invariant: a failure is told whole: what was sent, expected and by which requirement, what came, what to do and how to repeat it. */
import pc from 'picocolors';
import type { Counted, Judgement } from '../conform.js';
import type { Evidence } from '../verdict.js';
import { countsOf } from './counts.js';

export interface Reporter {
  verdict(verdict: Counted): string;
  end(judgement: Judgement): string;
}

const LABEL_CHARS = 9;

export const prettyReporter: Reporter = {
  verdict(verdict) {
    const { check, reason, evidence, known } = verdict;
    const because = known !== undefined ? ` (known: ${known})` : reason === undefined ? '' : pc.dim(` (${reason})`);
    const head = `${markOf(verdict)} ${check.key}  ${check.case.title}${because}\n`;
    if (known !== undefined && verdict.isBad)
      return `${head}${block('but', 'this check passes now: take it off the list of expected failures')}`;
    return evidence === undefined || known !== undefined ? head : `${head}${tell(evidence)}`;
  },
  end(judgement) {
    const { passed, nonStrict, failed, known, skipped } = countsOf(judgement);
    const parts = [
      `${passed} passed`,
      `${nonStrict} non-strict`,
      `${failed} failed`,
      ...(known > 0 ? [`${known} known`] : []),
      `${skipped} skipped`,
    ];
    const what = judgement.kind === 'all' ? 'adapter' : (judgement.kind ?? 'component');
    return `\n${judgement.isGood ? pc.green('conforms') : pc.red('does not conform')}: ${what}, ${parts.join(', ')} in ${(judgement.ms / 1000).toFixed(1)} s\n`;
  },
};

/** The facts of a failure, one labelled block each. */
export function tell(evidence: Evidence): string {
  const { requirements, sent, expected, came, reason, advice, repeat, stderr } = evidence;
  return [
    block('sent', ...(sent.length > 0 ? sent : ['nothing'])),
    block('expected', expected, ...requirements.map(({ id, text, source }) => `${id}: ${text} (source: ${source})`)),
    block('came', ...(came.length > 0 ? came : ['nothing'])),
    block('because', reason),
    ...(stderr.trim() === '' ? [] : [block('stderr', ...stderr.trim().split('\n').slice(-8))]),
    block('do', advice),
    block('repeat', repeat),
  ].join('');
}

function block(label: string, ...lines: readonly string[]): string {
  return lines.map((line, index) => `       ${pc.dim((index === 0 ? label : '').padEnd(LABEL_CHARS))}${line}\n`).join('');
}

function markOf({ outcome, isBad, known }: Counted): string {
  if (known !== undefined && outcome !== 'skipped') return isBad ? pc.red('fixed ') : pc.yellow('known ');
  switch (outcome) {
    case 'pass':
      return pc.green('pass  ');
    case 'skipped':
      return pc.dim('skip  ');
    case 'non-strict':
      return (isBad ? pc.red : pc.yellow)('loose ');
    case 'fail':
      return pc.red('FAIL  ');
  }
}
