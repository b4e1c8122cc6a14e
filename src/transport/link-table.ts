/**
 * All links of a worker: whom it has, whom it dials, whom it keeps waiting. Invariant: a link carries frames only once the fence has let it through, and belongs to a peer as long as it
 * does; whoever was refused, or is no peer any more, is cut off.
 */
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { type Fence, Held, type WorkerLaunch } from '../membership/fence.js';
import { assertNever, PolyboltError } from '../model/errors.js';
import { LINK_HELD_BYTES_MAX } from '../model/limits.js';
import { Link } from './link.js';
import { LinkDialer, type LinkDialerOptions } from './link-dialer.js';
import { PeerLinks, type PeerPorts } from './peer-links.js';
import type { Batch, PeerAddress } from './transport.js';

export class LinkTable {
  readonly #fence: Fence;
  readonly #dialing: LinkDialerOptions;
  readonly #ports: PeerPorts;
  readonly #links = new Set<Link>();
  readonly #peers = new Map<string, PeerLinks>();
  /** By address, because who works there may change. */
  readonly #dialers = new Map<string, LinkDialer>();
  readonly #dialerOf = new Map<Link, LinkDialer>();
  /** Who is expected at each address. */
  #expected: ReadonlyMap<string, string> = new Map();
  #isClosed = false;

  constructor(fence: Fence, dialing: LinkDialerOptions, ports: PeerPorts) {
    this.#fence = fence;
    this.#dialing = dialing;
    this.#ports = ports;
  }

