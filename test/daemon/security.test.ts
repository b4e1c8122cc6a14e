/**
 * Who may call a daemon, where it may listen, what its configuration may say, and that secrets stay out of its log.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { authorizationOf, authorize, checkBind, isLoopback, linkToken, mayCall } from '../../src/daemon/security/security.js';
import { loadDaemonConfig, variableOf } from '../../src/daemon/settings/daemon-config.js';
import { DAEMON_DEFAULTS, daemonSettingsOf } from '../../src/daemon/settings/daemon-config-settings.js';
import { claimDirectory } from '../../src/daemon/settings/daemon-directory.js';
import { createDaemonLog } from '../../src/daemon/settings/daemon-log.js';
import { PolyboltError } from '../../src/model/errors.js';
import type { Config } from '../../src/model/topology.js';
import { projectRoot, readProjectFile } from '../model/project-files.js';

const [CLIENT, DAEMON] = ['client-token-0123456789', 'daemon-token-0123456789'];

t.test('a request is let in by one of the allowed tokens and by nothing else', async (t) => {
  t.ok(authorize(`Bearer ${CLIENT}`, [DAEMON, CLIENT]));
  t.ok(authorize(`bearer  ${CLIENT} `, [CLIENT]), 'as RFC 9110 writes it');
  for (const wrong of [
    undefined,
    '',
    'Bearer',
    'Bearer ',
    CLIENT,
    `Basic ${CLIENT}`,
    `Bearer ${CLIENT}x`,
    `Bearer ${CLIENT.slice(1)}`,
    `Bearer ${CLIENT} ${CLIENT}`,
  ]) {
    t.notOk(authorize(wrong, [CLIENT, DAEMON]), String(wrong));
  }
  t.notOk(authorize('Bearer x', []), 'no token allows nobody');
});

t.test('the daemon token opens everything, the client token only what is for clients, and without tokens everything is open', async (t) => {
  const security = { clientToken: CLIENT, daemonToken: DAEMON };
  const may = (token: string, caller: 'client' | 'daemon'): boolean => mayCall(authorizationOf(token)['authorization'], security, caller);
  t.same([may(CLIENT, 'client'), may(CLIENT, 'daemon'), may(DAEMON, 'client'), may(DAEMON, 'daemon')], [true, false, true, true]);
  t.notOk(mayCall(undefined, security, 'client'));
  t.notOk(mayCall(`Bearer ${CLIENT}`, { clientToken: CLIENT }, 'daemon'), 'a missing daemon token opens nothing to daemons');
  t.ok(mayCall(undefined, {}, 'daemon'));
});

t.test('each topology has a link token of its own, which does not tell the daemon token', async (t) => {
  t.match(linkToken(DAEMON, 'a-1-1'), /^[0-9a-f]{64}$/);
  t.equal(linkToken(DAEMON, 'a-1-1'), linkToken(DAEMON, 'a-1-1'));
  t.not(linkToken(DAEMON, 'a-1-1'), linkToken(DAEMON, 'a-2-1'));
  t.not(linkToken(DAEMON, 'a-1-1'), linkToken(CLIENT, 'a-1-1'));
});

t.test('a daemon listens to other machines only with certificates and a daemon token', async (t) => {
  const tls = { ca: '', cert: '', key: '' };
  for (const host of ['127.0.0.1', '127.8.0.1', 'localhost', '::1', '[::1]', '::ffff:127.0.0.1']) {
    t.ok(isLoopback(host), host);
    checkBind(host, {}, 'nimbus.host');
  }
  for (const host of ['0.0.0.0', '::', '10.0.0.5', 'localhost.example.com', '127.0.0.1.example.com', '128.0.0.1', '']) {
    for (const lacking of [{}, { tls }, { daemonToken: DAEMON }, { tls, clientToken: CLIENT }]) {
      t.throws(() => checkBind(host, lacking, 'nimbus.host'), { code: 'PB_BIND_UNSAFE' }, host);
    }
    checkBind(host, { tls, daemonToken: DAEMON }, 'nimbus.host');
  }
  t.throws(() => checkBind('10.0.0.5', { tls }, 'nimbus.host'), { message: /there is no daemon token \(polybolt\.token\.daemon\)\.$/ });
});

/** Loads a configuration from a file of that text. */
function load(
  t: Tap,
  text: string,
  more: { readonly env?: Record<string, string>; readonly config?: Config; readonly mode?: number } = {},
) {
  const directory = t.testdir({ 'polybolt.yaml': text });
  const file = join(directory, 'polybolt.yaml');
  chmodSync(file, more.mode ?? 0o600);
  const result = loadDaemonConfig({ file, env: more.env ?? {}, config: more.config ?? {}, directory: '/somewhere' });
  const lines = 'mistakes' in result ? result.mistakes : result.warnings;
  return {
    directory,
    lines: lines.map((line) => line.replace(directory, '.')),
    settings: 'settings' in result ? result.settings : undefined,
  };
}
type Tap = { testdir(content: Record<string, string>): string };

