/**
 * Workers in one process: a batch is handed over as it is, in a turn of its own. Invariant: the order of sends is the order of receipts; a peer that has not joined yet, or
 * has left, is as congested as one that cannot be reached.
 */
import type { Transport, TransportEvents } from './transport.js';

interface Member {
  readonly events: TransportEvents;
  peers: ReadonlySet<string>;
}

export class LoopbackNetwork {
  readonly #members = new Map<string, Member>();

  /** Joins as this worker. */
  join(worker: string, events: TransportEvents): Transport {
    const member: Member = { events, peers: new Set() };
    this.#members.set(worker, member);
    this.#tell(worker, (other) => other.onCongestion(worker, false));
    return {
      setPeers: (peers) => {
        const added = [...peers.keys()].filter((peer) => !member.peers.has(peer));
        member.peers = new Set(peers.keys());
        for (const peer of added) events.onCongestion(peer, !this.#members.has(peer));
      },
      send: (to, batch) => {
        setImmediate(() => this.#members.get(to)?.events.receive(worker, batch));
      },
      close: () => {
        if (this.#members.get(worker) !== member) return;
        this.#members.delete(worker);
        this.#tell(worker, (other) => {
          other.onCongestion(worker, true);
          other.onLost(worker);
        });
      },
    };
  }

  /** Tells everybody whose peer a worker is. */
  #tell(worker: string, say: (events: TransportEvents) => void): void {
    for (const { events, peers } of this.#members.values()) if (peers.has(worker)) say(events);
  }
}
