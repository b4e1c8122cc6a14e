/**
 * Where the parts of a component's message are in its text. Invariant: a walk has checked every byte of the message to be JSON, and reads a key the same way
 * whatever stands around it: in any order, escaped, or given twice (the last counts). Implements ML-FR-12.
 *
 * Hot path: one walk over the frame, nothing allocated.
 */
import type { EmitFrame } from './component-frames.js';
import { INVALID, skipBrackets, skipSpace, skipString, skipValue, TOO_DEEP } from './json-scan.js';

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const FIRST_OF_FALSE = 102;
const FIRST_OF_NULL = 110;
const FIRST_OF_TRUE = 116;
const ID_MAX = Number.MAX_SAFE_INTEGER;

export type Command = 'emit' | 'ack' | 'fail' | 'sync' | 'other';

export class FrameParts {
  command: Command = 'other';
  /** Where parts start and end; -1 for those that the message does not have. */
  idStart = -1;
  idEnd = -1;
  anchorsStart = -1;
  anchorsEnd = -1;
  tupleStart = -1;
  tupleEnd = -1;
  streamStart = -1;
  streamEnd = -1;
  taskStart = -1;
  taskEnd = -1;
  needStart = -1;
  /** Values in the array that `skipTuple` walked last. */
  arity = 0;
  /** Where the number that `digits` read ended. */
  digitsEnd = 0;
  #streamText = '';
  #stream = '';

  /**
   * Finds the parts of the message at `pos`; returns its end, INVALID or TOO_DEEP.
   * @param depthLimited false for text that a parser has taken already: its values may then nest as deep as they like
   */
  walk(text: string, pos: number, depthLimited = true): number {
    this.command = 'other';
    this.idStart = this.anchorsStart = this.tupleStart = this.streamStart = this.taskStart = this.needStart = -1;
    pos = skipSpace(text, pos);
    if (text.charCodeAt(pos) !== OPEN_BRACE) return INVALID;
    do {
      const key = skipSpace(text, pos + 1);
      if (text.charCodeAt(key) !== QUOTE) return INVALID;
      const keyEnd = skipString(text, key);
      if (keyEnd < 0) return INVALID;
      pos = text.charCodeAt(keyEnd) === COLON ? keyEnd : skipSpace(text, keyEnd);
      if (text.charCodeAt(pos) !== COLON) return INVALID;
      const value = skipSpace(text, pos + 1);
      pos = this.#part(text, key + 1, keyEnd - 1, value, depthLimited);
      if (pos < 0) return pos;
      pos = skipSpace(text, pos);
    } while (text.charCodeAt(pos) === COMMA);
    return text.charCodeAt(pos) === CLOSE_BRACE ? pos + 1 : INVALID;
  }

  /** Checks the array at `pos` and counts its values; returns its end or a negative reason. */
  skipTuple(text: string, pos: number): number {
    if (text.charCodeAt(pos) !== OPEN_BRACKET) return INVALID;
    let at = pos + 1;
    let arity = 0;
    let c = text.charCodeAt(at);
    if (c <= 32) {
      at = skipSpace(text, at);
      c = text.charCodeAt(at);
    }
    if (c === CLOSE_BRACKET) {
      at++;
    } else {
      for (;;) {
        if (c <= 32) at = skipSpace(text, at);
        at = skipValue(text, at, 1);
        if (at < 0) return at;
        arity++;
        c = text.charCodeAt(at);
        if (c <= 32) {
          at = skipSpace(text, at);
          c = text.charCodeAt(at);
        }
        at++;
        if (c === CLOSE_BRACKET) break;
        if (c !== COMMA) return INVALID;
        c = text.charCodeAt(at);
      }
    }
    this.arity = arity;
    return at;
  }

  /** The host id of an ack or fail, as a string or a number; -1 if it has none or one that is none of ours. */
  readId(text: string): number {
    return this.idStart < 0 ? INVALID : this.#idAt(text, this.idStart, this.idEnd);
  }

