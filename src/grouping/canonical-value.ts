/**
 * Turns a value, as JSON text or as JavaScript makes it, into the words that are hashed for it (spec/grouping.md). Invariant:
 * one value gives one sequence of words however it is spelled, and two sequences never run into each other.
 */
import { PolyboltError } from '../model/errors.js';
import { JSON_DEPTH_MAX } from '../model/limits.js';
import { addNumber, addNumberText } from './canonical-number.js';
import { skipSpace, skipString } from './json-walk.js';
import { WordHash } from './word-hash.js';

// Words that start a value. None is a UTF-16 unit, so strings and numbers need no length and no end.
const NULL_WORD = 0x10000;
const FALSE_WORD = 0x10001;
const TRUE_WORD = 0x10002;
const STRING_WORD = 0x10004;
const ARRAY_WORD = 0x10005;
const OBJECT_WORD = 0x10006;
const END_WORD = 0x10007;
const NAN_WORD = 0x10008;
const INFINITY_WORD = 0x10009;
const NEGATIVE_INFINITY_WORD = 0x1000a;
const MEMBER_WORD = 0x1000b;

/** Adds a value of an array and returns true, or returns false, having added nothing, if only its JSON text can tell. */
export function addPrimitive(value: unknown, hash: WordHash): boolean {
  switch (typeof value) {
    case 'string':
      addString(value, hash);
      return true;
    case 'number':
      if (Number.isFinite(value)) addNumber(value, hash);
      else hash.add(NULL_WORD);
      return true;
    case 'boolean':
      hash.add(value ? TRUE_WORD : FALSE_WORD);
      return true;
    case 'object':
      if (value !== null) return false;
      hash.add(NULL_WORD);
      return true;
    default:
      return false;
  }
}

/** Adds the value that starts at `position` and returns the position behind it. */
export function addValue(text: string, position: number, hash: WordHash, depth: number): number {
  switch (text.charCodeAt(position)) {
    case 0x22: // "
      return addStringText(text, position, hash);
    case 0x5b: // [
      return addArrayText(text, position, hash, deeper(depth));
    case 0x7b: // {
      return addObjectText(text, position, hash, deeper(depth));
    case 0x6e: // null
      hash.add(NULL_WORD);
      return position + 4;
    case 0x74: // true
      hash.add(TRUE_WORD);
      return position + 4;
    case 0x66: // false
      hash.add(FALSE_WORD);
      return position + 5;
    case 0x4e: // NaN
      hash.add(NAN_WORD);
      return position + 3;
    case 0x49: // Infinity
      hash.add(INFINITY_WORD);
      return position + 8;
    default:
      if (text.charCodeAt(position + 1) !== 0x49) return addNumberText(text, position, hash);
      hash.add(NEGATIVE_INFINITY_WORD);
      return position + 9;
  }
}

function addString(value: string, hash: WordHash): void {
  hash.add(STRING_WORD);
  for (let index = 0; index < value.length; index++) hash.add(value.charCodeAt(index));
}

/** Every escape stands for exactly one UTF-16 unit, so nothing has to be built to read one. */
function addStringText(text: string, position: number, hash: WordHash): number {
  hash.add(STRING_WORD);
  for (let at = position + 1; ; at++) {
    const unit = text.charCodeAt(at);
    if (unit === 0x22) return at + 1;
    if (unit !== 0x5c) {
      hash.add(unit);
      continue;
    }
    const letter = text.charCodeAt(++at);
    hash.add(unescaped(text, at, letter));
    if (letter === 0x75) at += 4;
  }
}

function unescaped(text: string, position: number, letter: number): number {
  switch (letter) {
    case 0x75: // u
      return (
        (hexDigit(text.charCodeAt(position + 1)) << 12) |
        (hexDigit(text.charCodeAt(position + 2)) << 8) |
        (hexDigit(text.charCodeAt(position + 3)) << 4) |
        hexDigit(text.charCodeAt(position + 4))
      );
    case 0x62: // b
      return 0x08;
    case 0x66: // f
      return 0x0c;
    case 0x6e: // n
      return 0x0a;
    case 0x72: // r
      return 0x0d;
    case 0x74: // t
      return 0x09;
    default: // A quote, a slash or a backslash stands for itself.
      return letter;
  }
}

function hexDigit(unit: number): number {
  return (unit & 0x0f) + (unit > 0x39 ? 9 : 0);
}

function addArrayText(text: string, position: number, hash: WordHash, depth: number): number {
  hash.add(ARRAY_WORD);
  let at = skipSpace(text, position + 1);
  while (text.charCodeAt(at) !== 0x5d) {
    at = skipSpace(text, addValue(text, at, hash, depth));
    if (text.charCodeAt(at) === 0x2c) at = skipSpace(text, at + 1);
  }
  hash.add(END_WORD);
  return at + 1;
}

/** Members are hashed where they stand and sorted afterwards: one walk, however deep objects are nested. */
function addObjectText(text: string, position: number, hash: WordHash, depth: number): number {
  const members = new Map<string, number>();
  const member = new WordHash();
  let at = skipSpace(text, position + 1);
  while (text.charCodeAt(at) !== 0x7d) {
    const nameEnd = skipString(text, at);
    const name = JSON.parse(text.slice(at, nameEnd)) as string;
    const colon = skipSpace(text, nameEnd);
    member.restart();
    at = skipSpace(text, addValue(text, skipSpace(text, colon + 1), member, depth));
    members.set(name, member.finish());
    if (text.charCodeAt(at) === 0x2c) at = skipSpace(text, at + 1);
  }
  hash.add(OBJECT_WORD);
  for (const name of [...members.keys()].sort()) {
    addString(name, hash);
    hash.add(MEMBER_WORD);
    hash.add(members.get(name) as number);
  }
  hash.add(END_WORD);
  return at + 1;
}

function deeper(depth: number): number {
  if (depth < JSON_DEPTH_MAX) return depth + 1;
  throw new PolyboltError('PB_VALUES_INVALID', {
    message: `A field that tuples are grouped by is nested deeper than ${JSON_DEPTH_MAX} arrays and objects.`,
    hint: 'Group by a plainer field, or emit the key as a string.',
  });
}
