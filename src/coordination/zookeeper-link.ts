/**
 * One session and the clients that it goes through, one after the other: connected or not, alive or over. Invariant: it is counted as over once its timeout has
 * passed since the sending of the last request that was answered, which is never later than the store itself gives it up; after its end nothing is sent and all
 * that waits is told.
 */
import type { Clock, Timer } from '../model/clock.js';
import { STORE_PROBES_PER_TIMEOUT, STORE_RECONNECTS_PER_TIMEOUT, STORE_RETRY_MS } from '../model/limits.js';
import { type SessionEnd, storeSessionEnded } from './store.js';
import { type NodeEvent, type Send, ZooKeeperConnection } from './zookeeper-connection.js';
import { CODE, type MakeNativeClient, type SessionIdentity, type StoreCredentials, ZooKeeperError } from './zookeeper-native.js';

export interface LinkEvents {
  onConnection(isConnected: boolean): void;
  /** Connected through another client than before: watches of the last one are gone. */
  onRenewed(): void;
  onNode(event: NodeEvent, path: string): void;
}

export interface LinkPorts {
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Makes a client, not yet connecting, for a new session or for the one named. */
  readonly makeClient: MakeNativeClient;
  readonly credentials: StoreCredentials | undefined;
  /** Asked for, in ms. */
  readonly sessionTimeoutMs: number;
}

export class ZooKeeperLink {
  readonly ended: Promise<SessionEnd>;
  readonly #ports: LinkPorts;
  readonly #events: LinkEvents;
  /** Rejections of what waits for an answer or for a connection. */
  readonly #waiting = new Set<(error: Error) => void>();
  #connection: ZooKeeperConnection | undefined;
  #introduced: ZooKeeperConnection | undefined;
  #identity: SessionIdentity | undefined;
  #timeoutMs: number;
  #resume: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;
  #connected = false;
  #isRenewed = false;
  #end: SessionEnd | undefined;
  #settleEnded: (end: SessionEnd) => void = () => {};
  /** When the last request that was answered was sent; the session lives on for its timeout from then. */
  #heardMs = 0;
  #pulse: Timer | undefined;
  #replacement: Timer | undefined;
  #isProbing = false;

  /** Begins to connect. */
  constructor(ports: LinkPorts, events: LinkEvents) {
    this.#ports = ports;
    this.#events = events;
    this.#timeoutMs = ports.sessionTimeoutMs;
    this.ended = new Promise((resolve) => {
      this.#settleEnded = resolve;
    });
    void this.#connect();
  }

  get isConnected(): boolean {
    return this.#connected && this.#ports.clock.now() < this.#heardMs + this.#timeoutMs;
  }

  /** Negotiated with the server, in ms. */
  get timeoutMs(): number {
    return this.#timeoutMs;
  }

  /** Undefined before the first connection. */
  get identity(): SessionIdentity | undefined {
    return this.#identity;
  }

  get end(): SessionEnd | undefined {
    return this.#end;
  }

