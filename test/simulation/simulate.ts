/**
 * One seed of the simulation: a cluster, its users, and a string of misfortunes drawn from the seed; then peace, in which everything must come right. Invariant: a seed says
 * everything; the same seed gives the same trace.
 */

import type { Nimbus } from '../../src/daemon/nimbus/nimbus.js';
import { Fence, type WorkerLaunch } from '../../src/membership/fence.js';
import { LEADER_PATH, supervisorPath, TOPOLOGIES_PATH } from '../../src/model/cluster-records.js';
import type { Topology } from '../../src/model/topology.js';
import { loadTopologyFile } from '../../src/model/topology-file/load.js';
import { Invariants } from './invariants.js';
import { type Daemon, SimCluster } from './sim-cluster.js';
import type { FenceLike } from './sim-workers.js';
import { World } from './world.js';

export interface SimulationOptions {
  readonly seed: number;
  readonly isTraced?: boolean;
  /** In the place of the real one. */
  readonly makeFence?: (self: WorkerLaunch) => FenceLike;
  /** A store that takes any version. */
  readonly ignoresVersions?: boolean;
}

export interface SimulationResult {
  readonly seed: number;
  /** Empty when everything held. */
  readonly violations: readonly string[];
  readonly trace: readonly string[];
  readonly events: number;
  /** Writes of topologies, frames that were accepted, and frames that were refused. */
  readonly writes: number;
  readonly frames: number;
  readonly refused: number;
}

/** Misfortunes happen in this time; the first seconds are for the cluster to come up. */
const TROUBLE_FROM_MS = 3000;
const TROUBLE_UNTIL_MS = 25_000;
/** The longest that anything waits: a worker that failed is tried again after a minute. */
const PEACE_UNTIL_MS = 240_000;
const SETTLED_CHECK_MS = 500;
const REST_MS = 5000;

const TOPOLOGIES = [topology('a', 2), topology('b', 3), topology('c', 1)];

export async function simulate({
  seed,
  isTraced = false,
  makeFence,
  ignoresVersions = false,
}: SimulationOptions): Promise<SimulationResult> {
  const world = new World(seed, isTraced);
  const invariants = new Invariants(world);
  const cluster = new SimCluster(world, invariants, makeFence ?? ((self) => new Fence(self)), ignoresVersions);
  const onRejection = (error: unknown): void =>
    world.violated(`a promise nobody waits for was rejected: ${error instanceof Error ? error.stack : String(error)}`);
  process.on('unhandledRejection', onRejection);
  const { stackTraceLimit } = Error;
  if (!isTraced) Error.stackTraceLimit = 0; // Most errors here are part of the game, and nobody reads where they come from.
  try {
    new Script(world, cluster).schedule();
    await world.run(TROUBLE_UNTIL_MS);
    let isSettled = false;
    let wrongs: readonly string[] = [];
    const look = (): void => {
      const before = wrongs;
      wrongs = cluster.wrongs();
      // Twice in a row, so that nothing is on its way.
      isSettled = wrongs.length === 0 && before.length === 0 && world.nowMs > TROUBLE_UNTIL_MS + 3 * SETTLED_CHECK_MS;
      if (!isSettled) world.after(SETTLED_CHECK_MS, look);
    };
    if (world.violations.length === 0) {
      look();
      await world.run(PEACE_UNTIL_MS, () => isSettled);
      if (!isSettled && world.violations.length === 0) world.violated(`it never came right: ${cluster.wrongs().join('; ')}`);
      if (isSettled) await rest(world, cluster);
    }
  } catch (error) {
    world.violated(error instanceof Error ? (error.stack ?? error.message) : String(error));
  } finally {
    process.off('unhandledRejection', onRejection);
    Error.stackTraceLimit = stackTraceLimit;
  }
  const { frames, refused } = cluster.net;
  return { seed, violations: world.violations, trace: world.trace ?? [], events: world.events, writes: invariants.writes, frames, refused };
}

/** A cluster that has come right and is left alone changes nothing. */
async function rest(world: World, cluster: SimCluster): Promise<void> {
  const before = [cluster.invariants.writes, ...cluster.workers.map(({ name }) => name)].join(' ');
  await world.run(world.nowMs + REST_MS);
  const after = [cluster.invariants.writes, ...cluster.workers.map(({ name }) => name)].join(' ');
  if (before !== after) world.violated(`left alone, it went from ${before} to ${after}`);
}

class Script {
  readonly #world: World;
  readonly #cluster: SimCluster;

  constructor(world: World, cluster: SimCluster) {
    this.#world = world;
    this.#cluster = cluster;
  }

