/**
 * `npm run demo:cluster` in its short form: real ZooKeeper, two nimbuses, three supervisors, and every fault of the story.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { ROOT } from '../support/run-cli.js';
import { needs } from '../support/tools.js';

t.setTimeout(240_000);

t.test(
  'a rebalance, a dead leader, a dead machine and a frozen worker lose nothing',
  { skip: needs('python3', 'zookeeper', 'zookeeper-client') },
  async (t) => {
    const demo = spawn(process.execPath, [join(ROOT, 'scripts', 'demo-cluster.mjs'), '--short'], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [stdout, stderr, [status]] = await Promise.all([text(demo.stdout), text(demo.stderr), once(demo, 'close')]);
    const last = /^roots (\d+) emitted, (\d+) acked, (\d+) lost$/.exec(stdout.trim().split('\n').at(-1) ?? '');
    t.equal(status, 0, `${stdout}\n${stderr}`);
    t.ok(Number(last?.[1]) > 5000, 'lines were emitted all the while');
    t.equal(last?.[2], last?.[1]);
    t.equal(last?.[3], '0');
    t.equal(stdout.match(/ {2}(?:\d+\.\d s|never below it)$/gm)?.length, 4, 'each fault has its time to recover');
  },
);
