/**
 * The groupings' common face, and the factory that picks one. Invariant: `route` is synchronous, makes no garbage per tuple
 * and only appends ids of `targets`; whatever can be decided before the first tuple is decided here.
 */
import { assert, assertNever } from '../model/errors.js';
import type { Grouping } from '../model/topology.js';
import type { Values } from '../model/values.js';
import { AllGrouper } from './all.js';
import { CustomGrouper, type CustomGrouping } from './custom.js';
import { DirectGrouper } from './direct.js';
import { FieldsGrouper } from './fields.js';
import { GlobalGrouper } from './global.js';
import { PartialKeyGrouper } from './partial-key.js';
import { ShuffleGrouper } from './shuffle.js';

/** Chooses the tasks of one subscribed component that a tuple goes to. */
export interface Grouper {
  /** Appends the chosen task ids to `out`. Throws only what a custom grouping makes it throw, and then appends nothing. */
  route(values: Values, out: number[]): void;
}

export interface GrouperContext {
  /** The emitting component and its stream. */
  readonly component: string;
  readonly stream: string;
  /** Fields of the stream. */
  readonly fields: readonly string[];
  /** Component that subscribes. */
  readonly target: string;
  /** Its task ids, rising; at least one. */
  readonly targets: readonly number[];
  /** Those of them that run in the emitter's worker. */
  readonly localTargets: readonly number[];
  /** From 0 up to but not including 1. */
  readonly random: () => number;
  /** Whether a task should be spared; shuffle, none and local-or-shuffle ask it. Must be quick: it is asked for each tuple. */
  readonly isCongested?: ((task: number) => boolean) | undefined;
  /** The loaded implementation of a custom grouping. */
  readonly custom?: CustomGrouping | undefined;
}

/** Makes the grouper of one subscription of one emitting task; groupers have state and are not shared. */
export function createGrouper(grouping: Grouping, context: GrouperContext): Grouper {
  const { targets, localTargets } = context;
  assert(targets.length > 0, `component ${context.target} has no tasks`);
  switch (grouping.type) {
    case 'shuffle':
    case 'none':
      return shuffleOver(targets, context);
    case 'local-or-shuffle':
      return shuffleOver(localTargets.length > 0 ? localTargets : targets, context);
    case 'all':
      return new AllGrouper(targets);
    case 'global':
      return new GlobalGrouper(targets);
    case 'direct':
      return new DirectGrouper();
    case 'fields':
      return targets.length === 1 ? new GlobalGrouper(targets) : new FieldsGrouper(targets, positionsOf(grouping.fields, context));
    case 'partial-key':
      return targets.length === 1 ? new GlobalGrouper(targets) : new PartialKeyGrouper(targets, positionsOf(grouping.fields, context));
    case 'custom':
      assert(context.custom !== undefined, `the custom grouping ${grouping.path} has not been loaded`);
      return new CustomGrouper(context.custom, context);
    default:
      return assertNever(grouping);
  }
}

/** One target needs no ring: it is the lowest of one. */
function shuffleOver(targets: readonly number[], context: GrouperContext): Grouper {
  return targets.length === 1 ? new GlobalGrouper(targets) : new ShuffleGrouper(targets, context.random, context.isCongested);
}

function positionsOf(selected: readonly string[], context: GrouperContext): readonly number[] {
  return selected.map((field) => {
    const position = context.fields.indexOf(field);
    assert(position >= 0, `stream ${context.stream} of ${context.component} has no field ${field}`);
    return position;
  });
}
