// Collects messages for the host and writes them in few, large writes. What was appended is written in order,
// whole and before the process ends: every write is synchronous, so a host that stops reading stops this
// process too, and with it the taking of input.

import fs from 'node:fs';

const flushAtBytes = 64 * 1024;
const flushAfterMs = 2;

export class Output {
  #write;
  #now;
  #waiting = '';
  #flushedAtMs;

  /**
   * @param {(text: string) => void} write writes all of it, or throws
   * @param {() => number} now milliseconds on a monotonic clock
   */
  constructor(write, now = () => performance.now()) {
    this.#write = write;
    this.#now = now;
    this.#flushedAtMs = now();
  }

  get isWaiting() {
    return this.#waiting !== '';
  }

  /** @param {string} text one or more whole messages with their terminators */
  append(text) {
    this.#waiting += text;
    if (this.#waiting.length >= flushAtBytes) this.flush();
  }

  /** Says that a tuple is done. Writes when the last write is long enough ago. */
  tupleDone() {
    if (this.#waiting !== '' && this.#now() - this.#flushedAtMs >= flushAfterMs) this.flush();
  }

  flush() {
    if (this.#waiting === '') return;
    const text = this.#waiting;
    // Emptied first: a write that fails ends the process, and the exit hook must not write the same again.
    this.#waiting = '';
    this.#write(text);
    this.#flushedAtMs = this.#now();
  }
}

/**
 * Writes a text to a descriptor, however many writes that takes. When nobody reads any more, the process ends
 * with status 1 and in silence: there is nobody left to tell.
 * @param {number} fd
 * @param {string} text
 */
export function writeAll(fd, text) {
  const bytes = Buffer.from(text);
  let written = 0;
  let naps = 0;
  while (written < bytes.length) {
    try {
      written += fs.writeSync(fd, bytes, written);
      naps = 0;
    } catch (error) {
      if (error.code === 'EAGAIN') {
        nap(naps++);
      } else {
        if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') {
          writeStderr(`The host's pipe cannot be written: ${error.message}\n`);
        }
        process.exit(1);
      }
    }
  }
}

/** Writes a text to stderr before it returns, as a process that is about to exit must. */
export function writeStderr(text) {
  try {
    fs.writeSync(2, text);
  } catch {
    // Stderr is closed or full: there is nowhere left to say so.
  }
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/**
 * Sleeps for a moment, longer as the wait goes on: from 20 µs to 1 ms. For descriptors that do not block, which
 * Node has no way to wait for in synchronous code.
 * @param {number} naps how often it has slept in this wait
 */
export function nap(naps) {
  Atomics.wait(sleeper, 0, 0, Math.min(1, 0.02 * (naps + 1)));
}