  /** Fills the emit, but for its values; returns the rule that a part breaks, or undefined. */
  readEmit(text: string, emit: EmitFrame): string | undefined {
    emit.refusal = undefined;
    const wrongAnchors = this.readOrigin(text, emit);
    if (this.tupleStart < 0) return 'emit needs a tuple: an array of values';
    if (text.charCodeAt(this.tupleStart) !== OPEN_BRACKET) return 'the tuple of an emit is an array of values';
    if (wrongAnchors !== undefined) return wrongAnchors;
    if (isAbsent(text, this.streamStart)) emit.stream = 'default';
    else if (text.charCodeAt(this.streamStart) === QUOTE) emit.stream = this.#readStream(text);
    else return 'the stream of an emit is a string';
    if (isAbsent(text, this.taskStart)) emit.task = 0;
    else {
      emit.task = this.digits(text, this.taskStart);
      if (this.digitsEnd !== this.taskEnd || emit.task < 0)
        return 'the task of a direct emit is a whole number, written without fraction or exponent';
    }
    const need = this.needStart < 0 ? FIRST_OF_TRUE : text.charCodeAt(this.needStart);
    emit.needTaskIds = need !== FIRST_OF_FALSE;
    if (need !== FIRST_OF_TRUE && need !== FIRST_OF_FALSE && need !== FIRST_OF_NULL) return 'need_task_ids of an emit is true or false';
    return undefined;
  }

  /** Fills what the emit hangs on, its anchors and its id; returns the rule that the anchors break, or undefined. */
  readOrigin(text: string, emit: EmitFrame): string | undefined {
    emit.idText = isAbsent(text, this.idStart) ? '' : oneLine(text.slice(this.idStart, this.idEnd));
    emit.anchorCount = 0;
    if (isAbsent(text, this.anchorsStart)) return undefined;
    const first = text.charCodeAt(this.anchorsStart);
    if (first === QUOTE) emit.anchors[emit.anchorCount++] = this.#idAt(text, this.anchorsStart, this.anchorsEnd);
    else if (first === OPEN_BRACKET) this.#readAnchors(text, emit);
    else return 'anchors is a tuple id or a list of them';
    return undefined;
  }

  /** Reads decimal digits; -1 for none, for a leading zero and for numbers that no id of ours can be. */
  digits(text: string, start: number): number {
    let pos = start;
    let value = 0;
    for (;;) {
      const digit = text.charCodeAt(pos) - 48;
      if (!(digit >= 0 && digit <= 9)) break;
      value = value * 10 + digit;
      pos++;
    }
    this.digitsEnd = pos;
    if (pos === start || value > ID_MAX || (pos - start > 1 && text.charCodeAt(start) === 48)) return INVALID;
    return value;
  }