  schedule(): void {
    const world = this.#world;
    const { nimbuses, supervisors } = this.#cluster;
    for (const nimbus of nimbuses) world.after(world.between(0, 500), () => this.#cluster.startNimbus(nimbus));
    for (const supervisor of supervisors) world.after(world.between(0, 500), () => this.#cluster.startSupervisor(supervisor));
    for (const each of TOPOLOGIES.slice(0, 1 + Math.floor(world.between(0, 2)))) {
      world.after(world.between(1000, 2500), () =>
        this.#ask((nimbus) => nimbus.submit({ topology: each, blob: 'b', status: 'active' }), true),
      );
    }
    const troubles = 3 + Math.floor(world.between(0, 9));
    for (let trouble = 0; trouble < troubles; trouble++) this.#sometime(() => this.#trouble());
    const wishes = 2 + Math.floor(world.between(0, 5));
    for (let wish = 0; wish < wishes; wish++) this.#sometime(() => this.#wish());
    world.after(TROUBLE_UNTIL_MS - 1, () => this.#peace());
  }

  #sometime(action: () => void): void {
    this.#world.after(this.#world.between(TROUBLE_FROM_MS, TROUBLE_UNTIL_MS - 4000), action);
  }

  /** Something a user does, at whichever nimbus answers. */
  #wish(): void {
    const world = this.#world;
    const { name } = world.pick(TOPOLOGIES) as Topology;
    const waitMs = world.chance(0.5) ? 0 : world.between(100, 3000);
    const wishes: readonly (() => void)[] = [
      () => this.#ask((nimbus) => nimbus.activate(name)),
      () => this.#ask((nimbus) => nimbus.deactivate(name)),
      () => this.#ask((nimbus) => nimbus.rebalance(name, { waitMs, workers: 1 + Math.floor(world.between(0, 4)) })),
      () => this.#ask((nimbus) => nimbus.rebalance(name, { waitMs, executors: { work: 1 + Math.floor(world.between(0, 4)) } })),
      () => this.#ask((nimbus) => nimbus.kill(name, waitMs)),
      () =>
        this.#ask((nimbus) =>
          nimbus.submit({ topology: TOPOLOGIES.find((each) => each.name === name) as Topology, blob: 'b', status: 'active' }),
        ),
    ];
    world.pick(wishes)?.();
  }

  #ask(wish: (nimbus: Nimbus) => Promise<unknown>, isPatient = false): void {
    const world = this.#world;
    const leading = this.#cluster.nimbuses.filter(({ life }) => life?.daemon.isLeader === true);
    const life = (world.pick(leading) ?? world.pick(this.#cluster.nimbuses))?.life;
    const again = (): void => {
      if (isPatient && world.nowMs < TROUBLE_UNTIL_MS) world.after(500, () => this.#ask(wish, true));
    };
    if (life === undefined) return again();
    life.process.get(() => {
      wish(life.daemon).then(undefined, (error: unknown) => {
        this.#cluster.invariants.unexpected(world, 'a wish', error);
        again();
      });
    });
  }

  #trouble(): void {
    const world = this.#world;
    const cluster = this.#cluster;
    const nimbus = world.pick(cluster.nimbuses) as Daemon<Nimbus>;
    const leader = cluster.nimbuses.find(({ life }) => life?.daemon.isLeader === true) ?? nimbus;
    const supervisor = world.pick(cluster.supervisors);
    const worker = world.pick(cluster.workers);
    if (supervisor === undefined) return;
    const anyDaemon = world.chance(0.5) ? leader : supervisor;
    const aWhile = world.chance(0.5) ? world.between(100, 3000) : world.between(3000, 12_000);
    const troubles: readonly (() => void)[] = [
      () => leader.life?.process.freeze(aWhile),
      () => supervisor.life?.process.freeze(aWhile),
      () => worker?.process.freeze(aWhile),
      () => worker?.process.freeze(aWhile),
      () => worker?.die('it crashed'),
      () => this.#kill(leader, aWhile / 2),
      () => {
        cluster.kill(supervisor);
        world.after(aWhile / 2, () => cluster.startSupervisor(supervisor));
      },
      () => {
        cluster.killMachine(supervisor);
        world.after(aWhile, () => cluster.startSupervisor(supervisor));
      },
      () => {
        if (cluster.lost.size > 0) return;
        cluster.lost.add(supervisor.id);
        cluster.killMachine(supervisor);
      },
      () => {
        world.note(() => `${anyDaemon.id} is cut off from the store for ${Math.round(aWhile)} ms`);
        anyDaemon.link.isUp = false;
        world.after(aWhile, () => anyDaemon.link.mend());
      },
      () => {
        world.note(() => `${supervisor.id} is cut off from everybody for ${Math.round(aWhile)} ms`);
        supervisor.link.isUp = false;
        cluster.net.cutOff.add(supervisor.id);
        world.after(aWhile, () => {
          supervisor.link.mend();
          cluster.net.cutOff.delete(supervisor.id);
        });
      },
      () => {
        world.note(() => `the store is away for ${Math.round(aWhile)} ms`);
        for (const { link } of [...cluster.nimbuses, ...cluster.supervisors]) {
          link.isUp = false;
          world.after(aWhile, () => link.mend());
        }
      },
      () => {
        world.note(() => `the way of ${anyDaemon.id} to the store is slow`);
        anyDaemon.link.slowMs = world.between(50, 1500);
        world.after(aWhile, () => {
          anyDaemon.link.slowMs = 3;
        });
      },
      () => {
        for (const session of anyDaemon.life?.client.sessions ?? []) session.cut();
      },
      () => this.#depose(),
      () => {
        const path = supervisorPath(supervisor.id);
        const entry = cluster.store.get(path);
        if (entry === undefined) return;
        world.note(() => `somebody removes ${path}`);
        cluster.store.tree.delete(path, entry.version);
      },
      () => {
        cluster.codeFails = 3;
      },
      () => this.#complain(),
    ];
    world.pick(troubles)?.();
  }

  #kill(nimbus: Daemon<Nimbus>, forMs: number): void {
    this.#cluster.kill(nimbus);
    this.#world.after(forMs, () => this.#cluster.startNimbus(nimbus));
  }

