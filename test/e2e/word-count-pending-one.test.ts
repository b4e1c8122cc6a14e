/**
 * With one root pending at a time nothing runs ahead, and the word count still comes to the end of 50,000 words.
 */
import { join } from 'node:path';
import t from 'tap';
import { summaryOf } from '../support/run-cli.js';
import { countsPrinted, countWithSystemTools, diff, runWordCount, writeText } from '../support/word-count.js';

t.test('with four tasks a component and one pending root a spout task the last count of each word is the true one', async (t) => {
  const file = join(t.testdir(), 'text.txt');
  writeText(file, 50_000);
  const { status, stdout, stderr } = await runWordCount(file, ['--set', 'parallelism=4', '--config', 'topology.max.spout.pending=1']);
  t.equal(diff(countsPrinted(stdout), countWithSystemTools(file)), '');
  t.equal(status, 0, stderr);
  t.match(summaryOf(stdout).roots, { failed: 0, abandoned: 0, pending: 0, unreplayed: 0, unanchored: 0 });
});
