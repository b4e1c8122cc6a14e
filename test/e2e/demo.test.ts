/**
 * `npm run demo` on a checkout that is set up: it counts, checks, and says so.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { ROOT } from '../support/run-cli.js';

t.test('the demo counts the words of this repository, checks every count and every root, and ends with 0', async (t) => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(ROOT, 'scripts', 'demo.mjs')], { cwd: ROOT });
  t.match(stdout, /^Polybolt counts the words of LICENSE, spec\//m);
  t.match(stdout, /^ {2}the +\d+ {2}█+$/m);
  t.match(stdout, /^ {2}ok +[\d,]+ words, [\d,]+ different: each count agrees with a count made without Polybolt$/m);
  t.match(stdout, /^ {2}ok +every root acked$/m);
  t.match(stdout, /^ {2}ok +roots balance: ([\d,]+) emitted = \1 acked \+ 0 failed \+ 0 abandoned \+ 0 pending$/m);
  t.notMatch(stdout, /FAILED/);
  t.match(stderr, /^component +tasks +emitted/m);
});
