/** Backpressure with a bolt that is far slower than its spout, and nothing but backpressure to stop it: the short form of `npm run soak:slow-bolt`. Design D9. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';
import { projectRoot } from '../model/project-files.js';
import { needs } from '../support/tools.js';

t.test(
  'ML-BO-10, ML-SP-14: a bolt 100 times slower than its spout costs neither memory nor a root, with pending unset',
  { skip: needs('python3'), timeout: 90_000 },
  async (t) => {
    // The roots of the first five seconds would fail at the tenth, if they had not been acked.
    const args = ['--skip-build', '--seconds', '12', '--message-timeout', '5', '--rate', '10000', '--growth-max', '2'];
    const { code, output } = await new Promise<{ code: number; output: string }>((resolve) => {
      execFile(process.execPath, [join(projectRoot, 'scripts', 'soak-slow-bolt.mjs'), ...args], (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? -1), output: `${stdout}${stderr}` }),
      );
    });
    t.equal(code, 0, output);
    t.match(output, /ok {3}roots failed by timeout +0/);
    t.match(output, /ok {3}resident memory, peak/);
  },
);
