/**
 * One MessagePack map as JSON text. Invariant: the text is always valid JSON on one line; what JSON cannot hold is null in it (U+FFFD in text) and the
 * first such flaw is told, so that the message can be refused as a whole. Implements ML-MP-06, ML-MP-08 and ML-MP-09.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import { PolyboltError } from '../../model/errors.js';
import { JSON_DEPTH_MAX } from '../../model/limits.js';
import { ValueScan } from './value-scan.js';

export interface Unpacked {
  readonly json: string;
  /** What JSON cannot hold. */
  readonly flaw: PolyboltError | undefined;
  /** Whether a flaw is in the message's `id`, which then cannot be sent back. */
  readonly isIdFlawed: boolean;
}

/** Reads the whole value (which a `ValueScan` has found to be whole) that starts at `start`. */
export function unpackToJson(bytes: Buffer, start: number): Unpacked {
  return new Unpacker(bytes, start).run();
}

/** Any number that is not an integer in MessagePack, so that it is none in JSON either. */
function floatText(value: number): string {
  if (Object.is(value, -0)) return '-0.0';
  const text = String(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

class Unpacker {
  readonly #bytes: Buffer;
  #pos: number;
  #flaw: PolyboltError | undefined;
  #isIdFlawed = false;
  /** The key of the message whose value is being read. */
  #part = '';

  constructor(bytes: Buffer, start: number) {
    this.#bytes = bytes;
    this.#pos = start;
  }

  run(): Unpacked {
    const json = this.#value(0);
    return { json, flaw: this.#flaw, isIdFlawed: this.#isIdFlawed };
  }

  /** @param depth arrays and maps around the value, the message itself not counted */
  #value(depth: number): string {
    const bytes = this.#bytes;
    const pos = this.#pos;
    const first = bytes[pos] as number;
    if (first < 0x80) return this.#scalar(1, String(first));
    if (first >= 0xe0) return this.#scalar(1, String(first - 256));
    if (first < 0x90) return this.#map(1, first & 15, depth);
    if (first < 0xa0) return this.#array(1, first & 15, depth);
    if (first < 0xc0) return this.#text(1, first & 31);
    switch (first) {
      case 0xc0:
        return this.#scalar(1, 'null');
      case 0xc2:
        return this.#scalar(1, 'false');
      case 0xc3:
        return this.#scalar(1, 'true');
      case 0xc4:
      case 0xd9:
        return this.#text(2, bytes[pos + 1] as number);
      case 0xc5:
      case 0xda:
        return this.#text(3, bytes.readUInt16BE(pos + 1));
      case 0xc6:
      case 0xdb:
        return this.#text(5, bytes.readUInt32BE(pos + 1));
      case 0xca:
        return this.#scalar(5, floatText(bytes.readFloatBE(pos + 1)));
      case 0xcb:
        return this.#scalar(9, floatText(bytes.readDoubleBE(pos + 1)));
      case 0xcc:
        return this.#scalar(2, String(bytes[pos + 1]));
      case 0xcd:
        return this.#scalar(3, String(bytes.readUInt16BE(pos + 1)));
      case 0xce:
        return this.#scalar(5, String(bytes.readUInt32BE(pos + 1)));
      case 0xcf:
        return this.#scalar(9, String(bytes.readBigUInt64BE(pos + 1)));
      case 0xd0:
        return this.#scalar(2, String(bytes.readInt8(pos + 1)));
      case 0xd1:
        return this.#scalar(3, String(bytes.readInt16BE(pos + 1)));
      case 0xd2:
        return this.#scalar(5, String(bytes.readInt32BE(pos + 1)));
      case 0xd3:
        return this.#scalar(9, String(bytes.readBigInt64BE(pos + 1)));
      case 0xdc:
        return this.#array(3, bytes.readUInt16BE(pos + 1), depth);
      case 0xdd:
        return this.#array(5, bytes.readUInt32BE(pos + 1), depth);
      case 0xde:
        return this.#map(3, bytes.readUInt16BE(pos + 1), depth);
      case 0xdf:
        return this.#map(5, bytes.readUInt32BE(pos + 1), depth);
      default:
        return this.#skipped('an extension type, which has no JSON', 'PB_MESSAGE_INVALID', 'pack dates and the like as text or numbers');
    }
  }

  #scalar(bytes: number, text: string): string {
    this.#pos += bytes;
    return text;
  }

  #array(header: number, length: number, depth: number): string {
    if (depth > JSON_DEPTH_MAX) return this.#tooDeep();
    this.#pos += header;
    const parts: string[] = [];
    for (let i = 0; i < length; i++) parts.push(this.#value(depth + 1));
    return `[${parts.join(',')}]`;
  }

  #map(header: number, length: number, depth: number): string {
    if (depth > JSON_DEPTH_MAX) return this.#tooDeep();
    this.#pos += header;
    const parts: string[] = [];
    for (let i = 0; i < length; i++) {
      const key = this.#key();
      if (depth === 0) this.#part = key;
      parts.push(`${key}:${this.#value(depth + 1)}`);
    }
    return `{${parts.join(',')}}`;
  }

  /** Text as it is; an integer as its decimal text, as Python's JSON writer does it. */
  #key(): string {
    const first = this.#bytes[this.#pos] as number;
    const isText = (first >= 0xa0 && first < 0xc0) || (first >= 0xc4 && first <= 0xc6) || (first >= 0xd9 && first <= 0xdb);
    if (isText) return this.#value(0);
    if (first < 0x80 || first >= 0xe0 || (first >= 0xcc && first <= 0xd3)) return `"${this.#value(0)}"`;
    return `"${this.#skipped('a map key that is neither text nor an integer', 'PB_MESSAGE_INVALID', 'use text for the keys of maps')}"`;
  }

  #text(header: number, length: number): string {
    const start = this.#pos + header;
    this.#pos = start + length;
    const slice = this.#bytes.subarray(start, this.#pos);
    if (isAscii(slice)) return JSON.stringify(slice.toString('latin1'));
    if (!isUtf8(slice))
      this.#note('bytes that are not UTF-8', 'PB_FRAME_NOT_UTF8', 'encode text as UTF-8, and binary data as base64 in a string');
    return JSON.stringify(slice.toString('utf8'));
  }

  #tooDeep(): string {
    return this.#skipped(
      `arrays or maps nested more than ${JSON_DEPTH_MAX} deep`,
      'PB_FRAME_TOO_DEEP',
      'flatten the value, or send it as text that holds JSON',
    );
  }

  #skipped(what: string, code: PolyboltError['code'], hint: string): string {
    this.#note(what, code, hint);
    this.#pos = new ValueScan().advance(this.#bytes, this.#pos);
    return 'null';
  }

  #note(what: string, code: PolyboltError['code'], hint: string): void {
    this.#isIdFlawed ||= this.#part === '"id"';
    this.#flaw ??= new PolyboltError(code, { message: `a message holds ${what}`, hint });
  }
}
