/**
 * What `setSpout` and `setBolt` give back, after Storm's SpoutDeclarer and BoltDeclarer. Invariant: a declarer only takes
 * notes; each method returns the declarer itself.
 */
import type { ComponentImplementation, Outputs } from './component-implementation.js';
import type { ComponentDraft, GroupingDraft, InputDraft, StreamDraft } from './draft.js';
import { type Config, DEFAULT_STREAM } from './topology.js';

export interface CustomGroupingOptions {
  /** Name of the export. Default: `default`. */
  readonly export?: string;
  /** Arguments of the grouping, as JSON. */
  readonly args?: readonly unknown[];
}

/** A component of a builder. */
export class ComponentDeclarer {
  readonly #kind: 'spout' | 'bolt';
  readonly #id: string;
  readonly #given: ComponentImplementation;
  readonly #parallelism: number;
  readonly #config = new Map<string, unknown>();
  #tasks: number | undefined;

  constructor(kind: 'spout' | 'bolt', id: string, given: ComponentImplementation, parallelism: number) {
    this.#kind = kind;
    this.#id = id;
    this.#given = given;
    this.#parallelism = parallelism;
  }

  /** @param tasks at least as many as executors, which is the default */
  setNumTasks(tasks: number): this {
    this.#tasks = tasks;
    return this;
  }

  /** Sets one key of the component's own configuration, which wins over the topology's. */
  addConfiguration(key: string, value: unknown): this {
    this.#config.set(key, value);
    return this;
  }

  addConfigurations(config: Config): this {
    for (const [key, value] of Object.entries(config)) this.#config.set(key, value);
    return this;
  }

  /** What was noted. */
  draft(): ComponentDraft {
    const { implementation, options } = this.#given;
    return {
      kind: this.#kind,
      id: { value: this.#id },
      implementation: { value: implementation },
      parallelism: { value: this.#parallelism },
      ...(this.#tasks === undefined ? {} : { tasks: { value: this.#tasks } }),
      outputs: streamsOf(options.outputs ?? {}),
      inputs: this.inputs(),
      config: new Map([...this.#config].map(([key, value]) => [key, { value }])),
      environment: options.environment ?? {},
      serializer: options.serializer ?? 'json',
      compat: options.compat ?? {},
    };
  }

  protected inputs(): readonly InputDraft[] {
    return [];
  }
}

/** A bolt of a builder. Streams default to `default`. */
export class BoltDeclarer extends ComponentDeclarer {
  readonly #inputs: InputDraft[] = [];

  /** Tuples are spread evenly and at random. */
  shuffleGrouping(component: string, stream?: string): this {
    return this.#grouping(component, stream, { type: { value: 'shuffle' } });
  }

  /** As shuffle, among the tasks of the emitter's own worker when there are any. */
  localOrShuffleGrouping(component: string, stream?: string): this {
    return this.#grouping(component, stream, { type: { value: 'local-or-shuffle' } });
  }

  /** Tuples with equal values of the fields go to the same task: `(component, fields)` or `(component, stream, fields)`. */
  fieldsGrouping(component: string, fields: readonly string[]): this;
  fieldsGrouping(component: string, stream: string, fields: readonly string[]): this;
  fieldsGrouping(component: string, streamOrFields: string | readonly string[], fields?: readonly string[]): this {
    return this.#byFields('fields', component, streamOrFields, fields);
  }

  /** As fields, with two candidate tasks a key, so that a frequent key does not overload one task. */
  partialKeyGrouping(component: string, fields: readonly string[]): this;
  partialKeyGrouping(component: string, stream: string, fields: readonly string[]): this;
  partialKeyGrouping(component: string, streamOrFields: string | readonly string[], fields?: readonly string[]): this {
    return this.#byFields('partial-key', component, streamOrFields, fields);
  }

  /** All tuples go to the task with the lowest id. */
  globalGrouping(component: string, stream?: string): this {
    return this.#grouping(component, stream, { type: { value: 'global' } });
  }

  /** Every tuple goes to every task. */
  allGrouping(component: string, stream?: string): this {
    return this.#grouping(component, stream, { type: { value: 'all' } });
  }

  /** It does not matter: as shuffle. */
  noneGrouping(component: string, stream?: string): this {
    return this.#grouping(component, stream, { type: { value: 'none' } });
  }

  /** The emitter names the task; the stream must be declared as direct. */
  directGrouping(component: string, stream?: string): this {
    return this.#grouping(component, stream, { type: { value: 'direct' } });
  }

  /** @param path of the grouping's module, relative to the resources directory */
  customGrouping(component: string, stream: string, path: string, options: CustomGroupingOptions = {}): this {
    return this.#grouping(component, stream, {
      type: { value: 'custom' },
      module: { value: path },
      exportName: options.export,
      args: options.args,
    });
  }

  protected override inputs(): readonly InputDraft[] {
    return this.#inputs;
  }

  #byFields(type: string, component: string, streamOrFields: string | readonly string[], fields: readonly string[] | undefined): this {
    const stream = typeof streamOrFields === 'string' ? streamOrFields : undefined;
    const names = typeof streamOrFields === 'string' ? (fields ?? []) : streamOrFields;
    return this.#grouping(component, stream, { type: { value: type }, fields: names.map((value) => ({ value })) });
  }

  #grouping(component: string, stream: string | undefined, grouping: GroupingDraft): this {
    this.#inputs.push({ from: { value: component }, stream: { value: stream ?? DEFAULT_STREAM }, grouping });
    return this;
  }
}

function streamsOf(outputs: Outputs): readonly StreamDraft[] {
  const streams: readonly (readonly [string, readonly string[] | { readonly fields: readonly string[]; readonly direct?: boolean }])[] =
    isList(outputs) ? [[DEFAULT_STREAM, outputs]] : Object.entries(outputs);
  return streams.map(([name, stream]) => ({
    name: { value: name },
    fields: (isList(stream) ? stream : stream.fields).map((value) => ({ value })),
    direct: isList(stream) ? false : (stream.direct ?? false),
  }));
}

function isList<T>(value: readonly string[] | T): value is readonly string[] {
  return Array.isArray(value);
}
