/**
 * Custom grouping: the user's code chooses. Invariant: only ids of the subscriber's tasks get through; anything else, and
 * whatever the code throws, is a `PolyboltError` that names the grouping, and nothing of that choice is used.
 */
import { PolyboltError } from '../model/errors.js';
import type { Values } from '../model/values.js';
import type { Grouper } from './grouper.js';

/** What a custom grouping is told before its first tuple. */
export interface CustomGroupingContext {
  /** The emitting component and its stream. */
  readonly component: string;
  readonly stream: string;
  /** Fields of the stream, in the order of the values. */
  readonly fields: readonly string[];
  /** Task ids to choose from, rising. */
  readonly targets: readonly number[];
}

/** What an author writes to choose tasks in TypeScript or JavaScript; one instance serves one emitting task. */
export interface CustomGrouping {
  prepare?(context: CustomGroupingContext): void;
  /** Any number of the target task ids, none to drop the tuple; one named twice gets it twice. The array may be reused. */
  chooseTasks(values: readonly unknown[]): readonly number[];
}

export class CustomGrouper implements Grouper {
  readonly #grouping: CustomGrouping;
  readonly #targets: ReadonlySet<number>;
  readonly #name: string;
  readonly #where: Readonly<Record<string, string>>;

  /** Prepares the grouping; throws PB_MODULE_THREW if that throws. */
  constructor(grouping: CustomGrouping, context: CustomGroupingContext & { readonly target: string }) {
    const { component, stream, target } = context;
    this.#grouping = grouping;
    this.#targets = new Set(context.targets);
    this.#name = `The custom grouping of ${target} on stream ${stream} of ${component}`;
    this.#where = { component, stream, target };
    try {
      grouping.prepare?.({ component, stream, fields: context.fields, targets: context.targets });
    } catch (cause) {
      throw this.#threw('prepare', cause);
    }
  }

  route(values: Values, out: number[]): void {
    let chosen: readonly number[];
    try {
      chosen = this.#grouping.chooseTasks(values.array);
    } catch (cause) {
      throw this.#threw('chooseTasks', cause);
    }
    if (!Array.isArray(chosen)) throw this.#invalid(`returned ${describe(chosen)} instead of an array of task ids`);
    for (let index = 0; index < chosen.length; index++) {
      const task: unknown = chosen[index];
      if (!this.#targets.has(task as number)) throw this.#invalid(`chose ${describe(task)}, which is none of its target tasks`);
    }
    for (let index = 0; index < chosen.length; index++) out.push(chosen[index] as number);
  }

  #threw(method: string, cause: unknown): PolyboltError {
    return new PolyboltError('PB_MODULE_THREW', {
      message: `${this.#name} threw in ${method}: ${cause instanceof Error ? cause.message : describe(cause)}`,
      hint: 'Mend the grouping module; its stack trace is the cause of this error.',
      context: this.#where,
      cause,
    });
  }

  #invalid(what: string): PolyboltError {
    const targets = [...this.#targets];
    return new PolyboltError('PB_GROUPING_INVALID', {
      message: `${this.#name} ${what}.`,
      hint: 'Return ids out of the targets that prepare() is given.',
      context: { ...this.#where, targets: targets.length > 20 ? `${targets.slice(0, 20).join(', ')}, …` : targets.join(', ') },
    });
  }
}

function describe(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 50)) : String(value);
}
