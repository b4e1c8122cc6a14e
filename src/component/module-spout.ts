/**
 * A spout that runs inside the worker. Invariant: the same rules as for a child: one command at a time, verdicts only to the instance that emitted, a throw ends the
 * incarnation and a new instance takes over.
 */
import type { Spout, SpoutCollector, SpoutEmitOptions, TaskContext } from '../model/component-api.js';
import { PolyboltError } from '../model/errors.js';
import { DEFAULT_STREAM } from '../model/topology.js';
import { Values } from '../model/values.js';
import { checkEmit } from './emit-rules.js';
import { ModuleKeeper, type ModuleSettings } from './module-keeper.js';
import type { ComponentOutput, SpoutHost, TaskIdentity } from './ports.js';
import type { SpoutEvents } from './shell-spout.js';
import { valuesFromText } from './values-from-text.js';

export class ModuleSpout implements SpoutHost {
  wasEmpty = false;
  readonly #output: ComponentOutput;
  readonly #events: SpoutEvents;
  readonly #keeper: ModuleKeeper<Spout>;
  readonly #collector: SpoutCollector;
  #spout: Spout | undefined;
  #isBusy = false;
  #isActive = false;
  #toldActive = false;
  #emitted = 0;

  constructor(identity: TaskIdentity, settings: ModuleSettings<Spout>, context: TaskContext, output: ComponentOutput, events: SpoutEvents) {
    this.#output = output;
    this.#events = events;
    this.#collector = {
      emit: (values, options) => this.#emit(Values.fromArray(values), values.length, options),
      emitText: (text, options) => {
        const { values, arity } = valuesFromText(text);
        return this.#emit(values, arity, options);
      },
      reportError: (error) => events.onError(this.#keeper.explain('PB_COMPONENT_ERROR', error)),
    };
    this.#keeper = new ModuleKeeper<Spout>(identity, settings, events, {
      open: (spout) => {
        this.#spout = spout;
        return spout.open?.(context, this.#collector);
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
    let result: void | Promise<void>;
    try {
      result = (this.#spout as Spout).nextTuple(this.#collector);
    } catch (error) {
      return this.#keeper.threw(error);
    }
    if (result === undefined) this.wasEmpty = this.#emitted === 0;
    else this.#await(result);
  }

  verdict(verdict: 'ack' | 'fail', messageId: unknown): void {
    try {
      if (verdict === 'ack') this.#spout?.ack?.(messageId);
      else this.#spout?.fail?.(messageId);
    } catch (error) {
      this.#keeper.threw(error);
    }
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

  async stop(): Promise<void> {
    await this.#keeper.stop();
  }

  kill(): void {
    this.#keeper.kill();
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
    try {
      if (this.#isActive) this.#spout?.activate?.();
      else this.#spout?.deactivate?.();
    } catch (error) {
      this.#keeper.threw(error);
    }
  }

  #await(result: Promise<void>): void {
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