  /**
   * Somebody removes the leader's candidate by hand, while the leader is in the middle of a change and slow to hear of it, or frozen: for a moment there are two that believe to lead,
   * each with a living session.
   */
  #depose(): void {
    const world = this.#world;
    const { store, nimbuses } = this.#cluster;
    const leader = nimbuses.find(({ life }) => life?.daemon.isLeader === true);
    const other = nimbuses.find((each) => each !== leader);
    const [first] = [...store.children(LEADER_PATH)].sort((one, other) => Number(one.slice(-10)) - Number(other.slice(-10)));
    const session = first === undefined ? undefined : store.ownerOf(`${LEADER_PATH}/${first}`);
    const [name] = store.children(TOPOLOGIES_PATH);
    if (leader?.life === undefined || other === undefined || session === undefined || name === undefined) return;
    const slowMs = world.chance(0.5) ? 1500 : 3;
    leader.link.slowMs = slowMs;
    world.after(6000, () => {
      leader.link.slowMs = 3;
    });
    this.#change(leader, name);
    world.after(slowMs > 3 ? 1 : world.between(0, 8), () => {
      world.note(() => `somebody removes ${first}`);
      session.isDeposed = true;
      if (store.get(`${LEADER_PATH}/${first}`) !== undefined) store.tree.delete(`${LEADER_PATH}/${first}`, 0);
      if (slowMs === 3) leader.life?.process.freeze(world.between(500, 3000));
    });
    for (let change = 1; change <= 4; change++) world.after(change * world.between(20, 300), () => this.#change(other, name));
  }

  #change({ life }: Daemon<Nimbus>, name: string): void {
    const [world, { invariants }] = [this.#world, this.#cluster];
    const workers = 1 + Math.floor(world.between(0, 3));
    life?.process.get(() => {
      life.daemon.rebalance(name, { waitMs: 0, workers }).catch((error: unknown) => invariants.unexpected(world, 'a wish', error));
    });
  }

  /** Errors of one component from everywhere: the one place where many write. */
  #complain(): void {
    for (const worker of this.#cluster.workers) {
      const { supervisor, port } = worker;
      const [at, where] = [0, { component: 'work', task: 1, supervisor, port }];
      worker.reportError({ ...where, at, code: 'PB_COMPONENT_ERROR', message: worker.name, hint: '', context: {}, suppressed: 0 });
    }
  }

  /** Everything that was cut, frozen or slow is well again, and what is dead comes back. */
  #peace(): void {
    const cluster = this.#cluster;
    this.#world.note(() => 'peace');
    cluster.codeFails = 0;
    cluster.net.cutOff.clear();
    for (const daemon of [...cluster.nimbuses, ...cluster.supervisors]) {
      daemon.link.slowMs = 3;
      daemon.link.mend();
      daemon.life?.process.thaw();
    }
    for (const worker of cluster.workers) worker.process.thaw();
    for (const nimbus of cluster.nimbuses) cluster.startNimbus(nimbus);
    for (const supervisor of cluster.supervisors) cluster.startSupervisor(supervisor);
  }
}

function topology(name: string, workers: number): Topology {
  const text = `
name: ${name}
config: { topology.workers: ${workers}, topology.message.timeout.secs: 2 }
spouts:
  - { id: source, command: [source], outputs: [n], parallelism: 2 }
bolts:
  - { id: work, command: [work], outputs: [n], parallelism: 4, inputs: [{ from: source, grouping: shuffle }] }
`;
  const result = loadTopologyFile(`/${name}.yaml`, { set: {}, env: {} }, { readFile: () => text, exists: () => true });
  if ('mistakes' in result) throw new Error(JSON.stringify(result.mistakes));
  return result.topology;
}
