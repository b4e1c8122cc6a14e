/**
 * Names of topologies, components, streams and fields. Invariant: a name can be printed on one line and used in a path, a
 * znode and `COMPONENT:STREAM` without quoting, and names of the runtime's own (`__…`) are never the user's.
 */
import type { Spot } from '../draft.js';
import { NAME_CHARS_MAX } from '../limits.js';
import type { Report } from './report.js';

const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Storm allows no `/ . : \` in the name of a topology, which becomes part of paths. */
export function checkTopologyName(name: Spot<string>, report: Report): void {
  checkName(name, 'topology', /[/.:\\]/, '/ . : \\', report);
}

export function checkId(id: Spot<string>, what: 'component' | 'stream', report: Report): void {
  checkName(id, what, /[/:\\]/, '/ : \\', report);
}

export function checkField(field: Spot<string>, report: Report): void {
  const problem = problemOf(field.value, undefined, '');
  if (problem !== undefined) report('PB_NAME_INVALID', field.at, `the field name ${quoted(field.value)} ${problem}`);
}

function checkName(name: Spot<string>, what: string, forbidden: RegExp, forbiddenText: string, report: Report): void {
  const problem = problemOf(name.value, forbidden, forbiddenText);
  if (problem !== undefined) report('PB_NAME_INVALID', name.at, `the ${what} name ${quoted(name.value)} ${problem}`);
  else if (name.value.startsWith('__')) {
    report(
      'PB_NAME_INVALID',
      name.at,
      `the ${what} name ${quoted(name.value)} is reserved`,
      'names that begin with __ belong to the runtime',
    );
  }
}

function problemOf(name: string, forbidden: RegExp | undefined, forbiddenText: string): string | undefined {
  if (name === '') return 'is empty';
  if (name.length > NAME_CHARS_MAX) return `has ${name.length} characters; at most ${NAME_CHARS_MAX} are allowed`;
  if (name.trim() !== name) return 'begins or ends with a space';
  if (CONTROL.test(name) || LONE_SURROGATE.test(name)) return 'holds a control character';
  if (name === '.' || name === '..') return 'means a directory';
  return forbidden?.test(name) === true ? `holds one of ${forbiddenText}` : undefined;
}

function quoted(name: string): string {
  return `\`${name.length > 40 ? `${name.slice(0, 40)}…` : name.replace(new RegExp(CONTROL, 'g'), '?')}\``;
}
