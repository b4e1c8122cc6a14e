// Reads the host's bytes in chunks of up to 64 KiB. Chunks are delivered in order, from the event loop or, when
// asked, at once by a blocking read; never both at a time, because everything happens on one thread.

import fs from 'node:fs';
import net from 'node:net';
import { nap } from './output.mjs';

const chunkBytes = 64 * 1024;

export class Input {
  #fd;
  #socket;
  #paused = false;
  #buffer = Buffer.allocUnsafeSlow(chunkBytes);
  #onChunk;
  #onEnd;

  /**
   * @param {number} fd
   * @param {(chunk: Buffer) => void} onChunk the chunk's memory is used again after the call
   * @param {() => void} onEnd
   */
  constructor(fd, onChunk, onEnd) {
    this.#fd = fd;
    this.#onChunk = onChunk;
    this.#onEnd = onEnd;
  }

  start() {
    const stat = fs.fstatSync(this.#fd);
    if (!stat.isFIFO() && !stat.isSocket()) {
      // A file, a terminal or /dev/null: reading it does not wait, or waits for a person.
      setImmediate(() => this.#pump());
      return;
    }
    this.#socket = new net.Socket({
      fd: this.#fd,
      readable: true,
      writable: false,
      onread: {
        buffer: this.#buffer,
        callback: (bytes) => {
          this.#onChunk(this.#buffer.subarray(0, bytes));
          return true;
        },
      },
    });
    this.#socket.on('end', this.#onEnd);
    // A host that died with our output unread resets the connection: as good as an end.
    this.#socket.on('error', this.#onEnd);
    this.#socket.resume();
  }

  pause() {
    this.#paused = true;
    this.#socket?.pause();
  }

  resume() {
    if (!this.#paused) return;
    this.#paused = false;
    if (this.#socket) this.#socket.resume();
    else setImmediate(() => this.#pump());
  }

  /**
   * Waits for the next chunk, blocking the thread.
   * @returns {Buffer | undefined} its own memory; undefined at the end of input
   */
  readBlocking() {
    // Not the shared buffer: the event loop's chunk may still be in use further up the stack.
    const buffer = Buffer.allocUnsafe(chunkBytes);
    for (let naps = 0; ; naps++) {
      try {
        const bytes = fs.readSync(this.#fd, buffer);
        return bytes === 0 ? undefined : buffer.subarray(0, bytes);
      } catch (error) {
        if (error.code === 'ECONNRESET') return undefined;
        if (error.code !== 'EAGAIN') throw error;
        nap(naps);
      }
    }
  }

  #pump() {
    if (this.#paused) return;
    const chunk = this.readBlocking();
    if (chunk === undefined) {
      this.#onEnd();
      return;
    }
    this.#onChunk(chunk);
    setImmediate(() => this.#pump());
  }
}
