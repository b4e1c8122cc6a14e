/**
 * Workers in different processes, over WebSockets: each listens, and dials every peer to receive from it, so that what sends is the server side and masks nothing. Invariant: as for every
 * transport, between two workers batches arrive in the order in which they were sent, at most once, and only between launches that the fence lets through (design D7).
 */
import { Fence, type WorkerLaunch } from '../membership/fence.js';
import { VERSIONS, type Versions } from '../model/cluster-records.js';
import { assert } from '../model/errors.js';
import { LINK_SILENCE_MS } from '../model/limits.js';
import type { Log } from '../model/log.js';
import { isFrameable } from './batch-frame.js';
import { FrameBufferPool } from './frame-buffers.js';
import { PULSES_PER_SILENCE } from './link.js';
import type { Hello } from './link-hello.js';
import { LinkServer, type LinkTls } from './link-server.js';
import { LinkTable } from './link-table.js';
import type { PeerAddress, Transport, TransportEvents } from './transport.js';

export interface WsTransportOptions {
  readonly topologyId: string;
  /** This worker, `G.N`, and which of its launches this process is, from 1. */
  readonly incarnation: string;
  readonly launch: number;
  /** Where to listen for peers; port 0 takes any free one. */
  readonly host: string;
  readonly port: number;
  /** What the workers of this topology show each other. */
  readonly token: string;
  /** Absent: plain TCP, for loopback only. */
  readonly tls?: LinkTls | undefined;
  /** Silence of a peer, in ms, after which its links are torn down, and what a link may take to begin; default `LINK_SILENCE_MS`. */
  readonly silenceMs?: number | undefined;
  /** What must be equal at both ends; default `VERSIONS`. */
  readonly versions?: Versions | undefined;
  /** From 0 up to but not including 1. */
  readonly random: () => number;
  readonly log: Log;
}

/** Listens for peers; nobody is let in before `join`. Rejects with PB_LISTEN_FAILED. */
export async function createWsTransport(options: WsTransportOptions): Promise<WsNetwork> {
  const network = new WsNetwork(options);
  await network.listen();
  return network;
}

/** As `LoopbackNetwork`, so that its `join` fits `WorkerPorts.join`. */
export class WsNetwork {
  readonly #options: WsTransportOptions;
  readonly #hello: Hello;
  readonly #fence: Fence;
  readonly #server: LinkServer;
  #table: LinkTable | undefined;
  #timer: NodeJS.Timeout | undefined;
  #address: PeerAddress;
  #closed: Promise<void> | undefined;

  /** Use `createWsTransport`. */
  constructor(options: WsTransportOptions) {
    const { topologyId, incarnation, launch, host, port, token, tls, log, silenceMs: startMs = LINK_SILENCE_MS } = options;
    assert(isFrameable(incarnation) && Number.isInteger(launch) && launch > 0, `${incarnation} ${launch} is no launch of a worker`);
    const self: WorkerLaunch = { incarnation, launch };
    this.#options = options;
    this.#hello = { topologyId, versions: options.versions ?? VERSIONS, self };
    this.#fence = new Fence(self);
    this.#address = { host, port };
    this.#server = new LinkServer(
      { host, port, hello: this.#hello, token, tls, startMs, log },
      {
        refusalOf: (other) => (this.#table === undefined || this.#closed !== undefined ? 'not-ready' : this.#fence.refusalOf(other)),
        onAdmitted: (ws, socket, other) => this.#table?.onAdmitted(ws, socket, other),
      },
    );
  }

  /** Where it listens: `host` of the options, and the port that it got. */
  get address(): PeerAddress {
    return this.#address;
  }

  /** Once. Rejects with PB_LISTEN_FAILED. */
  async listen(): Promise<void> {
    this.#address = await this.#server.listen();
  }

  /** Takes part as the worker of the options; once. */
  join(worker: string, events: TransportEvents): Transport {
    const { token, tls, random, log, silenceMs = LINK_SILENCE_MS } = this.#options;
    const hello = this.#hello;
    assert(worker === hello.self.incarnation && this.#table === undefined, 'one network is for one worker');
    const buffers = new FrameBufferPool();
    const table = new LinkTable(
      this.#fence,
      { hello, token, tls, startMs: silenceMs, random, log },
      { self: hello.self, versions: hello.versions, buffers, events, log },
    );
    this.#table = table;
    this.#timer = setInterval(() => table.pulse(), silenceMs / PULSES_PER_SILENCE);
    return {
      setPeers: (peers) => table.setPeers(peers),
      send: (to, batch) => table.send(to, batch),
      close: () => void this.close(),
    };
  }

  /** Closes everything, the transport too; resolves when no socket and no timer is left. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all([this.#server.close(), this.#table?.close()]);
  }
}
