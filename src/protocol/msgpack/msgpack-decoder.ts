/**
 * Decodes what a component writes in MessagePack: each map becomes the JSON that it stands for, and is then read by the same rules as any other.
 * Invariant: calls are the same however the bytes are cut into chunks, and bytes that wait for the end of their message are bounded. Implements ML-MP.
 */
import { PolyboltError } from '../../model/errors.js';
import { FRAME_CHARS_MAX, QUOTE_CHARS_MAX } from '../../model/limits.js';
import { ComponentDecoder } from '../component-decoder.js';
import type { ComponentHandler } from '../component-frames.js';
import { HeldBytes } from '../held-bytes.js';
import { unpackToJson } from './unpack.js';
import { ValueScan } from './value-scan.js';

const NEWLINE = 10;

export class MsgpackDecoder {
  readonly #handler: ComponentHandler;
  readonly #messages: ComponentDecoder;
  readonly #bytesMax: number;
  readonly #scan = new ValueScan();
  readonly #held: HeldBytes;
  /** How much of what is held the scan has passed. */
  #scannedBytes = 0;
  #isInMessage = false;
  #stopped = false;
  /** Characters that were printed between messages. */
  #stray = '';

  /** @param bytesMax largest message */
  constructor(handler: ComponentHandler, bytesMax: number = FRAME_CHARS_MAX) {
    this.#handler = handler;
    this.#messages = new ComponentDecoder(handler);
    this.#bytesMax = bytesMax;
    this.#held = new HeldBytes(bytesMax);
  }

  get heldBytes(): number {
    return this.#held.length + this.#stray.length;
  }

  quoteHeld(): string {
    return this.#held.length === 0 ? this.#stray : `bytes ${this.#held.quote('hex', QUOTE_CHARS_MAX / 2)}`;
  }

  quote(charsMax?: number): string {
    return this.#messages.quote(charsMax);
  }

  stop(): void {
    this.#stopped = true;
    this.#messages.stop();
  }

  push(chunk: Buffer): void {
    if (this.#stopped) return;
    const bytes = this.#held.append(chunk);
    let pos = this.#scannedBytes;
    let start = 0;
    while (pos < bytes.length && !this.#stopped) {
      if (!this.#isInMessage && !this.#begins(bytes, pos)) {
        start = ++pos;
        continue;
      }
      if (this.#stopped) break;
      pos = this.#scan.advance(bytes, pos);
      if (this.#scan.isInvalid) this.#unreadable(bytes.subarray(start), 'holds the byte c1, which MessagePack does not use');
      else if (pos - start + this.#scan.missingBytes > this.#bytesMax) this.#tooLarge(bytes.subarray(start));
      else if (!this.#scan.isDone) break;
      else {
        this.#isInMessage = false;
        this.#message(bytes, start);
        start = pos;
      }
    }
    this.#held.keepFrom(bytes, this.#stopped ? bytes.length : start);
    this.#scannedBytes = this.#stopped ? 0 : pos - start;
  }

  /** Whether a message begins here; a printed character is put aside. */
  #begins(bytes: Buffer, pos: number): boolean {
    const first = bytes[pos] as number;
    if (first < 0x80) {
      this.#stray += String.fromCharCode(first);
      if (first === NEWLINE || this.#stray.length >= QUOTE_CHARS_MAX) this.#reportStray();
      return false;
    }
    this.#reportStray();
    if (this.#stopped) return true;
    if ((first < 0x90 || first === 0xde || first === 0xdf) && first >= 0x80) {
      this.#isInMessage = true;
      this.#scan.begin();
    } else this.#unreadable(bytes.subarray(pos), 'stands where a message, which is a map, should begin');
    return true;
  }

  #reportStray(): void {
    const text = this.#stray.trim();
    this.#stray = '';
    if (text === '') return;
    // What may hold a message cannot be passed over: an input could be acked whose emit is gone.
    if (/"command"|^\{\s*"pid"/.test(text)) {
      return this.#fail(
        new PolyboltError('PB_FRAME_UNREADABLE', {
          message: 'the component writes JSON where the topology says MessagePack',
          hint: 'take serializer: msgpack off the component, or have the component write MessagePack',
          context: { frame: text },
        }),
      );
    }
    this.#handler.onStray(text);
  }

  #message(bytes: Buffer, start: number): void {
    const { json, flaw, isIdFlawed } = unpackToJson(bytes, start);
    if (flaw !== undefined && isIdFlawed) this.#fail(flaw.with({ frame: json.slice(0, QUOTE_CHARS_MAX) }));
    else this.#messages.pushMessage(json, flaw);
  }

  #tooLarge(bytes: Buffer): void {
    this.#fail(
      new PolyboltError('PB_FRAME_TOO_LARGE', {
        message: `a message has more than ${this.#bytesMax} bytes`,
        hint: 'send big data by reference instead of by value',
        context: { frame: quoteBytes(bytes) },
      }),
    );
  }

  #unreadable(bytes: Buffer, what: string): void {
    this.#fail(
      new PolyboltError('PB_FRAME_UNREADABLE', {
        message: `what the component wrote ${what}`,
        hint: 'write each message as one MessagePack map, and print nothing on standard output',
        context: { frame: quoteBytes(bytes) },
      }),
    );
  }

  #fail(error: PolyboltError): void {
    if (this.#stopped) return;
    this.stop();
    this.#handler.onUnreadable(error);
  }
}

/** Bytes as a person can compare them with a hex dump. */
function quoteBytes(bytes: Buffer): string {
  const length = Math.min(bytes.length, QUOTE_CHARS_MAX / 4);
  return `${bytes.toString('hex', 0, length).replace(/..(?=.)/g, '$& ')}${length < bytes.length ? ' …' : ''}`;
}
