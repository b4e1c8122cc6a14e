/**
 * What goes wrong between a client and a cluster, in words for a person. Invariant: every URL that was tried is named with the reason why it gave no answer.
 */
import { PolyboltError } from '../../model/errors.js';

/** Why a URL gave no answer. */
export class Unanswered extends Error {
  constructor(
    readonly url: string,
    readonly why: string,
    /** Nothing of the request can have taken effect. */
    readonly isUnsent: boolean,
    override readonly cause: unknown,
  ) {
    super(`${url}: ${why}`);
  }
}

/** `http://host:port`. Throws PB_USAGE. */
export function checkedUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.hostname !== '') return url.origin;
  throw new PolyboltError('PB_USAGE', {
    message: `${JSON.stringify(text)} is not the URL of a nimbus`,
    hint: 'write http://HOST:PORT or https://HOST:PORT, several with commas between them',
  });
}

/** Nobody leads at the moment; that passes. */
export function isLeaderless(error: unknown): error is PolyboltError {
  return error instanceof PolyboltError && error.code === 'PB_NOT_LEADER';
}

export function reasonOf(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ECONNREFUSED':
      return 'nobody listens there';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'there is no host of that name';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'there is no way to that host';
    case 'ECONNRESET':
    case 'EPIPE':
      return 'the connection was closed';
    default:
      // Several addresses of one name make one error that says nothing itself.
      return error.message === '' ? (error.code ?? 'it failed') : error.message;
  }
}

export function unreachable(
  tried: readonly Unanswered[],
  { ca, urls }: { readonly ca?: string | undefined; readonly urls: readonly string[] },
): PolyboltError {
  const isTls = tried.some(({ cause }) => /CERT|SELF_SIGNED|LEAF_SIGNATURE|ISSUER/.test((cause as NodeJS.ErrnoException).code ?? ''));
  const plain = tried.some(
    ({ cause, url }) => url.startsWith('http:') && /ECONNRESET|HPE_/.test((cause as NodeJS.ErrnoException).code ?? ''),
  );
  return new PolyboltError('PB_NIMBUS_UNREACHABLE', {
    message: `no nimbus answers: ${tried.map(({ message }) => message).join('; ')}`,
    hint: isTls
      ? `its certificate is not signed by ${ca === undefined ? 'an authority that this machine knows: name its own with --ca ca.crt' : 'the authority of --ca'}`
      : plain
        ? 'does it want https:// ?'
        : 'is it running, and is this its address? --nimbus URL, POLYBOLT_NIMBUS, or `nimbus:` in polybolt.yaml',
    context: { urls: urls.join(', ') },
    cause: tried[0]?.cause,
  });
}

export function unknownOutcome({ message, cause }: Unanswered): PolyboltError {
  return new PolyboltError('PB_NIMBUS_UNREACHABLE', {
    message: `nimbus took the request and did not answer: ${message}`,
    hint: 'it may have been done or not: look with polybolt list before you try again',
    cause,
  });
}

export function leaderGone({ message, cause }: Unanswered): PolyboltError {
  return new PolyboltError('PB_NOT_LEADER', {
    message: `the nimbus that leads does not answer: ${message}`,
    hint: 'if it has died, another takes over when its session with ZooKeeper has expired: try again then',
    cause,
  });
}

export function downgrade(url: string): PolyboltError {
  return new PolyboltError('PB_REPLY_INVALID', {
    message: `the cluster was asked over https and names ${url}, which is not`,
    hint: 'the token is not sent there: all daemons need polybolt.tls.* or none',
  });
}

export function notOurs(url: string, what: string): PolyboltError {
  return new PolyboltError('PB_REPLY_INVALID', {
    message: `${url} answered with ${what}, as no daemon of Polybolt does`,
    hint: 'another program listens there, or a proxy stands between',
  });
}
