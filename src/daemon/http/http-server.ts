/**
 * The HTTP server of every daemon: routes, tokens, bounds, errors as JSON. Invariant: who may not ask is refused before a byte of the body is read, and every
 * request gets one reply or a closed connection.
 */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import createRouter from 'find-my-way';
import { PolyboltError } from '../../model/errors.js';
import { HTTP_CONNECTIONS_MAX, HTTP_DISCARD_MS, HTTP_IDLE_MS, HTTP_JSON_BYTES_MAX, HTTP_NAME_CHARS_MAX } from '../../model/limits.js';
import type { Log } from '../../model/log.js';
import type { Security } from '../security/security.js';
import { type BodyLimits, bodyStream, readJson } from './http-body.js';
import { asPolyboltError, errorBody, statusOf } from './http-errors.js';
import { checkOrigin, checkToken } from './http-guard.js';

export interface HttpRequest {
  /** Named parts of the path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Path and query as they were asked for. */
  readonly url: string;
  /** Aborted when the client has gone or the server closes: an endless reply ends then. */
  readonly signal: AbortSignal;
  /** The body as JSON; undefined when there is none. Throws PB_REQUEST_INVALID, PB_REQUEST_TOO_LARGE, PB_REQUEST_ABORTED. */
  json(): Promise<unknown>;
  /** The body as it comes, at most `bytesMax` of the route; its errors are PB_REQUEST_TOO_LARGE and PB_REQUEST_ABORTED. Once. */
  body(): Readable;
}

/** At most one of `json`, `text` and `stream`. */
export interface HttpReply {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly text?: string;
  /** Destroyed when the client goes away. */
  readonly stream?: Readable;
}

export interface Route {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** `/v1/topologies/:name` */
  readonly path: string;
  /** Who may: `client` either token, `daemon` only the daemons'. Without configured tokens, everybody. */
  readonly token: 'client' | 'daemon';
  /** Largest body; default that of a small JSON object. */
  readonly bytesMax?: number;
  /** A `PolyboltError` becomes its reply. */
  handle(request: HttpRequest): Promise<HttpReply>;
}

export interface HttpServerOptions {
  readonly routes: readonly Route[];
  readonly security: Security;
  readonly log: Log;
  /** For tests: how long a sender may be silent in the middle of a body. */
  readonly idleMs?: number;
  /** For tests: how long a refused sender may go on. */
  readonly discardMs?: number;
}

export interface HttpServer {
  /** Listens, on a free port for 0; resolves to the URL. Throws PB_LISTEN_FAILED. */
  listen(host: string, port: number): Promise<string>;
  /** Takes no more requests, lets those that are being answered end within `graceMs` (default 1000), then closes all connections. */
  close(graceMs?: number): Promise<void>;
}

export function createHttpServer(options: HttpServerOptions): HttpServer {
  return new RoutedServer(options);
}

class RoutedServer implements HttpServer {
  readonly #options: HttpServerOptions;
  readonly #router = createRouter({ maxParamLength: HTTP_NAME_CHARS_MAX, ignoreTrailingSlash: true });
  readonly #server: Server;
  readonly #closing = new AbortController();
  /** For `close`: node:http has no event for it. */
  readonly #open = new Set<Promise<void>>();

