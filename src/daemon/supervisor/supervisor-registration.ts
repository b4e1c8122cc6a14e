/**
 * What a supervisor says of itself in the store: one ephemeral a session, written when something has changed. Invariant: one write at a time, each by the version
 * that was read or written last; an entry that an earlier session of the same supervisor has left is removed first.
 */
import type { StoreSession, Subscription } from '../../coordination/store.js';
import type { Clock, Timer } from '../../model/clock.js';
import { PolyboltError } from '../../model/errors.js';
import type { Log } from '../../model/log.js';
import { Backoff } from './supervisor-backoff.js';

/** Changes of this time become one write. */
const COLLECT_MS = 50;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5000;

export interface RegistrationPorts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

export class Registration {
  readonly #session: StoreSession;
  readonly #path: string;
  readonly #read: () => string;
  readonly #ports: RegistrationPorts;
  readonly #backoff: Backoff;
  readonly #onWritten: () => void;
  #watch: Subscription | undefined;
  /** What the store holds of ours; undefined while that is not known. */
  #held: { readonly version: number; readonly data: string } | undefined;
  #isWriting = false;
  #timer: Timer | undefined;
  #isClosed = false;

  /**
   * @param read the record as it is now
   * @param onWritten after each write
   */
  constructor(session: StoreSession, path: string, read: () => string, ports: RegistrationPorts, onWritten: () => void) {
    this.#session = session;
    this.#path = path;
    this.#read = read;
    this.#ports = ports;
    this.#onWritten = onWritten;
    this.#backoff = new Backoff(FIRST_PAUSE_MS, LONGEST_PAUSE_MS, ports.random);
  }

  /** Writes, and sees to it from now on that the entry stays. */
  open(): void {
    this.#watch = this.#session.subscribe(this.#path, 'entry', () => void this.#check());
    void this.#write();
  }

  /** Something has changed. */
  changed(): void {
    if (!this.#isClosed && this.#watch !== undefined) this.#timer ??= this.#ports.clock.after(COLLECT_MS, () => void this.#write());
  }

  close(): void {
    this.#isClosed = true;
    this.#watch?.close();
    this.#timer?.cancel();
  }

  /** The entry has changed, mostly by our own hand. If it is not ours as we wrote it, it is written again. */
  async #check(): Promise<void> {
    if (this.#isWriting || this.#held === undefined) return;
    try {
      const entry = await this.#session.get(this.#path);
      if (this.#isWriting || (entry?.owned === true && entry.version === this.#held?.version)) return;
    } catch {
      return; // A store that does not answer has lost nothing yet; what it lost, it tells when it is back.
    }
    this.#ports.log.warn('registration.lost', { path: this.#path });
    this.#held = undefined;
    // Not at once: should another process of the same id be alive, the two would fight as fast as the store can write.
    this.#retry();
  }

  async #write(): Promise<void> {
    this.#timer = undefined;
    if (this.#isWriting || this.#isClosed) return;
    this.#isWriting = true;
    try {
      for (let data = this.#read(); data !== this.#held?.data && !this.#isClosed; data = this.#read()) await this.#put(data);
      this.#isWriting = false;
      this.#backoff.reset();
    } catch (error) {
      this.#isWriting = false;
      this.#held = undefined;
      if (this.#isClosed || (error instanceof PolyboltError && error.code === 'PB_STORE_SESSION_ENDED')) return;
      this.#ports.log.warn('registration.retried', { path: this.#path, reason: String(error) });
      this.#retry();
    }
  }

  #retry(): void {
    if (this.#isClosed) return;
    this.#timer?.cancel();
    this.#timer = this.#ports.clock.after(this.#backoff.next(), () => void this.#write());
  }

  async #put(data: string): Promise<void> {
    const version = this.#held?.version ?? (await this.#takeOver());
    this.#held = undefined;
    if (version === undefined) await this.#session.create(this.#path, data, { ephemeral: true });
    this.#held = { data, version: version === undefined ? 0 : await this.#session.setIfVersion(this.#path, data, version) };
    this.#onWritten();
  }

  /** Version of an entry that is this session's already; undefined when there is none, or none any more. */
  async #takeOver(): Promise<number | undefined> {
    const entry = await this.#session.get(this.#path);
    if (entry === undefined) return undefined;
    if (entry.owned) return entry.version;
    // Ids are kept on the supervisor's own disk, so this is what an earlier session of ours left; its time would come, but workers wait.
    this.#ports.log.info('registration.replaced', { path: this.#path });
    await this.#session.deleteIfVersion(this.#path, entry.version);
    return undefined;
  }
}
