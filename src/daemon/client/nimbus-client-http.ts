/**
 * Asking a cluster over HTTP: the nimbuses one after the other, on to the leader where one says so, errors as they were on the other side. Invariant: a request that may have taken
 * effect is never sent twice, and a token that went out over TLS never goes out without.
 */
import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ErrorCode } from '../../model/error-codes.js';
import { PolyboltError } from '../../model/errors.js';
import { HTTP_ANSWER_BYTES_MAX, HTTP_REDIRECTS_MAX } from '../../model/limits.js';
import { authorizationOf } from '../security/security.js';
import {
  checkedUrl,
  downgrade,
  isLeaderless,
  leaderGone,
  notOurs,
  reasonOf,
  Unanswered,
  unknownOutcome,
  unreachable,
} from './nimbus-client-errors.js';

export interface Call {
  readonly method: 'GET' | 'POST';
  /** Path and query. */
  readonly path: string;
  readonly json?: unknown;
  /** A body that is read once per attempt. */
  readonly upload?: { readonly open: () => Readable; readonly bytes: number; readonly headers: OutgoingHttpHeaders };
  readonly signal?: AbortSignal;
}

export interface CallerOptions {
  readonly urls: readonly string[];
  readonly token?: string | undefined;
  /** PEM text of the authority that signed the daemons' certificates. */
  readonly ca?: string | undefined;
  /** For a connection to be made. */
  readonly connectMs: number;
  /** For a reply to begin, once a request has been sent. */
  readonly replyMs: number;
  /** How long to go on asking while nobody leads. */
  readonly patienceMs: number;
  /** Waits between two rounds. */
  readonly pause: (ms: number) => Promise<void>;
}

const PAUSE_MS = 500;

export class NimbusCaller {
  readonly #options: CallerOptions;
  /** The leader of last time, asked first. */
  #urls: readonly string[];

  constructor(options: CallerOptions) {
    this.#options = options;
    this.#urls = options.urls.map(checkedUrl);
  }

