/**
 * Who may speak with a daemon, and over what: certificates and tokens from files, and the refusal to listen to a network without them.
 * Invariant: fails closed; tokens are compared in constant time and appear in no message, context or log (design D11).
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { PolyboltError } from '../../model/errors.js';
import { checkTls, readSecret } from './secret-files.js';

/** PEM texts, not paths. */
export interface TlsFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface Security {
  readonly tls?: TlsFiles;
  /** Opens everything: blobs and the links of daemons, and what the client token opens. */
  readonly daemonToken?: string;
  /** Opens the life cycle of topologies and what can be read. */
  readonly clientToken?: string;
}

/** Paths of the files that `loadSecurity` reads; what is absent is not configured. */
export interface SecurityFiles {
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
  readonly daemonToken?: string;
  readonly clientToken?: string;
}

/** Who calls: whoever holds the client token, or a daemon. */
export type Caller = 'client' | 'daemon';

/**
 * Reads certificates and tokens. Throws PB_SECRET_INVALID for a file that cannot be read or holds something else, PB_SECRET_EXPOSED for a
 * key or token that every user of the machine may read.
 */
export function loadSecurity(files: SecurityFiles): Security {
  const { tls, daemonToken, clientToken } = files;
  return {
    ...(tls === undefined ? {} : { tls: checkTls(tls) }),
    ...(daemonToken === undefined ? {} : { daemonToken: readSecret(daemonToken, 'daemon token') }),
    ...(clientToken === undefined ? {} : { clientToken: readSecret(clientToken, 'client token') }),
  };
}

/**
 * Whether an `Authorization` header carries one of the allowed tokens, in a time that does not depend on how much of it is right.
 * @param header as node:http has it; undefined when the caller sent none
 * @param allowed an empty list allows nobody
 */
export function authorize(header: string | undefined, allowed: readonly string[]): boolean {
  const given = /^Bearer +([\x21-\x7e]+) *$/i.exec(header ?? '')?.[1];
  if (given === undefined) return false;
  const digest = sha256(given);
  let isRight = false;
  // Every token is compared, so that the time does not tell which was right either.
  for (const token of allowed) if (timingSafeEqual(digest, sha256(token))) isRight = true;
  return isRight;
}

/**
 * Whether a request may do what `caller` may. Without any token everybody may: `checkBind` has seen to it that nobody but this machine can ask.
 * @param header the `Authorization` header
 */
export function mayCall(header: string | undefined, security: Security, caller: Caller): boolean {
  const { daemonToken, clientToken } = security;
  if (daemonToken === undefined && clientToken === undefined) return true;
  const tokens = caller === 'daemon' ? [daemonToken] : [clientToken, daemonToken];
  return authorize(
    header,
    tokens.filter((token) => token !== undefined),
  );
}

/** The header with which a daemon calls another; none without a token. */
export function authorizationOf(token: string | undefined): Readonly<Record<string, string>> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

/**
 * What the workers of one topology show each other, in hex: it opens nothing but the links of that topology. Without a daemon token it
 * keeps apart by name only, which is for loopback.
 */
export function linkToken(daemonToken: string | undefined, topologyId: string): string {
  return createHmac('sha256', daemonToken ?? '')
    .update(`link ${topologyId}`)
    .digest('hex');
}

/** Whether an address can be reached from this machine only. */
export function isLoopback(host: string): boolean {
  const plain = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  return plain === 'localhost' || plain === '::1' || /^(?:::ffff:)?127\.(?:\d{1,3}\.){2}\d{1,3}$/.test(plain);
}

/** Refuses to listen where others could hear, without TLS and a daemon token: throws PB_BIND_UNSAFE. @param key the configuration key of the host */
export function checkBind(host: string, security: Security, key: string): void {
  if (isLoopback(host)) return;
  const missing = [
    ...(security.tls === undefined ? ['certificate (polybolt.tls.ca, polybolt.tls.cert, polybolt.tls.key)'] : []),
    ...(security.daemonToken === undefined ? ['daemon token (polybolt.token.daemon)'] : []),
  ];
  if (missing.length === 0) return;
  throw new PolyboltError('PB_BIND_UNSAFE', {
    message: `${key} is ${host}, which other machines can reach, and there is no ${missing.join(' and no ')}.`,
    hint: 'Make them with `polybolt keys init`, and put the lines that it prints into the configuration; or stay on 127.0.0.1.',
    context: { key, host },
  });
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
