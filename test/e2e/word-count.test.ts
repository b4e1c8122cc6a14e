/**
 * The word count over 50,000 words comes to exactly what the system's own tools count, however it is spread and however much may be pending.
 */
import { join } from 'node:path';
import t from 'tap';
import { summaryOf } from '../support/run-cli.js';
import { countsPrinted, countWithSystemTools, diff, runWordCount, writeText } from '../support/word-count.js';

const file = join(t.testdir(), 'text.txt');
writeText(file, 50_000);
const expected = countWithSystemTools(file);

const VARIANTS: readonly { readonly title: string; readonly args: readonly string[] }[] = [
  { title: 'with one task a component', args: [] },
  {
    title: 'with four tasks a component and no bound on pending',
    args: ['--set', 'parallelism=4', '--config', 'topology.max.spout.pending=null'],
  },
  { title: 'with four tasks a component and 100 pending', args: ['--set', 'parallelism=4', '--config', 'topology.max.spout.pending=100'] },
];

for (const { title, args } of VARIANTS) {
  t.test(`${title} the last count of each word is the true one`, async (t) => {
    const { status, stdout, stderr } = await runWordCount(file, args);
    t.equal(diff(countsPrinted(stdout), expected), '');
    t.equal(status, 0, stderr);
    const { roots } = summaryOf(stdout);
    t.match(roots, { failed: 0, abandoned: 0, pending: 0, unreplayed: 0, unanchored: 0 });
    t.equal(roots.acked, roots.emitted);
  });
}
