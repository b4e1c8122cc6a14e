// Turns a message's text into what it says: a Tuple, a list of task ids, or a command. The result is what
// JSON.parse would give, with one mercy: NaN, Infinity and -Infinity, which other languages write, are read.

import { Tuple } from './tuple.mjs';

const quotedBytesMax = 200;

/** Stands in the place of a message that cannot be read, so that those before it are handled first. */
export class Unreadable {
  constructor(text, cause) {
    const quoted = Buffer.from(text).subarray(0, quotedBytesMax).toString();
    this.explanation =
      text.trim() === ''
        ? 'The host sent an empty message: an `end` line without a JSON text before it.'
        : `The host sent a message that is not JSON (${cause.message}). It begins: ${quoted}`;
  }
}

/**
 * Hot path: under 1 µs for a tuple with two values, nearly all of it JSON.parse. Remembering the envelope and parsing
 * only the values was measured and saved nothing.
 * @param {string} text
 * @returns {Tuple | number[] | object | Unreadable}
 */
export function decode(text) {
  let message;
  try {
    message = parse(text);
  } catch (cause) {
    return new Unreadable(text, cause);
  }
  if (message === null || typeof message !== 'object') {
    return new Unreadable(text, new Error('neither an object nor a list'));
  }
  if (!Array.isArray(message.tuple)) return message;
  return new Tuple(message.id, message.comp, message.stream, message.task, message.tuple);
}

const stringOrNumberWord = /"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g;
// A text that no sender writes by chance, so that no honest string is taken for a number.
const marker = '\u0000polybolt:';

function parse(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!text.includes('NaN') && !text.includes('Infinity')) throw error;
    const marked = text.replace(stringOrNumberWord, (token) => (token.startsWith('"') ? token : JSON.stringify(marker + token)));
    if (marked === text) throw error;
    return JSON.parse(marked, (_key, value) =>
      typeof value === 'string' && value.startsWith(marker) ? Number(value.slice(marker.length)) : value,
    );
  }
}
