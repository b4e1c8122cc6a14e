/**
 * The log of a daemon: one JSON object a line on stderr, by pino. Invariant: a line is one event with its fields, errors included, and a secret
 * that the daemon knows never stands in one.
 */
import { type DestinationStream, destination, pino, stdTimeFunctions } from 'pino';
import { PolyboltError } from '../../model/errors.js';
import type { Log, LogFields } from '../../model/log.js';

export interface DaemonLogOptions {
  /** Lowest that is written: debug, info, warn or error. */
  readonly level: string;
  /** Texts that are replaced wherever they would appear: tokens, credentials. */
  readonly secrets?: readonly string[];
  /** For tests; default: stderr, written at once, so that the last line before a crash is there. */
  readonly write?: (line: string) => void;
}

const HIDDEN = '[secret]';

export function createDaemonLog(options: DaemonLogOptions): Log {
  const { level, secrets = [] } = options;
  const logger = pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: plainErrors },
    },
    withoutSecrets(secrets, options.write),
  );
  const at =
    (name: 'debug' | 'info' | 'warn' | 'error') =>
    (event: string, fields: LogFields = {}): void =>
      logger[name]({ event, ...renamed(fields) });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** Replaces secrets in a line, whoever has put them there. */
export function hideSecrets(line: string, secrets: readonly string[]): string {
  let hidden = line;
  for (const secret of secrets) if (secret !== '' && hidden.includes(secret)) hidden = hidden.replaceAll(secret, HIDDEN);
  return hidden;
}

/** An error as fields: what happened, where, and what to do. */
export function errorFields(error: unknown): LogFields {
  if (error instanceof PolyboltError) {
    const { code, message, hint, context, cause } = error;
    const more = cause === undefined ? {} : { cause: cause instanceof Error ? cause.message : String(cause) };
    return { code, message, ...(hint === '' ? {} : { hint }), ...context, ...more };
  }
  return error instanceof Error ? { message: error.message, stack: error.stack } : { message: String(error) };
}

function withoutSecrets(secrets: readonly string[], write?: (line: string) => void): DestinationStream {
  const stderr = write === undefined ? destination({ fd: 2, sync: true }) : { write };
  // In JSON a secret with quotes or backslashes is written with escapes.
  const forms = [...new Set(secrets.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)]))];
  return { write: (line) => void stderr.write(hideSecrets(line, forms)) };
}

/** Fields may not take the place of what every line has. */
function renamed(fields: LogFields): LogFields {
  if (!('level' in fields) && !('time' in fields) && !('event' in fields)) return fields;
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key === 'level' || key === 'time' || key === 'event' ? `${key}_` : key, value]),
  );
}

function plainErrors(fields: Record<string, unknown>): Record<string, unknown> {
  const isThere = Object.values(fields).some((value) => value instanceof Error);
  if (!isThere) return fields;
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, value instanceof Error ? errorFields(value) : value]));
}
