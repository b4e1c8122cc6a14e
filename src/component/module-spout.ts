/**
 * A spout that runs inside the worker. Invariant: the same rules as for a child: one command at a time, verdicts only to the instance that emitted, a throw ends the
 * incarnation and a new instance takes over.
 */
import type { Spout, SpoutCollector, SpoutEmitOptions, TaskContext } from '../model/component-api.js';
import { assert, PolyboltError } from '../model/errors.js';
import { DEFAULT_STREAM } from '../model/topology.js';
import { Values } from '../model/values.js';
import { checkEmit } from './emit-rules.js';
import { isPromise, ModuleKeeper, type ModuleSettings } from './module-keeper.js';
import type { ComponentOutput, Replacement, SpoutHost, Successor, TaskIdentity } from './ports.js';
import type { SpoutEvents } from './shell-spout.js';
import { valuesFromText } from './values-from-text.js';

export class ModuleSpout implements SpoutHost {
  wasEmpty = false;
  /** It answers in the call. */
  readonly owesAnswer = false;
  readonly #output: ComponentOutput;
  readonly #events: SpoutEvents;
  readonly #keeper: ModuleKeeper<Spout>;
  #context: TaskContext;
  #collector: SpoutCollector | undefined;
  #spout: Spout | undefined;
  #isBusy = false;
  #isActive = false;
  #toldActive = false;
  #emitted = 0;

  constructor(identity: TaskIdentity, settings: ModuleSettings<Spout>, context: TaskContext, output: ComponentOutput, events: SpoutEvents) {
    this.#context = context;
    this.#output = output;
    this.#events = events;
    this.#keeper = new ModuleKeeper<Spout>(identity, settings, events, {
      open: (spout) => {
        this.#spout = spout;
        const collector = this.#collectorFor(spout);
        this.#collector = collector;
        return spout.open?.(this.#context, collector);
      },
      close: (spout) => spout.close?.(),
      onLost: () => this.#onLost(),
    });
  }

  get isRunning(): boolean {
    return this.#keeper.isUp;
  }

  get isIdle(): boolean {
    if (this.#keeper.isUp && this.#toldActive !== this.#isActive) this.#tellActive();
    return this.#keeper.isUp && !this.#isBusy;
  }

  start(): void {
    this.#keeper.start();
  }

  // Hot path: once for every `nextTuple`.
  next(): void {
    this.#emitted = 0;
    let result: unknown;
    try {
      result = (this.#spout as Spout).nextTuple(this.#collector as SpoutCollector);
    } catch (error) {
      return this.#keeper.threw(error);
    }
    if (isPromise(result)) this.#await(result);
    else this.wasEmpty = this.#emitted === 0;
  }

  verdict(verdict: 'ack' | 'fail', messageId: unknown): void {
    this.#tell((spout) => (verdict === 'ack' ? spout.ack?.(messageId) : spout.fail?.(messageId)));
  }

  activate(): void {
    this.#isActive = true;
  }

  deactivate(): void {
    this.#isActive = false;
    if (this.#keeper.isUp) this.#tellActive();
  }

  flush(): void {}
  pulse(): void {}
  pause(): void {}

  async replace(successor: Successor): Promise<Replacement> {
    assert(successor.type === 'module', 'a module is replaced by a module');
    return this.#keeper.replace(successor.create as () => Spout, () => {
      this.#context = successor.context;
    });
  }

  async stop(): Promise<void> {
    await this.#keeper.stop();
  }

  kill(): void {
    this.#keeper.kill();
  }

  /** What an instance emits through; what is left of an instance that has ended says nothing any more. */
  #collectorFor(spout: Spout): SpoutCollector {
    return {
      emit: (values, options) => (this.#spout === spout ? this.#emit(Values.fromArray(values), values.length, options) : []),
      emitText: (text, options) => {
        const { values, arity } = valuesFromText(text);
        return this.#spout === spout ? this.#emit(values, arity, options) : [];
      },
      reportError: (error) => {
        if (this.#spout === spout) this.#events.onError(this.#keeper.explain('PB_COMPONENT_ERROR', error));
      },
    };
  }

  #emit(values: Values, arity: number, options: SpoutEmitOptions | undefined): readonly number[] {
    const task = options?.task ?? 0;
    const stream = checkEmit(this.#output, options?.stream ?? DEFAULT_STREAM, arity, task);
    if (stream instanceof PolyboltError) throw stream;
    this.#emitted++;
    this.#keeper.progressed();
    return this.#output.emitRoot(stream, values, options?.id, task);
  }

  #tellActive(): void {
    if (this.#toldActive === this.#isActive) return;
    this.#toldActive = this.#isActive;
    this.#tell((spout) => (this.#isActive ? spout.activate?.() : spout.deactivate?.()));
  }

  /** Nobody waits for these; one that goes on asynchronously may still throw. */
  #tell(say: (spout: Spout) => unknown): void {
    const spout = this.#spout;
    if (spout === undefined) return;
    const threw = (error: unknown): void => {
      if (this.#spout === spout) this.#keeper.threw(error);
    };
    try {
      const result = say(spout);
      if (isPromise(result)) result.then(undefined, threw);
    } catch (error) {
      threw(error);
    }
  }

  #await(result: PromiseLike<unknown>): void {
    const spout = this.#spout;
    this.#isBusy = true;
    const settle = (error?: unknown): void => {
      if (this.#spout !== spout) return; // Of an incarnation that has ended since.
      this.#isBusy = false;
      this.wasEmpty = this.#emitted === 0;
      if (error !== undefined) this.#keeper.threw(error);
      this.#events.onReady();
    };
    result.then(
      () => settle(),
      (error: unknown) => settle(error ?? new Error('a promise was rejected without a reason')),
    );
  }

  #onLost(): void {
    this.#spout = undefined;
    this.#isBusy = false;
    this.#toldActive = false;
    this.#events.onLost();
  }
}
