/** Values of command line options. Invariant: a wrong value is refused with what would be right. */
import { parse } from 'yaml';
import type { Config } from '../model/topology.js';

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

/** Values of `--config`, each read as YAML would read it, so that `10` is a number and `null` is null. */
export function configOf(pairs: Readonly<Record<string, string>>): Config {
  return Object.fromEntries(Object.entries(pairs).map(([key, value]) => [key, value === '' ? '' : (parse(value) as unknown)]));
}
