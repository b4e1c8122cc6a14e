/**
 * Where the tuples of one task go: for each stream it declares, everyone who subscribes. Invariant: built once for a task
 * and never changed; after the look-up by name, which an executor does once per stream, choosing tasks for a stream with one
 * subscriber is one virtual call.
 */
import { assert } from '../model/errors.js';
import type { Grouping } from '../model/topology.js';
import type { Values } from '../model/values.js';
import type { CustomGrouping } from './custom.js';
import { DirectGrouper } from './direct.js';
import { createGrouper, type Grouper } from './grouper.js';

/** One component that listens to a stream. */
export interface Subscriber {
  readonly component: string;
  readonly grouping: Grouping;
  /** Its task ids, rising. */
  readonly targets: readonly number[];
  /** Those of them that run in the emitter's worker. */
  readonly localTargets: readonly number[];
  /** Required where the grouping is custom. */
  readonly custom?: CustomGrouping | undefined;
}

export interface RouterStream {
  readonly name: string;
  readonly fields: readonly string[];
  readonly direct: boolean;
  readonly subscribers: readonly Subscriber[];
}

export interface RouterOptions {
  /** The component whose task emits. */
  readonly component: string;
  readonly streams: readonly RouterStream[];
  /** From 0 up to but not including 1. */
  readonly random: () => number;
  /** Whether a task should be spared by shuffle groupings while another is free. */
  readonly isCongested?: ((task: number) => boolean) | undefined;
}

export interface Router {
  /** The router of a declared stream, the same object each time; undefined if the component does not declare it. */
  stream(name: string): StreamRouter | undefined;
  /** All declared streams, in the order given. */
  readonly streams: readonly StreamRouter[];
}

export class StreamRouter {
  readonly name: string;
  readonly fields: readonly string[];
  /** Number of values that a tuple of this stream has. */
  readonly arity: number;
  /** Whether emits on this stream name their task. */
  readonly direct: boolean;
  /** Every task that can get a tuple of this stream, rising; empty when nobody listens. */
  readonly taskIds: readonly number[];
  readonly #grouper: Grouper;
  readonly #directTasks: ReadonlySet<number>;

  constructor(stream: RouterStream, options: RouterOptions) {
    const { name, fields, direct, subscribers } = stream;
    this.name = name;
    this.fields = fields;
    this.arity = fields.length;
    this.direct = direct;
    this.taskIds = distinctTasks(subscribers);
    this.#directTasks = new Set(distinctTasks(subscribers.filter((subscriber) => subscriber.grouping.type === 'direct')));
    this.#grouper = combine(
      // Those of direct subscribers choose nothing: leaving them out keeps the hot path to the ones that do.
      subscribers
        .filter((subscriber) => subscriber.grouping.type !== 'direct')
        .map((subscriber) =>
          createGrouper(subscriber.grouping, {
            component: options.component,
            stream: name,
            fields,
            target: subscriber.component,
            targets: subscriber.targets,
            localTargets: subscriber.localTargets,
            custom: subscriber.custom,
            random: options.random,
            isCongested: options.isCongested,
          }),
        ),
    );
  }

  /**
   * Appends the tasks that a tuple goes to, subscriber by subscriber; nothing on a direct stream. A custom grouping's error
   * may come after other subscribers' tasks were appended: whoever catches it gives the whole emit up.
   */
  route(values: Values, out: number[]): void {
    this.#grouper.route(values, out);
  }

  /** Whether a direct emit to this task reaches a subscriber; if not, Storm drops the tuple. */
  allowsDirect(task: number): boolean {
    return this.#directTasks.has(task);
  }
}

/** Builds the router of one task. Throws PB_MODULE_THREW when a custom grouping cannot be prepared. */
export function createRouter(options: RouterOptions): Router {
  const streams = options.streams.map((stream) => new StreamRouter(stream, options));
  const byName = new Map(streams.map((stream) => [stream.name, stream]));
  assert(byName.size === streams.length, `component ${options.component} declares a stream twice`);
  return { streams, stream: (name) => byName.get(name) };
}

function combine(groupers: readonly Grouper[]): Grouper {
  if (groupers.length === 0) return new DirectGrouper();
  return groupers.length === 1 ? (groupers[0] as Grouper) : new EachGrouper(groupers);
}

class EachGrouper implements Grouper {
  readonly #groupers: readonly Grouper[];

  constructor(groupers: readonly Grouper[]) {
    this.#groupers = groupers;
  }

  route(values: Values, out: number[]): void {
    const groupers = this.#groupers;
    for (let index = 0; index < groupers.length; index++) (groupers[index] as Grouper).route(values, out);
  }
}

function distinctTasks(subscribers: readonly Subscriber[]): readonly number[] {
  return [...new Set(subscribers.flatMap((subscriber) => subscriber.targets))].sort((one, other) => one - other);
}
