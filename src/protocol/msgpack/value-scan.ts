/**
 * Walks a MessagePack value without reading it: where does it end? Invariant: bytes may come in any pieces, each is looked at a bounded number of
 * times, and what is kept is two numbers, however deep the value nests.
 */

/** Bytes of the header of each type from 0xc0 on, the type's own byte included; 0 for 0xc1, which is never used. */
const HEADER_BYTES = [1, 0, 1, 1, 2, 3, 5, 3, 4, 6, 5, 9, 2, 3, 5, 9, 2, 3, 5, 9, 3, 4, 6, 10, 18, 2, 3, 5, 3, 5, 3, 5] as const;

export class ValueScan {
  /** Values that have not begun yet. */
  #values = 1;
  /** Bytes of the value at hand that are of no interest. */
  #skip = 0;
  #isInvalid = false;

  /** Starts over with a new value. */
  begin(): void {
    this.#values = 1;
    this.#skip = 0;
    this.#isInvalid = false;
  }

  /** Whether the value has ended where the last call stopped. */
  get isDone(): boolean {
    return this.#values === 0 && this.#skip === 0;
  }

  /** Whether a byte was met that begins nothing. */
  get isInvalid(): boolean {
    return this.#isInvalid;
  }

  /** Least number of bytes that have to follow. */
  get missingBytes(): number {
    return this.#values + this.#skip;
  }

  /** Walks on from `pos`; returns the position behind the value, or where to go on when more bytes have come. */
  advance(bytes: Buffer, pos: number): number {
    const end = bytes.length;
    for (;;) {
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, end - pos);
        pos += step;
        this.#skip -= step;
        if (this.#skip > 0) return pos;
      }
      if (this.#values === 0 || pos >= end) return pos;
      const first = bytes[pos] as number;
      const header = first < 0xc0 || first > 0xdf ? 1 : (HEADER_BYTES[first - 0xc0] as number);
      if (header === 0) {
        this.#isInvalid = true;
        return pos;
      }
      if (pos + header > end) return pos;
      this.#values--;
      this.#enter(bytes, pos, first);
      pos += header;
    }
  }

  #enter(bytes: Buffer, pos: number, first: number): void {
    if (first < 0x80 || first >= 0xe0) return;
    if (first < 0x90) this.#values += 2 * (first & 15);
    else if (first < 0xa0) this.#values += first & 15;
    else if (first < 0xc0) this.#skip = first & 31;
    else if (first === 0xc4 || first === 0xc7 || first === 0xd9) this.#skip = bytes[pos + 1] as number;
    else if (first === 0xc5 || first === 0xc8 || first === 0xda) this.#skip = bytes.readUInt16BE(pos + 1);
    else if (first === 0xc6 || first === 0xc9 || first === 0xdb) this.#skip = bytes.readUInt32BE(pos + 1);
    else if (first === 0xdc) this.#values += bytes.readUInt16BE(pos + 1);
    else if (first === 0xdd) this.#values += bytes.readUInt32BE(pos + 1);
    else if (first === 0xde) this.#values += 2 * bytes.readUInt16BE(pos + 1);
    else if (first === 0xdf) this.#values += 2 * bytes.readUInt32BE(pos + 1);
  }
}
