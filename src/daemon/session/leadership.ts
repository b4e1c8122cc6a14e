/**
 * One daemon's candidacy over one session: carries out what the leader latch decides. Invariant: `isLeader` is false as soon as the session is not
 * connected, before anybody is told; leadership is a hint that spares work, the versions of writes are what protects the store.
 */
import type { StoreSession, Subscription } from '../../coordination/store.js';
import {
  candidateId,
  candidatePrefix,
  type LatchEffect,
  type LatchEvent,
  type LatchState,
  type LatchStep,
  leadingCandidate,
  startLatch,
  stepLatch,
} from '../../membership/leader-latch.js';
import type { Clock, Timer } from '../../model/clock.js';
import { LEADER_PATH } from '../../model/cluster-records.js';
import { assertNever, PolyboltError } from '../../model/errors.js';
import { LATCH_RETRY_MS } from '../../model/limits.js';
import type { Log } from '../../model/log.js';

export interface LeadershipPorts {
  readonly clock: Clock;
  readonly log: Log;
}

/** Id of the nimbus whose candidate leads, as the store has it now; undefined where nobody stands. */
export async function readLeaderId(session: StoreSession): Promise<string | undefined> {
  const leading = leadingCandidate(await session.children(LEADER_PATH));
  return leading === undefined ? undefined : candidateId(leading);
}

export class Leadership {
  readonly #session: StoreSession;
  readonly #id: string;
  readonly #ports: LeadershipPorts;
  readonly #onChange: (isLeader: boolean) => void;
  readonly #watches = new Map<string, Subscription>();
  readonly #connection: Subscription | undefined;
  #state: LatchState;
  #told = false;
  #retry: Timer | undefined;
  #removals: Promise<void> = Promise.resolve();
  #settleClosed: () => void = () => {};
  readonly #closed: Promise<void>;

  /**
   * Stands as a candidate until the session ends or `close`.
   * @param id of the daemon; of two daemons with one id both stand.
   * @param onChange hears when `isLeader` has changed; never before this returns, nor after `close`. It must not throw.
   * @throws PB_STORE_SESSION_ENDED
   */
  constructor(session: StoreSession, id: string, ports: LeadershipPorts, onChange: (isLeader: boolean) => void) {
    this.#session = session;
    this.#id = id;
    this.#ports = ports;
    this.#onChange = onChange;
    this.#closed = new Promise((resolve) => {
      this.#settleClosed = resolve;
    });
    this.#connection = session.onConnection((isConnected) => this.#happen({ kind: 'connection', isConnected }));
    void session.ended.then(() => this.#happen({ kind: 'ended' }));
    const { state, effects } = startLatch(session.isConnected);
    this.#state = state;
    // Effects may answer at once, and nobody must be told before this returns.
    queueMicrotask(() => this.#carryOut(effects));
  }

  /** Whether this daemon may act as the leader at this very moment. */
  get isLeader(): boolean {
    return this.#state.leads && this.#session.isConnected;
  }

  /** Gives leadership or candidacy back. Resolves when the candidate is gone, or when only the end of the session can remove it. */
  async close(): Promise<void> {
    if (!this.#state.isClosed) this.#happen({ kind: 'closed' });
    if (this.#state.session === 'connected') await this.#closed;
    await this.#removals;
  }

  #happen(event: LatchEvent): void {
    this.#take(stepLatch(this.#state, event));
  }

  #take({ state, effects }: LatchStep): void {
    this.#state = state;
    if (state.session === 'ended' || state.isClosed) {
      this.#retry?.cancel();
      if (state.session !== 'connected' || (!state.isBusy && effects.every(({ kind }) => kind !== 'read'))) this.#settleClosed();
    }
    this.#tell();
    this.#carryOut(effects);
    if (state.session === 'ended') this.#connection?.close();
  }

  #tell(): void {
    const { leads, isClosed } = this.#state;
    if (leads === this.#told) return;
    this.#told = leads;
    this.#ports.log.info(leads ? 'leadership.won' : 'leadership.lost', { id: this.#id });
    if (!isClosed) this.#onChange(leads);
  }

  #carryOut(effects: readonly LatchEffect[]): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case 'read':
          this.#answer(this.#read());
          break;
        case 'create':
          this.#answer(this.#create());
          break;
        case 'remove':
          this.#removals = this.#remove(effect.names);
          break;
        case 'watch':
          this.#watch(effect.names);
          break;
        case 'retry':
          this.#retry?.cancel();
          this.#retry = this.#ports.clock.after(LATCH_RETRY_MS, () => this.#happen({ kind: 'changed' }));
          break;
        default:
          assertNever(effect);
      }
    }
  }

  #answer(outcome: Promise<LatchEvent>): void {
    void outcome.then(
      (event) => this.#happen(event),
      (error: unknown) => {
        if (!isSessionEnd(error)) this.#ports.log.warn('leadership.unclear', { id: this.#id, error: String(error) });
        this.#happen({ kind: 'failed' });
      },
    );
  }

  /** The owner is asked for after the list: what is owned then was there, with nothing before it, when the list was made. */
  async #read(): Promise<LatchEvent> {
    const candidates = await this.#session.children(LEADER_PATH);
    const mine = candidates.filter((name) => candidateId(name) === this.#id);
    const entries = await Promise.all(mine.map((name) => this.#session.get(`${LEADER_PATH}/${name}`)));
    return { kind: 'found', candidates, owned: mine.filter((_, index) => entries[index]?.owned === true) };
  }

  async #create(): Promise<LatchEvent> {
    await this.#session.createSequential(`${LEADER_PATH}/${candidatePrefix(this.#id)}`, '');
    return { kind: 'created' };
  }

  async #remove(names: readonly string[]): Promise<void> {
    for (const name of names) {
      try {
        await this.#session.deleteIfVersion(`${LEADER_PATH}/${name}`, 0);
      } catch (error) {
        // It is gone already, or it goes with the session.
        this.#ports.log.debug('candidate.kept', { name, error: String(error) });
      }
    }
  }

  #watch(names: readonly string[]): void {
    for (const [name, subscription] of this.#watches) {
      if (names.includes(name)) continue;
      subscription.close();
      this.#watches.delete(name);
    }
    for (const name of names) {
      if (this.#watches.has(name)) continue;
      this.#watches.set(
        name,
        this.#session.subscribe(`${LEADER_PATH}/${name}`, 'entry', () => this.#happen({ kind: 'changed' })),
      );
    }
  }
}

function isSessionEnd(error: unknown): boolean {
  return error instanceof PolyboltError && error.code === 'PB_STORE_SESSION_ENDED';
}
