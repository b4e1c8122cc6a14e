/**
 * When workers of the topology were lost, and which roots are to fail for it: those emitted before, a grace after (design D4), because what was on its way to a dead worker
 * never comes back. Invariant: one look at each pulse, nothing for each tuple; between two looks no more than one entry for each
 * tenth of a second.
 */

/** Time in which roots that did not touch the lost worker may still complete. */
export const LOSS_GRACE_MS = 1000;
/** Losses closer together than this are one. */
const MERGE_MS = 100;

export class Losses {
  /** Those whose grace is not over, rising. */
  readonly #losses: { readonly firstMs: number; lastMs: number }[] = [];

  add(nowMs: number): void {
    const last = this.#losses.at(-1);
    if (last !== undefined && nowMs - last.firstMs < MERGE_MS) last.lastMs = nowMs;
    else this.#losses.push({ firstMs: nowMs, lastMs: nowMs });
  }

  /** The time of the latest loss whose grace is over, told once: roots emitted up to then are to fail. */
  due(nowMs: number): number | undefined {
    let due: number | undefined;
    while ((this.#losses[0]?.lastMs ?? Number.POSITIVE_INFINITY) + LOSS_GRACE_MS <= nowMs) due = this.#losses.shift()?.lastMs;
    return due;
  }
}
