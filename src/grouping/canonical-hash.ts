/**
 * The hash behind the fields and partial key groupings: of values, not of their spelling. Invariant: equal values hash
 * alike in every process, on every machine and after every restart, as text or as an array; `spec/grouping.md` defines the
 * words that are hashed and `multilang/grouping-hash.json` holds examples. Changing any of it means a new version.
 */
import { assert } from '../model/errors.js';
import type { Values } from '../model/values.js';
import { addPrimitive, addValue } from './canonical-value.js';
import { skipSpace, skipValue } from './json-walk.js';
import { WordHash } from './word-hash.js';

/** Version of the hash as defined in `spec/grouping.md`; tasks that group one stream must agree on it. */
export const GROUPING_HASH_VERSION = 1;

/** One for all keys: hashing is synchronous and calls nothing that could hash. */
const keyHash = new WordHash();

/**
 * Hashes the selected fields of a tuple, in the order of `fields`. Values that were never text are hashed as the text that
 * `JSON.stringify` would make of them.
 * Hot path: under 150 ns for one short string or integer, without allocation.
 * @param fields positions in the values, from 0; the tuple has them all (its arity was checked).
 * @returns an integer from 0 to 2^32 - 1.
 */
export function hashFields(values: Values, fields: readonly number[]): number {
  if (values.hasText) return hashTextFields(values.text, fields);
  const array = values.array;
  keyHash.restart();
  for (let index = 0; index < fields.length; index++) {
    // Objects, BigInts and toJSON methods are left to JSON.stringify itself, which also is what the wire will carry.
    if (!addPrimitive(array[fields[index] as number], keyHash)) return hashTextFields(values.text, fields);
  }
  return keyHash.finish();
}

/** The same for values that are one valid JSON array text. Fields that are not in rising order cost a walk from the start each. */
export function hashTextFields(text: string, fields: readonly number[]): number {
  keyHash.restart();
  const start = skipSpace(text, skipSpace(text, 0) + 1);
  assert(text.charCodeAt(start) !== 0x5d, 'values have fewer fields than the grouping selects');
  let current = 0;
  let at = start;
  let end = -1; // Behind the value at `at`, once that is known.
  for (let index = 0; index < fields.length; index++) {
    const wanted = fields[index] as number;
    if (wanted < current) {
      current = 0;
      at = start;
      end = -1;
    }
    for (; current < wanted; current++) {
      at = nextElement(text, end < 0 ? skipValue(text, at) : end);
      end = -1;
    }
    end = addValue(text, at, keyHash, 1);
  }
  return keyHash.finish();
}

function nextElement(text: string, position: number): number {
  const comma = skipSpace(text, position);
  assert(text.charCodeAt(comma) === 0x2c, 'values have fewer fields than the grouping selects');
  return skipSpace(text, comma + 1);
}
