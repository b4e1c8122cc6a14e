/**
 * Who may ask a daemon at all. Invariant: decided from the head of a request alone; a daemon without tokens, which is bound to loopback, is still not open to
 * the pages that a browser on the same machine shows.
 */
import type { IncomingMessage } from 'node:http';
import { PolyboltError } from '../../model/errors.js';
import { type Caller, mayCall, type Security } from '../security/security.js';

/** Throws PB_UNAUTHORIZED unless no token is configured or the request has one that will do. */
export function checkToken(request: IncomingMessage, security: Security, caller: Caller): void {
  const { authorization } = request.headers;
  if (mayCall(authorization, security, caller)) return;
  throw new PolyboltError('PB_UNAUTHORIZED', {
    message:
      authorization === undefined
        ? `this needs the ${caller} token, and none came with the request`
        : `the token of the request is not the ${caller} token`,
    hint: 'send it as Authorization: Bearer TOKEN; `polybolt keys init` makes tokens',
  });
}

/** Throws PB_ORIGIN_REFUSED for what a page of another origin asks, or one that reached loopback by a name of its own. */
export function checkOrigin(request: IncomingMessage, { clientToken, daemonToken }: Security): void {
  if (clientToken !== undefined || daemonToken !== undefined) return;
  const { origin, host = '' } = request.headers;
  const isOwnPage = origin === undefined || origin === `http://${host}` || origin === `https://${host}`;
  const name = host.replace(/:\d+$/, '');
  const isAddress = name === '' || name === 'localhost' || /^[\d.]+$/.test(name) || /^\[.*\]$/.test(name);
  if (isOwnPage && isAddress) return;
  throw new PolyboltError('PB_ORIGIN_REFUSED', {
    message: isOwnPage
      ? `this daemon has no tokens and does not answer to the name ${name}`
      : `this daemon has no tokens and does not answer pages of ${origin}`,
    hint: 'ask it by its address, or configure tokens: polybolt keys init',
  });
}
