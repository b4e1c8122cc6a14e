/**
 * The configuration of a daemon from its file, the environment and `--config`, later ones winning. Invariant: whatever they hold, the answer is settings or every
 * mistake at once, each with the place to go to; the value of a secret is never part of a mistake.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { ErrorObject } from 'ajv';
import { parse } from 'yaml';
import type { Position } from '../../model/draft.js';
import { validateDaemonConfiguration } from '../../model/generated/daemon-configuration.validate.js';
import { didYouMean } from '../../model/suggest.js';
import type { Config } from '../../model/topology.js';
import { Mistakes } from '../../model/topology-file/mistake.js';
import { parseTree, toPlain } from '../../model/topology-file/yaml-tree.js';
import { descriptionOf, problemOf } from '../../model/validation/config-values.js';
import { checkPrivate } from '../security/secret-files.js';
import { DAEMON_DEFAULTS, type DaemonKey, type DaemonSettings, daemonSettingsOf, PATH_KEYS } from './daemon-config-settings.js';

export interface DaemonConfigSources {
  /** Path of a YAML file, if there is one. */
  readonly file?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** From `--config`, parsed. */
  readonly config: Config;
  /** What `--config` and the environment mean by a relative path. */
  readonly directory: string;
}

export type DaemonConfigResult =
  | {
      readonly settings: DaemonSettings;
      /** One line each, for the log. */
      readonly warnings: readonly string[];
    }
  | {
      /** One line each: `file:line:column: CODE message (hint)`. */
      readonly mistakes: readonly string[];
    };

/** A value and where it was given. */
interface Given {
  readonly value: unknown;
  /** `polybolt.yaml:3:1`, `--config` or the name of a variable. */
  readonly where: string;
}

const SECRET_KEY = 'storm.zookeeper.auth.payload' satisfies DaemonKey;
const KEYS = Object.keys(DAEMON_DEFAULTS) as readonly DaemonKey[];

/** Throws PB_SECRET_EXPOSED when everybody may read a file that holds the credentials for ZooKeeper. */
export function loadDaemonConfig(sources: DaemonConfigSources): DaemonConfigResult {
  const { file, env, config, directory } = sources;
  const given = new Map<string, Given>();
  if (file !== undefined) {
    const inFile = readConfigFile(file);
    if ('mistakes' in inFile) return inFile;
    for (const [key, one] of inFile.given) given.set(key, atHome(key, one, dirname(resolve(directory, file))));
    if (isText(inFile.given.get(SECRET_KEY)?.value)) checkPrivate(file, SECRET_KEY);
  }
  for (const key of KEYS) {
    const name = variableOf(key);
    const text = env[name];
    if (text !== undefined) given.set(key, atHome(key, { value: parsed(text), where: name }, directory));
  }
  for (const [key, value] of Object.entries(config)) given.set(key, atHome(key, { value, where: '--config' }, directory));
  const mistakes = [...mistakesOfValues(given), ...mistakesTogether(given)];
  if (mistakes.length > 0) return { mistakes };
  return { settings: daemonSettingsOf(plain(given)), warnings: warningsOf(given) };
}

/** `nimbus.port` is `POLYBOLT_NIMBUS_PORT`, `polybolt.tls.ca` is `POLYBOLT_TLS_CA`. */
export function variableOf(key: DaemonKey): string {
  return `POLYBOLT_${key
    .replace(/^polybolt\./, '')
    .toUpperCase()
    .replaceAll('.', '_')}`;
}

/** Removes what configures a daemon from its environment, so that the processes that it starts do not inherit it. */
export function forgetVariables(env: Record<string, string | undefined>): void {
  for (const key of KEYS) delete env[variableOf(key)];
}

function readConfigFile(file: string): { readonly given: ReadonlyMap<string, Given> } | { readonly mistakes: readonly string[] } {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why = code === 'ENOENT' ? 'does not exist' : `cannot be read: ${code}`;
    return { mistakes: [line(file, `the configuration file ${why}`, 'it is given as --config-file or POLYBOLT_CONFIG_FILE')] };
  }
  const mistakes = new Mistakes();
  const tree = parseTree(text, file, () => undefined, mistakes);
  const broken = mistakes.sorted(file).map(({ line: row, column, message, hint }) => line(`${file}:${row}:${column}`, message, hint));
  if (broken.length > 0) return { mistakes: broken };
  // An empty file, or one of comments only.
  if (tree === undefined) return { given: new Map() };
  if (tree.kind !== 'map') {
    return { mistakes: [line(placeOf(tree.at), 'the configuration must be a mapping of keys to values', 'nimbus.port: 6627')] };
  }
  return {
    given: new Map(
      [...tree.entries].map(([key, { keyAt, value }]) => [
        key,
        { value: toPlain(value), where: placeOf(key in DAEMON_DEFAULTS ? value.at : keyAt) },
      ]),
    ),
  };
}

