/**
 * What an author writes to run a spout or a bolt inside the worker, in TypeScript or JavaScript. Invariant: everything an
 * author can do to the topology goes through the collector, so in-process and child components obey the same rules.
 */
import type { Config } from './topology.js';

/** An input of a bolt. Values are a frozen array; a tuple is acked or failed exactly once. */
export interface InputTuple {
  /** The component, stream and task that emitted it. A tick comes from component `__system`, stream `__tick`, task -1. */
  readonly component: string;
  readonly stream: string;
  readonly task: number;
  /** Parsed at first use; integers past 2^53 and the like are as precise as `JSON.parse` makes them. See `text`. */
  readonly values: readonly unknown[];
  /** The values as JSON text, exactly as they were written by the component that emitted them. */
  readonly text: string;
  /** Whether this is a tick tuple. */
  readonly isTick: boolean;
  /** The value of a field by its declared name; undefined when the stream has no such field. */
  get(field: string): unknown;
}

export interface EmitOptions {
  /** Default `default`. */
  readonly stream?: string;
  /** A direct emit to this task. */
  readonly task?: number;
}

export interface BoltEmitOptions extends EmitOptions {
  /** The inputs that this tuple depends on. A basic bolt anchors by itself. */
  readonly anchors?: InputTuple | readonly InputTuple[];
}

export interface SpoutEmitOptions extends EmitOptions {
  /** Makes the emit reliable: comes back in `ack` or `fail`. Any value but undefined and null. */
  readonly id?: unknown;
}

/** What bolts do to the topology. */
export interface BoltCollector {
  /** Emits values (a JSON-able array as long as the stream has fields) and returns the ids of the tasks they went to. */
  emit(values: readonly unknown[], options?: BoltEmitOptions): readonly number[];
  /** Emits values that are already one JSON array text; forwarded as written. */
  emitText(text: string, options?: BoltEmitOptions): readonly number[];
  ack(tuple: InputTuple): void;
  fail(tuple: InputTuple): void;
  /** Shows an error against this component without failing anything. */
  reportError(error: unknown): void;
}

/** What spouts do to the topology. */
export interface SpoutCollector {
  emit(values: readonly unknown[], options?: SpoutEmitOptions): readonly number[];
  emitText(text: string, options?: SpoutEmitOptions): readonly number[];
  reportError(error: unknown): void;
}

/** Where a component instance finds itself. */
export interface TaskContext {
  readonly topology: string;
  readonly component: string;
  readonly task: number;
  /** Position of this task among its component's tasks, from 0. */
  readonly taskIndex: number;
  readonly config: Config;
  /** Absolute path of the topology's resources directory. */
  readonly resources: string;
  /** Component of each task id, system tasks included. */
  readonly taskToComponent: Readonly<Record<string, string>>;
}

export interface Bolt {
  prepare?(context: TaskContext, collector: BoltCollector): void | Promise<void>;
  /** Takes one input. A promise holds the next input of this task back until it settles. A throw ends the incarnation. */
  execute(tuple: InputTuple, collector: BoltCollector): void | Promise<void>;
  cleanup?(): void | Promise<void>;
}

export interface Spout {
  open?(context: TaskContext, collector: SpoutCollector): void | Promise<void>;
  /** Emits any number of tuples, none when there is nothing to emit. */
  nextTuple(collector: SpoutCollector): void | Promise<void>;
  ack?(id: unknown): void;
  fail?(id: unknown): void;
  activate?(): void;
  deactivate?(): void;
  close?(): void | Promise<void>;
}

/** A bolt that anchors its emits to its input and acks it when `process` is done; a throw reports and fails the tuple. */
export abstract class BasicBolt implements Bolt {
  abstract process(tuple: InputTuple, emit: (values: readonly unknown[], options?: EmitOptions) => readonly number[]): void | Promise<void>;

  /** Called for tick tuples; does nothing by default. */
  processTick(_tuple: InputTuple, _emit: (values: readonly unknown[], options?: EmitOptions) => readonly number[]): void | Promise<void> {}

  execute(tuple: InputTuple, collector: BoltCollector): void | Promise<void> {
    const emit = (values: readonly unknown[], options?: EmitOptions): readonly number[] =>
      collector.emit(values, { ...options, anchors: tuple });
    let result: void | Promise<void>;
    try {
      result = tuple.isTick ? this.processTick(tuple, emit) : this.process(tuple, emit);
    } catch (error) {
      return giveUp(tuple, error, collector);
    }
    if (result === undefined) return collector.ack(tuple);
    return result.then(
      () => collector.ack(tuple),
      (error: unknown) => giveUp(tuple, error, collector),
    );
  }
}

function giveUp(tuple: InputTuple, error: unknown, collector: BoltCollector): void {
  collector.reportError(error);
  collector.fail(tuple);
}
