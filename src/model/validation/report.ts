/**
 * How the checks of a draft say what is wrong. Invariant: a check reports and goes on, so that all mistakes come at once.
 */
import type { Mistake, Position } from '../draft.js';
import type { ErrorCode } from '../error-codes.js';

export type Report = (code: ErrorCode, at: Position | undefined, message: string, hint?: string) => void;

/** A report that fills a list. */
export function reportInto(list: Mistake[]): Report {
  return (code, at, message, hint = '') => {
    list.push({ code, message, hint, at });
  };
}
