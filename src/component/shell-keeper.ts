/**
 * Keeps a child running: incarnation after incarnation, until its restart budget is spent or somebody asks it to go. Invariant: at most
 * one incarnation is in charge at a time, and `onLost` runs before the next one is.
 */

import { RestartBudget } from '../membership/restart-budget.js';
import { PolyboltError } from '../model/errors.js';
import type { IncarnationEvents, ShellPorts, ShellSettings } from './incarnation-ports.js';
import type { HostEvents, Replacement, TaskIdentity } from './ports.js';
import { ShellCandidate } from './shell-candidate.js';
import { ShellIncarnation } from './shell-incarnation.js';

/** Errors after which another try would fail the same way. */
const HOPELESS: ReadonlySet<string> = new Set(['PB_COMPONENT_NOT_FOUND', 'PB_COMPONENT_NOT_EXECUTABLE', 'PB_COMPONENT_START_FAILED']);

/** Starts of a command that has never yet answered a handshake: a missing import does not mend itself. */
const FIRST_STARTS_MAX = 3;

/** What is short now and may not be later: another try is worth its while. */
const TRANSIENT: ReadonlySet<unknown> = new Set(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM', 'ETXTBSY']);

export type KeptEvents = Omit<IncarnationEvents, 'onEnded' | 'onError' | 'onLog' | 'onMetrics'> & {
  /** The incarnation is gone: let go of everything that was its. */
  onLost(): void;
};

export class ShellKeeper {
  readonly #identity: TaskIdentity;
  readonly #ports: ShellPorts;
  readonly #host: HostEvents;
  readonly #kept: KeptEvents;
  #settings: ShellSettings & { readonly restartsMax: number };
  #budget: RestartBudget;
  #incarnation: ShellIncarnation | undefined;
  #completed = false;
  #hasBeenUp = false;
  #starts = 0;
  #stopping = false;
  #restart: NodeJS.Timeout | undefined;
  #failing: PolyboltError | undefined;
  /** Those that are to take over, and those that have been taken over from. */
  readonly #candidates = new Set<ShellCandidate>();
  readonly #leaving = new Set<ShellIncarnation>();

  constructor(
    identity: TaskIdentity,
    settings: ShellSettings & { readonly restartsMax: number },
    ports: ShellPorts,
    host: HostEvents,
    kept: KeptEvents,
  ) {
    this.#identity = identity;
    this.#settings = settings;
    this.#ports = ports;
    this.#host = host;
    this.#kept = kept;
    this.#budget = new RestartBudget(settings.restartsMax);
  }

  get current(): ShellIncarnation | undefined {
    return this.#incarnation;
  }

  get isUp(): boolean {
    return this.#incarnation?.isUp === true;
  }

  start(): void {
    if (this.#stopping) return;
    this.#completed = false;
    this.#starts++;
    const incarnation: ShellIncarnation = new ShellIncarnation(
      this.#identity,
      this.#settings,
      this.#ports,
      this.#eventsOf(() => incarnation),
    );
    this.#incarnation = incarnation;
  }

  /**
   * Tries out a child by other settings, which may then take over; what runs goes on until then, and for good when the new one cannot be started, which the rejection
   * says why. Nothing of this is charged to the restart budget.
   * @param question as for `ShellCandidate`
   */
  async replace(settings: ShellSettings & { readonly restartsMax: number }, question: string | undefined): Promise<Replacement> {
    const candidate: ShellCandidate = new ShellCandidate(this.#identity, settings, this.#ports, question, {
      ...this.#eventsOf(() => candidate.incarnation),
      onTakeOver: () => this.#onTakeOver(candidate, settings),
    });
    this.#candidates.add(candidate);
    try {
      await candidate.sound;
    } catch (error) {
      this.#candidates.delete(candidate);
      throw error;
    }
    return { takeOver: () => candidate.takeOver(), discard: () => this.#discard(candidate) };
  }

  /** The incarnation has completed a tuple: it works. */
  progressed(): void {
    this.#completed = true;
  }

  /** Ends the incarnation because it broke a rule that cannot be mended; the next one is started. */
  end(error: PolyboltError): void {
    this.#incarnation?.end(error);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restart);
    const others = [...[...this.#candidates].map((candidate) => candidate.discard()), ...[...this.#leaving].map(({ gone }) => gone)];
    await Promise.all([this.#incarnation?.stop(), ...others]);
  }

  kill(): void {
    this.#stopping = true;
    clearTimeout(this.#restart);
    this.#incarnation?.kill();
    for (const other of [...this.#candidates, ...this.#leaving]) other.kill();
  }

  #eventsOf(incarnation: () => ShellIncarnation): IncarnationEvents {
    const { topology, component, task, log } = this.#identity;
    const kept = this.#kept;
    const host = this.#host;
    return {
      onUp: () => {
        this.#hasBeenUp = true;
        log.debug('child.up', { topology, component, task, pid: incarnation().pid });
        kept.onUp();
      },
      onEmit: (frame) => kept.onEmit(frame),
      onAck: (id) => kept.onAck(id),
      onFail: (id) => kept.onFail(id),
      onSync: () => kept.onSync(),
      onUnknownCommand: (command) => kept.onUnknownCommand(command),
      onDirty: () => kept.onDirty(),
      onDrain: () => kept.onDrain(),
      onLog: (level, message) => host.onLog(level, message),
      onError: (error) => host.onError(error),
      onMetrics: (name, params) => host.onMetrics(name, params),
      onEnded: (error) => {
        if (this.#incarnation === incarnation()) this.#onEnded(error);
        else this.#onLeft(incarnation(), error);
      },
    };
  }

  #onTakeOver(candidate: ShellCandidate, settings: ShellSettings & { readonly restartsMax: number }): void {
    const before = this.#incarnation;
    clearTimeout(this.#restart);
    this.#candidates.delete(candidate);
    this.#settings = settings;
    this.#budget = new RestartBudget(settings.restartsMax);
    this.#starts = 1;
    this.#completed = false;
    this.#incarnation = candidate.incarnation;
    this.#kept.onLost();
    if (before === undefined) return;
    // Nothing crosses incarnations (design D8): what it still says and what was for it is dropped, its inputs have failed and are replayed.
    this.#leaving.add(before);
    before.decoder.stop();
    before.outbox.take();
    void before.stop();
  }

  #onLeft(incarnation: ShellIncarnation, error: PolyboltError | undefined): void {
    this.#leaving.delete(incarnation);
    if (error !== undefined) this.#host.onError(error);
  }

  async #discard(candidate: ShellCandidate): Promise<void> {
    await candidate.discard();
    this.#candidates.delete(candidate);
  }

  #onEnded(error: PolyboltError | undefined): void {
    this.#incarnation = undefined;
    this.#kept.onLost();
    if (error !== undefined) this.#failing = error;
    if (this.#stopping) {
      if (error !== undefined) this.#host.onError(error);
      return;
    }
    if (error === undefined) return;
    if (HOPELESS.has(error.code) && !TRANSIENT.has((error.cause as NodeJS.ErrnoException | undefined)?.code))
      return this.#host.onFatal(error);
    this.#host.onError(error);
    const delayMs = this.#budget.next(this.#completed);
    if (delayMs === undefined || (!this.#hasBeenUp && this.#starts >= FIRST_STARTS_MAX)) return this.#host.onFatal(this.#exhausted(error));
    this.#host.onRestart();
    // At once still means from the event loop: whoever is being told of the end comes first.
    this.#restart = setTimeout(() => this.start(), delayMs);
  }

  #exhausted(last: PolyboltError): PolyboltError {
    return new PolyboltError('PB_RESTARTS_EXHAUSTED', {
      message: `component "${this.#identity.component}" was started ${this.#starts} times and ${this.#hasBeenUp ? 'completed no tuple at last' : 'never answered the handshake'}; the last time: ${last.code} ${last.message}`,
      hint: last.hint === '' ? 'see stderr of the component' : last.hint,
      context: last.context,
      cause: this.#failing,
    });
  }
}
