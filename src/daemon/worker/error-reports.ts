/**
 * Errors of a worker's components on their way to a person. Invariant: all are counted, those past the throttle of their component are not shown, and the next
 * one that is says how many were not.
 */
import { ErrorThrottle } from '../../metrics/error-throttle.js';
import type { TaskCounters } from '../../metrics/task-counters.js';
import type { Settings } from '../../model/config.js';
import { PolyboltError } from '../../model/errors.js';

export interface ErrorSource {
  readonly component: string;
  readonly task: number;
  readonly settings: Settings;
  readonly counters: TaskCounters;
}

export class ErrorReports {
  readonly #now: () => number;
  readonly #show: (component: string, error: PolyboltError, suppressed: number, task: number) => void;
  readonly #throttles = new Map<string, ErrorThrottle>();

  constructor(now: () => number, show: (component: string, error: PolyboltError, suppressed: number, task: number) => void) {
    this.#now = now;
    this.#show = show;
  }

  add({ component, task, settings, counters }: ErrorSource, error: unknown): void {
    counters.errors++;
    let throttle = this.#throttles.get(component);
    if (throttle === undefined) {
      throttle = new ErrorThrottle(settings.errorThrottleIntervalMs, settings.errorsPerInterval);
      this.#throttles.set(component, throttle);
    }
    const suppressed = throttle.admit(this.#now());
    if (suppressed !== undefined) this.#show(component, explain(error, component, task), suppressed, task);
  }
}

/** What is no error of ours is thrown by `JSON.stringify`, where the text of an in-process component's values is first needed. */
function explain(error: unknown, component: string, task: number): PolyboltError {
  if (error instanceof PolyboltError) return error;
  return new PolyboltError('PB_VALUES_INVALID', {
    message: `values cannot be written as JSON: ${error instanceof Error ? error.message : String(error)}`,
    hint: 'emit plain JSON values: no BigInt, no cycles',
    context: { component, task },
    cause: error,
  });
}
