/** A log for a person: one plain prefixed line an event, on stderr. Invariant: one event is one line, whatever its fields hold. */
import type { Log, LogFields } from '../model/log.js';

/** Lowest first. */
export const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** @param level the lowest level that is written */
export function createConsoleLog(level: string, write: (line: string) => void): Log {
  const lowest = Math.max(0, LEVELS.indexOf(level as (typeof LEVELS)[number]));
  const at = (index: number): ((event: string, fields?: LogFields) => void) =>
    index < lowest ? () => {} : (event, fields = {}) => write(`${(LEVELS[index] as string).padEnd(5)} ${event}${printFields(fields)}\n`);
  return { debug: at(0), info: at(1), warn: at(2), error: at(3) };
}

function printFields(fields: LogFields): string {
  return Object.entries(fields)
    .map(([key, value]) => ` ${key}=${typeof value === 'string' && /^[\w./:@-]+$/.test(value) ? value : JSON.stringify(value)}`)
    .join('');
}
