// One conversation with the host, from the handshake to the end of input. It keeps the order: messages are
// handed to the component one after the other, the next only when the one before is done; task ids go to the
// emits that asked for them, in the order of asking; every return to the event loop leaves nothing unwritten.

import fs from 'node:fs';
import path from 'node:path';
import { inspect } from 'node:util';
import { decode, Unreadable } from './decode.mjs';
import { messageEnd } from './encode.mjs';
import { FrameSplitter } from './frames.mjs';
import { Inbox, isHeartbeatMessage } from './inbox.mjs';
import { writeStderr } from './output.mjs';
import { TaskIds } from './task-ids.mjs';

/** Input taken while an asynchronous `process` is waiting; past it, the pipe is left to fill. */
const heldBytesMax = 1024 * 1024;
export const syncMessage = `{"command":"sync"}${messageEnd}`;

/**
 * What a session calls: `begin(conf, context)` after the handshake, `handle(message)` for each message, both of
 * which may give a promise, and `close()` at the end of input.
 * @typedef {{begin: Function, handle: Function, close: Function}} Handlers
 */
export class Session {
  #output;
  #input;
  #handlers;
  #splitter = new FrameSplitter();
  #inbox = new Inbox();
  #heldBytes = 0;
  #asked = [];
  #hasGreeted = false;
  #hasEnded = false;
  #isClosing = false;
  // Busy: a message is being handled. Awaiting: its handler has given a promise, and the event loop turns.
  #isBusy = false;
  #isAwaiting = false;
  #isFlushScheduled = false;

  /**
   * @param {import('./output.mjs').Output} output
   * @param {(onChunk: Function, onEnd: Function) => import('./input.mjs').Input} openInput
   * @param {Handlers} handlers
   */
  constructor(output, openInput, handlers) {
    this.#output = output;
    this.#handlers = handlers;
    this.#input = openInput(
      (chunk) => this.#receive(chunk),
      () => this.#receiveEnd(),
    );
  }

  start() {
    this.#input.start();
  }

  /** @param {string} text whole messages; written when input is drained */
  send(text) {
    this.#output.append(text);
    // While messages are being handled, the loop that does so flushes.
    if (!this.#isBusy || this.#isAwaiting) this.#scheduleFlush();
  }

  /** @param {string} text written at once, with what waits before it */
  sendNow(text) {
    this.#output.append(text);
    this.#output.flush();
  }

  /** Tells the host of an error, with its trace. */
  reportError(error) {
    this.sendNow(`{"command":"error","msg":${JSON.stringify(traceOf(error))}}${messageEnd}`);
  }

  /** Ends the process because of an error that nobody caught. */
  crash(error) {
    this.reportError(error);
    this.#exit(1, traceOf(error));
  }

  /** @returns {TaskIds} to be filled by the answer to the emit that is sent next */
  askForTaskIds() {
    const ids = new TaskIds(this);
    this.#asked.push(ids);
    // When a whole conversation comes from a file, the answer may be here before the question.
    const early = this.#inbox.takeIds();
    if (early !== undefined) this.#asked.shift().fill(early);
    // Behind a paused input the answer would never be seen.
    else this.#input.resume();
    return ids;
  }

  /** For TaskIds: somebody awaits. After the end of input no answer can come. */
  awaitIds() {
    if (this.#hasEnded) this.#close();
  }

  /** For TaskIds: takes input, blocking, until `isDone`. The end of input ends the process. */
  readUntil(isDone) {
    this.#output.flush();
    while (!isDone()) {
      const chunk = this.#hasEnded ? undefined : this.#input.readBlocking();
      if (chunk === undefined) {
        this.#handlers.close();
        this.#exit(0);
      }
      this.#enqueue(this.#splitter.push(chunk), chunk.length);
    }
  }

  #receive(chunk) {
    this.#enqueue(this.#splitter.push(chunk), chunk.length);
    this.#drain();
    if (this.#isAwaiting && this.#heldBytes > heldBytesMax && this.#asked.length === 0) this.#input.pause();
  }

  #receiveEnd() {
    if (this.#hasEnded) return;
    this.#enqueue(this.#splitter.end(), 0);
    this.#hasEnded = true;
    if (this.#asked.some((ids) => ids.isAwaited)) this.#close();
    else this.#drain();
  }

  #enqueue(texts, bytes) {
    this.#heldBytes += bytes;
    for (const text of texts) {
      const message = decode(text);
      if (Array.isArray(message) && this.#asked.length > 0) {
        this.#asked.shift().fill(message);
      } else if (this.#isAwaiting && isHeartbeatMessage(message)) {
        this.send(syncMessage);
      } else if (this.#isBusy && message instanceof Unreadable) {
        this.#exit(1, message.explanation);
      } else {
        this.#inbox.put(message);
      }
    }
  }

  // Hot path: the loop round every tuple.
  #drain() {
    while (!this.#isBusy && !this.#inbox.isEmpty) {
      this.#isBusy = true;
      const promise = this.#dispatch(this.#inbox.take());
      if (promise === undefined) {
        this.#isBusy = false;
        this.#output.tupleDone();
      } else {
        this.#awaitDone(promise);
      }
    }
    if (this.#isBusy) return;
    this.#heldBytes = 0;
    this.#output.flush();
    if (this.#hasEnded) this.#close();
    else this.#input.resume();
  }

  #awaitDone(promise) {
    this.#isAwaiting = true;
    while (this.#inbox.takeHeartbeat()) this.#output.append(syncMessage);
    this.#scheduleFlush();
    promise.then(
      () => {
        this.#isAwaiting = false;
        this.#isBusy = false;
        this.#output.tupleDone();
        this.#drain();
      },
      (error) => this.crash(error),
    );
  }

  #dispatch(message) {
    if (message instanceof Unreadable) return this.#exit(1, message.explanation);
    if (isHeartbeatMessage(message)) return this.#output.append(syncMessage);
    // Task ids that nobody has asked for: an emit that did would have taken them out of the inbox.
    if (Array.isArray(message)) return undefined;
    try {
      return this.#hasGreeted ? this.#handlers.handle(message) : this.#greet(message);
    } catch (error) {
      return this.crash(error);
    }
  }

  #greet(setup) {
    this.#hasGreeted = true;
    this.sendNow(`{"pid":${process.pid}}${messageEnd}`);
    createPidFile(setup.pidDir);
    return this.#handlers.begin(setup.conf ?? {}, setup.context ?? {});
  }

  #scheduleFlush() {
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    setImmediate(() => {
      this.#isFlushScheduled = false;
      this.#output.flush();
    });
  }

  async #close() {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#output.flush();
    try {
      await this.#handlers.close();
    } catch (error) {
      this.crash(error);
    }
    this.#exit(0);
  }

  #exit(status, explanation) {
    this.#output.flush();
    if (explanation !== undefined) writeStderr(`${explanation}\n`);
    process.exit(status);
  }
}

function createPidFile(pidDir) {
  if (!pidDir) return;
  try {
    fs.writeFileSync(path.join(pidDir, String(process.pid)), '');
  } catch (error) {
    writeStderr(`The pid file cannot be created in pidDir ${pidDir}: ${error.message}\n`);
  }
}

/** @param {unknown} error what was thrown, or a text */
function traceOf(error) {
  return typeof error === 'string' ? error : inspect(error);
}
