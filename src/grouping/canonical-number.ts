/**
 * Numbers in their canonical form: sign, digits without zeros at either end, power of ten. Invariant: two numbers give
 * the same words if they have the same decimal value, however long or oddly written; no precision is lost on the way.
 */
import type { WordHash } from './word-hash.js';

/** Starts a number; its sign, digits and power of ten follow as ASCII. */
export const NUMBER_WORD = 0x10003;
/** Powers of ten beyond this one, either way, hash as this one: equal numbers stay equal, and no arithmetic is unbounded. */
const POWER_MAX = 1e14;

const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const LETTER_E = 0x65;

/**
 * Adds the number that starts at `position` of valid JSON text and returns the position behind it.
 * Hot path: reads each digit twice, and allocates only for powers of ten other than 0 to 9.
 */
export function addNumberText(text: string, position: number, hash: WordHash): number {
  const negative = text.charCodeAt(position) === MINUS;
  let at = negative ? position + 1 : position;
  let first = -1;
  let last = -1;
  let point = -1;
  let unit = text.charCodeAt(at);
  for (; (unit >= ZERO && unit <= NINE) || unit === POINT; unit = text.charCodeAt(++at)) {
    if (unit === POINT) point = at;
    else if (unit !== ZERO) {
      if (first < 0) first = at;
      last = at;
    }
  }
  const mantissaEnd = at;
  let power = 0;
  if (unit === LETTER_E || unit === 0x45) {
    const sign = text.charCodeAt(++at);
    if (sign === MINUS || sign === 0x2b) at++;
    for (unit = text.charCodeAt(at); unit >= ZERO && unit <= NINE; unit = text.charCodeAt(++at)) {
      // Ten times the bound: digits of the mantissa cannot bring such a power back within it.
      power = Math.min(power * 10 + unit - ZERO, 10 * POWER_MAX);
    }
    if (sign === MINUS) power = -power;
  }

  hash.add(NUMBER_WORD);
  if (first < 0) {
    hash.add(ZERO);
    return at;
  }
  if (negative) hash.add(MINUS);
  for (let digit = first; digit <= last; digit++) {
    if (digit !== point) hash.add(text.charCodeAt(digit));
  }
  const unitsEnd = point < 0 ? mantissaEnd : point;
  addPower(power + (last < unitsEnd ? unitsEnd - last - 1 : unitsEnd - last), hash);
  return at;
}

/** Adds a JavaScript number as `JSON.stringify` would write it; it must be finite. */
export function addNumber(value: number, hash: WordHash): void {
  if ((value | 0) !== value) {
    addNumberText(String(value), 0, hash);
    return;
  }
  hash.add(NUMBER_WORD);
  if (value === 0) {
    hash.add(ZERO);
    return;
  }
  if (value < 0) hash.add(MINUS);
  let digits = Math.abs(value);
  let power = 0;
  for (; digits % 10 === 0; digits = digits / 10) power++;
  let scale = 1;
  while (scale * 10 <= digits) scale *= 10;
  for (; scale >= 1; scale = Math.floor(scale / 10)) hash.add(ZERO + (Math.floor(digits / scale) % 10));
  addPower(power, hash);
}

function addPower(power: number, hash: WordHash): void {
  if (power === 0) return;
  hash.add(LETTER_E);
  if (power > 0 && power <= 9) {
    hash.add(ZERO + power);
    return;
  }
  const decimal = String(Math.max(-POWER_MAX, Math.min(POWER_MAX, power)));
  for (let index = 0; index < decimal.length; index++) hash.add(decimal.charCodeAt(index));
}
