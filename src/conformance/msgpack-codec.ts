/**
 * The MessagePack serialization as the judge reads it. Invariant: each map is handed over as the JSON that it stands for, with the very bytes it came
 * in; each deviation is a finding. Judges ML-MP.
 */
import { packJson } from '../protocol/msgpack/pack.js';
import { unpackToJson } from '../protocol/msgpack/unpack.js';
import { ValueScan } from '../protocol/msgpack/value-scan.js';
import type { Finding, WireCodec, WireReader, WireSink } from './codec.js';
import { encodeJson, jsonCodec } from './json-codec.js';
import { quote } from './quote.js';

export const msgpackCodec: WireCodec = {
  name: 'msgpack',
  encode: (message) => Buffer.from(packJson(encodeJson(message)), 'latin1'),
  createReader: (sink) => new MsgpackReader(sink),
};

class MsgpackReader implements WireReader {
  readonly #sink: WireSink;
  readonly #json: WireReader;
  readonly #scan = new ValueScan();
  #held: Buffer = Buffer.alloc(0);
  /** Where the scan goes on in what is held; -1 between values. */
  #pos = -1;
  /** Where printed characters end that stand before the value at hand. */
  #strayEnd = 0;
  // Of the message at hand.
  #bytes: Buffer = Buffer.alloc(0);
  #findings: readonly Finding[] = [];

  constructor(sink: WireSink) {
    this.#sink = sink;
    this.#json = jsonCodec.createReader({
      onMessage: (message, findings) => sink.onMessage({ ...message, bytes: this.#bytes }, [...this.#findings, ...findings]),
      onUnreadable: (_bytes, finding) => sink.onUnreadable(this.#bytes, finding),
    });
  }

  push(chunk: Buffer): void {
    this.#held = Buffer.concat([this.#held, chunk]);
    for (;;) {
      if (this.#pos < 0 && !this.#begin()) return;
      this.#pos = this.#scan.advance(this.#held, this.#pos);
      if (this.#scan.isInvalid) return this.#giveUp('unreadable', 'a byte that MessagePack does not use');
      if (!this.#scan.isDone) return;
      this.#value(this.#held.subarray(0, this.#pos));
      this.#held = Buffer.from(this.#held.subarray(this.#pos));
      this.#pos = -1;
      this.#strayEnd = 0;
    }
  }

  end(): void {
    if (this.#held.length > 0) this.#giveUp('incomplete', 'the output ends within a message');
  }

  /** Steps over printed characters; whether a value begins behind them. */
  #begin(): boolean {
    while (this.#strayEnd < this.#held.length && (this.#held[this.#strayEnd] as number) < 0x80) this.#strayEnd++;
    if (this.#strayEnd === this.#held.length) return false;
    this.#pos = this.#strayEnd;
    this.#scan.begin();
    return true;
  }

  #value(bytes: Buffer): void {
    const first = bytes[this.#strayEnd] as number;
    this.#bytes = Buffer.from(bytes);
    if (first !== 0xde && first !== 0xdf && (first < 0x80 || first > 0x9f) && first !== 0xdc && first !== 0xdd) {
      return this.#sink.onUnreadable(this.#bytes, { kind: 'unreadable', detail: `a value between messages that is no map: ${hex(bytes)}` });
    }
    const stray = bytes.toString('latin1', 0, this.#strayEnd).trim();
    const { json, flaw } = unpackToJson(bytes, this.#strayEnd);
    this.#findings = [
      ...(stray === '' ? [] : [{ kind: 'stray-text', detail: `text that is no message: ${quote(stray)}` }]),
      ...(flaw === undefined ? [] : [{ kind: flaw.code === 'PB_FRAME_NOT_UTF8' ? 'not-utf8' : 'unreadable', detail: flaw.message }]),
    ];
    this.#json.push(Buffer.from(`${json}\nend\n`));
  }

  #giveUp(kind: string, what: string): void {
    const bytes = this.#held;
    this.#held = Buffer.alloc(0);
    this.#pos = -1;
    this.#strayEnd = 0;
    this.#sink.onUnreadable(bytes, { kind, detail: `${what}: ${hex(bytes)}` });
  }
}

function hex(bytes: Buffer): string {
  return `${bytes.toString('hex', 0, 40)}${bytes.length > 40 ? '…' : ''}`;
}
