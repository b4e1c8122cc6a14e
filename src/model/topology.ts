/**
 * What a topology is, once it has been checked: plain frozen data, the same for the file parser, the builder, nimbus and
 * the workers. Invariant: a `Topology` that exists is valid (`validate.ts` is the only gate) and JSON-serialisable,
 * but for `inline` implementations, which only ever live inside one process.
 */
import type { Bolt as BoltInstance, Spout as SpoutInstance } from './component-api.js';

/** Storm configuration: known keys are checked, unknown ones pass through to the components. */
export type Config = Readonly<Record<string, unknown>>;

/** The stream that an emit without a stream goes to. */
export const DEFAULT_STREAM = 'default';

export interface StreamDeclaration {
  readonly fields: readonly string[];
  /** Emits on a direct stream name their target task. */
  readonly direct: boolean;
}

/** How a component comes to life. */
export type Implementation =
  /** A child process that speaks multilang over stdin and stdout. `command` is an argv, never a shell line. */
  | { readonly type: 'shell'; readonly command: readonly string[]; readonly cwd?: string }
  /** A TypeScript or JavaScript module inside the worker; `path` is relative to the resources directory. */
  | { readonly type: 'module'; readonly path: string; readonly exportName?: string; readonly args?: readonly unknown[] }
  /** A factory given to the builder: local mode only. */
  | { readonly type: 'inline'; readonly create: () => SpoutInstance | BoltInstance };

export type Grouping =
  | { readonly type: 'shuffle' }
  | { readonly type: 'local-or-shuffle' }
  | { readonly type: 'none' }
  | { readonly type: 'all' }
  | { readonly type: 'global' }
  | { readonly type: 'direct' }
  | { readonly type: 'fields'; readonly fields: readonly string[] }
  | { readonly type: 'partial-key'; readonly fields: readonly string[] }
  | { readonly type: 'custom'; readonly path: string; readonly exportName?: string; readonly args?: readonly unknown[] };

export interface Subscription {
  /** The component that is listened to. */
  readonly from: string;
  readonly stream: string;
  readonly grouping: Grouping;
}

/** Switches for libraries with quirks; each is documented with the library it is for. */
export interface Compatibility {
  /** Do not send `activate` and `deactivate` (libraries that panic or hang on them). */
  readonly skipActivate?: boolean;
  /** Take silence of so many ms after an ack, fail, activate or deactivate for the missing `sync`. */
  readonly implicitSyncMs?: number;
}

interface ComponentBase {
  readonly id: string;
  readonly implementation: Implementation;
  /** Number of executors. */
  readonly parallelism: number;
  /** Number of tasks, at least `parallelism`. */
  readonly tasks: number;
  readonly outputs: Readonly<Record<string, StreamDeclaration>>;
  readonly config: Config;
  /** Added to the child's environment; `PATH` is appended to, other keys replace. */
  readonly environment: Readonly<Record<string, string>>;
  readonly serializer: 'json' | 'msgpack';
  readonly compat: Compatibility;
}

export interface SpoutComponent extends ComponentBase {
  readonly kind: 'spout';
}

export interface BoltComponent extends ComponentBase {
  readonly kind: 'bolt';
  readonly inputs: readonly Subscription[];
}

export type Component = SpoutComponent | BoltComponent;

export interface Topology {
  readonly name: string;
  readonly config: Config;
  /** By id, in the order of the file. */
  readonly components: Readonly<Record<string, Component>>;
  /** Absolute path of the directory that is shipped to workers and that components run in. */
  readonly resources: string;
  /** Program and arguments, run in the resources directory before any component: a virtualenv, a build. Never a shell line. */
  readonly prepare?: readonly string[];
}

/** The subscriptions of a component: none for a spout. */
export function subscriptionsOf(component: Component): readonly Subscription[] {
  return component.kind === 'bolt' ? component.inputs : [];
}
