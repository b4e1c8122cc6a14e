/**
 * Steps over JSON text without building anything from it. Invariant: the text is valid (NaN, Infinity and -Infinity count
 * as tokens); every function takes the position where something starts and returns the one just behind it.
 */

/** Characters of a string that are read one by one before the search for its end is left to `indexOf`. */
const SHORT_STRING_CHARS = 32;

/** Position of the first character from `position` on that is not white space. */
export function skipSpace(text: string, position: number): number {
  let at = position;
  while (text.charCodeAt(at) <= 0x20) at++;
  return at;
}

/** @param position of the first character of a value. */
export function skipValue(text: string, position: number): number {
  switch (text.charCodeAt(position)) {
    case 0x22: // "
      return skipString(text, position);
    case 0x5b: // [
    case 0x7b: // {
      return skipContainer(text, position);
    default:
      return skipToken(text, position);
  }
}

/** @param position of the opening quote. */
export function skipString(text: string, position: number): number {
  let at = position + 1;
  const shortEnd = at + SHORT_STRING_CHARS;
  while (at < shortEnd) {
    const unit = text.charCodeAt(at);
    if (unit === 0x22) return at + 1;
    at += unit === 0x5c ? 2 : 1;
  }
  // Long strings: find quotes quickly, and take the first that an even number of backslashes stands before.
  for (;;) {
    const quote = text.indexOf('"', at);
    let backslashes = 0;
    while (quote - 1 - backslashes >= at && text.charCodeAt(quote - 1 - backslashes) === 0x5c) backslashes++;
    if ((backslashes & 1) === 0) return quote + 1;
    at = quote + 1;
  }
}

function skipContainer(text: string, position: number): number {
  let depth = 0;
  let at = position;
  do {
    const unit = text.charCodeAt(at);
    if (unit === 0x22) {
      at = skipString(text, at);
      continue;
    }
    if (unit === 0x5b || unit === 0x7b) depth++;
    else if (unit === 0x5d || unit === 0x7d) depth--;
    at++;
  } while (depth > 0);
  return at;
}

/** A number, true, false, null or a non-finite token ends before white space, a comma or a closing bracket. */
function skipToken(text: string, position: number): number {
  let at = position;
  for (;;) {
    const unit = text.charCodeAt(at);
    // NaN stands for the end of the text: no comparison with it is true.
    if (!(unit > 0x20) || unit === 0x2c || unit === 0x5d || unit === 0x7d) return at;
    at++;
  }
}
