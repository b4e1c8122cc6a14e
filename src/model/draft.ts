/**
 * A topology as somebody wrote it, in a file or with the builder, before it is checked: the one form that `validate.ts` takes.
 * Invariant: a draft may be wrong in every way that its types allow; `undefined` stands for what was written so badly that a
 * mistake about it is on record already, and is never complained about a second time.
 */
import type { ErrorCode } from './error-codes.js';
import type { Compatibility, Implementation } from './topology.js';

/** A place in a file; line and column count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A value and where it stands; the builder's values stand nowhere. */
export interface Spot<T> {
  readonly value: T;
  readonly at?: Position | undefined;
}

/** One thing that is wrong with a topology. */
export interface Mistake {
  readonly code: ErrorCode;
  /** What is wrong with what. */
  readonly message: string;
  /** What to do about it; may be empty. */
  readonly hint: string;
  readonly at?: Position | undefined;
}

export type ConfigDraft = ReadonlyMap<string, Spot<unknown>>;

export interface StreamDraft {
  readonly name: Spot<string>;
  readonly fields: readonly Spot<string>[] | undefined;
  readonly direct: boolean;
}

export interface GroupingDraft {
  /** Any spelling: `LOCAL_OR_SHUFFLE` and `local-or-shuffle` are one. */
  readonly type: Spot<string>;
  readonly fields?: readonly Spot<string>[] | undefined;
  readonly module?: Spot<string> | undefined;
  readonly exportName?: string | undefined;
  readonly args?: readonly unknown[] | undefined;
}

export interface InputDraft {
  readonly from: Spot<string>;
  readonly stream: Spot<string>;
  readonly grouping: GroupingDraft | undefined;
}

export interface ComponentDraft {
  readonly kind: 'spout' | 'bolt';
  readonly id: Spot<string>;
  readonly implementation: Spot<Implementation> | undefined;
  /** Executors; absent: 1. */
  readonly parallelism?: Spot<number> | undefined;
  /** Absent: `topology.tasks` of the config, or as many as executors. */
  readonly tasks?: Spot<number> | undefined;
  readonly outputs: readonly StreamDraft[] | undefined;
  readonly inputs: readonly InputDraft[] | undefined;
  readonly config: ConfigDraft;
  readonly environment: Readonly<Record<string, string>>;
  readonly serializer: 'json' | 'msgpack';
  readonly compat: Compatibility;
}

export interface TopologyDraft {
  readonly name: Spot<string> | undefined;
  readonly config: ConfigDraft;
  /** Absolute path. */
  readonly resources: Spot<string>;
  readonly prepare?: Spot<readonly string[]> | undefined;
  readonly components: readonly ComponentDraft[];
  /** Where mistakes stand that are about the whole. */
  readonly at?: Position | undefined;
}

/** What validation asks of the world. */
export interface ValidationPorts {
  /** Whether a file or directory exists. */
  readonly exists: (path: string) => boolean;
}
