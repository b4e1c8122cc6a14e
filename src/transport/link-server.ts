/**
 * Where a worker waits for those who want its frames. Invariant: whoever does not show the token gets nothing but a refusal, and whatever else comes to the port is answered or cut
 * off without harm.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { WorkerLaunch } from '../membership/fence.js';
import { PolyboltError } from '../model/errors.js';
import { LINK_CONNECTIONS_MAX, LINK_FRAME_BYTES_MAX, LINK_HEADER_BYTES_MAX } from '../model/limits.js';
import type { Log, LogFields } from '../model/log.js';
import {
  type Hello,
  LINK_PATH,
  type LinkRefusal,
  mismatch,
  REFUSAL_HEADER,
  readHello,
  replyHeaders,
  STATUS_OF,
  showsToken,
} from './link-hello.js';
import type { PeerAddress } from './transport.js';

/** PEM texts. Both ends of a link show a certificate of this CA. */
export interface LinkTls {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface LinkServerOptions {
  readonly host: string;
  readonly port: number;
  readonly hello: Hello;
  readonly token: string;
  readonly tls: LinkTls | undefined;
  /** Time that a connection has until it is a link, in ms. */
  readonly startMs: number;
  /** Default `LINK_CONNECTIONS_MAX`. */
  readonly connectionsMax?: number | undefined;
  readonly log: Log;
}

/** Refusals that are remembered, so that somebody who comes again and again fills no log. */
const REFUSALS_KEPT = 256;

/** What becomes of a receiver of the same topology and versions that has shown the token. */
export interface Admission {
  /** Why it is not let in; undefined if it is. */
  refusalOf(other: WorkerLaunch): LinkRefusal | undefined;
  onAdmitted(ws: WebSocket, socket: Socket, other: WorkerLaunch): void;
}

export class LinkServer {
  readonly #options: LinkServerOptions;
  readonly #admission: Admission;
  readonly #server: Server;
  readonly #upgrades = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: LINK_FRAME_BYTES_MAX,
    clientTracking: false,
  });
  readonly #refused = new Set<string>();

  constructor(options: LinkServerOptions, admission: Admission) {
    this.#options = options;
    this.#admission = admission;
    const { tls, log, startMs } = options;
    const limits = {
      maxHeaderSize: LINK_HEADER_BYTES_MAX,
      headersTimeout: startMs,
      requestTimeout: startMs,
      connectionsCheckingInterval: startMs,
    };
    const certificates = { ...tls, requestCert: true, rejectUnauthorized: true, handshakeTimeout: startMs };
    this.#server = tls === undefined ? createServer(limits) : createTlsServer({ ...limits, ...certificates });
    this.#server.maxConnections = options.connectionsMax ?? LINK_CONNECTIONS_MAX;
    this.#server.on('request', (_request, response) => {
      response.writeHead(STATUS_OF['other-versions'], { connection: 'close', upgrade: 'websocket' }).end();
    });
    this.#server.on('clientError', (_error, socket) => socket.destroy());
    this.#server.on('tlsClientError', (error: Error) => log.debug('link.unreadable', { reason: error.message }));
    this.#server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => this.#onUpgrade(request, socket, head));
    this.#upgrades.on('headers', (headers: string[], request: IncomingMessage) => {
      const said = replyHeaders(options.hello, options.token, request.headers);
      for (const [name, value] of Object.entries(said)) headers.push(`${name}: ${value}`);
    });
  }

  /** Resolves to where it listens. Rejects with PB_LISTEN_FAILED. */
  async listen(): Promise<PeerAddress> {
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (cause) => {
        reject(
          new PolyboltError('PB_LISTEN_FAILED', {
            message: `a worker cannot listen on ${host}:${port} for its peers: ${cause.message}`,
            hint: 'Another process may have the port (each slot needs its own), or the host name may not be one of this machine.',
            context: { host, port },
            cause,
          }),
        );
      });
      this.#server.listen(port, host, () => resolve());
    });
    return { host, port: (this.#server.address() as AddressInfo).port };
  }

  /** Stops listening; those who were admitted are their takers' business. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  #onUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const { hello, token } = this.#options;
    if (!showsToken(request.headers, token)) return this.#refuse(socket, 'unauthorized', {});
    const other = request.url === LINK_PATH ? readHello(request.headers) : undefined;
    const said = replyHeaders(hello, token, request.headers);
    if (other === undefined) return this.#refuse(socket, 'malformed', said);
    const refusal = mismatch(other, hello) ?? this.#admission.refusalOf(other.self);
    if (refusal !== undefined) return this.#refuse(socket, refusal, said, other);
    this.#upgrades.handleUpgrade(request, socket, head, (ws) => this.#admission.onAdmitted(ws, socket, other.self));
  }

  /** @param said what this worker says of itself, to those who may know */
  #refuse(socket: Socket, refusal: LinkRefusal, said: Readonly<Record<string, string>>, other?: Hello): void {
    const headers = { ...said, [REFUSAL_HEADER]: refusal, connection: 'close', 'content-length': '0' };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    const address = socket.remoteAddress;
    this.#logRefusal(`${address} ${other?.self.incarnation} ${other?.self.launch} ${refusal}`, {
      refusal,
      address,
      ...describeHello(other),
    });
    socket.end([`HTTP/1.1 ${STATUS_OF[refusal]} Refused`, ...lines, '', ''].join('\r\n'), () => socket.destroySoon());
  }

  #logRefusal(key: string, fields: LogFields): void {
    const { log } = this.#options;
    if (this.#refused.has(key)) return log.debug('link.refused', fields);
    if (this.#refused.size >= REFUSALS_KEPT) this.#refused.clear();
    this.#refused.add(key);
    // That a worker is not ready, or that a receiver knows more or less of the assignment, passes by itself.
    const isWrong = fields.refusal === 'unauthorized' || fields.refusal === 'other-versions' || fields.refusal === 'other-topology';
    if (isWrong) log.error('link.refused', fields);
    else log.info('link.refused', fields);
  }
}

/** The other end, for a log line. */
export function describeHello(hello: Hello | undefined): LogFields {
  if (hello === undefined) return {};
  const { topologyId, versions, self } = hello;
  return { peer: self.incarnation, launch: self.launch, topologyId, frames: versions.frames, grouping: versions.grouping };
}
