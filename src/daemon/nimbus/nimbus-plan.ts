/**
 * What the records of all topologies should be, given what is known of supervisors and workers. Invariant: pure; a record that need not change comes back as nothing, so
 * that a pass over a cluster at rest writes nothing.
 */
import type { AssignedWorker } from '../../model/assignment.js';
import { type SupervisorRecord, type TopologyRecord, VERSIONS, type Versions } from '../../model/cluster-records.js';
import { checkPlacements } from '../../scheduling/check-placements.js';
import { issueIncarnations } from '../../scheduling/incarnations.js';
import type { Placement, Scheduler, SchedulingInput } from '../../scheduling/scheduler.js';
import type { SupervisorSlots } from '../../scheduling/slots.js';

export interface PlanInput {
  readonly topologies: readonly PlannedTopology[];
  readonly supervisors: readonly SupervisorRecord[];
  readonly dead: ReadonlySet<AssignedWorker>;
  readonly schedule: Scheduler;
}

export interface PlannedTopology {
  readonly record: TopologyRecord;
  /** Whether all of it is placed anew, after a rebalance. */
  readonly isRebalanced?: boolean;
  /** Supervisors that it should keep away from. */
  readonly avoid?: ReadonlySet<string>;
}

/** The new record of each topology that changes, by its id. Throws PB_SCHEDULE_INVALID. */
export function planTopologies(input: PlanInput): ReadonlyMap<string, TopologyRecord> {
  const byId = new Map(input.supervisors.map((supervisor) => [supervisor.id, supervisor]));
  const changed = new Map<string, TopologyRecord>();
  // Workers of one topology must understand each other: during a rolling upgrade each version is a cluster of its own.
  for (const [versions, topologies] of byVersions(input, byId)) {
    const supervisors = freeOfKilled(
      input,
      [...byId.values()].filter((supervisor) => versionsKey(supervisor.versions) === versions),
    );
    for (const [index, { workers }] of schedule(input, supervisors, topologies).entries()) {
      const topology = topologies[index] as PlannedTopology;
      const { record } = topology;
      const next = withHosts(withWorkers(record, workers, input.dead), byId);
      if (next !== record || topology.isRebalanced === true) changed.set(record.id, next);
    }
  }
  return changed;
}

function schedule(
  { dead, schedule }: PlanInput,
  supervisors: readonly SupervisorSlots[],
  topologies: readonly PlannedTopology[],
): readonly Placement[] {
  const scheduling: SchedulingInput = {
    supervisors,
    topologies: topologies.map(({ record: { id, workersWanted, table, workers }, isRebalanced, avoid }) => ({
      topologyId: id,
      workers: workersWanted,
      table,
      assignment: isRebalanced === true ? undefined : { topologyId: id, workers },
      avoid,
    })),
    isAlive: (worker) => !dead.has(worker),
  };
  const placements = schedule(scheduling);
  checkPlacements(scheduling, placements);
  return placements;
}

function withWorkers(record: TopologyRecord, placed: Placement['workers'], dead: ReadonlySet<AssignedWorker>): TopologyRecord {
  const issued = issueIncarnations(record.generation, record.workers, placed, (worker) => !dead.has(worker));
  return issued === undefined ? record : { ...record, ...issued };
}

/** A supervisor that has moved to another address takes its workers' address with it; one that is away keeps the one it had. */
function withHosts(record: TopologyRecord, supervisors: ReadonlyMap<string, SupervisorRecord>): TopologyRecord {
  const ids = [...new Set(record.workers.map(({ supervisor }) => supervisor))];
  const hosts = Object.fromEntries(ids.map((id) => [id, supervisors.get(id)?.host ?? record.hosts[id] ?? '']));
  const isSame = ids.length === Object.keys(record.hosts).length && ids.every((id) => record.hosts[id] === hosts[id]);
  return isSame ? record : { ...record, hosts };
}

/** The slots of killed topologies are still in use, and nothing else is done about those: their workers end when they are removed. */
function freeOfKilled({ topologies }: PlanInput, supervisors: readonly SupervisorRecord[]): readonly SupervisorSlots[] {
  const taken = new Set<string>();
  for (const { record } of topologies) {
    if (record.status === 'killed') for (const { supervisor, port } of record.workers) taken.add(`${supervisor} ${port}`);
  }
  return supervisors.map(({ id, ports }) => ({ id, ports: ports.filter((port) => !taken.has(`${id} ${port}`)) }));
}

/** Each topology with the versions of its living workers; one that has none takes ours. */
function byVersions(
  { topologies, dead }: PlanInput,
  supervisors: ReadonlyMap<string, SupervisorRecord>,
): ReadonlyMap<string, readonly PlannedTopology[]> {
  const groups = new Map<string, PlannedTopology[]>();
  for (const topology of topologies) {
    const { status, workers } = topology.record;
    if (status === 'killed') continue;
    const living = workers.find((worker) => !dead.has(worker) && supervisors.has(worker.supervisor));
    const versions = living === undefined || topology.isRebalanced === true ? VERSIONS : supervisors.get(living.supervisor)?.versions;
    const key = versionsKey(versions ?? VERSIONS);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [topology]);
    else group.push(topology);
  }
  return groups;
}

function versionsKey({ frames, grouping }: Versions): string {
  return `${frames} ${grouping}`;
}
