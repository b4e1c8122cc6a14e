/**
 * A bolt that runs inside the worker. Invariant: the same rules as for a child: each input acked or failed once, a throw ends the incarnation, fails what it
 * held, and a new instance takes over.
 *
 * Hot path: one object for each input, no text is made.
 */
import { IdRing } from '../acking/id-ring.js';
import type { BasicBolt, Bolt, BoltCollector, BoltEmitOptions, InputTuple, TaskContext } from '../model/component-api.js';
import { assert, PolyboltError } from '../model/errors.js';
import { HELD_MAX } from '../model/limits.js';
import { DEFAULT_STREAM } from '../model/topology.js';
import { TICK_STREAM, type Tuple } from '../model/tuple.js';
import { Values } from '../model/values.js';
import { checkEmit } from './emit-rules.js';
import { isPromise, ModuleKeeper, type ModuleSettings } from './module-keeper.js';
import type { BoltHost, ComponentOutput, HostEvents, Replacement, Successor, TaskIdentity } from './ports.js';
import { valuesFromText } from './values-from-text.js';

export class ModuleBolt implements BoltHost {
  readonly #output: ComponentOutput;
  readonly #events: HostEvents;
  readonly #keeper: ModuleKeeper<Bolt>;
  #context: TaskContext;
  #held = new IdRing<ModuleInput>();
  #collector: Collector | undefined;
  #bolt: Bolt | undefined;
  /** An asynchronous `execute` holds the next input back. */
  #isBusy = false;
  /** Reused: the anchor of an emit that has one. */
  readonly #one: Tuple[] = [];