function mistakesOfValues(given: ReadonlyMap<string, Given>): string[] {
  if (validateDaemonConfiguration(plain(given))) return [];
  const found = new Map<string, string>();
  for (const error of validateDaemonConfiguration.errors ?? []) {
    const [key = '', ...rest] = error.instancePath.slice(1).split('/');
    const where = given.get(key)?.where ?? '';
    const problem = key === SECRET_KEY ? 'is not usable text' : problemIn(error);
    // The first mistake of a value says enough; a list has one for each item.
    if (!found.has(key)) {
      found.set(
        key,
        line(where, `\`${key}\` ${rest.length === 0 ? '' : `has an item ${Number(rest[0]) + 1} that `}${problem}`, descriptionOf(error)),
      );
    }
  }
  return [...found.values()];
}

/** The keywords that only this schema uses, in words. */
function problemIn(error: ErrorObject): string {
  switch (error.keyword) {
    case 'pattern':
      return `has the wrong form: ${JSON.stringify(error.data).slice(0, 60)}`;
    case 'minItems':
    case 'minLength':
      return 'must not be empty';
    case 'uniqueItems':
      return 'has the same item twice';
    default:
      return problemOf(error);
  }
}

/** What is wrong only in combination. */
function mistakesTogether(given: ReadonlyMap<string, Given>): string[] {
  const mistakes: string[] = [];
  const has = (key: DaemonKey): boolean => (given.get(key)?.value ?? null) !== null;
  const whereOf = (...keys: readonly DaemonKey[]): string =>
    keys.map((key) => given.get(key)?.where).find((where) => where !== undefined) ?? '';
  for (const group of TOGETHER) {
    const present = group.filter(has);
    const missing = group.filter((key) => !has(key));
    if (present.length === 0 || missing.length === 0) continue;
    mistakes.push(
      line(whereOf(...present), `${quoted(present)} ${present.length === 1 ? 'needs' : 'need'} ${quoted(missing)}`, 'all of them or none'),
    );
  }
  const numberOf = (key: DaemonKey): number => Number(given.get(key)?.value ?? DAEMON_DEFAULTS[key]);
  for (const [less, more] of LESS_THAN) {
    if (!(numberOf(less) >= numberOf(more))) continue;
    mistakes.push(line(whereOf(less, more), `\`${less}\` (${numberOf(less)}) must be less than \`${more}\` (${numberOf(more)})`, ''));
  }
  const ports = given.get('supervisor.slots.ports')?.value ?? DAEMON_DEFAULTS['supervisor.slots.ports'];
  if (Array.isArray(ports) && ports.includes(numberOf('supervisor.port'))) {
    const where = whereOf('supervisor.port', 'supervisor.slots.ports');
    mistakes.push(
      line(where, `\`supervisor.port\` ${numberOf('supervisor.port')} is also one of \`supervisor.slots.ports\``, 'choose another port'),
    );
  }
  return mistakes;
}

const TOGETHER: readonly (readonly DaemonKey[])[] = [
  ['polybolt.tls.ca', 'polybolt.tls.cert', 'polybolt.tls.key'],
  ['storm.zookeeper.auth.scheme', 'storm.zookeeper.auth.payload'],
];

/** Pairs of seconds; otherwise what is healthy would be taken for dead. */
const LESS_THAN: readonly (readonly [DaemonKey, DaemonKey])[] = [
  ['worker.heartbeat.frequency.secs', 'supervisor.worker.timeout.secs'],
  ['worker.heartbeat.frequency.secs', 'supervisor.worker.start.timeout.secs'],
];

/** What commands that speak with a cluster read from a file of the same name. */
const KEYS_OF_CLIENTS: ReadonlySet<string> = new Set(['nimbus', 'token-file', 'ca']);

function warningsOf(given: ReadonlyMap<string, Given>): string[] {
  const warnings: string[] = [];
  for (const [key, { where }] of given) {
    if (key in DAEMON_DEFAULTS || KEYS_OF_CLIENTS.has(key)) continue;
    const near = didYouMean(key, KEYS, '');
    const hint = near !== '' ? near : /^topology\./.test(key) ? 'it belongs in the topology file' : 'it is ignored';
    warnings.push(`${where}: \`${key}\` is no key of a daemon (${hint})`);
  }
  if (given.get(SECRET_KEY)?.where === '--config')
    warnings.push(
      `--config: \`${SECRET_KEY}\` on the command line can be seen by everybody on this machine; put it in a file that is yours alone`,
    );
  return warnings;
}

/** A path as an absolute one. */
function atHome(key: string, one: Given, directory: string): Given {
  return PATH_KEYS.has(key) && isText(one.value) ? { ...one, value: resolve(directory, one.value) } : one;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** A variable's value as YAML reads it; what YAML cannot read is text. */
function parsed(text: string): unknown {
  try {
    return parse(text) as unknown;
  } catch {
    return text;
  }
}

function plain(given: ReadonlyMap<string, Given>): Config {
  return Object.fromEntries([...given].map(([key, { value }]) => [key, value])) as Config;
}

function placeOf({ file, line: row, column }: Position): string {
  return `${file}:${row}:${column}`;
}

function quoted(keys: readonly string[]): string {
  return keys.map((key) => `\`${key}\``).join(' and ');
}

function line(where: string, message: string, hint: string): string {
  return `${where === '' ? '' : `${where}: `}PB_DAEMON_CONFIG_INVALID ${message}${hint === '' ? '' : ` (${hint})`}`;
}
