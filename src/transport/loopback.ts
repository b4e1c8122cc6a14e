/** Workers in one process: a batch is handed over as it is, in a turn of its own. Invariant: the order of sends is the order of receipts. */
import type { Receiver, Transport } from './transport.js';

export class LoopbackNetwork {
  readonly #receivers = new Map<string, Receiver>();

  /** Joins as this worker. */
  join(worker: string, receive: Receiver): Transport {
    this.#receivers.set(worker, receive);
    return {
      send: (to, batch) => {
        setImmediate(() => this.#receivers.get(to)?.(worker, batch));
      },
      close: () => {
        if (this.#receivers.get(worker) === receive) this.#receivers.delete(worker);
      },
    };
  }
}