  setPeers(peers: ReadonlyMap<string, PeerAddress>): void {
    if (this.#isClosed) return;
    this.#fence.setPeers(peers.keys());
    for (const [incarnation, peer] of this.#peers) {
      if (peers.has(incarnation)) continue;
      this.#peers.delete(incarnation);
      peer.close();
    }
    // A supervisor that is not known has no host: there is nobody to dial.
    const addresses = [...peers].filter(([, { host }]) => host !== '');
    this.#expected = new Map(addresses.map(([incarnation, address]) => [keyOf(address), incarnation]));
    for (const [key, dialer] of this.#dialers) if (!this.#expected.has(key)) this.#stopDialing(key, dialer);
    for (const incarnation of peers.keys()) {
      if (!this.#peers.has(incarnation)) this.#peers.set(incarnation, new PeerLinks(incarnation, this.#ports));
    }
    for (const [, address] of addresses) this.#dial(address);
    // Not at once: whoever sets peers is in the middle of a change, and would hear of links and frames before it is ready for them.
    setImmediate(() => {
      for (const link of this.#links) if (link.held !== undefined) this.#consider(link);
    });
  }

  send(to: string, batch: Batch): void {
    if (!this.#isClosed) this.#peers.get(to)?.send(batch);
  }

  /** Somebody wants the frames of this worker. */
  onAdmitted(ws: WebSocket, socket: Socket, other: WorkerLaunch): void {
    for (const link of this.#links) {
      if (link.held !== undefined && link.isSender && link.other.incarnation === other.incarnation) link.end('it has come again');
    }
    this.#consider(this.#newLink(ws, socket, other, true));
  }

  /** Looks for signs of life on every link. */
  pulse(): void {
    for (const link of this.#links) link.pulse();
  }

  /** Resolves when all links are gone. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const dialer of this.#dialers.values()) dialer.close();
    const goodbyes = [...this.#links].map((link) => link.goodbye());
    for (const peer of this.#peers.values()) peer.close();
    await Promise.all(goodbyes);
  }

  #dial(address: PeerAddress): void {
    const key = keyOf(address);
    if (this.#dialers.has(key)) return;
    const dialer = new LinkDialer(address, this.#dialing, (its, ws, socket, other) => {
      const link = this.#newLink(ws, socket, other, false);
      this.#dialerOf.set(link, its);
      this.#consider(link);
    });
    this.#dialers.set(key, dialer);
    dialer.dial();
  }

  #stopDialing(key: string, dialer: LinkDialer): void {
    this.#dialers.delete(key);
    dialer.close();
    for (const [link, its] of this.#dialerOf) if (its === dialer) link.end('nobody is expected there any more');
  }

  #newLink(ws: WebSocket, socket: Socket, other: WorkerLaunch, isSender: boolean): Link {
    const link = new Link(ws, socket, other, isSender, {
      onFrame: (its, frame) => this.#onFrame(its, frame),
      onEnd: (its, reason) => this.#onEnd(its, reason),
    });
    this.#links.add(link);
    return link;
  }

  /** Lets a link carry frames, keeps it waiting, or ends it. */
  #consider(link: Link): void {
    const { incarnation } = link.other;
    const dialer = this.#dialerOf.get(link);
    const isElsewhere = dialer !== undefined && this.#expected.get(keyOf(dialer.address)) !== incarnation;
    if (isElsewhere && this.#peers.has(incarnation)) return link.end('it is expected elsewhere');
    const verdict = this.#fence.judge(link.other);
    switch (verdict.kind) {
      case 'accept':
        return this.#attach(link, this.#peers.get(incarnation) as PeerLinks, verdict.isSuccessor);
      case 'hold':
        if (link.held !== undefined) return;
        link.held = new Held(LINK_HELD_BYTES_MAX);
        this.#ports.log.info('link.held', { peer: incarnation, launch: link.other.launch, direction: link.isSender ? 'out' : 'in' });
        return;
      case 'refuse':
        return link.end(verdict.why);
      default:
        return assertNever(verdict);
    }
  }

  #attach(link: Link, peer: PeerLinks, isSuccessor: boolean): void {
    const { held } = link;
    link.held = undefined;
    peer.attach(link, isSuccessor);
    if (held !== undefined) {
      for (const frame of held.take()) this.#onFrame(link, frame);
      link.pause(false);
    }
    // It is there: no reason to wait for the next attempt to receive from it.
    if (link.isSender) for (const [key, expected] of this.#expected) if (expected === peer.incarnation) this.#dialers.get(key)?.dial();
  }

  // Hot path: once for every frame.
  #onFrame(link: Link, frame: Buffer): void {
    if (link.held !== undefined) {
      // A copy, since the frame may be a small part of a large read.
      if (!link.held.add(Buffer.from(frame), frame.length)) link.pause(true);
      return;
    }
    const { incarnation, launch } = link.other;
    const peer = this.#peers.get(incarnation);
    const decoder = peer?.decoderOf(link);
    if (peer === undefined || decoder === undefined) return;
    let batch: Batch;
    try {
      const header = decoder.header(frame);
      const isOfLink = header.from.incarnation === incarnation && header.from.launch === launch;
      if (!isOfLink || this.#fence.judgeFrame(header).kind !== 'accept') {
        return peer.lose(`a frame from ${nameOf(header.from)} to ${nameOf(header.to)} is not for this link`);
      }
      batch = decoder.body(frame, header);
    } catch (error) {
      if (!(error instanceof PolyboltError)) throw error;
      this.#ports.log.error('frame.refused', { peer: incarnation, launch, code: error.code, reason: error.message });
      return peer.lose('a frame cannot be read');
    }
    this.#ports.events.receive(incarnation, batch);
  }

  #onEnd(link: Link, reason: string): void {
    this.#links.delete(link);
    const dialer = this.#dialerOf.get(link);
    this.#dialerOf.delete(link);
    dialer?.again(link.ageMs);
    this.#peers.get(link.other.incarnation)?.onEnd(link, reason);
  }
}

function keyOf({ host, port }: PeerAddress): string {
  return `${host} ${port}`;
}

function nameOf({ incarnation, launch }: WorkerLaunch): string {
  return `${incarnation} (launch ${launch})`;
}
