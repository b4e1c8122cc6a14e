/**
 * Every example runs and comes to its known result, as its README says it does.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';
import { buildSquares } from '../../examples/builder/squares.js';
import { LocalCluster } from '../../src/index.js';
import { type CliResult, printedTuples, ROOT, runCli, summaryOf } from '../support/run-cli.js';
import { needs } from '../support/tools.js';

function runExample(name: string, ...args: readonly string[]): Promise<CliResult> {
  return runCli(['run', join('examples', name, 'topology.yaml'), '--until-idle', '1s', '--json', ...args]);
}

/** The last values that a component emitted on its default stream, by the first of them. */
function lastByFirst(stdout: string, component: string): Record<string, unknown> {
  const tuples = printedTuples(stdout).filter((tuple) => tuple.component === component && tuple.stream === 'default');
  return Object.fromEntries(tuples.map(({ values: [first, ...rest] }) => [first, rest]));
}

t.test('python-access-log adds up every page and sets aside the lines that it cannot read', { skip: needs('python3') }, async (t) => {
  const { status, stdout } = await runExample('python-access-log', '--print', 'pages', '--print', 'parse:rejected');
  t.equal(status, 0);
  t.same(lastByFirst(stdout, 'pages'), {
    '/': [48, 216963, 403],
    '/docs': [62, 1169968, 474],
    '/docs/protocol': [16, 615110, 91],
    '/login': [47, 45880, 436],
    '/search': [64, 180640, 90],
  });
  t.equal(printedTuples(stdout).filter(({ stream }) => stream === 'rejected').length, 3);
  t.match(summaryOf(stdout).roots, { emitted: 240, acked: 240, failed: 0, pending: 0 });
});

t.test('ruby-anagrams brings words of the same letters together', { skip: needs('ruby') }, async (t) => {
  const { status, stdout } = await runExample('ruby-anagrams', '--print', 'anagrams');
  t.equal(status, 0);
  t.same(lastByFirst(stdout, 'anagrams'), {
    acer: [['acer', 'acre', 'care', 'race']],
    acr: [['arc', 'car']],
    act: [['act', 'cat']],
    adel: [['deal', 'lade', 'lead']],
    aegln: [['angel', 'angle', 'glean']],
    aekns: [['snake', 'sneak']],
    aels: [['ales', 'sale', 'seal']],
    aemrst: [['master', 'stream']],
    aest: [['east', 'eats', 'seat']],
    below: [['below', 'elbow']],
    ciprs: [['crisp', 'scrip']],
    dstuy: [['dusty', 'study']],
    eerst: [['reset', 'steer', 'terse']],
    eilnst: [['enlist', 'inlets', 'listen', 'silent', 'tinsel']],
    ghint: [['night', 'thing']],
    hnort: [['north', 'thorn']],
  });
  t.match(summaryOf(stdout).roots, { emitted: 49, acked: 49, failed: 0, pending: 0 });
});

t.test('go-primes counts the primes below a bound', { skip: needs('go') }, async (t) => {
  const built = spawnSync('sh', ['examples/go-component.sh', '--build', 'examples/go-primes/primes'], { cwd: ROOT, encoding: 'utf8' });
  t.equal(built.status, 0, built.stderr);
  const { status, stdout } = await runExample('go-primes', '--set', 'below=10000', '--print', 'tally', '--print', 'test:composite');
  t.equal(status, 0);
  const tuples = printedTuples(stdout);
  t.same(tuples.filter(({ component }) => component === 'tally').at(-1)?.values, [1229, 9973]);
  t.equal(tuples.filter(({ stream }) => stream === 'composite').length, 9998 - 1229);
  t.same(tuples.find(({ values, stream }) => stream === 'composite' && values[0] === 9409)?.values, [9409, 97]);
  t.match(summaryOf(stdout).roots, { emitted: 9998, acked: 9998, failed: 0, pending: 0 });
});

t.test('shell-logins counts the login shells of accounts', async (t) => {
  const { status, stdout } = await runExample('shell-logins', '--print', 'count');
  t.equal(status, 0);
  t.same(lastByFirst(stdout, 'count'), { '/bin/bash': [3], '/usr/sbin/nologin': [3], '/bin/sync': [1], '/bin/zsh': [1], '/bin/sh': [1] });
  t.match(summaryOf(stdout).roots, { emitted: 11, acked: 11, failed: 0, pending: 0 });
});

t.test('node-temperatures computes the mean of each station from readings in three units', async (t) => {
  const { status, stdout } = await runExample('node-temperatures', '--print', 'means');
  t.equal(status, 0);
  const means = printedTuples(stdout).map(({ values: [station, , readings] }) => [station, readings]);
  t.equal(means.length, 10);
  t.match(lastByFirst(stdout, 'means'), { Tromsø: [-3.5, 3], Nairobi: [20, 3], Boston: [9.5, 4] });
  t.match(summaryOf(stdout).roots, { emitted: 10, acked: 10, failed: 0, pending: 0 });
});

t.test('replay-and-ticks delivers every order, the failed ones by a replay, and tells of it at ticks', async (t) => {
  const { status, stdout, stderr } = await runExample('replay-and-ticks', '--print', 'ledger', '--print', 'courier');
  t.equal(status, 0);
  const tuples = printedTuples(stdout);
  const ledger = tuples.filter(({ component }) => component === 'ledger');
  t.same(ledger.at(-1)?.values, [100, 50500, 6], 'all orders, their sum, and six that came twice');
  t.ok(ledger.length < 20, 'once a tick, not once an order');
  const delivered = tuples.filter(({ component }) => component === 'courier').map(({ values: [order] }) => order as number);
  t.same(
    [...new Set(delivered)].sort((a, b) => a - b),
    Array.from({ length: 100 }, (_, index) => index + 1),
  );
  t.match(summaryOf(stdout).roots, { emitted: 149, acked: 100, failed: 49, timedOut: 0, abandoned: 0, pending: 0, unreplayed: 0 });
  t.match(stderr, /nobody was at home for order 7\b/);
  t.match(stderr, /order 3 failed and is emitted again/);
});

t.test('builder: a topology built in code runs on a LocalCluster', async (t) => {
  let sum = 0;
  const topology = buildSquares(join(ROOT, 'examples', 'builder'), 1000, (newest) => {
    sum = newest;
  });
  const cluster = await LocalCluster.start();
  t.teardown(() => cluster.shutdown());
  await cluster.submit(topology);
  await cluster.untilIdle('squares', 500);
  const { roots } = cluster.summary('squares');
  t.equal(sum, 333833500);
  t.match(roots, { emitted: 1000, acked: 1000, failed: 0, pending: 0, unreplayed: 0 });
});

t.test('builder: the program around it finds the same sum', async (t) => {
  const { status, stdout } = spawnSync(process.execPath, ['dist/examples/builder/main.js'], { cwd: ROOT, encoding: 'utf8' });
  t.equal(status, 0);
  t.equal(stdout, '1² + 2² + … + 1000² = 333833500, 1000 of 1000 roots acked\n');
});
