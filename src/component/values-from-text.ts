/** Values that an in-process component emits as text. Invariant: checked like a child's: one valid JSON array, nested at most 256 deep. One walk. */
import { PolyboltError } from '../model/errors.js';
import { Values } from '../model/values.js';
import { FrameParts, oneLine } from '../protocol/frame-parts.js';
import { skipSpace } from '../protocol/json-scan.js';

const walk = new FrameParts();

/** Throws PB_VALUES_INVALID. */
export function valuesFromText(text: string): { readonly values: Values; readonly arity: number } {
  const start = skipSpace(text, 0);
  const end = walk.skipTuple(text, start);
  if (end < 0 || skipSpace(text, end) !== text.length) {
    throw new PolyboltError('PB_VALUES_INVALID', {
      message: `the values of an emit are not one valid JSON array: ${text.slice(0, 200)}`,
      hint: 'give emitText one JSON array, nested at most 256 deep',
    });
  }
  return { values: Values.fromText(oneLine(text.slice(start, end))), arity: walk.arity };
}
