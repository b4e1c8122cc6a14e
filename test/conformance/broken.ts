/** What every test of broken components asserts. Invariant: the judge finds the rule that is broken and blames nothing else, and says what a stranger could act on. */
import t, { type Test } from 'tap';
import type { Counted } from '../../src/conformance/conform.js';
import { Gate } from '../../src/conformance/gate.js';
import { tell } from '../../src/conformance/report/pretty.js';
import { needs } from '../support/tools.js';
import { brokenComponents, type Fixture, failuresOf, judge } from './judged.js';

const TOOLS: Readonly<Record<string, string>> = { py: 'python3', rb: 'ruby' };
/** Fixtures that wait for what never comes do so beside the others. */
const gate = new Gate(4);

// Alone, without the runner that sets it, tap gives a file thirty seconds; a busy machine takes longer.
t.setTimeout(120_000);

/** Judges the fixtures in files with one of these endings, side by side, and asserts on each. */
export function testBroken(endings: readonly string[]): void {
  for (const fixture of brokenComponents()) if (endings.some((ending) => fixture.file.endsWith(ending))) testFixture(fixture);
}

function testFixture(fixture: Fixture): void {
  const tool = TOOLS[fixture.file.split('.').at(-1) as string];
  const skip = tool === undefined ? false : needs(tool);
  const judging = skip === false ? gate.run(() => judge(fixture.argv, { kind: fixture.kind, timeoutMs: 4000 })) : undefined;
  t.test(titleOf(fixture), { skip }, async (t) => {
    const judgement = await (judging as NonNullable<typeof judging>);
    const told = judgement.verdicts.flatMap(({ isBad, evidence }) => (isBad && evidence !== undefined ? [tell(evidence)] : []));
    t.strictSame(failuresOf(judgement), fixture.check === undefined ? [] : [fixture.check], told.join('\n'));
    t.equal(judgement.isGood, fixture.check === undefined);
    if (fixture.check !== undefined) actionable(t, judgement.verdicts.find(({ check }) => check.key === fixture.check) as Counted, fixture);
  });
}

function titleOf({ file, check }: Fixture): string {
  return check === undefined ? `${file} conforms` : `${file} fails ${check} and nothing else`;
}

/** A failure names the requirement with its text and source, what came, what to do and how to repeat it. */
function actionable(t: Test, verdict: Counted, fixture: Fixture): void {
  const { evidence } = verdict;
  if (evidence === undefined) return void t.fail('the failure says nothing');
  const text = tell(evidence);
  for (const { id, text: rule, source } of evidence.requirements) t.ok(text.includes(`${id}: ${rule} (source: ${source})`), `cites ${id}`);
  t.ok(evidence.reason.length > 5 && evidence.came.length + evidence.sent.length > 0, 'says what came');
  t.ok(text.includes(verdict.check.case.advice), 'says what to do');
  t.match(evidence.repeat, new RegExp(`^polybolt conform --kind ${fixture.kind} --case ${fixture.check}\\b.* -- .*${fixture.file}$`));
}
