/**
 * Buffers that frames are made in and sent from, used again. Invariant: a buffer is given back only when the socket has written it; there are never more free ones than
 * a few links use at a time.
 */
import { LINK_FRAMES_UNWRITTEN_MAX } from '../model/limits.js';

/** Holds nearly every frame: its text at three bytes a unit, its numbers, and some sources. */
const BUFFER_BYTES = 512 * 1024;
const FREE_MAX = 2 * LINK_FRAMES_UNWRITTEN_MAX;

export class FrameBufferPool {
  readonly #free: Buffer[] = [];

  /** At least so many bytes, at the start of an array buffer of their own. */
  take(bytes: number): Buffer {
    if (bytes > BUFFER_BYTES) return Buffer.allocUnsafeSlow(bytes);
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES);
  }

  /** @param frame a view of a buffer that was taken, and that nobody reads any more */
  give(frame: Buffer): void {
    if (frame.buffer.byteLength === BUFFER_BYTES && this.#free.length < FREE_MAX) this.#free.push(Buffer.from(frame.buffer));
  }
}
