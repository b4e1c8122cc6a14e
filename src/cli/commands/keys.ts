/**
 * `polybolt keys init` and `polybolt keys add`: certificates and tokens for a cluster that is more than one machine. Invariant: every file is for its owner
 * alone, all are written or none, and nothing is overwritten unless that was asked for.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import { PolyboltError } from '../../model/errors.js';
import { makeAuthority, makeDaemonCertificate } from '../certificates.js';
import { EXIT } from '../exit-codes.js';

export interface KeysInitOptions {
  /** Names and addresses of the machines, besides this one's loopback. */
  readonly host?: readonly string[];
  readonly force?: boolean;
}

/** Every certificate holds for these, so that tools on the machine itself may use loopback. */
const LOCAL_HOSTS: readonly string[] = ['localhost', '127.0.0.1', '::1'];
const DEFAULT_DIRECTORY = 'polybolt-keys';
const TOKEN_BYTES = 32;

/** Throws PB_KEYS_EXIST, PB_USAGE. */
export async function keysInitCommand(directory: string | undefined, options: KeysInitOptions): Promise<number> {
  const folder = resolve(directory ?? DEFAULT_DIRECTORY);
  const hosts = [...new Set([...LOCAL_HOSTS, ...(options.host ?? []).map(checkedHost)])];
  const names = ['ca.crt', 'ca.key', 'daemon.crt', 'daemon.key', 'client.token', 'daemon.token'];
  if (options.force !== true) refuseToOverwrite(folder, names);
  const authority = await makeAuthority();
  const daemon = await makeDaemonCertificate(authority, hosts);
  writeAll(folder, [
    ['ca.crt', authority.cert],
    ['ca.key', authority.key],
    ['daemon.crt', daemon.cert],
    ['daemon.key', daemon.key],
    ['client.token', newToken()],
    ['daemon.token', newToken()],
  ]);
  process.stdout.write(afterInit(folder, hosts));
  return EXIT.done;
}

/** One more certificate, of the authority that is there, for machines that came later. Throws PB_KEYS_EXIST, PB_SECRET_INVALID, PB_USAGE. */
export async function keysAddCommand(
  hosts: readonly string[],
  options: { readonly dir?: string; readonly force?: boolean },
): Promise<number> {
  const folder = resolve(options.dir ?? DEFAULT_DIRECTORY);
  const [name = ''] = hosts.map(checkedHost);
  const base = name.replaceAll(':', '-');
  if (options.force !== true) refuseToOverwrite(folder, [`${base}.crt`, `${base}.key`]);
  const authority = { cert: readOwn(join(folder, 'ca.crt')), key: readOwn(join(folder, 'ca.key')) };
  const { cert, key } = await makeDaemonCertificate(authority, [...new Set([...LOCAL_HOSTS, ...hosts])]);
  writeAll(folder, [
    [`${base}.crt`, cert],
    [`${base}.key`, key],
  ]);
  process.stdout.write(
    `Made ${join(folder, `${base}.crt`)} and ${base}.key. Copy them to ${name} as daemon.crt and daemon.key, with ca.crt, client.token and daemon.token.\n`,
  );
  return EXIT.done;
}

function checkedHost(host: string): string {
  if (isIP(host) !== 0 || /^(?=.{1,253}$)(?:\*\.)?[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62}\.?)*$/.test(host)) return host;
  throw new PolyboltError('PB_USAGE', {
    message: `${JSON.stringify(host)} is neither a host name nor an address.`,
    hint: 'Give names as others reach the machine, without scheme and port: --host nimbus1.example.com --host 10.0.0.5',
  });
}

function refuseToOverwrite(folder: string, names: readonly string[]): void {
  const found = names.filter((name) => existsSync(join(folder, name)));
  if (found.length === 0) return;
  throw new PolyboltError('PB_KEYS_EXIST', {
    message: `${found.map((name) => join(folder, name)).join(', ')} ${found.length === 1 ? 'exists' : 'exist'} already.`,
    hint: 'For another machine of the same cluster: polybolt keys add HOST. To replace all of them, on all machines: --force.',
    context: { directory: folder },
  });
}

function readOwn(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new PolyboltError('PB_SECRET_INVALID', {
      message: `${file} cannot be read: ${(error as NodeJS.ErrnoException).code}.`,
      hint: 'polybolt keys init makes it; with --dir, say where it is.',
      context: { file },
    });
  }
}

/** Aside first and then renamed: whoever reads meanwhile sees an old file or a new one, and one that was open to all becomes private. */
function writeAll(folder: string, files: readonly (readonly [name: string, text: string])[]): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const aside = (name: string): string => join(folder, `.${name}.${process.pid}`);
  try {
    for (const [name, text] of files) writeFileSync(aside(name), text, { mode: 0o600, flag: 'wx' });
    for (const [name] of files) renameSync(aside(name), join(folder, name));
  } finally {
    for (const [name] of files) rmSync(aside(name), { force: true });
  }
}

function newToken(): string {
  return `${randomBytes(TOKEN_BYTES).toString('base64url')}\n`;
}

function afterInit(folder: string, hosts: readonly string[]): string {
  return `Made in ${folder}, for ${hosts.join(', ')}:

  every nimbus and supervisor   ca.crt daemon.crt daemon.key client.token daemon.token
  whoever submits topologies    ca.crt client.token
  nobody, kept in a safe place  ca.key  (for polybolt keys add HOST)

Copy them so that only the user of the daemons can read them, for instance to /etc/polybolt, and put this into polybolt.yaml there:

polybolt.tls.ca: /etc/polybolt/ca.crt
polybolt.tls.cert: /etc/polybolt/daemon.crt
polybolt.tls.key: /etc/polybolt/daemon.key
polybolt.token.client: /etc/polybolt/client.token
polybolt.token.daemon: /etc/polybolt/daemon.token

Whoever submits topologies puts this into polybolt.yaml in the project, beside the two files:

nimbus: https://${hosts.find((host) => !LOCAL_HOSTS.includes(host)) ?? '127.0.0.1'}:6627
ca: ca.crt
token-file: client.token
`;
}
