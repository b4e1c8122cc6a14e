// The types of index.mjs, kept by hand. What comes from the host is unknown: an author narrows it, or names the types
// where a method is overridden, as in `process(tuple: Tuple<[string, number]>)` and `ack(id: number)`.

/** A value that JSON holds without loss. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };

/** A tuple as a bolt receives it. */
export class Tuple<Values extends readonly unknown[] = readonly unknown[]> {
  constructor(id: string, component: string, stream: string, task: number, values: Values);
  /** Names the tuple in acks, fails and anchors. */
  readonly id: string;
  /** The id of the component that emitted it. */
  readonly component: string;
  readonly stream: string;
  /** The id of the task that emitted it. */
  readonly task: number;
  readonly values: Values;
}

/** A value that JSON cannot hold was to be sent; the message says which and where. */
export class EncodeError extends TypeError {}

/** The ids of the tasks that a tuple went to. Await it, or read it like an array, which blocks until they are here. */
export class TaskIds implements PromiseLike<number[]>, Iterable<number> {
  private constructor();
  /** Blocks until the host has answered. */
  read(): number[];
  readonly length: number;
  at(index: number): number | undefined;
  [Symbol.iterator](): Iterator<number>;
  toJSON(): number[];
  // biome-ignore lint/suspicious/noThenProperty: it is meant to be awaited.
  then<A = number[], B = never>(
    onFulfilled?: ((ids: number[]) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B>;
}

export type LogLevel = 0 | 1 | 2 | 3 | 4 | 'trace' | 'debug' | 'info' | 'warn' | 'error';
export type Config = Readonly<Record<string, unknown>>;

/** What the host says of the topology and of this task's place in it. */
export interface Context {
  readonly taskid?: number;
  readonly componentid?: string;
  readonly 'task->component'?: Readonly<Record<string, string>>;
  readonly [key: string]: unknown;
}

export interface EmitOptions {
  /** The stream to emit to; `default` if left out. */
  readonly stream?: string | null;
  /** Emits to this task only. */
  readonly task?: number | null;
  /** Asks for the ids of the tasks that the tuple goes to. */
  readonly needTaskIds?: boolean;
}

export interface BoltEmitOptions extends EmitOptions {
  /** The tuples, or their ids, that this one came of. */
  readonly anchors?: Tuple | string | readonly (Tuple | string)[] | null;
}

export interface SpoutEmitOptions extends EmitOptions {
  /** What `ack` and `fail` are told; without one the tuple's fate is not tracked. */
  readonly id?: Json;
}

type Asking<Options extends EmitOptions> = Options & { readonly needTaskIds: true };
type NotAsking<Options extends EmitOptions> = Options & { readonly needTaskIds?: false };

declare abstract class Component {
  /** The topology's configuration; empty before `prepare` or `open`. */
  conf: Config;
  context: Context;
  /** Runs the component until the host ends its input. Call it once, last. */
  run(): void;
  /** Called at the end of input. */
  close(): unknown;
  log(message: unknown, level?: LogLevel): void;
  trace(message: unknown): void;
  debug(message: unknown): void;
  info(message: unknown): void;
  warn(message: unknown): void;
  error(message: unknown): void;
  /** Reports an Error, with its trace, or a text. */
  reportError(error: unknown): void;
  reportMetric(name: string, params: Json): void;
}

/** A bolt that acks, fails and names anchors itself. */
export class Bolt extends Component {
  prepare(conf: Config, context: Context): unknown;
  /** When it gives a promise, the next tuple waits for it. */
  process(tuple: Tuple): unknown;
  processTick(tuple: Tuple): unknown;
  emit(values: readonly unknown[], options: Asking<BoltEmitOptions>): TaskIds;
  emit(values: readonly unknown[], options?: NotAsking<BoltEmitOptions>): void;
  ack(tuple: Tuple | string): void;
  fail(tuple: Tuple | string): void;
}

/** A bolt whose emits are anchored to its input, which is acked when `process` is done and failed when it raises. */
export class BasicBolt extends Bolt {
  ack(tuple?: Tuple | string): void;
  fail(tuple?: Tuple | string): void;
}

export class Spout extends Component {
  open(conf: Config, context: Context): unknown;
  nextTuple(): unknown;
  ack(id: Json): unknown;
  fail(id: Json): unknown;
  activate(): unknown;
  deactivate(): unknown;
  emit(values: readonly unknown[], options: Asking<SpoutEmitOptions>): TaskIds;
  emit(values: readonly unknown[], options?: NotAsking<SpoutEmitOptions>): void;
}

/** A spout that emits again what failed, under the same id, until it is acked. */
export class ReliableSpout extends Spout {
  /** How many tuples have been emitted with an id and not yet acked. */
  readonly pendingCount: number;
}
