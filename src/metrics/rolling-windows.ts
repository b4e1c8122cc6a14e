/**
 * Storm's windows over counters that only grow: what was counted in the last 600, 10,800 and 86,400 seconds, and in all. Invariant: costs nothing where tuples
 * pass; each window keeps twenty samples of the counters, so that it slides by a twentieth of itself, as in Storm (metric/internal/RateTracker.java).
 */

export const ALL_TIME = ':all-time';
/** Names as Storm writes them; seconds but for the last. */
export const WINDOWS = ['600', '10800', '86400', ALL_TIME] as const;
export type WindowName = (typeof WINDOWS)[number];

const ROLLING = WINDOWS.slice(0, -1).map((name) => ({ name, sampleMs: (Number(name) * 1000) / 20 }));
const SAMPLES = 20;

interface Ring {
  readonly name: WindowName;
  readonly sampleMs: number;
  /** As many samples as there are, oldest first. */
  readonly samples: { readonly atMs: number; readonly values: Float64Array }[];
  nextAtMs: number;
}

/** What was counted over a window, and the time that it really covers. */
export interface Windowed {
  readonly values: Float64Array;
  readonly coveredMs: number;
}

export class RollingWindows {
  readonly #rings: readonly Ring[];
  readonly #startedAtMs: number;

  constructor(nowMs: number) {
    this.#startedAtMs = nowMs;
    this.#rings = ROLLING.map(({ name, sampleMs }) => ({ name, sampleMs, samples: [], nextAtMs: nowMs + sampleMs }));
  }

  /** Whether `sample` would keep anything now. */
  isDue(nowMs: number): boolean {
    return this.#rings.some(({ nextAtMs }) => nowMs >= nextAtMs);
  }

  /** Keeps the counters as they are now where a window is due. @param values all counters, always in the same order; copied */
  sample(nowMs: number, values: ArrayLike<number>): void {
    for (const ring of this.#rings) {
      if (nowMs < ring.nextAtMs) continue;
      ring.samples.push({ atMs: nowMs, values: Float64Array.from(values) });
      ring.nextAtMs += ring.sampleMs * Math.ceil((nowMs - ring.nextAtMs + 1) / ring.sampleMs);
      // By age and not by number: a machine that slept has left samples out.
      const oldestMs = nowMs - SAMPLES * ring.sampleMs;
      while (ring.samples.length > SAMPLES || (ring.samples[1]?.atMs ?? Number.POSITIVE_INFINITY) <= oldestMs) ring.samples.shift();
    }
  }

  /** What was counted over a window. @param values the counters as they are now */
  over(window: WindowName, nowMs: number, values: ArrayLike<number>): Windowed {
    const ring = this.#rings.find(({ name }) => name === window);
    const windowMs = ring === undefined ? Number.POSITIVE_INFINITY : SAMPLES * ring.sampleMs;
    // The latest that is as old as the window; where samples came regularly there is none, and the first is nearly so old.
    const oldest =
      nowMs - this.#startedAtMs <= windowMs
        ? undefined
        : (ring?.samples.findLast(({ atMs }) => atMs <= nowMs - windowMs) ?? ring?.samples[0]);
    if (oldest === undefined) return { values: Float64Array.from(values), coveredMs: nowMs - this.#startedAtMs };
    return {
      values: Float64Array.from(values, (value, index) => value - (oldest.values[index] as number)),
      coveredMs: nowMs - oldest.atMs,
    };
  }
}
