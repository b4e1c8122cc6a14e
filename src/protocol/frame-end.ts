/**
 * Where a frame ends in text of whole frames. Invariant: only a line `end` by itself ends one, whatever stands before it, so that a frame that
 * cannot be read costs nothing of the next. Implements ML-FR-04 and ML-FR-05.
 */
import { INVALID, skipSpace } from './json-scan.js';

const NEWLINE = 10;
const RETURN = 13;

/** Where the frame ends whose JSON ends at `pos`: behind its line `end`, or INVALID if something else follows. */
export function frameEnd(text: string, pos: number): number {
  if (pos < 0) return INVALID;
  const end = skipSpace(text, pos);
  if (text.charCodeAt(end - 1) !== NEWLINE || !text.startsWith('end', end)) return INVALID;
  const next = end + 3;
  if (text.charCodeAt(next) === NEWLINE) return next + 1;
  return text.charCodeAt(next) === RETURN && text.charCodeAt(next + 1) === NEWLINE ? next + 2 : INVALID;
}

/** The text of the frame that starts at `start`, without its end, and where the next one starts. */
export function frameAt(text: string, start: number): { readonly content: string; readonly end: number } {
  const first = /^end\r?\n/.exec(text.slice(start, start + 5));
  if (first !== null) return { content: '', end: start + first[0].length };
  for (let at = text.indexOf('\nend', start); at >= 0; at = text.indexOf('\nend', at + 1)) {
    if (text.charCodeAt(at + 4) === NEWLINE) return { content: text.slice(start, at), end: at + 5 };
    if (text.charCodeAt(at + 4) === RETURN && text.charCodeAt(at + 5) === NEWLINE) return { content: text.slice(start, at), end: at + 6 };
  }
  return { content: text.slice(start), end: text.length };
}