  constructor(
    identity: TaskIdentity,
    settings: ModuleSettings<Bolt | BasicBolt>,
    context: TaskContext,
    output: ComponentOutput,
    events: HostEvents,
  ) {
    this.#context = context;
    this.#output = output;
    this.#events = events;
    this.#keeper = new ModuleKeeper<Bolt>(identity, settings, events, {
      open: (bolt) => {
        this.#collector = new Collector(this);
        this.#bolt = bolt;
        return bolt.prepare?.(this.#context, this.#collector);
      },
      close: (bolt) => bolt.cleanup?.(),
      onLost: () => this.#onLost(),
    });
  }

  get isRunning(): boolean {
    return this.#keeper.isUp;
  }

  get isReady(): boolean {
    return this.#keeper.isUp && !this.#isBusy && this.#held.size < HELD_MAX;
  }

  get heldCount(): number {
    return this.#held.size;
  }

  start(): void {
    this.#keeper.start();
  }

  // Hot path: once for every input.
  execute(tuple: Tuple): void {
    const input = new ModuleInput(tuple);
    input.heldId = this.#held.add(input);
    let result: unknown;
    try {
      result = (this.#bolt as Bolt).execute(input, this.#collector as Collector);
    } catch (error) {
      return this.#keeper.threw(error);
    }
    if (isPromise(result)) this.#await(result);
  }

  flush(): void {}
  pulse(): void {}
  pause(): void {}

  async replace(successor: Successor): Promise<Replacement> {
    assert(successor.type === 'module', 'a module is replaced by a module');
    return this.#keeper.replace(successor.create as () => Bolt, () => {
      this.#context = successor.context;
    });
  }

  async stop(): Promise<void> {
    await this.#keeper.stop();
  }

  kill(): void {
    this.#keeper.kill();
  }

  /** Whether a collector belongs to the instance at hand: what is left of an earlier one says nothing any more. */
  hears(collector: Collector): boolean {
    return collector === this.#collector;
  }

  emit(values: Values, arity: number, options: BoltEmitOptions | undefined): readonly number[] {
    const task = options?.task ?? 0;
    const stream = checkEmit(this.#output, options?.stream ?? DEFAULT_STREAM, arity, task);
    if (stream instanceof PolyboltError) throw stream;
    const anchors = options?.anchors;
    if (anchors === undefined) return this.#output.emit(stream, values, NONE, 0, task);
    if (anchors instanceof ModuleInput) {
      this.#one[0] = this.#heldTuple(anchors, 'anchored an emit to');
      return this.#output.emit(stream, values, this.#one, 1, task);
    }
    const tuples = [...new Set(anchors as readonly ModuleInput[])].map((input) => this.#heldTuple(input, 'anchored an emit to'));
    return this.#output.emit(stream, values, tuples, tuples.length, task);
  }

  ack(input: ModuleInput): void {
    this.#release(input, 'acked');
    this.#keeper.progressed();
    this.#output.ack(input.tuple);
  }

  fail(input: ModuleInput): void {
    this.#release(input, 'failed');
    this.#output.fail(input.tuple);
  }

  reportError(error: unknown): void {
    this.#events.onError(this.#keeper.explain('PB_COMPONENT_ERROR', error));
  }

  #heldTuple(input: ModuleInput, verb: string): Tuple {
    if (this.#held.get(input.heldId) !== input) throw unknownTuple(verb);
    return input.tuple;
  }

  #release(input: ModuleInput, verb: string): void {
    if (this.#held.get(input.heldId) !== input) throw unknownTuple(verb);
    this.#held.remove(input.heldId);
    if (this.#held.size === HELD_MAX - 1) this.#events.onReady();
  }

  #await(result: PromiseLike<unknown>): void {
    const bolt = this.#bolt;
    this.#isBusy = true;
    const settle = (error?: unknown): void => {
      if (this.#bolt !== bolt) return; // Of an incarnation that has ended since.
      this.#isBusy = false;
      if (error !== undefined) this.#keeper.threw(error);
      this.#events.onReady();
    };
    result.then(
      () => settle(),
      (error: unknown) => settle(error ?? new Error('a promise was rejected without a reason')),
    );
  }

  #onLost(): void {
    const held = this.#held;
    this.#held = new IdRing<ModuleInput>();
    this.#isBusy = false;
    this.#bolt = undefined;
    this.#collector = undefined;
    held.forEach((input) => this.#output.fail(input.tuple));
  }
}

const NONE: readonly Tuple[] = [];

class ModuleInput implements InputTuple {
  readonly tuple: Tuple;
  heldId = 0;

  constructor(tuple: Tuple) {
    this.tuple = tuple;
  }
  get component(): string {
    return this.tuple.source.component;
  }
  get stream(): string {
    return this.tuple.source.stream;
  }
  get task(): number {
    return this.tuple.source.task;
  }
  get values(): readonly unknown[] {
    return this.tuple.values.array;
  }
  get text(): string {
    return this.tuple.values.text;
  }
  get isTick(): boolean {
    return this.tuple.source.stream === TICK_STREAM;
  }
  get(field: string): unknown {
    const index = this.tuple.source.fields.indexOf(field);
    return index < 0 ? undefined : this.values[index];
  }
}

class Collector implements BoltCollector {
  readonly #host: ModuleBolt;

  constructor(host: ModuleBolt) {
    this.#host = host;
  }
  emit(values: readonly unknown[], options?: BoltEmitOptions): readonly number[] {
    return this.#host.hears(this) ? this.#host.emit(Values.fromArray(values), values.length, options) : [];
  }
  emitText(text: string, options?: BoltEmitOptions): readonly number[] {
    const { values, arity } = valuesFromText(text);
    return this.#host.hears(this) ? this.#host.emit(values, arity, options) : [];
  }
  ack(tuple: InputTuple): void {
    if (this.#host.hears(this)) this.#host.ack(tuple as ModuleInput);
  }
  fail(tuple: InputTuple): void {
    if (this.#host.hears(this)) this.#host.fail(tuple as ModuleInput);
  }
  reportError(error: unknown): void {
    if (this.#host.hears(this)) this.#host.reportError(error);
  }
}

function unknownTuple(verb: string): PolyboltError {
  return new PolyboltError('PB_TUPLE_UNKNOWN', {
    message: `the component ${verb} a tuple that it does not hold`,
    hint: 'ack or fail each input once, and emit anchored tuples before that',
  });
}