  /** Takes note of the value at `start` if its key is one of the protocol's; returns the value's end or a negative reason. */
  #part(text: string, keyStart: number, keyEnd: number, start: number, depthLimited: boolean): number {
    const key = keyOf(text, keyStart, keyEnd);
    let end = key === 'tuple' && text.charCodeAt(start) === OPEN_BRACKET ? this.skipTuple(text, start) : skipValue(text, start);
    if (end === TOO_DEEP && !depthLimited) end = skipBrackets(text, start);
    if (end < 0) return end;
    switch (key) {
      case 'command':
        this.command = commandOf(text, start, end);
        break;
      case 'tuple':
        this.tupleStart = start;
        this.tupleEnd = end;
        break;
      case 'anchors':
        this.anchorsStart = start;
        this.anchorsEnd = end;
        break;
      case 'id':
        this.idStart = start;
        this.idEnd = end;
        break;
      case 'stream':
        this.streamStart = start;
        this.streamEnd = end;
        break;
      case 'task':
        this.taskStart = start;
        this.taskEnd = end;
        break;
      case 'need_task_ids':
        this.needStart = start;
        break;
      default:
    }
    return end;
  }

  #readAnchors(text: string, emit: EmitFrame): void {
    let pos = skipSpace(text, this.anchorsStart + 1);
    while (text.charCodeAt(pos) !== CLOSE_BRACKET) {
      // A list that is too deep for the walk is still read when its emit is refused.
      const skipped = skipValue(text, pos, 1);
      const end = skipped === TOO_DEEP ? skipBrackets(text, pos) : skipped;
      emit.anchors[emit.anchorCount++] = this.#idAt(text, pos, end);
      pos = skipSpace(text, end);
      if (text.charCodeAt(pos) === COMMA) pos = skipSpace(text, pos + 1);
    }
  }

  /** The name of the stream, made once for as long as emits repeat it. */
  #readStream(text: string): string {
    if (this.#streamText.length !== this.streamEnd - this.streamStart || !text.startsWith(this.#streamText, this.streamStart)) {
      this.#streamText = copyOf(text.slice(this.streamStart, this.streamEnd));
      this.#stream = JSON.parse(this.#streamText) as string;
    }
    return this.#stream;
  }

  #idAt(text: string, start: number, end: number): number {
    const quoted = text.charCodeAt(start) === QUOTE ? 1 : 0;
    const id = this.digits(text, start + quoted);
    if (this.digitsEnd === end - quoted) return id;
    if (quoted === 0 || !text.slice(start, end).includes('\\')) return INVALID;
    const plain = JSON.parse(text.slice(start, end)) as string;
    const unescaped = this.digits(plain, 0);
    return this.digitsEnd === plain.length ? unescaped : INVALID;
  }
}

/** The key between two quotes, '' for one that the protocol does not know. */
function keyOf(text: string, start: number, end: number): string {
  switch (end - start) {
    case 2:
      if (text.startsWith('id', start)) return 'id';
      break;
    case 4:
      if (text.startsWith('task', start)) return 'task';
      break;
    case 5:
      if (text.startsWith('tuple', start)) return 'tuple';
      break;
    case 6:
      if (text.startsWith('stream', start)) return 'stream';
      break;
    case 7:
      if (text.startsWith('command', start)) return 'command';
      if (text.startsWith('anchors', start)) return 'anchors';
      break;
    case 13:
      if (text.startsWith('need_task_ids', start)) return 'need_task_ids';
      break;
    default:
  }
  return unescaped(text, start - 1, end + 1, keyOf) ?? '';
}

function commandOf(text: string, start: number, end: number): Command {
  if (text.charCodeAt(start) !== QUOTE) return 'other';
  const name = text.slice(start + 1, end - 1);
  if (name === 'emit' || name === 'ack' || name === 'fail' || name === 'sync') return name;
  return unescaped(text, start, end, (plain) => commandOf(`"${plain}"`, 0, plain.length + 2)) ?? 'other';
}

/** Reads the string between `start` and `end` again without its escapes, if it has any. */
function unescaped<T>(text: string, start: number, end: number, read: (plain: string, start: number, end: number) => T): T | undefined {
  const quoted = text.slice(start, end);
  if (!quoted.includes('\\')) return undefined;
  const plain = JSON.parse(quoted) as string;
  // What still has a backslash is no word of the protocol.
  return plain.includes('\\') ? undefined : read(plain, 0, plain.length);
}

/** Whether a part is missing or null. */
function isAbsent(text: string, start: number): boolean {
  return start < 0 || text.charCodeAt(start) === FIRST_OF_NULL;
}

/** Line breaks can stand only between tokens of valid JSON; the host's own frames are one line. */
export function oneLine(text: string): string {
  return text.includes('\n') || text.includes('\r') ? text.replace(/[\r\n]/g, ' ') : text;
}

/** A copy that does not pin the chunk it was cut from. */
export function copyOf(text: string): string {
  return Buffer.from(text).toString();
}
