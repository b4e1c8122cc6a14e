/**
 * Which cluster a command speaks with. Invariant: flags win over the environment, that over the nearest `polybolt.yaml` from the working directory upward, that over loopback; a file that is
 * named and cannot be read is an error, never passed over.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import type { NimbusClientOptions } from '../daemon/client/nimbus-client.js';
import { PolyboltError } from '../model/errors.js';
import { didYouMean } from '../model/suggest.js';

export const PROJECT_FILE = 'polybolt.yaml';
export const DEFAULT_NIMBUS = 'http://127.0.0.1:6627';

/** Flags of every command that speaks with a cluster. */
export interface ClusterOptions {
  /** URLs with commas between them. */
  readonly nimbus?: string;
  readonly tokenFile?: string;
  readonly ca?: string;
  readonly json?: boolean;
}

type Key = 'nimbus' | 'token-file' | 'ca';
const KEYS: readonly Key[] = ['nimbus', 'token-file', 'ca'];
const VARIABLES: Readonly<Record<Key, string>> = { nimbus: 'POLYBOLT_NIMBUS', 'token-file': 'POLYBOLT_TOKEN_FILE', ca: 'POLYBOLT_CA' };

/** A value and where it was said, for errors. */
interface Setting {
  readonly value: string;
  readonly from: string;
}

/** Throws PB_USAGE for a project file or a setting that is wrong. @param environment as of the process; @param directory where the search for the project file begins */
export function clusterSettings(
  options: ClusterOptions,
  environment: Readonly<Record<string, string | undefined>>,
  directory: string,
): NimbusClientOptions {
  const flags: Readonly<Record<Key, string | undefined>> = { nimbus: options.nimbus, 'token-file': options.tokenFile, ca: options.ca };
  const setting = (key: Key): Setting | undefined => {
    const flag = flags[key];
    if (flag !== undefined) return { value: flag, from: `--${key}` };
    const variable = environment[VARIABLES[key]];
    if (variable !== undefined && variable !== '') return { value: variable, from: VARIABLES[key] };
    return project.get(key);
  };
  // Not looked for where nothing could come of it: a broken file in somebody's home is no reason to refuse what has been said.
  const project = KEYS.every((key) => flags[key] !== undefined) ? new Map<Key, Setting>() : readProjectFile(directory);
  const token = setting('token-file');
  const ca = setting('ca');
  return {
    urls: (setting('nimbus')?.value ?? DEFAULT_NIMBUS).split(',').map((url) => url.trim()),
    ...(token === undefined ? {} : { token: tokenIn(token) }),
    ...(ca === undefined ? {} : { ca: contentOf(ca) }),
  };
}

/** Settings of the nearest project file; paths in it are relative to it. */
function readProjectFile(directory: string): ReadonlyMap<Key, Setting> {
  const file = findUpward(resolve(directory));
  const settings = new Map<Key, Setting>();
  if (file === undefined) return settings;
  const content = mappingIn(file);
  // A daemon's configuration may lie beside it under the same name: its keys have dots.
  for (const [name, value] of Object.entries(content)) {
    const key = KEYS.find((each) => each === name);
    if (key === undefined) {
      if (name.includes('.')) continue;
      throw wrong(`${file} has no key \`${name}\``, didYouMean(name, KEYS, 'it may have'));
    }
    const text = key === 'nimbus' && Array.isArray(value) ? value.join(',') : value;
    if (typeof text !== 'string' || text === '') throw wrong(`\`${name}\` in ${file} must be text, not ${JSON.stringify(value)}`, '');
    settings.set(key, { value: key === 'nimbus' ? text : resolve(dirname(file), text), from: `\`${name}\` in ${file}` });
  }
  return settings;
}

function findUpward(directory: string): string | undefined {
  const file = join(directory, PROJECT_FILE);
  if (existsSync(file)) return file;
  const above = dirname(directory);
  return above === directory ? undefined : findUpward(above);
}

function mappingIn(file: string): Readonly<Record<string, unknown>> {
  const document = parseDocument(contentOf({ value: file, from: 'the project file' }), { logLevel: 'silent' });
  const problem = document.errors[0];
  if (problem !== undefined) throw wrong(`${file} is not valid YAML: ${problem.message.split('\n')[0]}`, '');
  const value: unknown = document.toJS();
  if (value === null || value === undefined) return {};
  if (typeof value === 'object' && !Array.isArray(value)) return value as Readonly<Record<string, unknown>>;
  throw wrong(`${file} must be a mapping`, 'nimbus: https://HOST:6627');
}

function tokenIn(setting: Setting): string {
  const token = contentOf(setting).trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw wrong(
    `${setting.value} (${setting.from}) holds no token`,
    'it is one line of printable characters: polybolt keys init makes client.token',
  );
}

function contentOf({ value, from }: Setting): string {
  try {
    return readFileSync(value, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : `cannot be read: ${(error as Error).message}`;
    throw wrong(`${value} (${from}) ${reason}`, '');
  }
}

function wrong(message: string, hint: string): PolyboltError {
  return new PolyboltError('PB_USAGE', { message, hint });
}
