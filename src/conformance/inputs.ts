/** Input tuples that the user gives a bolt under judgement. Invariant: each line is the values of one tuple. */
import { PolyboltError } from '../model/errors.js';
import type { Input } from './setup.js';

/** NDJSON: an array of values a line, or an object with a key `tuple`. Throws PolyboltError PB_USAGE that names the line. */
export function parseInputs(text: string, file: string): readonly Input[] {
  const inputs = text.split('\n').flatMap((line, index) => (line.trim() === '' ? [] : [parseLine(line, `${file}:${index + 1}`)]));
  if (inputs.length === 0)
    throw new PolyboltError('PB_USAGE', { message: `${file} holds no tuple`, hint: 'write one array of values a line: ["the cow"]' });
  return inputs;
}

function parseLine(line: string, at: string): Input {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    value = undefined; // Told below, with what would be right.
  }
  const values = typeof value === 'object' && value !== null && 'tuple' in value ? value.tuple : value;
  if (Array.isArray(values) && values.length > 0) return values;
  throw new PolyboltError('PB_USAGE', {
    message: `${at} is no tuple`,
    hint: 'write one array of values a line: ["the cow", 3]',
    context: { line },
  });
}
