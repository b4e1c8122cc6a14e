/**
 * The word count on machines that lack languages: with nothing but Node it counts the same, and says what it went without.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { ROOT, runCli, summaryOf } from '../support/run-cli.js';

/** A directory of programs that holds Node and what Polybolt itself needs, and nothing else. */
function bareMachine(directory: string): NodeJS.ProcessEnv {
  symlinkSync(process.execPath, join(directory, 'node'));
  symlinkSync(execFileSync('sh', ['-c', 'command -v mkfifo'], { encoding: 'utf8' }).trim(), join(directory, 'mkfifo'));
  return { ...process.env, PATH: directory };
}

t.test('with nothing but Node every component has a stand-in, and every count is right', async (t) => {
  const env = bareMachine(t.testdir());
  const choose = 'import { chooseLanguages } from "./examples/word-count/languages.mjs"; console.log(JSON.stringify(chooseLanguages()))';
  const chosen = spawnSync(process.execPath, ['--input-type=module', '--eval', choose], { cwd: ROOT, env, encoding: 'utf8' });
  const { missing, set, languages } = JSON.parse(chosen.stdout);
  t.same(missing, ['Python', 'shell', 'Ruby', 'Go']);
  t.same(languages.at(-1), { component: 'report', language: 'TypeScript' });
  t.equal(set.split, '["node","node/split.mjs"]');

  const variables = Object.entries(set).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
  const topology = join('examples', 'word-count', 'topology.yaml');
  const args = ['run', topology, ...variables, '--set', 'parallelism=2', '--until-idle', '1s', '--print', 'count'];
  const { status, stdout, stderr } = await runCli([...args, '--set', 'input=LICENSE', '--json'], { env });
  t.equal(status, 0, stderr);
  t.match(summaryOf(stdout).roots, { failed: 0, pending: 0 });
  const counts = stdout.split('\n').filter((line) => line.startsWith('{"component"'));
  const check = spawnSync(process.execPath, ['examples/word-count/check.mjs', 'LICENSE'], {
    cwd: ROOT,
    input: counts.join('\n'),
    encoding: 'utf8',
  });
  t.equal(check.stdout, '441 words, every count is right\n');
  t.equal(check.status, 0);

  const short = spawnSync(process.execPath, ['examples/word-count/check.mjs', 'LICENSE'], {
    cwd: ROOT,
    input: counts.slice(0, -1).join('\n'),
    encoding: 'utf8',
  });
  t.match(short.stdout, /^\w+: counted \d+, there are \d+\n1 count is wrong\n$/, 'a count that is lost is noticed');
  t.equal(short.status, 1);
});

t.test('without an input the pages of this repository are counted', async (t) => {
  const topology = join('examples', 'word-count', 'topology.yaml');
  const standIns = ['filter', 'split', 'count'].flatMap((name) => ['--set', `${name}=["node","node/${name}.mjs"]`]);
  const { status, stdout } = await runCli([
    'run',
    topology,
    ...standIns,
    '--set',
    'sentences=["node","node/sentences.mjs"]',
    '--until-idle',
    '1s',
    '--print',
    'count',
  ]);
  t.equal(status, 0);
  const check = spawnSync(process.execPath, ['examples/word-count/check.mjs'], { cwd: ROOT, input: stdout, encoding: 'utf8' });
  t.match(check.stdout, /^\d+ words, every count is right\n$/);
});
