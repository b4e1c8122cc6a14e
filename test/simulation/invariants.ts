/**
 * What must hold at every step of a simulation, kept in a book of its own. Invariant: nothing here asks the code under test whether it did right.
 */
import { generationOf } from '../../src/model/assignment.js';
import { LEADER_PATH, TOPOLOGIES_PATH, type TopologyRecord } from '../../src/model/cluster-records.js';
import { PolyboltError } from '../../src/model/errors.js';
import type { ServerSession, SimStore, Write } from './sim-store.js';
import type { World } from './world.js';

/** The session whose candidate is the lowest. */
export function leaderSession(store: SimStore): ServerSession | undefined {
  const [first] = [...store.children(LEADER_PATH)].sort((one, other) => Number(one.slice(-10)) - Number(other.slice(-10)));
  return first === undefined ? undefined : store.ownerOf(`${LEADER_PATH}/${first}`);
}

export class Invariants {
  readonly #world: World;
  /** By topology id and incarnation: what it stands for. */
  readonly #incarnations = new Map<string, string>();
  /** By topology id: the highest generation ever. */
  readonly #generations = new Map<string, number>();
  readonly #tasks = new Map<string, string>();
  writes = 0;
  conflicts = 0;

  constructor(world: World) {
    this.#world = world;
  }

  records(store: SimStore): readonly TopologyRecord[] {
    return store.children(TOPOLOGIES_PATH).flatMap((name) => {
      const entry = store.get(`${TOPOLOGIES_PATH}/${name}`);
      return entry === undefined ? [] : [JSON.parse(entry.data) as TopologyRecord];
    });
  }

  generationOf(store: SimStore, topologyId: string): number | undefined {
    return this.records(store).find(({ id }) => id === topologyId)?.generation;
  }

  unexpected(world: World, what: string, error: unknown): void {
    if (!(error instanceof PolyboltError)) world.violated(`${what}: ${error instanceof Error ? error.stack : String(error)}`);
  }

  onWrite(store: SimStore, write: Write): void {
    const { path, kind, session, named, found } = write;
    const { name } = session.process;
    if (kind !== 'create' && named !== found)
      this.#world.violated(`${name} ${kind}s ${path}, which it read in version ${named}, over version ${found}`);
    if (!path.startsWith(`${TOPOLOGIES_PATH}/`)) return;
    this.writes++;
    this.#world.note(
      () => `${name} ${kind}s ${path}: ${write.after === undefined ? '' : shortRecord(JSON.parse(write.after) as TopologyRecord)}`,
    );
    if (leaderSession(store) !== session && !session.isDeposed)
      this.#world.violated(`${name} ${kind}s ${path} and does not hold the latch`);
    const before = write.before === undefined ? undefined : (JSON.parse(write.before) as TopologyRecord);
    if (write.after !== undefined) this.#check(JSON.parse(write.after) as TopologyRecord, before);
  }

  #check(record: TopologyRecord, before: TopologyRecord | undefined): void {
    const { id, generation, workers, table } = record;
    const highest = this.#generations.get(id) ?? 0;
    if (generation < highest) this.#world.violated(`${id} goes back from generation ${highest} to ${generation}`);
    this.#generations.set(id, Math.max(generation, highest));
    const executors = new Set<number>();
    const slots = new Set<string>();
    for (const worker of workers) {
      const key = `${id} ${worker.incarnation}`;
      const stands = `${worker.supervisor}:${worker.port} ${JSON.stringify(worker.executors)}`;
      const stood = this.#incarnations.get(key);
      if (stood !== undefined && stood !== stands) this.#world.violated(`${key} stood for ${stood}, and now for ${stands}`);
      this.#incarnations.set(key, stands);
      if (generationOf(worker.incarnation) > generation) this.#world.violated(`${key} is of a generation after ${generation}`);
      const slot = `${worker.supervisor}:${worker.port}`;
      if (slots.has(slot)) this.#world.violated(`${id} has two workers in ${slot}`);
      slots.add(slot);
      for (const [first, last] of worker.executors) {
        for (let task = first; task <= last; task++) {
          if (executors.has(task)) this.#world.violated(`${id} runs task ${task} twice`);
          executors.add(task);
        }
      }
    }
    const tasks = JSON.stringify(table.components);
    if ((this.#tasks.get(id) ?? tasks) !== tasks) this.#world.violated(`${id}: task ids have shifted`);
    this.#tasks.set(id, tasks);
    if (before?.id !== undefined && before.id !== id) this.#world.violated(`${before.id} became ${id}`);
    if (before?.status === 'killed' && record.status !== 'killed') this.#world.violated(`${id} came back from the dead`);
  }
}

function shortRecord({ id, status, pending, generation, workers }: TopologyRecord): string {
  const at = workers.map(({ incarnation, supervisor, port }) => `${incarnation}@${supervisor}:${port}`).join(' ');
  return `${id} ${status}${pending === undefined ? '' : ` ${JSON.stringify(pending)}`} generation ${generation}: ${at}`;
}
