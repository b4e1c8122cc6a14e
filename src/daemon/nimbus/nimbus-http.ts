/**
 * Nimbus over HTTP: what changes the cluster. Invariant: a nimbus that does not lead changes nothing and names the one that does; what is malformed is refused
 * before anything is done, and a refused upload leaves no trace.
 */
import { PolyboltError } from '../../model/errors.js';
import { BLOB_BYTES_MAX } from '../../model/limits.js';
import type { Log } from '../../model/log.js';
import type { Topology } from '../../model/topology.js';
import { checkTopologyName } from '../../model/validation/names.js';
import { errorBody, statusOf } from '../http/http-errors.js';
import type { HttpReply, HttpRequest, Route } from '../http/http-server.js';
import type { Security } from '../security/security.js';
import type { Nimbus } from './nimbus.js';
import { topologyAnswer } from './nimbus-answers.js';
import { type RebalanceRequest, SHA256_HEADER, type SubmitAnswer } from './nimbus-api.js';
import type { NimbusBlobs } from './nimbus-blobs.js';
import { blobRoutes } from './nimbus-http-blobs.js';
import { readRoutes } from './nimbus-http-reads.js';
import { topologyExists } from './nimbus-writes.js';

export interface NimbusHttpPorts {
  readonly id: string;
  /** Throws PB_STORE_UNREACHABLE before it has started. */
  readonly nimbus: () => Nimbus;
  readonly blobs: NimbusBlobs;
  readonly security: Security;
  readonly log: Log;
}

export function nimbusRoutes(ports: NimbusHttpPorts): readonly Route[] {
  return [...readRoutes(ports), ...blobRoutes(ports), ...changeRoutes(ports)];
}

function changeRoutes({ nimbus, blobs }: NimbusHttpPorts): readonly Route[] {
  const change = (path: string, act: (name: string, request: HttpRequest) => Promise<void>): Route => ({
    method: 'POST',
    path: `/v1/topologies/:name/${path}`,
    token: 'client',
    handle: (request) =>
      byLeader(request, async () => {
        const name = request.params['name'] as string;
        // Before the change, so that the answer to a kill without a wait can still show what was killed.
        const before = await nimbus().topology(name);
        await act(name, request);
        const record = await nimbus()
          .topology(name)
          .catch(() => ({ ...before, status: 'killed' as const }));
        return { json: topologyAnswer(record) };
      }),
  });
  return [
    {
      method: 'POST',
      path: '/v1/topologies',
      token: 'client',
      bytesMax: BLOB_BYTES_MAX,
      handle: (request) => byLeader(request, () => submit(request, nimbus(), blobs)),
    },
    change('activate', (name) => nimbus().activate(name)),
    change('deactivate', (name) => nimbus().deactivate(name)),
    change('rebalance', async (name, request) => {
      const { waitSecs, workers, executors } = rebalanceRequest(await request.json(), ['waitSecs', 'workers', 'executors']);
      await nimbus().rebalance(name, { waitMs: msOf(waitSecs), workers, executors });
    }),
    change('kill', async (name, request) => {
      const { waitSecs } = rebalanceRequest(await request.json(), ['waitSecs']);
      await nimbus().kill(name, msOf(waitSecs));
    }),
  ];
}

/** Sends the client on to the leader where this nimbus is not it. */
async function byLeader(request: HttpRequest, act: () => Promise<HttpReply>): Promise<HttpReply> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof PolyboltError) || error.code !== 'PB_NOT_LEADER') throw error;
    const leader = error.context['leader'];
    if (typeof leader !== 'string') return { status: statusOf(error), headers: { 'retry-after': '1' }, json: errorBody(error) };
    return { status: 307, headers: { location: new URL(request.url, leader).href }, json: errorBody(error) };
  }
}

async function submit(request: HttpRequest, nimbus: Nimbus, blobs: NimbusBlobs): Promise<HttpReply> {
  // Before a byte of a large upload is read.
  await nimbus.checkLeading();
  const sha256 = shaOf(request);
  const name = request.query.get('name');
  const status = flag(request.query, 'inactive') ? 'inactive' : 'active';
  if (name !== null) {
    checkName(name);
    await refuseExisting(nimbus, name);
  }
  const judge = async (topology: Topology): Promise<Topology> => {
    if (name === null) await refuseExisting(nimbus, topology.name);
    return name === null ? topology : { ...topology, name };
  };
  const answer = await blobs.upload(request.body(), sha256, judge, async (topology): Promise<SubmitAnswer> => {
    return { id: await nimbus.submit({ topology, blob: sha256, status }), name: topology.name };
  });
  return { status: 201, json: answer };
}

async function refuseExisting(nimbus: Nimbus, name: string): Promise<void> {
  if ((await nimbus.topologies()).some((record) => record.name === name)) throw topologyExists(name);
}

function checkName(name: string): void {
  checkTopologyName({ value: name }, (code, _at, message, hint) => {
    throw new PolyboltError(code, { message, ...(hint === undefined ? {} : { hint }) });
  });
}

function shaOf(request: HttpRequest): string {
  const sha256 = request.headers[SHA256_HEADER];
  if (typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256)) return sha256;
  throw invalid(
    `the header ${SHA256_HEADER} is ${sha256 === undefined ? 'missing' : 'no SHA-256 in lower-case hex'}`,
    'polybolt submit sends it',
  );
}

function flag(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  if (value === null || value === 'false') return false;
  if (value === 'true' || value === '') return true;
  throw invalid(`${name}=${value} is neither true nor false`, `leave it out, or write ${name}=true`);
}

/** The types only; whether the numbers can be, the life cycle of topologies knows. */
function rebalanceRequest(body: unknown, keys: readonly (keyof RebalanceRequest)[]): RebalanceRequest {
  if (body === undefined) return {};
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw invalid('the body is no JSON object', `send an object of ${keys.join(', ')}`);
  for (const [key, value] of Object.entries(body)) {
    if (!keys.includes(key as keyof RebalanceRequest))
      throw invalid(`there is no ${JSON.stringify(key)} here`, `send an object of ${keys.join(', ')}`);
    const isRight = key === 'executors' ? isNumbers(value) : typeof value === 'number';
    if (!isRight)
      throw invalid(`${key} is ${key === 'executors' ? 'no object of numbers' : 'no number'}`, 'numbers are not quoted in JSON');
  }
  return body as RebalanceRequest;
}

function isNumbers(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every((each) => typeof each === 'number')
  );
}

function msOf(secs: number | undefined): number | undefined {
  return secs === undefined ? undefined : Math.round(secs * 1000);
}

function invalid(message: string, hint: string): PolyboltError {
  return new PolyboltError('PB_REQUEST_INVALID', { message: `the request cannot be read: ${message}`, hint });
}
