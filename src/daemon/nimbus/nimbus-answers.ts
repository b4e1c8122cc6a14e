/**
 * What nimbus shows of the cluster, put together from records and from the figures of workers. Invariant: an answer is whole even where supervisors do not answer: it names those
 * whose figures are missing.
 */
import { aggregate } from '../../metrics/aggregate.js';
import type { WindowName } from '../../metrics/rolling-windows.js';
import { isWorkerSnapshot, type WorkerSnapshot } from '../../metrics/snapshot.js';
import { type AssignedWorker, unassignedExecutors } from '../../model/assignment.js';
import {
  ERRORS_PATH,
  errorsPath,
  isEmitting,
  type NimbusRecord,
  type ReportedError,
  type SupervisorRecord,
  type TopologyRecord,
} from '../../model/cluster-records.js';
import { SNAPSHOT_MS } from '../../model/limits.js';
import type { Log } from '../../model/log.js';
import type { TaskTable } from '../../model/task-table.js';
import { callDaemon, jsonOf } from '../http/http-call.js';
import type { Security } from '../security/security.js';
import type { Nimbus } from './nimbus.js';
import type { ClusterAnswer, ComponentAnswer, ErrorsAnswer, TopologyAnswer, TopologyDetail, WorkerAnswer } from './nimbus-api.js';

export function clusterAnswer(
  nimbus: string,
  leader: NimbusRecord | undefined,
  nimbuses: readonly NimbusRecord[],
  supervisors: readonly SupervisorRecord[],
  topologies: readonly TopologyRecord[],
): ClusterAnswer {
  const used = new Map<string, number[]>(supervisors.map(({ id }) => [id, []]));
  for (const { supervisor, port } of topologies.flatMap(({ workers }) => workers)) used.get(supervisor)?.push(port);
  return {
    nimbus,
    leader: leader ?? null,
    nimbuses,
    supervisors: supervisors.map(({ id, host, url, ports, versions }) => {
      return { id, host, url, ports, versions, usedPorts: used.get(id) ?? [] };
    }),
    slots: {
      total: supervisors.reduce((sum, { ports }) => sum + ports.length, 0),
      used: [...used.values()].reduce((sum, ports) => sum + ports.length, 0),
    },
    topologies: topologies.length,
  };
}

export function topologyAnswer(record: TopologyRecord): TopologyAnswer {
  const { id, name, status, pending, workersWanted, workers, table, blob } = record;
  return {
    id,
    name,
    status,
    pending: pending ?? null,
    isEmitting: isEmitting(record),
    submittedAt: Number(/-(\d+)$/.exec(id)?.[1] ?? 0),
    workersWanted,
    workers: workers.length,
    executors: table.executors.length,
    unassigned: unassignedExecutors(table, { topologyId: id, workers }).length,
    tasks: table.components.length,
    blob,
  };
}

export function workerAnswers(record: TopologyRecord, supervisors: readonly SupervisorRecord[]): readonly WorkerAnswer[] {
  const byId = new Map(supervisors.map((supervisor) => [supervisor.id, supervisor]));
  return record.workers.map((worker) => workerAnswer(record, worker, byId.get(worker.supervisor)));
}

function workerAnswer(
  { id, table, hosts }: TopologyRecord,
  worker: AssignedWorker,
  supervisor: SupervisorRecord | undefined,
): WorkerAnswer {
  const { incarnation, port, executors } = worker;
  const report = supervisor?.workers.find((each) => each.topologyId === id && each.incarnation === incarnation);
  return {
    incarnation,
    supervisor: worker.supervisor,
    supervisorUrl: supervisor?.url ?? null,
    host: supervisor?.host ?? hosts[worker.supervisor] ?? '',
    port,
    executors: executors.map(([firstTask, lastTask]) => ({ component: table.components[firstTask - 1] ?? '', firstTask, lastTask })),
    state: supervisor === undefined ? 'lost' : (report?.state ?? 'waiting'),
    launch: report?.launch ?? 0,
  };
}

/** @param snapshots by incarnation */
export function topologyDetail(
  record: TopologyRecord,
  workerList: readonly WorkerAnswer[],
  snapshots: ReadonlyMap<string, WorkerSnapshot>,
  window: WindowName,
): TopologyDetail {
  const figures = aggregate([...snapshots.values()], window);
  return {
    ...topologyAnswer(record),
    generation: record.generation,
    workerList,
    silent: workerList.map(({ incarnation }) => incarnation).filter((incarnation) => !snapshots.has(incarnation)),
    figures,
    components: componentAnswers(record.table, new Map(figures.components.map((component) => [component.id, component]))),
  };
}

function componentAnswers(table: TaskTable, figures: ReadonlyMap<string, ComponentAnswer['figures']>): readonly ComponentAnswer[] {
  const counts = new Map<string, { tasks: number; executors: number }>();
  for (const { component, firstTask, lastTask } of table.executors) {
    const { tasks, executors } = counts.get(component) ?? { tasks: 0, executors: 0 };
    counts.set(component, { tasks: tasks + lastTask - firstTask + 1, executors: executors + 1 });
  }
  return [...counts].map(([id, count]) => ({ id, ...count, figures: figures.get(id) ?? null }));
}

/** What the workers have counted, by incarnation. @param withinMs those that do not answer by then are left out */
export async function pullSnapshots(
  record: TopologyRecord,
  workers: readonly WorkerAnswer[],
  security: Security,
  log: Log,
  withinMs = SNAPSHOT_MS,
): Promise<ReadonlyMap<string, WorkerSnapshot>> {
  const snapshots = new Map<string, WorkerSnapshot>();
  await Promise.all(
    workers.map(async ({ supervisorUrl, incarnation, port }) => {
      if (supervisorUrl === null || supervisorUrl === '') return;
      try {
        const url = new URL(`/v1/workers/${encodeURIComponent(record.id)}/${port}/snapshot`, supervisorUrl);
        const signal = AbortSignal.timeout(withinMs);
        const answer = await callDaemon({ method: 'GET', url, security, idleMs: withinMs, signal });
        const { snapshot } = (await jsonOf(answer)) as { readonly snapshot?: unknown };
        if (isWorkerSnapshot(snapshot) && snapshot.incarnation === incarnation) snapshots.set(incarnation, snapshot);
      } catch (error) {
        log.debug('snapshot.missing', { topology: record.name, incarnation, supervisor: supervisorUrl, reason: String(error) });
      }
    }),
  );
  return snapshots;
}

/** The errors of a topology's components that the store holds, oldest first. */
export async function readErrors({ session }: Nimbus, { id }: TopologyRecord): Promise<ErrorsAnswer> {
  const components = await session.children(`${ERRORS_PATH}/${id}`);
  const entries = await Promise.all(components.map((component) => session.get(errorsPath(id, component))));
  const errors = entries.flatMap((entry) => (entry === undefined ? [] : (JSON.parse(entry.data) as readonly ReportedError[])));
  return { errors: errors.sort((one, other) => one.at - other.at) };
}
