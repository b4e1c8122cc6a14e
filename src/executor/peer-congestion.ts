/**
 * Which tasks of other workers are congested, as one answer out of two: their own worker said so, or nothing more can be sent to that worker. Invariant: the board knows a remote task as
 * congested exactly when one of the two holds; nothing that an earlier launch of a worker said outlives it.
 */
import type { CongestionBoard } from '../flow/congestion-board.js';

export class PeerCongestion {
  readonly #board: CongestionBoard;
  #tasks: ReadonlyMap<string, readonly number[]> = new Map();
  /** By peer: tasks that it said are congested. */
  readonly #said = new Map<string, Set<number>>();
  readonly #blocked = new Set<string>();

  constructor(board: CongestionBoard) {
    this.#board = board;
  }

  /** Tasks by the peer that runs them, from now on. */
  setPeers(tasks: ReadonlyMap<string, readonly number[]>): void {
    const before = this.#tasks;
    this.#tasks = tasks;
    for (const peer of before.keys()) {
      if (tasks.has(peer)) continue;
      this.#said.delete(peer);
      this.#blocked.delete(peer);
    }
    const remote = new Set([...tasks.values()].flat());
    // A task that nobody runs is no reason to wait: what is sent there is lost and comes back.
    for (const task of [...before.values()].flat()) if (!remote.has(task)) this.#board.set(task, false);
    for (const peer of tasks.keys()) this.#apply(peer);
  }

  /** A peer has told of its tasks: positive numbers are congested now, negative ones no longer. Tasks that are not its own are left out. */
  announced(peer: string, changes: readonly number[]): void {
    const tasks = this.#tasks.get(peer) ?? [];
    const said = this.#said.get(peer) ?? new Set<number>();
    this.#said.set(peer, said);
    for (const change of changes) {
      const task = Math.abs(change);
      if (!tasks.includes(task)) continue;
      if (change > 0) said.add(task);
      else said.delete(task);
      this.#board.set(task, change > 0 || this.#blocked.has(peer));
    }
  }

  /** Nothing more can be sent to a peer, or it can again. */
  setBlocked(peer: string, isBlocked: boolean): void {
    if (isBlocked) this.#blocked.add(peer);
    else this.#blocked.delete(peer);
    this.#apply(peer);
  }

  /** A launch of a peer is gone, and with it what it said. */
  lost(peer: string): void {
    this.#said.delete(peer);
    this.#apply(peer);
  }

  #apply(peer: string): void {
    const isBlocked = this.#blocked.has(peer);
    const said = this.#said.get(peer);
    for (const task of this.#tasks.get(peer) ?? []) this.#board.set(task, isBlocked || said?.has(task) === true);
  }
}