  /**
   * One request, sent once.
   * @throws ZooKeeperError what the server said, or that the connection was lost
   * @throws PB_STORE_SESSION_ENDED
   */
  request<T extends readonly unknown[]>(send: Send<T>): Promise<T> {
    if (this.#end !== undefined) return Promise.reject(storeSessionEnded(this.#end));
    const connection = this.#connection;
    if (connection === undefined) return Promise.reject(new ZooKeeperError(CODE.CONNECTION_LOSS, 'no connection'));
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject);
      this.#ask(connection, send)
        .then(resolve, reject)
        .finally(() => this.#waiting.delete(reject));
    });
  }

  /**
   * A request that is repeated for as long as the connection is lost under it and the session lives.
   * @param send with `isRepeated`, an earlier one may have been carried out.
   */
  async persist<T>(send: (isRepeated: boolean) => Promise<T>): Promise<T> {
    for (let isRepeated = false; ; isRepeated = true) {
      await this.#whenConnected();
      try {
        return await send(isRepeated);
      } catch (error) {
        if (!(error instanceof ZooKeeperError && error.isLoss)) throw error;
        // A loss that the client has not announced, and may never: the server it is connected to would not take a session from another.
        if (this.#connected) await this.#pause();
      }
    }
  }

  /** Ends the session here, and on the server if it can be reached. */
  finish(end: SessionEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#connected = false;
    this.#pulse?.cancel();
    this.#replacement?.cancel();
    const error = storeSessionEnded(end);
    for (const reject of this.#waiting) reject(error);
    this.#waiting.clear();
    // The client may be the one who calls.
    setImmediate(() => {
      this.#connection?.giveUp();
      this.#settleEnded(end);
    });
  }

  async #connect(): Promise<void> {
    this.#replaceLater(1 / STORE_RECONNECTS_PER_TIMEOUT);
    const native = await this.#ports.makeClient(this.#identity);
    if (this.#end !== undefined) return;
    const connection: ZooKeeperConnection = new ZooKeeperConnection(native, {
      onConnected: () => void this.#introduce(connection),
      onLost: () => this.#lose(connection),
      onExpired: () => this.#connection === connection && this.finish('expired'),
      onNode: (event, path) => this.#end === undefined && this.#events.onNode(event, path),
    });
    this.#isRenewed = this.#identity !== undefined;
    this.#connection = connection;
  }

  /** Connected counts from when we are known, and from when this server knows what the one before it had told us. */
  async #introduce(connection: ZooKeeperConnection): Promise<void> {
    const { native } = connection;
    if (this.#identity === undefined) {
      this.#identity = { id: native.client_id, password: native.client_password };
      this.#timeoutMs = native.timeout;
      this.#heardMs = this.#ports.clock.now();
      this.#schedule();
    }
    try {
      // The client keeps an introduction to itself until something else is sent, and repeats it by itself on each server that it connects to.
      const introduced = this.#introduced === connection ? undefined : this.#sayWho(connection);
      this.#introduced = connection;
      await Promise.all([introduced, this.#ask<[unknown]>(connection, (client, answer) => client.a_sync('/', answer))]);
    } catch (error) {
      // A loss is announced, and followed by another try; who we say we are is refused for good.
      if (!(error instanceof ZooKeeperError && error.isLoss)) this.finish('expired');
      return;
    }
    if (this.#connection !== connection || !connection.isUp) return;
    this.#replacement?.cancel();
    this.#setConnected(true);
  }

  async #sayWho(connection: ZooKeeperConnection): Promise<void> {
    const { credentials } = this.#ports;
    if (credentials === undefined) return;
    await this.#ask<[]>(connection, (client, answer) => client.add_auth(credentials.scheme, credentials.payload, answer));
  }

  #lose(connection: ZooKeeperConnection): void {
    if (this.#connection !== connection || this.#end !== undefined) return;
    this.#setConnected(false);
    this.#replaceLater(connection.isGivenUp ? 0 : 1 / STORE_RECONNECTS_PER_TIMEOUT);
  }

  /** The client's own pause between two rounds over the servers is a third of the timeout. @param part of the timeout, more or less, as others lose theirs at the same time */
  #replaceLater(part: number): void {
    this.#replacement?.cancel();
    const { clock, random } = this.#ports;
    const delayMs = this.#timeoutMs * (part * (0.5 + random()) + random() * SPREAD);
    this.#replacement = clock.after(delayMs, () => {
      // A client that is up has not said so yet; closing it would end the session.
      if (this.#connection?.isUp === true) return this.#replaceLater(1 / STORE_RECONNECTS_PER_TIMEOUT);
      this.#connection?.giveUp();
      this.#connection = undefined;
      void this.#connect();
    });
  }

  /** An answer proves that the server knew us when the request was sent. */
  async #ask<T extends readonly unknown[]>(connection: ZooKeeperConnection, send: Send<T>): Promise<T> {
    const sentMs = this.#ports.clock.now();
    const hear = (): void => {
      this.#heardMs = Math.max(this.#heardMs, sentMs);
    };
    try {
      const results = await connection.request(send);
      hear();
      return results;
    } catch (error) {
      if (error instanceof ZooKeeperError && error.code === CODE.SESSION_EXPIRED) this.finish('expired');
      else if (error instanceof ZooKeeperError && !error.isLoss) hear();
      throw error;
    }
  }

  #whenConnected(): Promise<void> {
    if (this.#end !== undefined) return Promise.reject(storeSessionEnded(this.#end));
    if (this.#connected) return Promise.resolve();
    if (this.#resume !== undefined) return this.#resume.promise;
    let resolve = (): void => {};
    const promise = new Promise<void>((resolvePromise, reject) => {
      this.#waiting.add(reject);
      resolve = () => {
        this.#waiting.delete(reject);
        resolvePromise();
      };
    });
    this.#resume = { promise, resolve };
    return promise;
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => this.#ports.clock.after(STORE_RETRY_MS, resolve));
  }

  #setConnected(isConnected: boolean): void {
    if (isConnected === this.#connected || this.#end !== undefined) return;
    this.#connected = isConnected;
    if (isConnected) {
      if (this.#isRenewed) this.#events.onRenewed();
      this.#isRenewed = false;
      this.#resume?.resolve();
      this.#resume = undefined;
    }
    this.#events.onConnection(isConnected);
  }

  #schedule(): void {
    const leftMs = this.#heardMs + this.#timeoutMs - this.#ports.clock.now();
    const delayMs = Math.max(0, Math.min(leftMs, this.#timeoutMs / STORE_PROBES_PER_TIMEOUT));
    this.#pulse = this.#ports.clock.after(delayMs, () => this.#beat());
  }

  #beat(): void {
    if (this.#ports.clock.now() >= this.#heardMs + this.#timeoutMs) return this.finish('expired');
    if (this.#connected) this.#probe();
    this.#schedule();
  }

  /** The client's own pings show nobody their answers. */
  #probe(): void {
    if (this.#isProbing) return;
    this.#isProbing = true;
    const done = (): void => {
      this.#isProbing = false;
    };
    this.request<[unknown]>((native, answer) => native.a_exists('/', false, answer)).then(done, done);
  }
}

/** Part of the timeout by which daemons that lost their connections together differ at least. */
const SPREAD = 1 / 20;