  constructor(options: HttpServerOptions) {
    this.#options = options;
    for (const route of options.routes) this.#router.on(route.method, route.path, () => {}, route);
    const { tls } = options.security;
    const limits = { headersTimeout: HTTP_IDLE_MS, requestTimeout: 0, keepAliveTimeout: HTTP_IDLE_MS, connectionsCheckingInterval: 1000 };
    this.#server = tls === undefined ? createServer(limits) : createTlsServer({ ...limits, ...tls, minVersion: 'TLSv1.2' });
    this.#server.maxConnections = HTTP_CONNECTIONS_MAX;
    this.#server.on('request', (request, response) => this.#take(request, response));
    // The body of a refused request is then never sent.
    this.#server.on('checkContinue', (request, response) => this.#take(request, response));
    this.#server.on('clientError', (_error, socket) => {
      if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    });
  }

  async listen(host: string, port: number): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      const onError = (cause: NodeJS.ErrnoException): void => {
        reject(
          new PolyboltError('PB_LISTEN_FAILED', {
            message: `cannot listen on ${host}:${port}: ${cause.message}`,
            hint:
              cause.code === 'EADDRINUSE'
                ? 'another process listens there: end it, or choose another port'
                : 'choose another address or port',
            context: { host, port },
            cause,
          }),
        );
      };
      this.#server.once('error', onError);
      this.#server.listen(port, host, () => {
        this.#server.off('error', onError);
        this.#server.on('error', (error) => this.#options.log.error('http.failed', { message: error.message }));
        resolve();
      });
    });
    const { port: actual } = this.#server.address() as AddressInfo;
    const scheme = this.#options.security.tls === undefined ? 'http' : 'https';
    return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${actual}`;
  }

  async close(graceMs = 1000): Promise<void> {
    this.#closing.abort();
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    const timer = setTimeout(() => this.#server.closeAllConnections(), graceMs);
    await Promise.all(this.#open);
    this.#server.closeAllConnections();
    clearTimeout(timer);
    await closed;
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const answered = this.#answer(request, response).catch((error: unknown) => {
      this.#options.log.debug('http.broken', { url: request.url, message: String(error) });
      response.destroy();
    });
    this.#open.add(answered);
    void answered.finally(() => this.#open.delete(answered));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    const onClose = (): void => gone.abort();
    response.on('close', onClose);
    this.#closing.signal.addEventListener('abort', onClose);
    try {
      const sending = new Sending(request, response);
      const reply = await this.#replyTo(request, sending, gone.signal);
      await sendReply(request, response, reply, sending, this.#options.discardMs ?? HTTP_DISCARD_MS);
    } finally {
      this.#closing.signal.removeEventListener('abort', onClose);
      gone.abort();
    }
  }

  async #replyTo(request: IncomingMessage, sending: Sending, signal: AbortSignal): Promise<HttpReply> {
    try {
      const { route, params } = this.#find(request);
      const limits = { bytesMax: route.bytesMax ?? HTTP_JSON_BYTES_MAX, idleMs: this.#options.idleMs ?? HTTP_IDLE_MS };
      return await route.handle(requestOf(request, sending, params, limits, signal));
    } catch (thrown) {
      const error = asPolyboltError(thrown);
      const level = error.code === 'PB_INTERNAL' ? 'error' : 'info';
      const trace = thrown instanceof PolyboltError ? {} : { trace: thrown instanceof Error ? thrown.stack : String(thrown) };
      this.#options.log[level]('http.refused', {
        method: request.method,
        url: request.url,
        code: error.code,
        message: error.message,
        ...trace,
      });
      const authenticate = error.code === 'PB_UNAUTHORIZED' ? { 'www-authenticate': 'Bearer' } : undefined;
      return { status: statusOf(error), json: errorBody(error), ...(authenticate === undefined ? {} : { headers: authenticate }) };
    }
  }

  /** The route, once whoever asks is known to be allowed it. */
  #find(request: IncomingMessage): { route: Route; params: Readonly<Record<string, string>> } {
    const { security } = this.#options;
    const path = (request.url ?? '/').split('?', 1)[0] as string;
    const found = this.#router.find(request.method as Route['method'], path);
    const route = found?.store as Route | undefined;
    checkToken(request, security, route?.token ?? 'client');
    checkOrigin(request, security);
    if (found === null || route === undefined) {
      const methods = this.#options.routes.map(({ method }) => method).filter((method) => this.#router.find(method, path) !== null);
      throw new PolyboltError('PB_ROUTE_UNKNOWN', {
        message: `there is no ${request.method} ${path} here`,
        hint: methods.length > 0 ? `this path takes ${[...new Set(methods)].join(', ')}` : 'mind the spelling; paths begin with /v1/',
        context: { method: request.method, path },
      });
    }
    return { route, params: found.params as Record<string, string> };
  }
}

/** Whether a client is sending its body: one that asked whether it should (`Expect: 100-continue`) waits until somebody reads. */
class Sending {
  readonly #response: ServerResponse;
  #waits: boolean;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.#response = response;
    this.#waits = request.headers.expect?.toLowerCase() === '100-continue';
  }

  get waits(): boolean {
    return this.#waits;
  }

  invite(): void {
    if (!this.#waits) return;
    this.#waits = false;
    this.#response.writeContinue();
  }
}

function requestOf(
  request: IncomingMessage,
  sending: Sending,
  params: Readonly<Record<string, string>>,
  limits: BodyLimits,
  signal: AbortSignal,
): HttpRequest {
  const url = request.url ?? '/';
  const body = (): Readable => {
    const stream = bodyStream(request, limits);
    sending.invite();
    return stream;
  };
  return {
    params,
    query: new URL(url, 'http://daemon').searchParams,
    headers: request.headers,
    url,
    signal,
    json: () => readJson(body()),
    body,
  };
}

async function sendReply(
  request: IncomingMessage,
  response: ServerResponse,
  reply: HttpReply,
  sending: Sending,
  discardMs: number,
): Promise<void> {
  const { status = 200, headers = {}, json, text, stream } = reply;
  // What is left of the body belongs to nobody: the connection is of no further use.
  const isUnread = !request.complete;
  if (isUnread) response.setHeader('connection', 'close');
  response.setHeader('cache-control', 'no-store');
  response.setHeader('x-content-type-options', 'nosniff');
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (stream !== undefined) {
    response.writeHead(status);
    await pipeline(stream, response);
    return;
  }
  const body = json === undefined ? (text ?? '') : `${JSON.stringify(json)}\n`;
  if (!response.hasHeader('content-type') && body !== '') {
    response.setHeader('content-type', json === undefined ? 'text/plain; charset=utf-8' : 'application/json');
  }
  if (request.method !== 'HEAD') response.setHeader('content-length', Buffer.byteLength(body));
  response.writeHead(status);
  if (isUnread && !sending.waits && !response.destroyed) {
    // A connection that is closed on a client that still sends takes the reply with it: it has a moment to read first.
    response.write(body);
    await discard(request, discardMs);
    response.end();
  } else response.end(body);
}

async function discard(request: IncomingMessage, discardMs: number): Promise<void> {
  if (request.destroyed) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, discardMs);
    request.on('close', resolve).on('end', resolve);
    request.once('close', () => clearTimeout(timer)).once('end', () => clearTimeout(timer));
    request.resume();
  });
}
