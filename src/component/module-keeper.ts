/**
 * Keeps an in-process component running: instance after instance under the same restart budget as a child's. Invariant: a throw ends the instance, and
 * nothing of it reaches the next.
 */

import { RestartBudget } from '../membership/restart-budget.js';
import type { ErrorCode } from '../model/error-codes.js';
import { PolyboltError } from '../model/errors.js';
import type { HostEvents, Replacement, TaskIdentity } from './ports.js';

/** Whether an author's method went on asynchronously; what else it may return means nothing. */
export function isPromise(result: unknown): result is PromiseLike<unknown> {
  return typeof result === 'object' && result !== null && typeof (result as { readonly then?: unknown }).then === 'function';
}

export interface ModuleSettings<T> {
  /** Makes a new instance; throws when the module is not what it should be. */
  readonly create: () => T;
  readonly restartsMax: number;
  /** How long an instance may take to clean up. */
  readonly shutdownGraceMs: number;
}

export interface ModuleLife<T> {
  open(instance: T): void | Promise<void>;
  close(instance: T): void | Promise<void>;
  /** The instance is gone: let go of everything that was its. */
  onLost(): void;
}

export class ModuleKeeper<T> {
  readonly #identity: TaskIdentity;
  readonly #events: HostEvents;
  readonly #life: ModuleLife<T>;
  #settings: ModuleSettings<T>;
  #budget: RestartBudget;
  #instance: T | undefined;
  #isUp = false;
  #completed = false;
  #stopping = false;
  #restart: NodeJS.Timeout | undefined;

  constructor(identity: TaskIdentity, settings: ModuleSettings<T>, events: HostEvents, life: ModuleLife<T>) {
    this.#identity = identity;
    this.#settings = settings;
    this.#events = events;
    this.#life = life;
    this.#budget = new RestartBudget(settings.restartsMax);
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  start(): void {
    if (this.#stopping) return;
    this.#completed = false;
    this.#open().then(
      () => this.#events.onReady(),
      (error: unknown) => this.threw(error),
    );
  }

  progressed(): void {
    this.#completed = true;
  }

  /** The component threw: its incarnation ends, and the next one is started. */
  threw(error: unknown): void {
    this.#isUp = false;
    this.#instance = undefined;
    this.#life.onLost();
    const explained = this.explain('PB_MODULE_THREW', error);
    if (this.#stopping) return this.#events.onError(explained);
    const delayMs = this.#budget.next(this.#completed);
    if (delayMs === undefined) {
      return this.#events.onFatal(
        new PolyboltError('PB_RESTARTS_EXHAUSTED', {
          message: `component "${this.#identity.component}" was started ${this.#settings.restartsMax + 1} times in a row and completed no tuple; the last time: ${explained.message}`,
          hint: explained.hint,
          context: explained.context,
          cause: error,
        }),
      );
    }
    this.#events.onError(explained);
    this.#events.onRestart();
    this.#restart = setTimeout(() => this.start(), delayMs);
  }

  /** An error of the component with what a person wants to know; errors that have a code keep it. */
  explain(code: ErrorCode, error: unknown): PolyboltError {
    const { component, task } = this.#identity;
    if (error instanceof PolyboltError) return error.with({ component, task });
    const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return new PolyboltError(code, {
      message: trace.split('\n')[0] as string,
      hint: code === 'PB_MODULE_THREW' ? 'catch it in the component, or make it a BasicBolt, which fails the tuple and goes on' : '',
      context: { component, task, trace },
      cause: error,
    });
  }

  /**
   * Has the next instance made by another factory, which has been tried out; `takeOver` closes the one at hand and starts that one. Nothing of this is charged to the
   * restart budget.
   * @param onTakeOver called before the new instance is opened
   */
  replace(create: () => T, onTakeOver: () => void): Replacement {
    const takeOver = (): void => {
      const before = this.#instance;
      clearTimeout(this.#restart);
      this.#settings = { ...this.#settings, create };
      this.#budget = new RestartBudget(this.#settings.restartsMax);
      this.#isUp = false;
      this.#instance = undefined;
      this.#life.onLost();
      onTakeOver();
      const closed = before === undefined ? Promise.resolve() : this.#close(before);
      // Unless yet another has taken over while it closed.
      void closed.then(() => this.#settings.create === create && this.start());
    };
    return { takeOver, discard: () => Promise.resolve() };
  }

  async stop(): Promise<void> {
    const instance = this.#instance;
    this.#stopping = true;
    clearTimeout(this.#restart);
    if (instance === undefined) return;
    await this.#close(instance);
    this.kill();
  }

  /** Lets an instance clean up, if it does so in time. */
  async #close(instance: T): Promise<void> {
    let giveUp: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      giveUp = setTimeout(resolve, this.#settings.shutdownGraceMs);
    });
    try {
      await Promise.race([this.#life.close(instance), patience]);
    } catch (error) {
      this.#events.onError(this.explain('PB_MODULE_THREW', error));
    }
    clearTimeout(giveUp);
  }

  kill(): void {
    this.#stopping = true;
    clearTimeout(this.#restart);
    if (this.#instance === undefined) return;
    this.#isUp = false;
    this.#instance = undefined;
    this.#life.onLost();
  }

  async #open(): Promise<void> {
    const instance = this.#settings.create();
    this.#instance = instance;
    try {
      await this.#life.open(instance);
    } catch (error) {
      if (this.#instance === instance) throw error;
      return this.#events.onError(this.explain('PB_MODULE_THREW', error)); // Of one that has been replaced meanwhile.
    }
    if (this.#instance === instance) this.#isUp = true;
  }
}
