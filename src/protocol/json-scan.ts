/**
 * Walks JSON text without parsing it: where does a value end, and is it valid? Invariant: what it accepts is exactly RFC 8259
 * plus the tokens NaN, Infinity and -Infinity that real components write, nested at most `JSON_DEPTH_MAX` deep.
 *
 * Hot path: about 1 ns a character, no allocation.
 */
import { JSON_DEPTH_MAX } from '../model/limits.js';

/** Returned instead of a position: the text is not valid JSON. */
export const INVALID = -1;
/** Returned instead of a position: nested deeper than the limit. */
export const TOO_DEEP = -2;

const QUOTE = 34;
const BACKSLASH = 92;
const COMMA = 44;
const COLON = 58;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

/** 1 where the walk is inside an object, 0 inside an array, by depth. Not re-entrant, and needs not be. */
const insideObject = new Uint8Array(JSON_DEPTH_MAX + 2);

/** First position at or after `pos` that is not JSON white space. */
export function skipSpace(text: string, pos: number): number {
  for (;;) {
    const c = text.charCodeAt(pos);
    if (c !== 32 && c !== 10 && c !== 13 && c !== 9) return pos;
    pos++;
  }
}

/** End of the string whose opening quote is at `pos`, or INVALID. */
export function skipString(text: string, pos: number): number {
  const length = text.length;
  while (++pos < length) {
    const c = text.charCodeAt(pos);
    if (c === QUOTE) return pos + 1;
    if (c < 32) return INVALID;
    if (c === BACKSLASH) {
      const escaped = text.charCodeAt(++pos);
      // One of "\/bfnrt, or u and four hexadecimal digits.
      if (escaped === 117) {
        for (let i = 1; i <= 4; i++) if (!isHex(text.charCodeAt(pos + i))) return INVALID;
        pos += 4;
      } else if (
        escaped !== 110 &&
        escaped !== QUOTE &&
        escaped !== BACKSLASH &&
        escaped !== 47 &&
        escaped !== 116 &&
        escaped !== 114 &&
        escaped !== 98 &&
        escaped !== 102
      ) {
        return INVALID;
      }
    }
  }
  return INVALID;
}

/** End of the number, literal or non-finite token at `pos`, or INVALID. */
export function skipScalar(text: string, pos: number): number {
  const c = text.charCodeAt(pos);
  if (c === 45 || isDigit(c)) return skipNumber(text, pos);
  if (c === 116) return skipWord(text, pos, 'true');
  if (c === 102) return skipWord(text, pos, 'false');
  if (c === 110) return skipWord(text, pos, 'null');
  if (c === 78) return skipWord(text, pos, 'NaN');
  if (c === 73) return skipWord(text, pos, 'Infinity');
  return INVALID;
}

/**
 * End of any JSON value that starts at `pos` (no white space before it), INVALID or TOO_DEEP.
 * @param outer arrays and objects around the value that count towards its depth; -1 for one level that does not count
 */
export function skipValue(text: string, pos: number, outer = 0): number {
  const c = text.charCodeAt(pos);
  if (c === QUOTE) return skipString(text, pos);
  if (c !== OPEN_BRACKET && c !== OPEN_BRACE) return skipScalar(text, pos);
  return skipNested(text, pos, outer);
}

/** End of the array or object at `pos`, however deep, in text that is known to be valid JSON. */
export function skipBrackets(text: string, pos: number): number {
  let depth = 0;
  do {
    const c = text.charCodeAt(pos);
    if (c === OPEN_BRACKET || c === OPEN_BRACE) depth++;
    else if (c === CLOSE_BRACKET || c === CLOSE_BRACE) depth--;
    pos = c === QUOTE ? skipString(text, pos) : pos + 1;
  } while (depth > 0);
  return pos;
}

function skipNested(text: string, pos: number, outer: number): number {
  let depth = outer;
  for (;;) {
    // At the start of a value.
    let c = text.charCodeAt(pos);
    if (c === OPEN_BRACKET || c === OPEN_BRACE) {
      if (depth >= JSON_DEPTH_MAX) return TOO_DEEP;
      insideObject[++depth] = c === OPEN_BRACE ? 1 : 0;
      pos = skipSpace(text, pos + 1);
      c = text.charCodeAt(pos);
      if (c !== CLOSE_BRACE && c !== CLOSE_BRACKET) {
        if (insideObject[depth] === 1) pos = skipKey(text, pos);
        if (pos < 0) return INVALID;
        continue;
      }
    } else {
      pos = c === QUOTE ? skipString(text, pos) : skipScalar(text, pos);
      if (pos < 0) return INVALID;
      pos = skipSpace(text, pos);
      c = text.charCodeAt(pos);
    }
    // After a value, or at the bracket that closes an empty one.
    while (c === CLOSE_BRACKET || c === CLOSE_BRACE) {
      if ((insideObject[depth] === 1) !== (c === CLOSE_BRACE)) return INVALID;
      pos++;
      if (--depth === outer) return pos;
      pos = skipSpace(text, pos);
      c = text.charCodeAt(pos);
    }
    if (c !== COMMA) return INVALID;
    pos = skipSpace(text, pos + 1);
    if (insideObject[depth] === 1) pos = skipKey(text, pos);
    if (pos < 0) return INVALID;
  }
}

/** From a key's opening quote to the start of its value, or INVALID. */
function skipKey(text: string, pos: number): number {
  if (text.charCodeAt(pos) !== QUOTE) return INVALID;
  pos = skipString(text, pos);
  if (pos < 0) return INVALID;
  pos = skipSpace(text, pos);
  if (text.charCodeAt(pos) !== COLON) return INVALID;
  return skipSpace(text, pos + 1);
}

function skipNumber(text: string, pos: number): number {
  let c = text.charCodeAt(pos);
  if (c === 45) {
    c = text.charCodeAt(++pos);
    if (c === 73) return skipWord(text, pos, 'Infinity');
  }
  if (c === 48) {
    c = text.charCodeAt(++pos);
  } else {
    if (!isDigit(c)) return INVALID;
    do c = text.charCodeAt(++pos);
    while (isDigit(c));
  }
  if (c === 46) {
    c = text.charCodeAt(++pos);
    if (!isDigit(c)) return INVALID;
    do c = text.charCodeAt(++pos);
    while (isDigit(c));
  }
  if (c === 101 || c === 69) {
    c = text.charCodeAt(++pos);
    if (c === 43 || c === 45) c = text.charCodeAt(++pos);
    if (!isDigit(c)) return INVALID;
    do c = text.charCodeAt(++pos);
    while (isDigit(c));
  }
  return pos;
}

function skipWord(text: string, pos: number, word: string): number {
  return text.startsWith(word, pos) ? pos + word.length : INVALID;
}

function isDigit(c: number): boolean {
  return c >= 48 && c <= 57;
}

function isHex(c: number): boolean {
  return (c >= 48 && c <= 57) || (c >= 97 && c <= 102) || (c >= 65 && c <= 70);
}
