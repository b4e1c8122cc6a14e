/**
 * Workers in simulated time: processes that outlive their supervisor, beat, and send each other frames under the real fence. Invariant: a frame goes to whoever listens at the address of a slot when it
 * arrives, which is more than any real connection lets through; so only the fence keeps what is superseded out.
 */

import type { AdoptedWorker, WorkerEvents, WorkerHandle, WorkerLauncher, WorkerSpec } from '../../src/daemon/worker-handle.js';
import type { Fence, FrameAddress, WorkerLaunch } from '../../src/membership/fence.js';
import type { AssignedWorker } from '../../src/model/assignment.js';
import type { ReportedError, TopologyRecord } from '../../src/model/cluster-records.js';
import { Process, type World } from './world.js';

const BEAT_MS = 1000;
const TALK_MS = 700;

/** What a worker needs of a fence; a test takes one that lets everything through. */
export type FenceLike = Pick<Fence, 'setPeers' | 'judge' | 'judgeFrame' | 'launchOf'>;

interface Message extends FrameAddress {
  readonly kind: 'hello' | 'frame';
  readonly topologyId: string;
}

/** Where all workers of a cluster live and talk. */
export class WorkerNet {
  readonly world: World;
  /** By supervisor and port: who lives there, one at most, but a machine that is cut off does not know better. */
  readonly living = new Map<string, SimWorker>();
  /** Supervisors whose machine is cut off from the others. */
  readonly cutOff = new Set<string>();
  readonly makeFence: (self: WorkerLaunch) => FenceLike;
  frames = 0;
  refused = 0;

  constructor(world: World, makeFence: (self: WorkerLaunch) => FenceLike) {
    this.world = world;
    this.makeFence = makeFence;
  }

  send(from: SimWorker, slot: string, message: Message): void {
    // Once in a while something waits long in a switch, long enough for both ends to be others.
    const delayMs = this.world.chance(0.02) ? this.world.between(100, 8000) : this.world.between(0.1, 5);
    this.world.after(
      delayMs,
      () => {
        const to = this.living.get(slot);
        if (to === undefined || (to.supervisor !== from.supervisor && (this.cutOff.has(to.supervisor) || this.cutOff.has(from.supervisor))))
          return;
        to.process.get(() => to.receive(message));
      },
      true,
    );
  }
}

export function slotOf(supervisor: string, port: number): string {
  return `${supervisor}:${port}`;
}

export class SimWorker {
  readonly process: Process;
  readonly supervisor: string;
  readonly port: number;
  readonly topologyId: string;
  readonly self: WorkerLaunch;
  isUp = false;
  #record: TopologyRecord;
  readonly #worker: AssignedWorker;
  readonly #net: WorkerNet;
  readonly #fence: FenceLike;
  #generation = -1;
  #peers = new Map<string, string>();
  #held: Message[] = [];
  /** Told by the tests' own book, not by the fence: the highest launch heard of each worker. */
  readonly #heard = new Map<string, number>();
  /** The supervisor's life that it is connected with. */
  #events: { readonly supervisor: Process; readonly to: WorkerEvents } | undefined;

  constructor(net: WorkerNet, { record, worker, launch }: WorkerSpec) {
    this.#net = net;
    this.#record = record;
    this.#worker = worker;
    this.supervisor = worker.supervisor;
    this.port = worker.port;
    this.topologyId = record.id;
    this.self = { incarnation: worker.incarnation, launch };
    const { world } = net;
    this.process = new Process(`worker ${this.name}`, world);
    this.#fence = net.makeFence(this.self);
    this.#setRecord(record);
    const { living } = net;
    const slot = slotOf(this.supervisor, this.port);
    const before = living.get(slot);
    if (before !== undefined) world.violated(`${this.name} is launched in ${slot}, where ${before.name} lives`);
    living.set(slot, this);
    world.note(() => `${this.process.name} is launched in ${slot}`);
    this.process.after(world.between(50, 600), () => {
      this.isUp = true;
    });
    this.#beat();
    this.#talk();
  }

  get name(): string {
    return `${this.topologyId} ${this.self.incarnation}#${this.self.launch}`;
  }

