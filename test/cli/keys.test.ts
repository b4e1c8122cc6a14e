/**
 * `polybolt keys` and what daemons make of the files: real certificates, a real TLS server, and openssl's opinion.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import t from 'tap';
import { keysAddCommand, keysInitCommand } from '../../src/cli/commands/keys.js';
import { loadSecurity, type TlsFiles } from '../../src/daemon/security/security.js';

/** Runs a command with its stdout caught. */
async function printed(run: () => Promise<number>): Promise<string> {
  const write = process.stdout.write;
  let text = '';
  process.stdout.write = ((chunk: string) => {
    text += chunk;
    return true;
  }) as typeof process.stdout.write;
  try {
    await run();
  } finally {
    process.stdout.write = write;
  }
  return text;
}

const folder = t.testdir();
const keys = join(folder, 'keys');
const said = await printed(() => keysInitCommand(keys, { host: ['nimbus1.example.com', '10.0.0.5'] }));
const files = {
  tls: { ca: join(keys, 'ca.crt'), cert: join(keys, 'daemon.crt'), key: join(keys, 'daemon.key') },
  daemonToken: join(keys, 'daemon.token'),
  clientToken: join(keys, 'client.token'),
};

t.test('six files are made, for their owner alone, and the lines for the configuration are printed', async (t) => {
  t.same(readdirSync(keys).sort(), ['ca.crt', 'ca.key', 'client.token', 'daemon.crt', 'daemon.key', 'daemon.token']);
  for (const name of readdirSync(keys)) t.equal(statSync(join(keys, name)).mode & 0o777, 0o600, name);
  t.equal(statSync(keys).mode & 0o777, 0o700);
  t.match(said, /^polybolt\.tls\.key: \/etc\/polybolt\/daemon\.key$/m);
  t.match(said, 'nimbus1.example.com, 10.0.0.5');
  const { clientToken = '', daemonToken = '' } = loadSecurity(files);
  t.match(clientToken, /^[\w-]{43}$/);
  t.match(daemonToken, /^[\w-]{43}$/);
  t.not(clientToken, daemonToken);
  t.notOk(said.includes(clientToken) || said.includes(daemonToken), 'secrets are not printed');
});

t.test('nothing is overwritten unless that is asked for', async (t) => {
  const before = readFileSync(files.daemonToken, 'utf8');
  await t.rejects(keysInitCommand(keys, {}), { code: 'PB_KEYS_EXIST' });
  t.equal(readFileSync(files.daemonToken, 'utf8'), before);
  const other = join(t.testdir({ 'ca.key': 'old' }));
  chmodSync(join(other, 'ca.key'), 0o644);
  await t.rejects(keysInitCommand(other, {}), { code: 'PB_KEYS_EXIST', message: /ca\.key exists already/ });
  t.same(readdirSync(other), ['ca.key']);
  await printed(() => keysInitCommand(other, { force: true }));
  t.equal(statSync(join(other, 'ca.key')).mode & 0o777, 0o600);
});

t.test('what is no host is refused before anything is made', async (t) => {
  for (const host of ['', 'http://a', 'a b', 'a:80', 'a/b', '-a', '..']) {
    await t.rejects(keysInitCommand(join(folder, 'none'), { host: [host] }), { code: 'PB_USAGE' }, host);
  }
  t.notOk(readdirSync(folder).includes('none'));
});

/** A server that wants a certificate of the CA, asked by a client; resolves to what came back. */
async function ask(server: TlsFiles, client: Partial<TlsFiles>): Promise<string> {
  const listening = createServer({ ...server, requestCert: true, rejectUnauthorized: true }, (incoming, response) =>
    response.end((incoming.socket as TLSSocket).getPeerCertificate().subject.CN),
  ).listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const { port } = listening.address() as AddressInfo;
  try {
    return await new Promise((resolve, reject) => {
      const outgoing = request({ host: '127.0.0.1', port, agent: false, ...client }, (response) => {
        response.setEncoding('utf8').on('data', resolve).on('error', reject);
      });
      outgoing.on('error', reject).end();
    });
  } finally {
    listening.closeAllConnections();
    listening.close();
  }
}

