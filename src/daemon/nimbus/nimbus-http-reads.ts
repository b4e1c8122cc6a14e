/** Nimbus over HTTP: what is only read. Invariant: any nimbus answers, leader or not, from what the store says at that moment. */
import { ALL_TIME, WINDOWS, type WindowName } from '../../metrics/rolling-windows.js';
import { PolyboltError } from '../../model/errors.js';
import type { HttpRequest, Route } from '../http/http-server.js';
import { clusterAnswer, pullSnapshots, readErrors, topologyAnswer, topologyDetail, workerAnswers } from './nimbus-answers.js';
import type { TopologiesAnswer, TopologyDetail, WorkersAnswer } from './nimbus-api.js';
import type { NimbusHttpPorts } from './nimbus-http.js';

export function readRoutes({ id, nimbus, security, log }: NimbusHttpPorts): readonly Route[] {
  const get = (path: string, read: (request: HttpRequest) => Promise<unknown>): Route => ({
    method: 'GET',
    path,
    token: 'client',
    handle: async (request) => ({ json: await read(request) }),
  });
  const named = (request: HttpRequest): string => request.params['name'] as string;
  return [
    get('/v1/cluster', async () => {
      const asked = nimbus();
      const [leader, nimbuses, supervisors, topologies] = await Promise.all([
        asked.leader(),
        asked.nimbuses(),
        asked.supervisors(),
        asked.topologies(),
      ]);
      return clusterAnswer(id, leader, nimbuses, supervisors, topologies);
    }),
    get('/v1/topologies', async (): Promise<TopologiesAnswer> => {
      return { topologies: (await nimbus().topologies()).map(topologyAnswer).sort(byName) };
    }),
    get('/v1/topologies/:name', async (request): Promise<TopologyDetail> => {
      const window = windowOf(request);
      const [record, supervisors] = await Promise.all([nimbus().topology(named(request)), nimbus().supervisors()]);
      const workers = workerAnswers(record, supervisors);
      return topologyDetail(record, workers, await pullSnapshots(record, workers, security, log), window);
    }),
    get('/v1/topologies/:name/workers', async (request): Promise<WorkersAnswer> => {
      const [record, supervisors] = await Promise.all([nimbus().topology(named(request)), nimbus().supervisors()]);
      return { workers: workerAnswers(record, supervisors) };
    }),
    get('/v1/topologies/:name/errors', async (request) => readErrors(nimbus(), await nimbus().topology(named(request)))),
  ];
}

function byName(one: { readonly name: string }, other: { readonly name: string }): number {
  return one.name < other.name ? -1 : 1;
}

function windowOf({ query }: HttpRequest): WindowName {
  const window = query.get('window') ?? ALL_TIME;
  const found = WINDOWS.find((each) => each === window);
  if (found !== undefined) return found;
  throw new PolyboltError('PB_REQUEST_INVALID', {
    message: `there is no window ${JSON.stringify(window)}`,
    hint: `the windows are ${WINDOWS.join(', ')}, in seconds`,
  });
}