  connect(supervisor: Process, to: WorkerEvents): WorkerHandle {
    this.#events = { supervisor, to };
    const gone = (): Promise<void> => new Promise((resolve) => this.#onGone.push(() => supervisor.get(resolve)));
    const isMine = (): boolean => supervisor.isAlive;
    return {
      update: (record) => {
        if (isMine()) this.#net.world.after(1, () => this.process.get(() => this.#setRecord(record)));
      },
      snapshot: () => Promise.resolve(undefined),
      stop: () => {
        // It ends gently, if it is not frozen; the supervisor sees to the rest.
        if (isMine()) this.process.after(this.#net.world.between(1, 1200), () => this.die('stopped'));
        return gone();
      },
      kill: () => {
        if (isMine()) this.#net.world.after(this.#net.world.chance(0.05) ? 2000 : 5, () => this.die('killed'));
        return gone();
      },
    };
  }

  readonly #onGone: (() => void)[] = [];

  die(reason: string): void {
    if (!this.process.isAlive) return;
    this.process.kill();
    const slot = slotOf(this.supervisor, this.port);
    if (this.#net.living.get(slot) === this) this.#net.living.delete(slot);
    this.#tell((to) => to.onExit(reason));
    for (const gone of this.#onGone) gone();
  }

  reportError(error: ReportedError): void {
    this.process.get(() => this.#tell((to) => to.onError(error)));
  }

  receive(message: Message): void {
    const { from, to } = message;
    if (message.topologyId !== this.topologyId) return; // Its token is another.
    this.#heard.set(from.incarnation, Math.max(this.#heard.get(from.incarnation) ?? 0, from.launch));
    if (message.kind === 'hello') {
      if (to.incarnation === this.self.incarnation) this.#fence.judge(from);
      return;
    }
    const verdict = this.#fence.judgeFrame(message);
    if (verdict.kind === 'accept') this.#accepted(message);
    else if (verdict.kind === 'hold') this.#held.push(message);
    else this.#net.refused++;
  }

  /** By the tests' own book. */
  #accepted({ from, to }: Message): void {
    const { world } = this.#net;
    this.#net.frames++;
    if (to.incarnation !== this.self.incarnation || to.launch !== this.self.launch) {
      world.violated(`${this.name} accepted a frame for ${to.incarnation}#${to.launch}`);
    }
    const heard = this.#heard.get(from.incarnation) ?? 0;
    if (from.launch < heard)
      world.violated(`${this.name} accepted a frame of ${from.incarnation}#${from.launch} after it heard of launch ${heard}`);
    if (!this.#peers.has(from.incarnation)) {
      world.violated(`${this.name} accepted a frame of ${from.incarnation}, which generation ${this.#generation} does not name`);
    }
  }

  #setRecord(record: TopologyRecord): void {
    if (record.generation < this.#generation) return;
    this.#record = record;
    this.#generation = record.generation;
    const others = record.workers.filter(({ incarnation }) => incarnation !== this.self.incarnation);
    this.#peers = new Map(others.map(({ incarnation, supervisor, port }) => [incarnation, slotOf(supervisor, port)]));
    this.#fence.setPeers(this.#peers.keys());
    const held = this.#held;
    this.#held = [];
    for (const message of held) this.receive(message);
  }

  #beat(): void {
    this.#tell((to) => to.onBeat(this.isUp));
    this.process.after(BEAT_MS, () => this.#beat(), true);
  }

  /** Tells each peer who it is, and sends it a frame when it knows who that is. */
  #talk(): void {
    for (const [incarnation, slot] of this.#peers) {
      const { topologyId, self } = this;
      const launch = this.#fence.launchOf(incarnation);
      this.#net.send(this, slot, { kind: 'hello', topologyId, from: self, to: { incarnation, launch: launch ?? 0 } });
      if (launch !== undefined) this.#net.send(this, slot, { kind: 'frame', topologyId, from: self, to: { incarnation, launch } });
    }
    this.process.after(TALK_MS, () => this.#talk(), true);
  }

  #tell(say: (to: WorkerEvents) => void): void {
    const events = this.#events;
    if (events === undefined) return;
    this.#net.world.after(1, () => events.supervisor.get(() => say(events.to)));
  }

  /** What the assignment calls it, for the last look. */
  get assigned(): AssignedWorker {
    return this.#worker;
  }

  get record(): TopologyRecord {
    return this.#record;
  }
}

/** The launcher of one life of a supervisor. */
export class SimLauncher implements WorkerLauncher {
  readonly #net: WorkerNet;
  readonly #id: string;
  readonly #process: Process;

  constructor(net: WorkerNet, id: string, process: Process) {
    this.#net = net;
    this.#id = id;
    this.#process = process;
  }

  launch(spec: WorkerSpec, events: WorkerEvents): WorkerHandle {
    const worker = new SimWorker(this.#net, spec);
    return worker.connect(this.#process, events);
  }

  async leftRunning(): Promise<readonly AdoptedWorker[]> {
    const left = [...this.#net.living.values()].filter(({ supervisor }) => supervisor === this.#id);
    return left.map((worker) => ({
      topologyId: worker.topologyId,
      incarnation: worker.self.incarnation,
      port: worker.port,
      launch: worker.self.launch,
      adopt: (events) => worker.connect(this.#process, events),
    }));
  }
}
