/**
 * Every example runs and comes to its known result, as its README says it does.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import t from 'tap';
import { buildSquares } from '../../examples/builder/squares.js';
import { LocalCluster } from '../../src/index.js';
import { type CliResult, printedTuples, ROOT, runCli, summaryOf } from '../support/run-cli.js';
import { needs } from '../support/tools.js';

const QUIET = '1s';

function runExample(name: string, ...args: readonly string[]): Promise<CliResult> {
  return runCli(['run', join('examples', name, 'topology.yaml'), '--until-idle', QUIET, '--json', ...args]);
}

/** The last values under each key: by default the first value is the key. */
function lastByKey(stdout: string, component: string): Record<string, unknown> {
  const tuples = printedTuples(stdout).filter((tuple) => tuple.component === component && tuple.stream === 'default');
  return Object.fromEntries(tuples.map(({ values: [key, ...rest] }) => [key, rest]));
}

t.test('python-access-log adds up every page and sets aside the lines that it cannot read', { skip: needs('python3') }, async (t) => {
  const { status, stdout } = await runExample('python-access-log', '--print', 'pages', '--print', 'parse:rejected');
  t.equal(status, 0);
  t.same(lastByKey(stdout, 'pages'), {
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
  t.same(lastByKey(stdout, 'anagrams'), {
    acer: [['acer', 'acre', 'care', 'race']],
    acrs: undefined,
    act: [['act', 'cat']],
    acr: [['arc', 'car']],
    adel: [['deal', 'lade', 'lead']],
    aegln: [['angel', 'angle', 'glean']],
    aekls: undefined,
    aekns: [['snake', 'sneak']],
    aels: [['ales', 'sale', 'seal']],
    aemrst: [['master', 'stream']],
    aest: [['east', 'eats', 'seat']],
    beelow: undefined,
    below: undefined,
    beloww: undefined,
    belo: undefined,
    cciprs: undefined,
    ciprs: [['crisp', 'scrip']],
    dstuy: [['dusty', 'study']],
    eerst: [['reset', 'steer', 'terse']],
    eilnst: [['enlist', 'inlets', 'listen', 'silent', 'tinsel']],
    ghint: [['night', 'thing']],
    hnort: [['north', 'thorn']],
  });
  t.match(summaryOf(stdout).roots, { emitted: 49, acked: 49, failed: 0, pending: 0 });
});
