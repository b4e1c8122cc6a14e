/**
 * A component that is killed again and again costs time, and no word: what it held fails, and its spout emits it again.
 */
import { join } from 'node:path';
import t from 'tap';
import { summaryOf } from '../support/run-cli.js';
import { countsByWord, countsPrinted, countWithSystemTools, runWordCount, writeText } from '../support/word-count.js';

/** A kill every so many printed counts, of about 50,000. */
const COUNTS_A_KILL = 2500;

t.test('with the split bolt killed again and again every root is acked in the end and no word is counted too seldom', async (t) => {
  const file = join(t.testdir(), 'text.txt');
  writeText(file, 50_000);
  /** The children of the split bolt that are up, by pid, the one that has been up longest first. */
  const up = new Set<number>();
  let counts = 0;
  let kills = 0;
  const { status, stdout, stderr } = await runWordCount(file, ['--set', 'parallelism=4', '--log', 'debug'], {
    onStderrLine: (line) => {
      const pid = / child\.up .*component=split .*pid=(\d+)/.exec(line)?.[1];
      if (pid !== undefined) up.add(Number(pid));
    },
    onStdoutLine: () => {
      const [pid] = up;
      if (++counts % COUNTS_A_KILL !== 0 || pid === undefined) return;
      up.delete(pid);
      process.kill(pid, 'SIGKILL');
      kills++;
    },
  });
  const { roots, components } = summaryOf(stdout);
  t.equal(status, 0, stderr.slice(-2000));
  t.ok(kills >= 5, `${kills} kills`);
  t.equal(components.find(({ id }) => id === 'split')?.['restarts'], kills);
  t.ok(roots.failed > 0, `${roots.failed} roots failed and were replayed`);
  t.match(roots, { timedOut: 0, abandoned: 0, pending: 0, unreplayed: 0, unanchored: 0 });
  t.equal(roots.emitted, roots.acked + roots.failed);
  const printed = countsByWord(countsPrinted(stdout));
  const expected = countsByWord(countWithSystemTools(file));
  const tooSeldom = [...expected].filter(([word, count]) => (printed.get(word) ?? 0) < count);
  t.same(tooSeldom, []);
  t.same(
    [...printed.keys()].filter((word) => !expected.has(word)),
    [],
  );
});