t.test('the schema, the page and the code agree about every key of daemons, its default and its meaning', async (t) => {
  const schema = JSON.parse(readProjectFile('multilang', 'schema', 'daemon-configuration.schema.json')) as {
    properties: Record<string, { default: unknown; description: string }>;
  };
  const [, page = ''] = readProjectFile('spec', 'configuration.md').split('\n## Daemons\n');
  const rows = [...page.matchAll(/^\| `([^`]+)` \| `(.*)` \| (.*) \|$/gm)].map(([, key, value, meaning]) => [
    key,
    [JSON.parse(value ?? ''), meaning],
  ]);
  const expected = Object.entries(schema.properties).map(([key, one]) => [key, [one.default, one.description]]);
  t.same(Object.fromEntries(rows), Object.fromEntries(expected));
  t.same(DAEMON_DEFAULTS, Object.fromEntries(Object.entries(schema.properties).map(([key, one]) => [key, one.default])));
});

t.test('without a word everything has its default', async (t) => {
  const result = loadDaemonConfig({ env: {}, config: {}, directory: '/here' });
  t.match(result, {
    warnings: [],
    settings: {
      zookeeper: { servers: ['localhost:2181'], root: '/polybolt', sessionTimeoutMs: 20_000, connectionTimeoutMs: 15_000 },
      nimbus: { host: '127.0.0.1', advertisedHost: '127.0.0.1', port: 6627, monitorMs: 10_000, taskTimeoutMs: 30_000, launchMs: 120_000 },
      supervisor: { port: 8000, slotPorts: [6700, 6701, 6702, 6703], shutdownMs: 3000, environment: ['PATH', 'HOME'] },
      worker: { heartbeatMs: 1000, supervisorTimeoutMs: 600_000 },
      security: {},
    },
  });
  t.same(load(t, '# nothing but a comment\n').settings?.nimbus, daemonSettingsOf({}).nimbus);
});

t.test('the command line wins over the environment, and that over the file; paths are relative to where they are written', async (t) => {
  const { settings, directory } = load(
    t,
    'nimbus.port: 1\nnimbus.host: localhost\nsupervisor.port: 1\nstorm.zookeeper.servers: [a, "b:1", "[::1]", "[::1]:2"]\nstorm.local.dir: state\npolybolt.token.client: t\n',
    {
      env: {
        POLYBOLT_NIMBUS_PORT: '2',
        POLYBOLT_SUPERVISOR_PORT: '2',
        POLYBOLT_SUPERVISOR_SLOTS_PORTS: '[5, 6]',
        POLYBOLT_TOKEN_DAEMON: 'd',
      },
      config: { 'nimbus.port': 3 },
    },
  );
  t.match(settings, {
    nimbus: { port: 3, host: 'localhost' },
    supervisor: { port: 2, slotPorts: [5, 6] },
    zookeeper: { servers: ['a:2181', 'b:1', '[::1]:2181', '[::1]:2'] },
    localDirectory: join(directory, 'state'),
    security: { clientToken: join(directory, 't'), daemonToken: '/somewhere/d' },
  });
  t.equal(variableOf('polybolt.tls.ca'), 'POLYBOLT_TLS_CA');
});

t.test('an address that means every address is made known by a name', async (t) => {
  const { settings } = load(t, 'nimbus.host: 0.0.0.0\nsupervisor.host: "::"\nstorm.local.hostname: node7\n');
  t.match(settings, { nimbus: { host: '0.0.0.0', advertisedHost: 'node7' }, supervisor: { host: '::', advertisedHost: 'node7' } });
  t.not(daemonSettingsOf({ 'nimbus.host': '0.0.0.0' }).nimbus.advertisedHost, '0.0.0.0');
});

t.test('every mistake is told at once, each with its place', async (t) => {
  const { lines } = load(
    t,
    [
      'nimbus.port: 70000',
      'supervisor.slots.ports: [6700, six]',
      'storm.zookeeper.servers: []',
      'storm.zookeeper.root: polybolt/',
      'polybolt.tls.ca: ca.crt',
      'worker.heartbeat.frequency.secs: 30',
      'nimbus.monitor.freq.secs: 0',
    ].join('\n'),
    { env: { POLYBOLT_SUPERVISOR_PORT: '[' }, config: { 'nimbus.host': 5 } },
  );
  const starts = [
    './polybolt.yaml:1:14: PB_DAEMON_CONFIG_INVALID `nimbus.port` must be at most 65535, not 70000',
    './polybolt.yaml:2:25: PB_DAEMON_CONFIG_INVALID `supervisor.slots.ports` has an item 2 that must be a whole number, not "six"',
    './polybolt.yaml:3:26: PB_DAEMON_CONFIG_INVALID `storm.zookeeper.servers` must not be empty',
    './polybolt.yaml:4:23: PB_DAEMON_CONFIG_INVALID `storm.zookeeper.root` has the wrong form: "polybolt/"',
    './polybolt.yaml:5:18: PB_DAEMON_CONFIG_INVALID `polybolt.tls.ca` needs `polybolt.tls.cert` and `polybolt.tls.key`',
    './polybolt.yaml:6:34: PB_DAEMON_CONFIG_INVALID `worker.heartbeat.frequency.secs` (30) must be less than `supervisor.worker.timeout.secs` (30)',
    './polybolt.yaml:7:27: PB_DAEMON_CONFIG_INVALID `nimbus.monitor.freq.secs` must be more than 0, not 0',
    'POLYBOLT_SUPERVISOR_PORT: PB_DAEMON_CONFIG_INVALID `supervisor.port` must be a whole number, not "["',
    '--config: PB_DAEMON_CONFIG_INVALID `nimbus.host` must be text, not 5',
  ];
  t.equal(lines.length, starts.length, lines.join('\n'));
  for (const start of starts)
    t.ok(
      lines.some((line) => line.startsWith(start)),
      start,
    );
});

t.test('what is no configuration at all is told with its place', async (t) => {
  t.match(load(t, 'nimbus.port: 1\nnimbus.port: 2\n').lines, [
    /^\.\/polybolt\.yaml:2:1: PB_DAEMON_CONFIG_INVALID .*the same key stands twice/,
  ]);
  t.match(load(t, '- a\n').lines, [/polybolt\.yaml:1:1: .* must be a mapping/]);
  t.match(load(t, 'supervisor.port: 6700\n').lines, [/`supervisor.port` 6700 is also one of `supervisor.slots.ports`/]);
  t.match(loadDaemonConfig({ file: '/none.yaml', env: {}, config: {}, directory: '/' }), {
    mistakes: [
      '/none.yaml: PB_DAEMON_CONFIG_INVALID the configuration file does not exist (it is given as --config-file or POLYBOLT_CONFIG_FILE)',
    ],
  });
});

t.test('a key that does not exist is a warning with a suggestion', async (t) => {
  const { lines } = load(t, 'nimbus.prot: 1\ntopology.debug: true\nmine: 2\nnimbus: a\ntoken-file: b\nca: c\n', {
    config: { 'storm.zookeeper.auth.payload': 'u:p', 'storm.zookeeper.auth.scheme': 'digest' },
  });
  t.match(lines, [
    /^\.\/polybolt\.yaml:1:1: `nimbus\.prot` is no key of a daemon \(did you mean `nimbus\.port`\?\)$/,
    /:2:1: `topology\.debug` is no key of a daemon \(it belongs in the topology file\)$/,
    /:3:1: `mine` is no key of a daemon \(it is ignored\)$/,
    /^--config: `storm\.zookeeper\.auth\.payload` on the command line can be seen by everybody/,
  ]);
});

t.test('credentials in a file that everybody may read are refused, and are never part of a mistake', async (t) => {
  const text = 'storm.zookeeper.auth.scheme: digest\nstorm.zookeeper.auth.payload: "user:pa55word"\n';
  t.throws(() => load(t, text, { mode: 0o644 }), { code: 'PB_SECRET_EXPOSED' });
  t.match(load(t, text).settings?.zookeeper.auth, { scheme: 'digest', payload: 'user:pa55word' });
  const { lines } = load(t, 'storm.zookeeper.auth.payload: [pa55word]\nstorm.zookeeper.auth.scheme: digest\n');
  t.match(lines, [/`storm\.zookeeper\.auth\.payload` is not usable text/]);
  t.notMatch(lines.join(), 'pa55word');
});

t.test('a line of the log is an event with its fields, and never holds a secret', async (t) => {
  const lines: string[] = [];
  const secret = 'pa55"word\\0123';
  const log = createDaemonLog({ level: 'info', secrets: [secret, DAEMON], write: (line) => lines.push(line) });
  log.debug('not.written');
  log.info('nimbus.ready', { url: 'http://127.0.0.1:1', level: 'mine' });
  log.warn('store.refused', { auth: `digest:${secret}`, headers: { authorization: `Bearer ${DAEMON}` } });
  log.error('nimbus.failed', {
    error: new PolyboltError('PB_USAGE', { message: `wrong: ${secret}`, hint: 'do better', cause: new Error(DAEMON) }),
  });
  const [ready, refused, failed] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  t.equal(lines.length, 3);
  t.match(ready, { level: 'info', event: 'nimbus.ready', url: 'http://127.0.0.1:1', level_: 'mine', time: /^\d{4}-.*Z$/ });
  t.match(refused, { auth: 'digest:[secret]', headers: { authorization: 'Bearer [secret]' } });
  t.match(failed, { error: { code: 'PB_USAGE', message: 'wrong: [secret]', hint: 'do better', cause: '[secret]' } });
  t.notMatch(lines.join(''), DAEMON);
});

t.test('a directory belongs to one living daemon, which keeps its id for ever', async (t) => {
  const path = join(t.testdir(), 'nimbus');
  const first = claimDirectory(path);
  t.equal(statSync(path).mode & 0o777, 0o700);
  t.throws(() => claimDirectory(path), { code: 'PB_DIRECTORY_IN_USE', context: { pid: process.pid } });
  first.release();
  const second = claimDirectory(path);
  t.equal(second.id, first.id);
  second.release();
  // Of a process that is no more, of one that has another start time, and of nobody.
  for (const dead of [
    '{"pid":4194304,"started":"x"}',
    JSON.stringify({ pid: process.ppid, started: 'before the flood' }),
    'not ours',
    '',
  ]) {
    writeFileSync(join(path, 'lock'), dead);
    claimDirectory(path).release();
  }
  t.same(readdirSync(path), ['id']);
  const file = join(t.testdir({ file: '' }), 'file');
  t.throws(() => claimDirectory(file), { code: 'PB_DAEMON_CONFIG_INVALID', hint: /storm\.local\.dir/ });
});

t.test('the configuration and the units under examples/deploy are valid', async (t) => {
  const folder = join(projectRoot, 'examples', 'deploy');
  const result = loadDaemonConfig({ file: join(folder, 'polybolt.yaml'), env: {}, config: {}, directory: '/' });
  t.match(result, { warnings: [], settings: { nimbus: { host: 'node1.example.com' } } });
  const page = readProjectFile('spec', 'operations.md');
  const [, inPage = ''] = /polybolt\.yaml <<'END'\n(storm[\s\S]*?)END\n/.exec(page) ?? [];
  t.match(load(t, inPage), { lines: [], settings: { zookeeper: { servers: ['node1:2181', 'node2:2181', 'node3:2181'] } } });
  const units = readdirSync(folder).filter((name) => name.endsWith('.service'));
  t.same(units, ['polybolt-nimbus.service', 'polybolt-supervisor.service']);
  for (const name of units) t.equal(judgeUnit(join(folder, name)), '', name);
});

/** What systemd says against a unit; nothing where there is no systemd. */
function judgeUnit(file: string): string {
  try {
    execFileSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    return '';
  } catch (error) {
    const { code, stderr } = error as { readonly code?: string; readonly stderr?: string };
    return code === 'ENOENT' ? '' : (stderr ?? String(error));
  }
}
