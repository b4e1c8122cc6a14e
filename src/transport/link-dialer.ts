/**
 * Brings the frames of whoever works at one address: asks for them, again and again, as long as it is not closed. Invariant: at most one link at a time; the time between two attempts
 * doubles up to a bound, and chance keeps many workers from coming at once.
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { WorkerLaunch } from '../membership/fence.js';
import { PolyboltError } from '../model/errors.js';
import { LINK_FRAME_BYTES_MAX, LINK_HEADER_BYTES_MAX, LINK_RETRY_MS_MAX, LINK_RETRY_MS_MIN } from '../model/limits.js';
import type { Log } from '../model/log.js';
import { otherVersions } from './batch-frame.js';
import { type Hello, LINK_PATH, mismatch, newNonce, provesToken, REFUSAL_HEADER, readHello, requestHeaders } from './link-hello.js';
import type { LinkTls } from './link-server.js';
import type { PeerAddress } from './transport.js';

export interface LinkDialerOptions {
  readonly hello: Hello;
  readonly token: string;
  readonly tls: LinkTls | undefined;
  /** Time that an attempt may take, in ms. */
  readonly startMs: number;
  readonly random: () => number;
  readonly log: Log;
}

/** Takes a connection whose other end is who it says it is, of the same topology and versions. */
export type OnDialed = (dialer: LinkDialer, ws: WebSocket, socket: Socket, other: WorkerLaunch) => void;

export class LinkDialer {
  readonly address: PeerAddress;
  readonly #options: LinkDialerOptions;
  readonly #onDialed: OnDialed;
  #ws: WebSocket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #isClosed = false;
  /** Why the last attempt failed, to say it once. */
  #reason = '';

  constructor(address: PeerAddress, options: LinkDialerOptions, onDialed: OnDialed) {
    this.address = address;
    this.#options = options;
    this.#onDialed = onDialed;
  }

  /** Tries now, if it is waiting: there is a sign that the other end is there. */
  dial(): void {
    if (this.#ws !== undefined || this.#isClosed) return;
    clearTimeout(this.#timer);
    const { hello, token, tls } = this.#options;
    const { host, port } = this.address;
    const nonce = newNonce();
    const ws = new WebSocket(`${tls === undefined ? 'ws' : 'wss'}://${host.includes(':') ? `[${host}]` : host}:${port}${LINK_PATH}`, {
      ...tls,
      headers: requestHeaders(hello, token, nonce),
      perMessageDeflate: false,
      maxPayload: LINK_FRAME_BYTES_MAX,
      maxHeaderSize: LINK_HEADER_BYTES_MAX,
      handshakeTimeout: this.#options.startMs,
    });
    this.#ws = ws;
    let other: WorkerLaunch | undefined;
    let socket: Socket | undefined;
    ws.on('upgrade', (reply: IncomingMessage) => {
      const checked = this.#check(reply.headers, nonce);
      if (checked instanceof PolyboltError) return this.#fail(ws, checked);
      other = checked;
      socket = reply.socket;
    });
    ws.on('unexpected-response', (_request, reply) => this.#fail(ws, this.#refusal(reply.headers, nonce)));
    ws.on('error', (error) => this.#fail(ws, error));
    ws.on('open', () => {
      if (this.#ws !== ws) return;
      this.#reason = '';
      this.#onDialed(this, ws, socket as Socket, other as WorkerLaunch);
    });
  }

  /** Tries again later: the attempt has failed, or its link has ended. @param ageMs how long there was a link: one that ends at once counts as a failure */
  again(ageMs: number): void {
    this.#ws = undefined;
    if (this.#isClosed) return;
    if (ageMs > LINK_RETRY_MS_MAX) this.#failures = 0;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.dial(), retryMs(this.#failures++, this.#options.random()));
  }

  /** Gives up; a link that has come about is its taker's business. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    if (this.#ws?.readyState === WebSocket.CONNECTING) this.#ws.terminate();
    this.#ws = undefined;
  }

  #check(reply: IncomingHttpHeaders, nonce: string): WorkerLaunch | PolyboltError {
    const { hello, token } = this.#options;
    const other = provesToken(reply, token, nonce) ? readHello(reply) : undefined;
    if (other === undefined) return this.#refused('the one who listens there does not know the token of the topology');
    if (mismatch(other, hello) === 'other-versions') return otherVersions(other.versions, hello.versions);
    if (mismatch(other, hello) !== undefined) return this.#refused(`a worker of ${other.topologyId} listens there`);
    return other.self;
  }

  #refusal(reply: IncomingHttpHeaders, nonce: string): PolyboltError {
    const { hello, token } = this.#options;
    const refusal = String(reply[REFUSAL_HEADER] ?? 'none that a worker gives');
    const other = provesToken(reply, token, nonce) ? readHello(reply) : undefined;
    if (refusal === 'other-versions' && other !== undefined) return otherVersions(other.versions, hello.versions);
    return this.#refused(`the reason given is ${refusal}`);
  }

  #refused(why: string): PolyboltError {
    const { host, port } = this.address;
    return new PolyboltError('PB_LINK_REFUSED', {
      message: `no link from the worker at ${host}:${port}: ${why}`,
      hint: 'Reasons that pass by themselves are tried again. For others, see whether both supervisors have the same daemon token, and whether something else uses the port.',
      context: { host, port, worker: this.#options.hello.self.incarnation },
    });
  }

  #fail(ws: WebSocket, error: Error): void {
    if (this.#ws !== ws) return;
    const code = error instanceof PolyboltError ? error.code : (error as NodeJS.ErrnoException).code;
    const fields = { host: this.address.host, port: this.address.port, code, reason: error.message };
    const { log } = this.#options;
    if (error.message === this.#reason) log.debug('link.failed', fields);
    else if (code === 'PB_LINK_VERSIONS') log.error('link.failed', fields);
    else if (code === 'PB_LINK_REFUSED') log.warn('link.failed', fields);
    else log.info('link.failed', fields);
    this.#reason = error.message;
    this.again(0);
    ws.terminate();
  }
}

/** Time until the next attempt, in ms. @param failures before this one @param chance from 0 up to but not including 1 */
export function retryMs(failures: number, chance: number): number {
  const longest = Math.min(LINK_RETRY_MS_MAX, LINK_RETRY_MS_MIN * 2 ** Math.min(failures, 16));
  return longest * (0.5 + chance / 2);
}
