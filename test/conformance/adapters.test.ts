/** The five adapters, judged by every check there is: a table of adapter and case. Invariant: all of them pass, strictly. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { tell } from '../../src/conformance/report/pretty.js';
import { projectRoot } from '../model/project-files.js';
import { needs } from '../support/tools.js';
import { judge, python } from './judged.js';

// Alone, without the runner that sets it, tap gives a file thirty seconds; a busy machine takes longer.
t.setTimeout(120_000);

const scratch = mkdtempSync(join(tmpdir(), 'polybolt-adapters-'));
t.teardown(() => rmSync(scratch, { recursive: true, force: true }));
// What Python compiles is kept for the next of its hundred starts.
process.env.PYTHONPYCACHEPREFIX = join(scratch, 'pycache');
delete process.env.PYTHONDONTWRITEBYTECODE;

const reference = (language: string, file: string): string => join(projectRoot, 'adapters', language, 'reference', file);
const ADAPTERS = [
  { name: 'python', tools: ['python3'], argv: [python, reference('python', '{}.py')] },
  { name: 'ruby', tools: ['ruby'], argv: ['ruby', reference('ruby', '{}.rb')] },
  { name: 'go', tools: ['go'], argv: [join(scratch, 'go', '{}')] },
  { name: 'shell', tools: ['jq'], argv: ['sh', reference('shell', '{}')] },
  { name: 'node', tools: [], argv: ['node', reference('node', '{}.mjs')] },
];

for (const { name, tools, argv } of ADAPTERS) {
  t.test(`the ${name} adapter passes every check of level adapter, strictly`, { skip: needs(...tools) }, async (t) => {
    if (name === 'go')
      await execa('go', ['build', '-o', `${join(scratch, 'go')}/`, './reference/...'], { cwd: join(projectRoot, 'adapters', 'go') });
    const { verdicts } = await judge(argv, { level: 'adapter', kind: 'auto', timeoutMs: 15_000 });
    t.ok(verdicts.length > 120, `${verdicts.length} checks`);
    for (const { check, outcome, evidence, reason } of verdicts) {
      if (outcome === 'skipped') t.match(reason, /it never asks for task ids|it sent no metrics/, `${name}: ${check.key}`);
      else t.equal(outcome, 'pass', `${name}: ${check.key}: ${check.case.title}${evidence === undefined ? '' : `\n${tell(evidence)}`}`);
    }
  });
}
