/**
 * A child on trial that is to take the place of another of the same task. Invariant: until it takes over, nothing of it reaches the topology and the other
 * goes on undisturbed; it is taken for sound once it has answered the handshake and one question more.
 */
import type { PolyboltError } from '../model/errors.js';
import type { IncarnationEvents, ShellPorts, ShellSettings } from './incarnation-ports.js';
import type { TaskIdentity } from './ports.js';
import { ShellIncarnation } from './shell-incarnation.js';

/** How often its patience is looked at, in ms, while nobody else does. */
const PULSE_MS = 100;

export interface CandidateEvents extends IncarnationEvents {
  /** It takes over now: because it was told to, or because it has something to say that only the one in charge may say. */
  onTakeOver(candidate: ShellCandidate): void;
}

export class ShellCandidate {
  readonly incarnation: ShellIncarnation;
  /** Resolves when it may take over; rejects with why it cannot be started. */
  readonly sound: Promise<void>;
  readonly #events: CandidateEvents;
  readonly #pulse: NodeJS.Timeout;
  #phase: 'trying' | 'sound' | 'inCharge' | 'given up' = 'trying';
  #settle: (error?: PolyboltError) => void = () => {};
  #end: { readonly error: PolyboltError | undefined } | undefined;

  /** @param question text that the child answers with `sync`, once it has prepared itself; none where it could not be trusted to answer */
  constructor(identity: TaskIdentity, settings: ShellSettings, ports: ShellPorts, question: string | undefined, events: CandidateEvents) {
    this.#events = events;
    this.sound = new Promise((resolve, reject) => {
      this.#settle = (error) => (error === undefined ? resolve() : reject(error));
    });
    this.#pulse = setInterval(() => this.incarnation.pulse(ports.now()), PULSE_MS);
    this.incarnation = new ShellIncarnation(identity, settings, ports, {
      onUp: () => this.#onUp(question),
      onSync: () => {
        if (this.#phase === 'inCharge') events.onSync();
        else this.#isSound();
      },
      onEmit: (frame) => this.#inCharge().onEmit(frame),
      onAck: (id) => this.#inCharge().onAck(id),
      onFail: (id) => this.#inCharge().onFail(id),
      onUnknownCommand: (command) => this.#inCharge().onUnknownCommand(command),
      onDirty: () => {
        if (this.#phase === 'inCharge') events.onDirty();
        else this.incarnation.flush();
      },
      onDrain: () => {
        if (this.#phase === 'inCharge') events.onDrain();
      },
      onLog: (level, message) => events.onLog(level, message),
      onError: (error) => events.onError(error),
      onMetrics: (name, params) => events.onMetrics(name, params),
      onEnded: (error) => this.#onEnded(error),
    });
  }

  /** Takes over, once. One that has died since it was found sound dies again then, as the one in charge. */
  takeOver(): void {
    if (this.#phase === 'inCharge' || this.#phase === 'given up') return;
    this.#isSound();
    this.#phase = 'inCharge';
    clearInterval(this.#pulse);
    this.#events.onTakeOver(this);
    if (this.#end !== undefined) this.#events.onEnded(this.#end.error);
    else if (this.incarnation.isUp) this.#events.onUp();
  }

  /** Asks it to go, unless it is in charge. Resolves when it is gone. */
  async discard(): Promise<void> {
    if (this.#phase === 'inCharge' || this.#phase === 'given up') return;
    this.#phase = 'given up';
    clearInterval(this.#pulse);
    await this.incarnation.stop();
  }

  kill(): void {
    clearInterval(this.#pulse);
    this.incarnation.kill();
  }

  #onUp(question: string | undefined): void {
    if (this.#phase === 'inCharge') return this.#events.onUp();
    if (question === undefined) return this.#isSound();
    this.incarnation.outbox.addTuple(question);
  }

  #isSound(): void {
    if (this.#phase === 'trying') this.#phase = 'sound';
    this.#settle();
  }

  #inCharge(): IncarnationEvents {
    this.takeOver();
    return this.#events;
  }

  #onEnded(error: PolyboltError | undefined): void {
    clearInterval(this.#pulse);
    this.#end = { error };
    if (this.#phase === 'inCharge') return this.#events.onEnded(error);
    if (error !== undefined) this.#settle(error);
    else this.#settle();
  }
}
