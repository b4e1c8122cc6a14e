/**
 * JSON text as MessagePack. Invariant: an integer of up to 64 bits stays the same integer; every other number becomes the nearest float 64.
 * What is returned is a binary string, one character a byte, so that it can wait in the same outbox as JSON. Implements ML-MP-06 to ML-MP-08.
 */
import { skipScalar, skipSpace, skipString } from '../json-scan.js';

const INT64_MIN = -(2n ** 63n);
const UINT64_MAX = 2n ** 64n - 1n;
/** Reused for numbers of eight bytes. */
const EIGHT = Buffer.alloc(8);

/** @param text one valid JSON value (NaN, Infinity and -Infinity allowed) */
export function packJson(text: string): string {
  return new Packer(text).value();
}

export function packText(text: string): string {
  const bytes = Buffer.byteLength(text) === text.length ? text : Buffer.from(text).toString('latin1');
  const { length } = bytes;
  if (length < 32) return String.fromCharCode(0xa0 | length) + bytes;
  if (length < 0x100) return `\u00d9${String.fromCharCode(length)}${bytes}`;
  return `${length < 0x10000 ? `\u00da${uint16(length)}` : `\u00db${uint32(length)}`}${bytes}`;
}

export function packInteger(value: number): string {
  if (value >= 0) {
    if (value < 0x80) return String.fromCharCode(value);
    if (value < 0x100) return `\u00cc${String.fromCharCode(value)}`;
    if (value < 0x10000) return `\u00cd${uint16(value)}`;
    if (value < 0x100000000) return `\u00ce${uint32(value)}`;
  } else {
    if (value >= -32) return String.fromCharCode(value + 256);
    if (value >= -0x80) return `\u00d0${String.fromCharCode(value + 256)}`;
    if (value >= -0x8000) return `\u00d1${uint16(value + 0x10000)}`;
    if (value >= -0x80000000) return `\u00d2${uint32(value + 0x100000000)}`;
  }
  return packBigInteger(BigInt(value));
}

export function packArrayHeader(length: number): string {
  if (length < 16) return String.fromCharCode(0x90 | length);
  return length < 0x10000 ? `\u00dc${uint16(length)}` : `\u00dd${uint32(length)}`;
}

function packMapHeader(length: number): string {
  if (length < 16) return String.fromCharCode(0x80 | length);
  return length < 0x10000 ? `\u00de${uint16(length)}` : `\u00df${uint32(length)}`;
}

function packBigInteger(value: bigint): string {
  if (value < 0n) {
    EIGHT.writeBigInt64BE(value);
    return `\u00d3${EIGHT.toString('latin1')}`;
  }
  EIGHT.writeBigUInt64BE(value);
  return `\u00cf${EIGHT.toString('latin1')}`;
}

function packFloat(value: number): string {
  EIGHT.writeDoubleBE(value);
  return `\u00cb${EIGHT.toString('latin1')}`;
}

function packNumber(token: string): string {
  if (!/^-?\d+$/.test(token)) return packFloat(Number(token));
  const value = Number(token);
  if (Number.isSafeInteger(value)) return packInteger(value + 0); // -0 is the integer 0.
  const exact = BigInt(token);
  return exact >= INT64_MIN && exact <= UINT64_MAX ? packBigInteger(exact) : packFloat(value);
}

function uint16(value: number): string {
  return String.fromCharCode(value >>> 8, value & 255);
}

function uint32(value: number): string {
  return String.fromCharCode(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
}

class Packer {
  readonly #text: string;
  #pos = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The value at hand; recursion is bounded, as the text has been checked to nest at most `JSON_DEPTH_MAX` deep. */
  value(): string {
    const text = this.#text;
    const start = skipSpace(text, this.#pos);
    this.#pos = start;
    switch (text[start]) {
      case '[':
        return this.#array();
      case '{':
        return this.#map();
      case '"':
        return this.#string();
      default:
        this.#pos = skipScalar(text, start);
        return scalar(text.slice(start, this.#pos));
    }
  }

  #array(): string {
    let body = '';
    let length = 0;
    this.#pos++;
    while (!this.#closes(']')) {
      body += this.value();
      length++;
    }
    return packArrayHeader(length) + body;
  }

  #map(): string {
    let body = '';
    let length = 0;
    this.#pos++;
    while (!this.#closes('}')) {
      body += this.#string();
      this.#pos = skipSpace(this.#text, this.#pos) + 1; // The colon.
      body += this.value();
      length++;
    }
    return packMapHeader(length) + body;
  }

  #string(): string {
    const start = this.#pos;
    this.#pos = skipString(this.#text, start);
    const quoted = this.#text.slice(start, this.#pos);
    return packText(quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1));
  }

  /** Steps over the comma before the next element, or over the bracket behind the last one. */
  #closes(bracket: string): boolean {
    const text = this.#text;
    let pos = skipSpace(text, this.#pos);
    if (text[pos] === ',') pos = skipSpace(text, pos + 1);
    const isClosed = text[pos] === bracket;
    this.#pos = isClosed ? pos + 1 : pos;
    return isClosed;
  }
}

function scalar(token: string): string {
  if (token === 'null') return '\u00c0';
  if (token === 'false') return '\u00c2';
  return token === 'true' ? '\u00c3' : packNumber(token);
}
