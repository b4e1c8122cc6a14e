// A spout that emits again what failed. A tuple emitted with an id is remembered, as it was written, from its emit
// to its ack; what failed goes out again under the same id at the next `next`, in place of anything new.

import { encodeValue } from './encode.mjs';
import { Spout } from './spout.mjs';

export class ReliableSpout extends Spout {
  // Both by the id's JSON text: 1 and "1" are two ids, and an id may be any value.
  #pending = new Map();
  #failed = new Set();

  /** How many tuples have been emitted and not yet acked. */
  get pendingCount() {
    return this.#pending.size;
  }

  /** @internal */
  _remember(id, message) {
    this.#pending.set(id, message);
    this.#failed.delete(id);
  }

  /** @internal */
  _obey(message) {
    if (message.command === 'next' && this.#failed.size > 0) {
      for (const id of this.#failed) this._session.send(this.#pending.get(id));
      this.#failed.clear();
      return undefined;
    }
    if (message.command === 'ack') {
      const id = encodeValue(message.id, 'id');
      this.#pending.delete(id);
      this.#failed.delete(id);
    } else if (message.command === 'fail') {
      const id = encodeValue(message.id, 'id');
      if (this.#pending.has(id)) this.#failed.add(id);
    }
    return super._obey(message);
  }
}