t.test('daemons know each other by the certificates, and nobody else', async (t) => {
  const { tls } = loadSecurity(files) as { tls: TlsFiles };
  t.equal(await ask(tls, tls), 'polybolt daemon');
  await t.rejects(ask(tls, { ca: tls.ca }), 'without a certificate');
  const foreign = join(folder, 'foreign');
  await printed(() => keysInitCommand(foreign, {}));
  const strange = loadSecurity({
    tls: { ca: join(foreign, 'ca.crt'), cert: join(foreign, 'daemon.crt'), key: join(foreign, 'daemon.key') },
  }).tls as TlsFiles;
  await t.rejects(ask(tls, { ...strange, ca: tls.ca }), 'with a certificate of another CA');
  await t.rejects(ask(strange, tls), 'of a server with a certificate of another CA');
});

t.test('a machine that comes later gets a certificate of the same CA', async (t) => {
  await printed(() => keysAddCommand(['10.0.0.6', 'late.example.com'], { dir: keys }));
  const late = loadSecurity({ tls: { ca: files.tls.ca, cert: join(keys, '10.0.0.6.crt'), key: join(keys, '10.0.0.6.key') } })
    .tls as TlsFiles;
  t.equal(await ask(late, (loadSecurity(files) as { tls: TlsFiles }).tls), 'polybolt daemon');
  await t.rejects(keysAddCommand(['10.0.0.6'], { dir: keys }), { code: 'PB_KEYS_EXIST' });
  await t.rejects(keysAddCommand(['a'], { dir: folder }), { code: 'PB_SECRET_INVALID', hint: /--dir/ });
});

t.test('openssl finds nothing wrong with chain, names and purposes', { skip: !hasOpenssl() && 'needs openssl' }, async (t) => {
  const openssl = (...args: readonly string[]): string =>
    execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  for (const purpose of ['sslserver', 'sslclient']) {
    for (const name of [
      ['-verify_hostname', 'nimbus1.example.com'],
      ['-verify_ip', '10.0.0.5'],
      ['-verify_ip', '::1'],
    ]) {
      t.match(openssl('verify', '-x509_strict', '-purpose', purpose, ...name, '-CAfile', files.tls.ca, files.tls.cert), 'OK');
    }
  }
  t.throws(() => openssl('verify', '-verify_hostname', 'other.example.com', '-CAfile', files.tls.ca, files.tls.cert));
});

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

t.test('files that do not fit are refused with what is wrong, and never quoted', async (t) => {
  const bad = t.testdir({ 'text.crt': 'no certificate', 'short.token': 'secret-but-short\n' });
  const invalid = (wrong: Parameters<typeof loadSecurity>[0], message: RegExp): void => {
    t.throws(() => loadSecurity(wrong), { code: 'PB_SECRET_INVALID', message });
  };
  const { tls } = files;
  chmodSync(join(bad, 'short.token'), 0o600);
  invalid({ tls: { ...tls, ca: join(bad, 'none.crt') } }, /none\.crt does not exist/);
  invalid({ tls: { ...tls, cert: join(bad, 'text.crt') } }, /text\.crt cannot be read as PEM/);
  invalid({ tls: { ...tls, key: join(keys, 'ca.key') } }, /ca\.key is not the key of the certificate/);
  invalid({ tls: { ...tls, ca: join(folder, 'foreign', 'ca.crt') } }, /was not signed by/);
  try {
    loadSecurity({ daemonToken: join(bad, 'short.token') });
    t.fail('a token of sixteen characters is let pass');
  } catch (error) {
    t.match(error, { code: 'PB_SECRET_INVALID' });
    t.notOk(JSON.stringify([error, (error as Error).message]).includes('secret-but-short'));
  }
});

t.test('keys and tokens that everybody may read are refused', async (t) => {
  const open = t.testdir();
  for (const name of ['daemon.key', 'daemon.token']) {
    copyFileSync(join(keys, name), join(open, name));
    chmodSync(join(open, name), 0o644);
  }
  const exposed = { code: 'PB_SECRET_EXPOSED', message: /mode 0644/, hint: /chmod 600/ };
  t.throws(() => loadSecurity({ daemonToken: join(open, 'daemon.token') }), exposed);
  t.throws(() => loadSecurity({ tls: { ...files.tls, key: join(open, 'daemon.key') } }), exposed);
  chmodSync(join(open, 'daemon.token'), 0o640);
  t.match(loadSecurity({ daemonToken: join(open, 'daemon.token') }), { daemonToken: /./ }, 'a group may');
  writeFileSync(join(open, 'empty'), '', { mode: 0o600 });
  t.throws(() => loadSecurity({ clientToken: join(open, 'empty') }), { code: 'PB_SECRET_INVALID' });
});
