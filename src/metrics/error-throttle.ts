/**
 * Which errors of a component are shown. Invariant: at most so many in an interval, and the next one shown says how many were not (Storm:
 * `topology.error.throttle.interval.secs`, `topology.max.error.report.per.interval`).
 */
export class ErrorThrottle {
  readonly #intervalMs: number;
  readonly #errorsMax: number;
  #startedAtMs = Number.NEGATIVE_INFINITY;
  #shown = 0;
  #suppressed = 0;

  constructor(intervalMs: number, errorsMax: number) {
    this.#intervalMs = intervalMs;
    this.#errorsMax = errorsMax;
  }

  /** @returns how many were suppressed since the last one shown, or undefined if this one is to be suppressed too */
  admit(nowMs: number): number | undefined {
    if (nowMs - this.#startedAtMs >= this.#intervalMs) {
      this.#startedAtMs = nowMs;
      this.#shown = 0;
    }
    if (this.#shown >= this.#errorsMax) {
      this.#suppressed++;
      return undefined;
    }
    this.#shown++;
    const suppressed = this.#suppressed;
    this.#suppressed = 0;
    return suppressed;
  }
}
