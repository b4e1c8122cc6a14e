/**
 * What a component host and its executor need of each other. Invariant: hosts of children and of modules look the same from the executor, and
 * everything they do to the topology goes through `ComponentOutput`.
 */
import type { TaskContext } from '../model/component-api.js';
import type { PolyboltError } from '../model/errors.js';
import type { Log } from '../model/log.js';
import type { Tuple } from '../model/tuple.js';
import type { Values } from '../model/values.js';
import type { LogLevel } from '../protocol/component-frames.js';
import type { ShellSettings } from './incarnation-ports.js';

/** A declared output stream of a component, as its hosts see it. */
export interface OutputStream {
  readonly name: string;
  readonly arity: number;
  readonly direct: boolean;
}

/** How a task emits, acks and fails. The array that emits return is used again by the next emit. */
export interface ComponentOutput {
  stream(name: string): OutputStream | undefined;
  /** Whether a task of that id exists: a direct emit to one that does not listen is dropped, to one that does not exist refused. */
  hasTask(task: number): boolean;
  /** @param task target of a direct emit, 0 for a grouped one */
  emit(stream: OutputStream, values: Values, anchors: readonly Tuple[], anchorCount: number, task: number): readonly number[];
  /** @param messageId undefined for an unreliable emit */
  emitRoot(stream: OutputStream, values: Values, messageId: unknown, task: number): readonly number[];
  ack(tuple: Tuple): void;
  fail(tuple: Tuple): void;
}

/** What a host tells whoever runs it. */
export interface HostEvents {
  /** It is ready for more work than before. */
  onReady(): void;
  /** It has something to write at the end of this turn. */
  onDirty(): void;
  /** The component said or did something wrong; it goes on, or has been started again. */
  onError(error: PolyboltError): void;
  /** It has been started anew; `completed` tells whether anything was acked in between. */
  onRestart(): void;
  /** It cannot be kept running. */
  onFatal(error: PolyboltError): void;
  onLog(level: LogLevel, message: string): void;
  onMetrics(name: string, params: unknown): void;
}

/** What a component is to be from its next incarnation on. */
export type Successor =
  | { readonly type: 'shell'; readonly settings: ShellSettings & { readonly restartsMax: number } }
  | { readonly type: 'module'; readonly create: () => unknown; readonly context: TaskContext };

/** A new incarnation that is ready and waits. */
export interface Replacement {
  /** Puts it in charge. What the old one holds fails, and the old one is asked to go. */
  takeOver(): void;
  /** Lets it go instead. */
  discard(): Promise<void>;
}

export interface ComponentHost {
  start(): void;
  /**
   * Makes a new incarnation ready on a person's wish, which is charged to no budget. The old one goes on meanwhile, and for good when this rejects with why the new
   * one cannot be started.
   */
  replace(successor: Successor): Promise<Replacement>;
  /** Whether the component is up. */
  readonly isRunning: boolean;
  /** Writes what has collected during a turn. */
  flush(nowMs: number): void;
  /** Some ten times a second: liveness, heartbeats, timeouts. */
  pulse(nowMs: number): void;
  /** Stops reading what the component emits, because nobody downstream can take it. */
  pause(paused: boolean): void;
  /** Ends it, gently first. Resolves when it is gone. */
  stop(): Promise<void>;
  /** Ends it at once. */
  kill(): void;
}

export interface BoltHost extends ComponentHost {
  /** Whether it takes another input now. */
  readonly isReady: boolean;
  /** Inputs that it holds: taken, neither acked nor failed. */
  readonly heldCount: number;
  execute(tuple: Tuple, nowMs: number): void;
}

export interface SpoutHost extends ComponentHost {
  /** Whether it takes a command now. */
  readonly isIdle: boolean;
  /** Whether the last `next` emitted nothing; whoever has waited for that sets it back. */
  wasEmpty: boolean;
  /** Whether a command other than `next` has no answer yet; a `next` may wait for input as long as it likes. */
  readonly owesAnswer: boolean;
  next(nowMs: number): void;
  verdict(verdict: 'ack' | 'fail', messageId: unknown): void;
  activate(): void;
  deactivate(): void;
}

/** Facts that name a task in errors and logs. */
export interface TaskIdentity {
  readonly topology: string;
  readonly component: string;
  readonly task: number;
  readonly log: Log;
}
