/**
 * Cuts a child's bytes after the last whole frame and hands the whole frames over as one text. Invariant: the frames are the same however the bytes
 * are cut into chunks, the frames before a bad one included; bytes that wait for their end are bounded, looked at once and copied a
 * bounded number of times. Implements ML-FR-01, ML-FR-05, ML-FR-06 and ML-FR-13.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import { PolyboltError } from '../model/errors.js';
import { FRAME_CHARS_MAX, QUOTE_CHARS_MAX } from '../model/limits.js';
import { HeldBytes } from './held-bytes.js';

const END_MARK = Buffer.from('\nend');
/** Longest form of the end of a frame: `\nend\r\n`. */
const END_BYTES_MAX = 6;

export class FrameSplitter {
  readonly #held: HeldBytes;
  #failure: PolyboltError | undefined;
  readonly #frameBytesMax: number;

  /** @param frameBytesMax largest frame, its line `end` included */
  constructor(frameBytesMax: number = FRAME_CHARS_MAX) {
    this.#frameBytesMax = frameBytesMax;
    this.#held = new HeldBytes(frameBytesMax);
  }

  /** Bytes of a frame that has begun and not ended. */
  get heldBytes(): number {
    return this.#held.length;
  }

  /** PB_FRAME_TOO_LARGE or PB_FRAME_NOT_UTF8, once the stream cannot be read on; nothing is held or returned from then on. */
  get failure(): PolyboltError | undefined {
    return this.#failure;
  }

  /** Takes the next bytes (which are not kept) and returns the text of all good frames that are whole now, '' for none. */
  push(chunk: Buffer): string {
    if (this.#failure !== undefined) return '';
    const before = this.#held.length;
    const bytes = this.#held.append(chunk);
    const end = lastFrameEnd(bytes, Math.max(0, before - END_BYTES_MAX));
    const text = end === 0 ? '' : this.#textOf(bytes, end);
    if (this.#failure === undefined && bytes.length - end > this.#frameBytesMax) this.#failure = this.#tooLarge(bytes, end);
    if (this.#failure !== undefined) this.#held.clear();
    else this.#held.keepFrom(bytes, end);
    return text;
  }

  /** What waits for its end, for an error about a frame that never came; at most `QUOTE_CHARS_MAX` characters. */
  quoteHeld(): string {
    return this.#held.quote('utf8', QUOTE_CHARS_MAX);
  }

  /** The text of the frames up to `end`; of those before the first bad one, if there is one. */
  #textOf(bytes: Buffer, end: number): string {
    if (end <= this.#frameBytesMax) {
      if (isAscii(bytes.subarray(0, end))) return bytes.toString('latin1', 0, end);
      if (isUtf8(bytes.subarray(0, end))) return bytes.toString('utf8', 0, end);
    }
    // One of the frames is bad, or together they are longer than one may be.
    let good = 0;
    while (good < end && this.#failure === undefined) {
      const next = firstFrameEnd(bytes, good);
      if (next - good > this.#frameBytesMax) this.#failure = this.#tooLarge(bytes, good);
      else if (!isUtf8(bytes.subarray(good, next))) this.#failure = notUtf8(bytes.subarray(good, next));
      else good = next;
    }
    return bytes.toString('utf8', 0, good);
  }

  #tooLarge(bytes: Buffer, start: number): PolyboltError {
    return new PolyboltError('PB_FRAME_TOO_LARGE', {
      message: `a frame passed ${this.#frameBytesMax} bytes before its line "end"`,
      hint: 'write each message as JSON and a line "end"; send big data by reference instead of by value',
      context: { frame: bytes.toString('utf8', start, Math.min(bytes.length, start + QUOTE_CHARS_MAX)) },
    });
  }
}

/** Position after the last line `end` that starts at or after `from`; 0 if there is none. A frame's first line may be `end` itself. */
function lastFrameEnd(bytes: Buffer, from: number): number {
  // The search must not run back into bytes that were looked at before, or a long frame in small chunks costs its length squared.
  const fresh = from === 0 ? bytes : bytes.subarray(from);
  for (let at = fresh.lastIndexOf(END_MARK); at >= 0; at = at === 0 ? -1 : fresh.lastIndexOf(END_MARK, at - 1)) {
    const length = lineEndLength(fresh, at + 4);
    if (length > 0) return from + at + 4 + length;
  }
  return from === 0 ? emptyFrameEnd(bytes, 0) : 0;
}

/** Position after the first line `end` of the frame that starts at `start`, which has one. */
function firstFrameEnd(bytes: Buffer, start: number): number {
  const empty = emptyFrameEnd(bytes, start);
  if (empty > 0) return empty;
  let at = bytes.indexOf(END_MARK, start);
  while (lineEndLength(bytes, at + 4) === 0) at = bytes.indexOf(END_MARK, at + 1);
  return at + 4 + lineEndLength(bytes, at + 4);
}

/** Position after an empty message, an `end` with no line before it, at `start`; 0 if there is none. */
function emptyFrameEnd(bytes: Buffer, start: number): number {
  if (bytes[start] !== 101 || bytes[start + 1] !== 110 || bytes[start + 2] !== 100) return 0;
  const length = lineEndLength(bytes, start + 3);
  return length === 0 ? 0 : start + 3 + length;
}

/** Bytes of the line break at `at`: 1, 2 or 0 for none. */
function lineEndLength(bytes: Buffer, at: number): number {
  if (bytes[at] === 10) return 1;
  return bytes[at] === 13 && bytes[at + 1] === 10 ? 2 : 0;
}

function notUtf8(frame: Buffer): PolyboltError {
  return new PolyboltError('PB_FRAME_NOT_UTF8', {
    message: 'a frame holds bytes that are not UTF-8',
    hint: 'encode text as UTF-8, and binary data as base64 in a string',
    context: { frame: quoteInvalid(frame) },
  });
}

/** The surroundings of the first bad byte, with the bad bytes as U+FFFD. */
function quoteInvalid(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  const at = Math.max(0, text.indexOf('\ufffd'));
  return text.slice(Math.max(0, at - QUOTE_CHARS_MAX / 2), at + QUOTE_CHARS_MAX / 2);
}
