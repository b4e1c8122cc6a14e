// The messages that have been read and not yet handled, in the order in which they came. Task ids and heartbeats
// can be taken out ahead of their turn; the order of all others never changes.

import { isHeartbeat, Tuple } from './tuple.mjs';

/** Handled messages at the front are let go when there are so many, also while the inbox never runs empty. */
const handledMax = 1024;

export class Inbox {
  #messages = [];
  #next = 0;
  #idLists = 0;
  #heartbeats = 0;

  get isEmpty() {
    return this.#next === this.#messages.length;
  }

  put(message) {
    if (Array.isArray(message)) this.#idLists++;
    else if (isHeartbeatMessage(message)) this.#heartbeats++;
    this.#messages.push(message);
  }

  /** @returns the oldest message; there must be one */
  take() {
    const message = this.#messages[this.#next];
    this.#messages[this.#next++] = undefined;
    if (this.#next === this.#messages.length || this.#next === handledMax) {
      this.#messages.splice(0, this.#next);
      this.#next = 0;
    }
    if (Array.isArray(message)) this.#idLists--;
    else if (isHeartbeatMessage(message)) this.#heartbeats--;
    return message;
  }

  /** @returns {number[] | undefined} the oldest list of task ids */
  takeIds() {
    if (this.#idLists === 0) return undefined;
    this.#idLists--;
    return this.#remove(Array.isArray);
  }

  /** @returns {boolean} whether there was a heartbeat, which is gone now */
  takeHeartbeat() {
    if (this.#heartbeats === 0) return false;
    this.#heartbeats--;
    this.#remove(isHeartbeatMessage);
    return true;
  }

  // What was taken at the front has left nothing there, so it is not found again.
  #remove(isWanted) {
    return this.#messages.splice(this.#messages.findIndex(isWanted), 1)[0];
  }
}

export function isHeartbeatMessage(message) {
  return message instanceof Tuple && isHeartbeat(message);
}
