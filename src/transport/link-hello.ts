/**
 * How a link begins: a receiver asks the sender for its frames in the headers of a WebSocket handshake, and the sender answers in those of its reply. Invariant: the token is compared, in
 * constant time, before anything else is looked at, and the sender proves that it has the token too; neither token nor proof appears in a log or an error.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Refusal, WorkerLaunch } from '../membership/fence.js';
import type { Versions } from '../model/cluster-records.js';
import { isFrameable } from './batch-frame.js';

/** Why a link does not come about. */
export type LinkRefusal = 'unauthorized' | 'malformed' | 'other-topology' | 'other-versions' | 'not-ready' | Refusal;

/** Status of the reply to each. */
export const STATUS_OF: Readonly<Record<LinkRefusal, number>> = {
  unauthorized: 401,
  malformed: 400,
  'other-topology': 404,
  'other-versions': 426,
  'not-ready': 503,
  misaddressed: 409,
  superseded: 410,
  'no-peer': 409,
  crowded: 503,
};

/** What both ends of a link say of themselves. */
export interface Hello {
  readonly topologyId: string;
  readonly versions: Versions;
  readonly self: WorkerLaunch;
}

export const LINK_PATH = '/v1/link';
export const REFUSAL_HEADER = 'x-polybolt-refusal';
const TOPOLOGY_HEADER = 'x-polybolt-topology';
const VERSIONS_HEADER = 'x-polybolt-versions';
const WORKER_HEADER = 'x-polybolt-worker';
const NONCE_HEADER = 'x-polybolt-nonce';
const PROOF_HEADER = 'x-polybolt-proof';

type Headers = Readonly<Record<string, string>>;

/** A number that this process has not used before, for the other end to prove itself by. */
export function newNonce(): string {
  return randomBytes(16).toString('hex');
}

export function requestHeaders(hello: Hello, token: string, nonce: string): Headers {
  return { authorization: `Bearer ${token}`, [NONCE_HEADER]: nonce, ...helloHeaders(hello) };
}

/** The reply to a request that was accepted. */
export function replyHeaders(hello: Hello, token: string, request: IncomingHttpHeaders): Headers {
  const said = helloHeaders(hello);
  return { ...said, [PROOF_HEADER]: proofOf(token, String(request[NONCE_HEADER]), said) };
}

/** Whether a request shows the token. */
export function showsToken(request: IncomingHttpHeaders, token: string): boolean {
  return isSame(request.authorization ?? '', `Bearer ${token}`);
}

/** Whether a reply comes from somebody who has the token. */
export function provesToken(reply: IncomingHttpHeaders, token: string, nonce: string): boolean {
  const said = Object.fromEntries([TOPOLOGY_HEADER, VERSIONS_HEADER, WORKER_HEADER].map((name) => [name, String(reply[name])]));
  return isSame(String(reply[PROOF_HEADER]), proofOf(token, nonce, said));
}

/** What the other end says of itself; undefined if it says no such thing. */
export function readHello(headers: IncomingHttpHeaders): Hello | undefined {
  const [, frames, grouping] = /^frames=(\d{1,5}), grouping=(\d{1,5})$/.exec(String(headers[VERSIONS_HEADER])) ?? [];
  const [, incarnation = '', launch] = /^([\d.]{1,21}) ([1-9]\d{0,8})$/.exec(String(headers[WORKER_HEADER])) ?? [];
  const topologyId = headers[TOPOLOGY_HEADER];
  if (frames === undefined || launch === undefined || typeof topologyId !== 'string' || !isFrameable(incarnation)) return undefined;
  return {
    topologyId,
    versions: { frames: Number(frames), grouping: Number(grouping) },
    self: { incarnation, launch: Number(launch) },
  };
}

/** Whether the other end is of the same topology and speaks the same versions; undefined if so. */
export function mismatch(theirs: Hello, ours: Hello): LinkRefusal | undefined {
  if (theirs.topologyId !== ours.topologyId) return 'other-topology';
  const { frames, grouping } = theirs.versions;
  return frames === ours.versions.frames && grouping === ours.versions.grouping ? undefined : 'other-versions';
}

function helloHeaders({ topologyId, versions, self }: Hello): Headers {
  return {
    // Ids of topologies are names with numbers behind: they need no escaping.
    [TOPOLOGY_HEADER]: topologyId,
    [VERSIONS_HEADER]: `frames=${versions.frames}, grouping=${versions.grouping}`,
    [WORKER_HEADER]: `${self.incarnation} ${self.launch}`,
  };
}

function proofOf(token: string, nonce: string, said: Headers): string {
  const words = [TOPOLOGY_HEADER, VERSIONS_HEADER, WORKER_HEADER].map((name) => said[name]);
  return createHmac('sha256', token)
    .update(['link', nonce, ...words].join('\n'))
    .digest('hex');
}

function isSame(one: string, other: string): boolean {
  return timingSafeEqual(sha256(one), sha256(other));
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
