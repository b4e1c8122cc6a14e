/**
 * Checks configuration against its schema, the topology's and every component's. Invariant: what passes is JSON, and the keys
 * that the runtime reads have the types and ranges of `multilang/schema/configuration.schema.json`.
 */
import type { ErrorObject } from 'ajv';
import { CONFIG_DEFAULTS } from '../config.js';
import type { ConfigDraft } from '../draft.js';
import { validateConfiguration } from '../generated/configuration.validate.js';
import { didYouMean } from '../suggest.js';
import type { Config } from '../topology.js';
import { isJson } from './json.js';
import type { Report } from './report.js';

/**
 * @param where whose configuration, for messages: empty for the topology's
 * @returns the valid entries as a configuration of fresh, plain data
 */
export function checkConfig(draft: ConfigDraft, where: string, report: Report): Config {
  const bad = new Set<string>();
  const complain = (key: string, message: string, hint = ''): void => {
    bad.add(key);
    report('PB_CONFIG_INVALID', draft.get(key)?.at, `\`${key}\`${where} ${message}`, hint);
  };
  for (const [key, { value }] of draft) {
    if (!isJson(value))
      complain(key, 'is not JSON', 'components get the configuration as JSON: text, finite numbers, true, false, null, lists and mappings');
    else if (key.startsWith('polybolt.') && !(key in CONFIG_DEFAULTS))
      complain(key, 'does not exist', didYouMean(key, Object.keys(CONFIG_DEFAULTS), ''));
  }
  const config = Object.fromEntries([...draft].filter(([key]) => !bad.has(key)).map(([key, { value }]) => [key, value]));
  if (!validateConfiguration(config)) {
    for (const error of validateConfiguration.errors ?? []) {
      const [key = '', ...rest] = error.instancePath.slice(1).split('/').map(unescaped);
      if (!bad.has(key))
        complain(key, `${rest.length === 0 ? '' : `has \`${rest.join('.')}\`, which `}${problemOf(error)}`, descriptionOf(error));
    }
  }
  return structuredClone(Object.fromEntries(Object.entries(config).filter(([key]) => !bad.has(key))));
}

/** What is wrong with a value, to follow its key: `must be at least 1, not 0`. */
export function problemOf(error: ErrorObject): string {
  const got = JSON.stringify(error.data).slice(0, 60);
  const { params } = error;
  switch (error.keyword) {
    case 'type':
      return `must be ${[params.type]
        .flat()
        .join(',')
        .split(',')
        .map((type) => TYPE_WORDS[type] ?? type)
        .join(' or ')}, not ${got}`;
    case 'minimum':
      return `must be at least ${params.limit}, not ${got}`;
    case 'maximum':
      return `must be at most ${params.limit}, not ${got}`;
    case 'exclusiveMinimum':
      return `must be more than ${params.limit}, not ${got}`;
    default:
      return error.message ?? 'is invalid';
  }
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  object: 'a mapping',
  array: 'a list',
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
};

/** What the schema says of the value, for a hint; empty when it says nothing. */
export function descriptionOf(error: ErrorObject): string {
  const description = (error.parentSchema as { description?: unknown } | undefined)?.description;
  return typeof description === 'string' ? description.charAt(0).toLowerCase() + description.slice(1).replace(/\.$/, '') : '';
}

function unescaped(segment: string): string {
  return segment.replaceAll('~1', '/').replaceAll('~0', '~');
}
