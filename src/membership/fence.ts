/**
 * Who may send frames to a worker, and to whom it may send: the rules of incarnations and launches (design D7). Invariant: of each incarnation, a launch that is lower than the
 * highest seen is never heard again, and nothing is taken that was meant for another launch than this one.
 */
import { generationOf } from '../model/assignment.js';
import { LINKS_HELD_MAX } from '../model/limits.js';

/** One launch of a worker: what is at one end of a link. */
export interface WorkerLaunch {
  /** `G.N` of the assignment that issued it. */
  readonly incarnation: string;
  /** From 1, one more each time its supervisor started it again. */
  readonly launch: number;
}

/** What every frame says of itself. */
export interface FrameAddress {
  readonly from: WorkerLaunch;
  readonly to: WorkerLaunch;
}

/** Why somebody is not heard: a frame for another launch; a launch that has a successor; a worker that the assignment does not name; too many are held already. */
export type Refusal = 'misaddressed' | 'superseded' | 'no-peer' | 'crowded';

export type FenceVerdict =
  /** `isSuccessor`: an earlier launch of the peer was known, and is gone. */
  | { readonly kind: 'accept'; readonly isSuccessor: boolean }
  /** Of a generation that this worker has not read of: what it says is kept until it has. */
  | { readonly kind: 'hold' }
  | { readonly kind: 'refuse'; readonly why: Refusal };

const ACCEPT: FenceVerdict = { kind: 'accept', isSuccessor: false };
const ACCEPT_SUCCESSOR: FenceVerdict = { kind: 'accept', isSuccessor: true };
const HOLD: FenceVerdict = { kind: 'hold' };
const REFUSE: { readonly [K in Refusal]: FenceVerdict } = {
  misaddressed: { kind: 'refuse', why: 'misaddressed' },
  superseded: { kind: 'refuse', why: 'superseded' },
  'no-peer': { kind: 'refuse', why: 'no-peer' },
  crowded: { kind: 'refuse', why: 'crowded' },
};

export class Fence {
  readonly self: WorkerLaunch;
  /** Highest generation that this worker has read of. */
  #generation: number;
  #peers: ReadonlySet<string> = new Set();
  /** Highest launch seen, of peers and of workers that are held. */
  readonly #launches = new Map<string, number>();

  constructor(self: WorkerLaunch) {
    this.self = self;
    this.#generation = generationOf(self.incarnation);
  }

  /** The incarnations to talk to from now on. Those of older assignments that are not among them are refused for ever. */
  setPeers(incarnations: Iterable<string>): void {
    this.#peers = new Set(incarnations);
    for (const peer of this.#peers) this.#generation = Math.max(this.#generation, generationOf(peer));
    for (const known of this.#launches.keys()) {
      if (!this.#peers.has(known) && !this.#isNewer(known)) this.#launches.delete(known);
    }
  }

  /** Why somebody is not to be heard, whichever way frames go; undefined if he is. Nothing is remembered. */
  refusalOf({ incarnation, launch }: WorkerLaunch): Refusal | undefined {
    const highest = this.#launches.get(incarnation);
    if (highest !== undefined && launch < highest) return 'superseded';
    if (this.#peers.has(incarnation)) return undefined;
    if (!this.#isNewer(incarnation)) return 'no-peer';
    return highest === undefined && this.#heldCount() >= LINKS_HELD_MAX ? 'crowded' : undefined;
  }

  /** Judges who is at the other end of a link, or has sent a frame, and remembers the launch of whoever is not refused: it is told of a successor once. */
  judge(other: WorkerLaunch): FenceVerdict {
    const refusal = this.refusalOf(other);
    if (refusal !== undefined) return REFUSE[refusal];
    const { incarnation, launch } = other;
    const highest = this.#launches.get(incarnation);
    if (highest !== launch) this.#launches.set(incarnation, launch);
    if (!this.#peers.has(incarnation)) return HOLD;
    return highest !== undefined && launch > highest ? ACCEPT_SUCCESSOR : ACCEPT;
  }

  /** Judges a frame that has arrived. */
  judgeFrame({ from, to }: FrameAddress): FenceVerdict {
    if (to.incarnation !== this.self.incarnation || to.launch !== this.self.launch) return REFUSE.misaddressed;
    return this.judge(from);
  }

  /** The highest launch seen of a worker: the one that frames are addressed to. */
  launchOf(incarnation: string): number | undefined {
    return this.#launches.get(incarnation);
  }

  #isNewer(incarnation: string): boolean {
    return generationOf(incarnation) > this.#generation;
  }

  #heldCount(): number {
    let count = 0;
    for (const known of this.#launches.keys()) if (!this.#peers.has(known)) count++;
    return count;
  }
}

/** What a held worker has said, in order. Bounded: whoever adds stops to listen when told so. */
export class Held<T> {
  readonly #bytesMax: number;
  #items: T[] = [];
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Keeps an item; returns whether there is room for another. */
  add(item: T, bytes: number): boolean {
    this.#items.push(item);
    this.#bytes += bytes;
    return this.#bytes < this.#bytesMax;
  }

  /** Gives everything back, in order, and forgets it. */
  take(): readonly T[] {
    const items = this.#items;
    this.#items = [];
    this.#bytes = 0;
    return items;
  }
}
