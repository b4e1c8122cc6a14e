/** Values of command line options. Invariant: a wrong value is refused with what would be right. */
import { parse } from 'yaml';
import { PolyboltError } from '../model/errors.js';
import type { Config } from '../model/topology.js';
import { LEVELS } from './console-log.js';

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `500ms`, `30s`, `5m`, `1h` or a bare number of seconds, in ms. Throws an Error that says the form. */
export function parseDurationMs(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  if (match === null) throw new Error(`"${text}" is no duration: write 500ms, 30s, 5m or 1h`);
  return Number(match[1]) * (UNIT_MS[match[2] ?? 's'] as number);
}

/** `name=value` as an object of one key. Throws an Error that says the form. */
export function parsePair(text: string): Record<string, string> {
  const at = text.indexOf('=');
  if (at <= 0) throw new Error(`"${text}" is not of the form name=value`);
  return { [text.slice(0, at)]: text.slice(at + 1) };
}

/** A whole number from 0. Throws an Error that says so. */
export function parseCount(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`"${text}" is not a whole number`);
  return Number(text);
}

const WINDOWS: Readonly<Record<string, string>> = { '10m': '600', '3h': '10800', '1d': '86400', all: ':all-time' };

/** One of Storm's windows, `10m`, `3h`, `1d` or `all`, or as Storm writes them. Throws an Error that says which there are. */
export function parseWindow(text: string): string {
  const name = WINDOWS[text] ?? text;
  if (!Object.values(WINDOWS).includes(name)) throw new Error(`"${text}" is no window: write ${Object.keys(WINDOWS).join(', ')}`);
  return name;
}

/** A level of the log. Throws an Error that says which there are. */
export function parseLevel(text: string): string {
  if (!LEVELS.includes(text as (typeof LEVELS)[number])) throw new Error(`"${text}" is no level: write ${LEVELS.join(', ')}`);
  return text;
}

/** Values of `--config`, each read as YAML would read it, so that `10` is a number and `null` is null. Throws PB_USAGE for what is no YAML. */
export function configOf(pairs: Readonly<Record<string, string>>): Config {
  return Object.fromEntries(Object.entries(pairs).map(([key, value]) => [key, value === '' ? '' : configValue(key, value)]));
}

function configValue(key: string, text: string): unknown {
  try {
    return parse(text) as unknown;
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] as string).replace(/:$/, '') : String(error);
    throw new PolyboltError('PB_USAGE', {
      message: `--config ${key}=${text}: the value cannot be read as YAML: ${reason}`,
      hint: `quote it when it is meant as text: --config '${key}="…"'`,
      cause: error,
    });
  }
}

/** Processes on one machine; more than it has cores gain nothing. */
const WORKERS_MAX = 64;

/** `--workers` as the configuration says it, which wins over the file. Throws PB_USAGE for a number that makes no sense. */
export function withWorkers<T extends { readonly workers?: number; readonly config?: Readonly<Record<string, string>> }>(options: T): T {
  const { workers } = options;
  if (workers === undefined) return options;
  if (!Number.isSafeInteger(workers) || workers < 1 || workers > WORKERS_MAX) {
    throw new PolyboltError('PB_USAGE', {
      message: `--workers takes a number from 1 to ${WORKERS_MAX}`,
      hint: 'as many as the machine has cores is a good start',
    });
  }
  return { ...options, config: { ...options.config, 'topology.workers': String(workers) } };
}
