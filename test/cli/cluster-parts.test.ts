/**
 * The parts of the cluster commands that need no cluster: settings, tables, numbers.
 */
import { join } from 'node:path';
import t from 'tap';
import { EXIT, exitCodeOf } from '../../src/cli/exit-codes.js';
import { parseCount, parseWindow } from '../../src/cli/options.js';
import { clusterSettings } from '../../src/cli/project-file.js';
import { tableOf, timeSpan } from '../../src/cli/table.js';
import { PolyboltError } from '../../src/model/errors.js';

t.test('settings come from flags, the environment, the nearest project file and defaults, each by itself', async (t) => {
  const directory = t.testdir({
    'polybolt.yaml': 'nimbus: https://far:6627\ntoken-file: keys/t\nca: keys/ca.crt\nstorm.local.dir: /var\n',
    keys: { t: 'of-the-file\n', 'ca.crt': 'PEM' },
    other: { t: 'of-the-flag' },
    deep: { deeper: {} },
  });
  const deep = join(directory, 'deep/deeper');
  t.same(clusterSettings({}, {}, deep), { urls: ['https://far:6627'], token: 'of-the-file', ca: 'PEM' });
  t.same(clusterSettings({ nimbus: 'http://a, http://b' }, { POLYBOLT_NIMBUS: 'http://c' }, deep).urls, ['http://a', 'http://b']);
  t.same(clusterSettings({}, { POLYBOLT_NIMBUS: 'http://c', POLYBOLT_TOKEN_FILE: '' }, deep), {
    urls: ['http://c'],
    token: 'of-the-file',
    ca: 'PEM',
  });
  t.equal(clusterSettings({ tokenFile: join(directory, 'other/t') }, {}, deep).token, 'of-the-flag');
  t.same(clusterSettings({}, {}, '/'), { urls: ['http://127.0.0.1:6627'] });
});

t.test('a setting that is wrong is refused with where it stands', async (t) => {
  const files: readonly (readonly [file: string, says: RegExp])[] = [
    ['nimbs: x', /polybolt\.yaml has no key `nimbs`/],
    ['nimbus: 5', /`nimbus` in .*polybolt\.yaml must be text, not 5/],
    ['- a', /must be a mapping/],
    ['a: [', /is not valid YAML/],
    ['token-file: none', /none \(`token-file` in .*\) does not exist/],
    ['token-file: polybolt.yaml\n# two lines', /holds no token/],
  ];
  for (const [text, says] of files) {
    const directory = t.testdir({ 'polybolt.yaml': text });
    t.throws(() => clusterSettings({}, {}, directory), { code: 'PB_USAGE', message: says }, text);
  }
  t.same(clusterSettings({}, {}, t.testdir({ 'polybolt.yaml': '' })).urls, ['http://127.0.0.1:6627']);
});

t.test('columns line up, numbers at their ends, and no line ends with spaces', async (t) => {
  const lines = tableOf(
    [{ title: 'name' }, { title: 'tasks', isNumber: true }, { title: 'id' }],
    [
      ['a', '5', 'x'],
      ['longer', '1,000', ''],
    ],
  ).map((line) => line.replace(/\x1b\[\d+m/g, ''));
  t.same(lines, ['name    tasks  id', 'a           5  x', 'longer  1,000']);
});

t.test('a time span has at most two units', async (t) => {
  t.same([0, 59.9, 60, 3605, 90_061, 86_400 * 3].map(timeSpan), ['0 s', '59 s', '1 min', '1 h', '1 d 1 h', '3 d']);
});

t.test('windows and counts are taken in the forms that the help names', async (t) => {
  t.same(['10m', '3h', '1d', 'all', '600', ':all-time'].map(parseWindow), ['600', '10800', '86400', ':all-time', '600', ':all-time']);
  t.throws(() => parseWindow('5m'), { message: '"5m" is no window: write 10m, 3h, 1d, all' });
  t.equal(parseCount('12'), 12);
  for (const wrong of ['', '-1', '1.5', 'x', '1e3']) t.throws(() => parseCount(wrong), { message: `"${wrong}" is not a whole number` });
});

t.test('the exit status says what kind of error it was', async (t) => {
  const of = (code: PolyboltError['code'], context = {}): number => exitCodeOf(new PolyboltError(code, { message: '', context }));
  t.same(
    [of('PB_USAGE'), of('PB_TOPOLOGY_INVALID'), of('PB_NIMBUS_UNREACHABLE'), of('PB_NOT_LEADER'), of('PB_TOPOLOGY_EXISTS')],
    [EXIT.usage, EXIT.invalidTopology, EXIT.unreachable, EXIT.unreachable, EXIT.failed],
  );
  t.equal(of('PB_TOPOLOGY_NOT_UP', { cannotRun: true }), EXIT.cannotRun);
  t.equal(of('PB_TOPOLOGY_NOT_UP'), EXIT.failed);
  t.equal(exitCodeOf(new Error('ours')), EXIT.failed);
});
