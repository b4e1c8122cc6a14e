/** What is made of the times of recovery after kills. Invariant: a line that is lost is a failure, not a figure; a rate that never came back counts as infinite. */
import type { Setting } from './benchmark.js';
import type { Figure } from './figure.js';
import { median } from './statistics.js';

export const BENCHMARK = 'recovery';

export function kills({ quick }: Setting): number {
  return quick ? 5 : 20;
}

/** @param times of each kill, in ms; undefined where it did not recover */
export function figuresOf(what: string, times: readonly (number | undefined)[], limitMs: number): readonly Figure[] {
  const known = times.map((ms) => ms ?? Number.POSITIVE_INFINITY);
  const common = { benchmark: BENCHMARK, unit: 'ms' };
  return [
    { ...common, name: `${what}: median`, value: median(known) },
    {
      ...common,
      name: `${what}: p99`,
      value: Math.max(...known),
      limit: { kind: 'at most', value: limitMs },
      note: `of ${times.length} kills: the longest`,
    },
  ];
}

/** Throws when a line was lost. */
export function checkNoneLost({ lost }: { readonly lost: readonly number[] }): void {
  if (lost.length > 0) throw new Error(`${lost.length} lines were lost`);
}
