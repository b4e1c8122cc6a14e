/** Values that an in-process component emits as text. Invariant: checked like a child's: one valid JSON array, nested at most 256 deep. */
import { PolyboltError } from '../model/errors.js';
import { Values } from '../model/values.js';
import { skipSpace, skipValue } from '../protocol/json-scan.js';

/** Throws PB_VALUES_INVALID. */
export function valuesFromText(text: string): { readonly values: Values; readonly arity: number } {
  const start = skipSpace(text, 0);
  const end = text.charCodeAt(start) === 91 ? skipValue(text, start) : -1;
  if (end < 0 || skipSpace(text, end) !== text.length) {
    throw new PolyboltError('PB_VALUES_INVALID', {
      message: `the values of an emit are not one valid JSON array: ${text.slice(0, 200)}`,
      hint: 'give emitText one JSON array, nested at most 256 deep',
    });
  }
  const line = text.slice(start, end).replace(/[\r\n]/g, ' ');
  return { values: Values.fromText(line), arity: countElements(line) };
}

function countElements(text: string): number {
  let pos = skipSpace(text, 1);
  if (text.charCodeAt(pos) === 93) return 0;
  for (let count = 1; ; count++) {
    pos = skipSpace(text, skipValue(text, pos));
    if (text.charCodeAt(pos) !== 44) return count;
    pos = skipSpace(text, pos + 1);
  }
}
