/**
 * What a supervisor tells over HTTP: what its slots run, what its workers have counted, their logs. Invariant: it only reads; names in a path reach the disk
 * only when they are those of a worker's directory.
 */

import { join } from 'node:path';
import { Readable } from 'node:stream';
import { PolyboltError } from '../../model/errors.js';
import { LOG_LINES_MAX } from '../../model/limits.js';
import type { HttpReply, HttpRequest, Route } from '../http/http-server.js';
import { WORKER_NAMES, workerDirectory } from '../worker/worker-file.js';
import type { Supervisor } from './supervisor.js';
import { openLog, readLog } from './supervisor-log.js';

export interface SupervisorRoutesOptions {
  readonly id: string;
  readonly supervisor: Pick<Supervisor, 'workers' | 'snapshot'>;
  /** Of all workers, as its launcher has it. */
  readonly workersDirectory: string;
}

const LINES_DEFAULT = 100;
/** `name-N-epochSeconds`; a name has none of these characters, so that no path can be made of it. */
const TOPOLOGY_ID = /^[^/.:\\\0]+-\d+-\d+$/;

/** `GET /v1/workers`, `…/:topologyId/:port/snapshot` and `…/:topologyId/:port/log?lines=&follow=&component=`. */
export function supervisorRoutes(options: SupervisorRoutesOptions): readonly Route[] {
  const { id, supervisor, workersDirectory } = options;
  return [
    {
      method: 'GET',
      path: '/v1/workers',
      token: 'client',
      handle: async () => {
        const workers = supervisor.workers.map(async (worker) => ({
          ...worker,
          snapshot: (await supervisor.snapshot(worker.topologyId, worker.port)) ?? null,
        }));
        return { json: { supervisor: id, workers: await Promise.all(workers) } };
      },
    },
    {
      method: 'GET',
      path: '/v1/workers/:topologyId/:port/snapshot',
      token: 'client',
      handle: async ({ params }) => {
        const { topologyId, port } = workerOf(params);
        const worker = supervisor.workers.find((each) => each.topologyId === topologyId && each.port === port);
        if (worker === undefined) throw notFound(topologyId, port, 'runs');
        return { json: { ...worker, snapshot: (await supervisor.snapshot(topologyId, port)) ?? null } };
      },
    },
    {
      method: 'GET',
      path: '/v1/workers/:topologyId/:port/log',
      token: 'client',
      handle: (request) => logOf(workersDirectory, request),
    },
  ];
}

async function logOf(workersDirectory: string, { params, query, signal }: HttpRequest): Promise<HttpReply> {
  const { topologyId, port } = workerOf(params);
  const lines = linesOf(query.get('lines'));
  const component = query.get('component');
  const follow = ['', '1', 'true'].includes(query.get('follow') ?? 'no');
  const path = join(workerDirectory(workersDirectory, topologyId, port), WORKER_NAMES.log);
  const file = await openLog(path);
  if (file === undefined) throw notFound(topologyId, port, 'has run');
  await file.close();
  const text = readLog(path, { lines, follow, signal, ...(component === null || component === '' ? {} : { component }) });
  return { headers: { 'content-type': 'text/plain; charset=utf-8' }, stream: Readable.from(text) };
}

function workerOf({ topologyId = '', port = '' }: Readonly<Record<string, string>>): {
  readonly topologyId: string;
  readonly port: number;
} {
  if (!TOPOLOGY_ID.test(topologyId) || !/^\d{1,5}$/.test(port)) throw notFound(topologyId, port, 'can run');
  return { topologyId, port: Number(port) };
}

function linesOf(text: string | null): number {
  if (text === null) return LINES_DEFAULT;
  if (/^\d{1,9}$/.test(text) && Number(text) <= LOG_LINES_MAX) return Number(text);
  throw new PolyboltError('PB_REQUEST_INVALID', {
    message: `lines=${text} is not a number from 0 to ${LOG_LINES_MAX}`,
    hint: 'the whole log is in the directory of the worker on the supervisor',
  });
}

function notFound(topologyId: string, port: number | string, what: string): PolyboltError {
  return new PolyboltError('PB_WORKER_NOT_FOUND', {
    message: `no worker of ${topologyId} ${what} in slot ${port} of this supervisor`,
    hint: 'ask nimbus which supervisors run the topology now: it may have been moved',
    context: { topologyId, port },
  });
}
