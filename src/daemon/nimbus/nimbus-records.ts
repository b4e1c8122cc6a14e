/**
 * What nimbus reads of the store, as records. Invariant: a topology always comes with the version that a write over it must name; an entry that cannot be read is
 * reported and left alone, never overwritten.
 */
import type { StoreSession } from '../../coordination/store.js';
import {
  NIMBUSES_PATH,
  type NimbusRecord,
  nimbusPath,
  SUPERVISORS_PATH,
  type SupervisorRecord,
  supervisorPath,
  TOPOLOGIES_PATH,
  type TopologyRecord,
  topologyPath,
} from '../../model/cluster-records.js';
import type { Log } from '../../model/log.js';
import { readLeaderId } from '../session/leadership.js';

export interface StoredTopology {
  readonly record: TopologyRecord;
  readonly version: number;
}

/** In the order of their submission. */
export async function readTopologies(store: StoreSession, log: Log): Promise<readonly StoredTopology[]> {
  const names = await store.children(TOPOLOGIES_PATH);
  const found = await Promise.all(names.map((name) => readTopology(store, name, log)));
  return found.filter((each) => each !== undefined).sort((one, other) => submissionOf(one.record) - submissionOf(other.record));
}

export async function readTopology(store: StoreSession, name: string, log: Log): Promise<StoredTopology | undefined> {
  const path = topologyPath(name);
  const entry = await store.get(path);
  const record = entry === undefined ? undefined : parse<TopologyRecord>(path, entry.data, log);
  return entry === undefined || record === undefined ? undefined : { record, version: entry.version };
}

export async function readSupervisors(store: StoreSession, log: Log): Promise<readonly SupervisorRecord[]> {
  return readAll(store, SUPERVISORS_PATH, supervisorPath, log);
}

export async function readNimbuses(store: StoreSession, log: Log): Promise<readonly NimbusRecord[]> {
  return readAll(store, NIMBUSES_PATH, nimbusPath, log);
}

/** The nimbus that leads, as the store has it now. */
export async function readLeader(store: StoreSession, log: Log): Promise<NimbusRecord | undefined> {
  const id = await readLeaderId(store);
  const entry = id === undefined ? undefined : await store.get(nimbusPath(id));
  return id === undefined || entry === undefined ? undefined : parse<NimbusRecord>(nimbusPath(id), entry.data, log);
}

async function readAll<T>(store: StoreSession, parent: string, pathOf: (id: string) => string, log: Log): Promise<readonly T[]> {
  const ids = await store.children(parent);
  const entries = await Promise.all(
    ids.map(async (id) => {
      const entry = await store.get(pathOf(id));
      return entry === undefined ? undefined : parse<T>(pathOf(id), entry.data, log);
    }),
  );
  return entries.filter((each) => each !== undefined);
}

/** Undefined for what is no record: an ancestor of one, or what somebody put there by hand. */
export function parse<T>(path: string, data: string, log: Log): T | undefined {
  try {
    const value: unknown = JSON.parse(data);
    if (typeof value === 'object' && value !== null) return value as T;
  } catch {
    // Told below, as any other thing that is no record.
  }
  log.error('store.unreadable', { path, data: data.slice(0, 100) });
  return undefined;
}

/** `N` of `name-N-epochSeconds`. */
function submissionOf({ id }: TopologyRecord): number {
  return Number(/-(\d+)-\d+$/.exec(id)?.[1] ?? 0);
}
