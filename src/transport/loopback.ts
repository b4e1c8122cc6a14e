/** Workers in one process: a batch is handed over as it is, in a turn of its own. Invariant: the order of sends is the order of receipts. */
import type { Transport, TransportEvents } from './transport.js';

export class LoopbackNetwork {
  readonly #members = new Map<string, TransportEvents>();

  /** Joins as this worker. */
  join(worker: string, events: TransportEvents): Transport {
    this.#members.set(worker, events);
    return {
      setPeers: () => {},
      send: (to, batch) => {
        setImmediate(() => this.#members.get(to)?.receive(worker, batch));
      },
      close: () => {
        if (this.#members.get(worker) === events) this.#members.delete(worker);
      },
    };
  }
}