  /** The JSON of a reply. Throws PB_NIMBUS_UNREACHABLE, PB_REPLY_INVALID, and whatever error the other side reports. */
  async json(call: Call): Promise<unknown> {
    for (let waitedMs = 0; ; waitedMs += PAUSE_MS) {
      try {
        return await this.#round(call);
      } catch (error) {
        if (!isLeaderless(error) || waitedMs >= this.#options.patienceMs) throw error;
      }
      await this.#options.pause(PAUSE_MS);
    }
  }

  /** The body of a reply of any daemon, as it comes. */
  async stream(url: string, path: string, signal?: AbortSignal): Promise<IncomingMessage> {
    const isDowngrade = this.#urls.some((each) => each.startsWith('https:')) && !url.startsWith('https:');
    if (isDowngrade) throw downgrade(url);
    try {
      return await checked(await this.#ask(checkedUrl(url), { method: 'GET', path, ...(signal === undefined ? {} : { signal }) }), url);
    } catch (error) {
      throw error instanceof Unanswered ? unreachable([error], this.#options) : error;
    }
  }

  /** Asks each nimbus until one answers. */
  async #round(call: Call): Promise<unknown> {
    const unanswered: Unanswered[] = [];
    let leaderless: PolyboltError | undefined;
    for (const url of this.#urls) {
      try {
        return await this.#follow(url, call);
      } catch (error) {
        if (error instanceof Unanswered) unanswered.push(error);
        else if (isLeaderless(error)) leaderless = error;
        else throw error;
        if (error instanceof Unanswered && !error.isUnsent && call.method !== 'GET') throw unknownOutcome(error);
      }
    }
    throw leaderless ?? unreachable(unanswered, this.#options);
  }

  /** Asks one nimbus, and the leader if it names one. */
  async #follow(first: string, call: Call): Promise<unknown> {
    let url = first;
    for (let hops = 0; hops <= HTTP_REDIRECTS_MAX; hops++) {
      let reply: IncomingMessage;
      try {
        reply = await this.#ask(url, call);
      } catch (error) {
        // Whoever led until just now is still named as the leader by the others.
        throw error instanceof Unanswered && error.isUnsent && hops > 0 ? leaderGone(error) : error;
      }
      if (reply.statusCode !== 307 && reply.statusCode !== 308) return read(reply, url);
      reply.destroy();
      const target = new URL(reply.headers.location ?? '', url);
      if (first.startsWith('https:') && target.protocol !== 'https:') throw downgrade(target.origin);
      url = checkedUrl(target.origin);
    }
    throw new PolyboltError('PB_NOT_LEADER', {
      message: `the nimbuses send each other's callers in circles: ${HTTP_REDIRECTS_MAX} redirects led to no leader`,
      hint: 'try again; if it stays so, look at the logs of the nimbuses',
    });
  }

  #ask(url: string, call: Call): Promise<IncomingMessage> {
    const { token, ca, connectMs, replyMs } = this.#options;
    const { method, path, json, upload, signal } = call;
    const body = json === undefined ? undefined : Buffer.from(JSON.stringify(json));
    const headers: OutgoingHttpHeaders = {
      accept: 'application/json, text/plain',
      ...authorizationOf(token),
      ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': body.length }),
      // The other side says whether it wants all this before it is sent.
      ...(upload === undefined ? {} : { ...upload.headers, 'content-length': upload.bytes, expect: '100-continue' }),
      ...(method === 'POST' && body === undefined && upload === undefined ? { 'content-length': 0 } : {}),
    };
    return new Promise((resolve, reject) => {
      const target = new URL(path, url);
      const options = { method, headers, agent: false as const, ...(signal === undefined ? {} : { signal }) };
      const request =
        target.protocol === 'https:'
          ? httpsRequest(target, { ...options, ...(ca === undefined ? {} : { ca }) })
          : httpRequest(target, options);
      let isSent = false;
      let timer = setTimeout(() => request.destroy(new Error(`no connection within ${connectMs / 1000} s`)), connectMs);
      const onConnected = (): void => {
        clearTimeout(timer);
        timer = setTimeout(() => request.destroy(new Error(`no answer within ${replyMs / 1000} s`)), replyMs);
        isSent = upload === undefined;
      };
      request.on('socket', (socket) => socket.once(target.protocol === 'https:' ? 'secureConnect' : 'connect', onConnected));
      request.on('continue', () => {
        isSent = true;
        clearTimeout(timer);
        if (upload === undefined) return;
        // An error of its own is the request's error too.
        pipeline(upload.open(), request).then(
          () => {
            timer = setTimeout(() => request.destroy(new Error(`no answer within ${replyMs / 1000} s`)), replyMs);
          },
          () => {},
        );
      });
      request.on('response', (response) => {
        clearTimeout(timer);
        resolve(response);
      });
      request.on('error', (error) => {
        clearTimeout(timer);
        reject(signal?.aborted === true ? signal.reason : new Unanswered(url, reasonOf(error), !isSent, error));
      });
      if (upload === undefined) request.end(body);
      else request.flushHeaders();
    });
  }
}

/** The JSON of a whole reply. */
async function read(reply: IncomingMessage, url: string): Promise<unknown> {
  try {
    return await jsonOf(await checked(reply, url), url);
  } catch (error) {
    if (error instanceof PolyboltError) throw error;
    throw new Unanswered(url, `its answer broke off: ${reasonOf(error as Error)}`, false, error);
  }
}

/** The reply, if it is a good one; otherwise throws the error that it carries. */
async function checked(reply: IncomingMessage, url: string): Promise<IncomingMessage> {
  const status = reply.statusCode ?? 0;
  if (status >= 200 && status < 300) return reply;
  const text = await textOf(reply, url);
  const { error } = (parsed(text) ?? {}) as { readonly error?: Partial<PolyboltError> };
  if (typeof error?.code !== 'string' || typeof error.message !== 'string') throw notOurs(url, `status ${status}`);
  throw new PolyboltError(error.code as ErrorCode, { message: error.message, hint: error.hint ?? '', context: error.context ?? {} });
}

async function jsonOf(reply: IncomingMessage, url: string): Promise<unknown> {
  const text = await textOf(reply, url);
  if (text === '') return undefined;
  const value = parsed(text);
  if (value === undefined) throw notOurs(url, 'what is no JSON');
  return value;
}

async function textOf(reply: IncomingMessage, url: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of reply as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > HTTP_ANSWER_BYTES_MAX) throw notOurs(url, `more than ${HTTP_ANSWER_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What it was instead is said by who asked.
    return undefined;
  }
}
