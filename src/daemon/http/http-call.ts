/**
 * One request from a daemon to another. Invariant: it ends: an answer, a silence that was too long, or the caller's own wish; and it goes only to where the configured
 * certificate authority vouches for the other end.
 */
import { type IncomingMessage, request as requestPlain } from 'node:http';
import { request as requestSecure } from 'node:https';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { HTTP_ANSWER_BYTES_MAX } from '../../model/limits.js';
import { authorizationOf, type Security } from '../security/security.js';

export interface HttpCall {
  readonly method: 'GET' | 'HEAD' | 'PUT';
  readonly url: URL;
  readonly security: Security;
  /** Longest silence of the other end. */
  readonly idleMs: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Readable;
  readonly signal?: AbortSignal;
}

/** Resolves to the answer, its body unread: it must be read or destroyed. Rejects with plain errors that say what went wrong. */
export async function callDaemon({ method, url, security, idleMs, headers, body, signal }: HttpCall): Promise<IncomingMessage> {
  const tls = security.tls === undefined ? {} : { ca: security.tls.ca };
  const options = {
    method,
    headers: { ...authorizationOf(security.daemonToken), ...headers },
    ...(signal === undefined ? {} : { signal }),
  };
  const outgoing = url.protocol === 'https:' ? requestSecure(url, { ...options, ...tls }) : requestPlain(url, options);
  let answer: IncomingMessage | undefined;
  outgoing.setTimeout(idleMs, () => (answer ?? outgoing).destroy(new Error(`it was silent for ${idleMs} ms`)));
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', (response) => {
      answer = response;
      resolve(response);
    });
    outgoing.once('error', reject);
  });
  if (body === undefined) outgoing.end();
  // An answer that comes before the body has been sent says more than that it could not be.
  else pipeline(body, outgoing).catch((error: Error) => outgoing.destroy(error));
  return answered;
}

/** The body of an answer as JSON. Rejects for one that is too large, or no JSON. */
export async function jsonOf(answer: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer) {
    bytes += (chunk as Buffer).length;
    if (bytes > HTTP_ANSWER_BYTES_MAX) throw new Error(`it answered with more than ${HTTP_ANSWER_BYTES_MAX} bytes`);
    chunks.push(chunk as Buffer);
  }
  return JSON.parse(Buffer.concat(chunks).toString());
}
