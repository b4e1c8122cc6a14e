/**
 * Keeps a session with the store open for as long as a daemon lives: opens one, hands it on, and when it has expired opens the next. Invariant: there is at
 * most one session at a time, and each is handed on once. Attempts are spread at random, so that daemons that lost the store together do not come back as a herd.
 */
import type { StoreClient, StoreSession, Subscription } from '../../coordination/store.js';
import type { Clock, Timer } from '../../model/clock.js';
import type { ErrorCode } from '../../model/error-codes.js';
import { PolyboltError } from '../../model/errors.js';
import { STORE_REOPEN_MS_MAX, STORE_REOPEN_MS_MIN } from '../../model/limits.js';
import type { Log } from '../../model/log.js';

export interface SessionKeeperPorts {
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly log: Log;
}

/** Mistakes of an operator: waiting makes none of them better, so a daemon that starts says so and ends. */
const FINAL_CODES: readonly ErrorCode[] = [
  'PB_STORE_CLIENT_MISSING',
  'PB_STORE_FORBIDDEN',
  'PB_STORE_UNPROTECTED',
  'PB_DAEMON_CONFIG_INVALID',
];

export class SessionKeeper {
  readonly #client: StoreClient;
  readonly #ports: SessionKeeperPorts;
  readonly #onSession: (session: StoreSession) => void;
  #session: StoreSession | undefined;
  #opening: Promise<void> | undefined;
  #connection: Subscription | undefined;
  #wait: { readonly timer: Timer; readonly end: () => void } | undefined;
  #stopped = false;

  /** @param onSession gets each new session, the first one before `start` resolves: whatever the last one held is gone. It must not throw. */
  constructor(client: StoreClient, ports: SessionKeeperPorts, onSession: (session: StoreSession) => void) {
    this.#client = client;
    this.#ports = ports;
    this.#onSession = onSession;
  }

  /** The session that is open now, connected or not; undefined between two sessions. */
  get session(): StoreSession | undefined {
    return this.#session;
  }

  /**
   * Resolves when the first session is open, however long the store takes to answer, or when `stop` was called.
   * @throws PolyboltError what waiting does not mend: no client installed, access refused.
   */
  async start(): Promise<void> {
    this.#opening = this.#open(0, true);
    await this.#opening;
  }

  /** Closes the session; no session is handed on any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wait?.end();
    // The one who called start() hears of its failure.
    await this.#opening?.catch(() => {});
    this.#connection?.close();
    await this.#session?.close();
    this.#session = undefined;
  }

  async #open(delayMs: number, isFirst: boolean): Promise<void> {
    for (let waitMs = delayMs, attempt = 0; !this.#stopped; attempt++) {
      if (waitMs > 0) await this.#pause(waitMs);
      if (this.#stopped) return;
      try {
        const session = await this.#client.open();
        if (this.#stopped) return await session.close();
        return this.#take(session);
      } catch (error) {
        if (isFirst && error instanceof PolyboltError && FINAL_CODES.includes(error.code)) throw error;
        waitMs = this.#backoffMs(attempt);
        this.#ports.log.warn('store.unreachable', { error: String(error), retryInMs: Math.round(waitMs) });
      }
    }
  }

  #take(session: StoreSession): void {
    this.#session = session;
    this.#ports.log.info('store.connected', { isNew: true });
    this.#connection = session.onConnection((isConnected) => {
      if (isConnected) this.#ports.log.info('store.connected', { isNew: false });
      else this.#ports.log.warn('store.suspended');
    });
    void session.ended.then((end) => {
      this.#connection?.close();
      if (this.#session === session) this.#session = undefined;
      if (end === 'closed' || this.#stopped) return;
      this.#ports.log.warn('store.expired');
      this.#opening = this.#open(this.#ports.random() * STORE_REOPEN_MS_MIN, false);
    });
    this.#onSession(session);
  }

  /** Between nothing and twice as much after each attempt: full jitter. */
  #backoffMs(attempt: number): number {
    return STORE_REOPEN_MS_MIN / 2 + this.#ports.random() * Math.min(STORE_REOPEN_MS_MAX, STORE_REOPEN_MS_MIN * 2 ** Math.min(attempt, 30));
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        this.#wait?.timer.cancel();
        this.#wait = undefined;
        resolve();
      };
      this.#wait = { timer: this.#ports.clock.after(ms, end), end };
    });
  }
}
