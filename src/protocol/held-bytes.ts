/**
 * The bytes of a message that has begun and not ended, from one read of a child to the next. Invariant: each byte is copied a bounded number of times, and
 * nothing is copied when a read ends with a message; the bound on their number is the caller's.
 */
const KEEP_CAPACITY_BYTES = 64 * 1024;
const CAPACITY_BYTES_MIN = 4096;

export class HeldBytes {
  readonly #bytesMax: number;
  #buffer: Buffer = Buffer.alloc(0);
  #length = 0;

  /** @param bytesMax largest message: the capacity is not doubled past it */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get length(): number {
    return this.#length;
  }

  /** What is held with the chunk behind it, valid until the next call; the chunk itself, not held, when nothing was. */
  append(chunk: Buffer): Buffer {
    if (this.#length === 0) return chunk;
    this.#hold(chunk, 0);
    return this.#buffer.subarray(0, this.#length);
  }

  /** Holds what `append` returned from `from` on, and nothing else. */
  keepFrom(bytes: Buffer, from: number): void {
    if (this.#length > 0 && from === 0) return;
    this.#length = 0;
    if (this.#buffer.length > KEEP_CAPACITY_BYTES) this.#buffer = Buffer.alloc(0);
    // The rest overlaps with where it goes when the capacity was kept; `copy` moves overlapping bytes correctly.
    if (from < bytes.length) this.#hold(bytes, from);
  }

  clear(): void {
    this.#buffer = Buffer.alloc(0);
    this.#length = 0;
  }

  /** The first bytes as text, for an error. */
  quote(encoding: 'utf8' | 'hex', bytesMax: number): string {
    return this.#buffer.toString(encoding, 0, Math.min(this.#length, bytesMax));
  }

  #hold(bytes: Buffer, from: number): void {
    const needed = this.#length + bytes.length - from;
    if (needed > this.#buffer.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, Math.min(2 * needed, this.#bytesMax), CAPACITY_BYTES_MIN));
      this.#buffer.copy(grown, 0, 0, this.#length);
      this.#buffer = grown;
    }
    bytes.copy(this.#buffer, this.#length, from);
    this.#length = needed;
  }
}
