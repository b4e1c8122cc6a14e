/**
 * The one error class for mistakes of the user or of the world. Invariant: `code` is stable and listed in
 * `error-codes.ts` and `spec/errors.md`; nobody ever matches on message text. Our own mistakes are `AssertionError`s.
 */
import type { ErrorCode } from './error-codes.js';

/** Facts about an error, each printable on one line: component, task, pid, exit, stderr… */
export type ErrorContext = Readonly<Record<string, unknown>>;

export interface ErrorDetails {
  /** What happened to what, with numbers. */
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
  readonly context?: ErrorContext;
  readonly cause?: unknown;
}

/** A mistake of the user or the world: says what, where and how to fix it. */
export class PolyboltError extends Error {
  override readonly name = 'PolyboltError';
  readonly code: ErrorCode;
  readonly hint: string;
  readonly context: ErrorContext;

  constructor(code: ErrorCode, details: ErrorDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint ?? '';
    this.context = details.context ?? {};
  }

  /** The same error with more context; earlier facts win. */
  with(context: ErrorContext): PolyboltError {
    return new PolyboltError(this.code, {
      message: this.message,
      hint: this.hint,
      context: { ...context, ...this.context },
      ...(this.cause === undefined ? {} : { cause: this.cause }),
    });
  }
}

/** Several lines for a person: code, message, facts, hint. */
export function describeError(error: unknown): string {
  if (!(error instanceof PolyboltError)) return error instanceof Error ? (error.stack ?? error.message) : String(error);
  const facts = Object.entries(error.context).map(([key, value]) => `  ${key}: ${indentMore(printFact(value))}`);
  const hint = error.hint === '' ? [] : [`  hint: ${error.hint}`];
  return [`${error.code} ${printable(error.message)}`, ...facts, ...hint].join('\n');
}

function printFact(value: unknown): string {
  return typeof value === 'string' ? printable(value) : (JSON.stringify(value) ?? String(value));
}

/** What a child wrote, safe for a terminal: control characters but tabs and line breaks show as \xNN. */
function printable(text: string): string {
  return text.replace(/[\0-\x08\v-\x1f\x7f]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

function indentMore(text: string): string {
  return text.trimEnd().replaceAll('\n', '\n    ');
}

/** For the end of a switch over a union: a value that the types say cannot be. */
export function assertNever(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}

/** A mistake of ours: stops the process's current work with a stack, never shown as the user's fault. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}
