/**
 * One native client, from its making until it is given up, which does not end its session. Invariant: what it says is acted on outside of its callbacks, and it
 * is given up in the very call that broke its socket: it would leave a dead descriptor in the event loop, and that aborts the process or, once the
 * number is used again, takes the events of somebody else's socket.
 */
import { CODE, type NativeClient, STATE_CONNECTED, ZooKeeperError } from './zookeeper-native.js';

/** Kinds of changes that the server tells of. */
export type NodeEvent = 'created' | 'deleted' | 'changed' | 'child';

const NODE_EVENTS: readonly NodeEvent[] = ['created', 'deleted', 'changed', 'child'];

export interface ConnectionEvents {
  /** The session is there, on a first server or on the next one. */
  onConnected(): void;
  /** The client tries other servers by itself, unless it had to be given up. */
  onLost(): void;
  /** The server has given the session up, or would not have us. */
  onExpired(): void;
  /** @param path as the server has it. */
  onNode(event: NodeEvent, path: string): void;
}

export type Send<T extends readonly unknown[]> = (
  native: NativeClient,
  answer: (code: number, error: string, ...results: T) => void,
) => number;

export class ZooKeeperConnection {
  readonly #native: NativeClient;
  readonly #events: ConnectionEvents;
  /** What the client has said and nobody has acted on yet. */
  readonly #said: (() => void)[] = [];
  readonly #waiting = new Set<(error: Error) => void>();
  #isGivenUp = false;

  /** Begins to connect. */
  constructor(native: NativeClient, events: ConnectionEvents) {
    this.#native = native;
    this.#events = events;
    native.on('connect', () => this.#later(() => events.onConnected()));
    native.on('connecting', () => this.#later(() => events.onLost()));
    native.on('close', () => this.#later(() => events.onExpired()));
    for (const event of NODE_EVENTS) native.on(event, (_client, path) => this.#later(() => events.onNode(event, String(path))));
    native.init({});
  }

  /** Whether the client has a server at this moment; it may not have said so yet. */
  get isUp(): boolean {
    return !this.#isGivenUp && this.#native.state === STATE_CONNECTED;
  }

  get isGivenUp(): boolean {
    return this.#isGivenUp;
  }

  get native(): NativeClient {
    return this.#native;
  }

  /** One request, sent once. @throws ZooKeeperError what the server said, or that the connection was lost */
  request<T extends readonly unknown[]>(send: Send<T>): Promise<T> {
    if (this.#isGivenUp) return Promise.reject(lost());
    const wasUp = this.isUp;
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject);
      const code = send(this.#native, (code, text, ...results) =>
        this.#deliver(() => {
          this.#waiting.delete(reject);
          if (code === 0) resolve(results);
          else reject(isGone(code) ? lost() : new ZooKeeperError(code, text));
        }),
      );
      if (code !== 0) {
        this.#waiting.delete(reject);
        reject(isGone(code) ? lost() : new ZooKeeperError(code, 'the request was not sent'));
      }
      if (!wasUp || this.#native.state === STATE_CONNECTED) return;
      this.giveUp();
      setImmediate(() => this.#events.onLost());
    });
  }

  /**
   * Closes the client, and with it the session if the client is up; otherwise the session lives on for its timeout. What waits for an answer is
   * told that the connection was lost.
   */
  giveUp(): void {
    if (this.#isGivenUp) return;
    this.#isGivenUp = true;
    this.#native.close();
    this.#deliver(() => {
      for (const reject of this.#waiting) reject(lost());
      this.#waiting.clear();
    });
  }

  /** Nothing is heard of a client that was given up, but the answers that it had. */
  #later(action: () => void): void {
    this.#deliver(() => {
      if (!this.#isGivenUp) action();
    });
  }

  /**
   * In order, after the callback. It comes from between the closing of a lost socket and its farewell to the event loop: what opens a file then may get the same
   * descriptor and be struck off the loop with it.
   */
  #deliver(action: () => void): void {
    if (this.#said.push(action) > 1) return;
    setImmediate(() => {
      for (const each of this.#said.splice(0)) each();
    });
  }
}

/** The client was closed: its session may go on with another. */
function isGone(code: number): boolean {
  return code === CODE.CLOSING || code === CODE.INVALID_STATE;
}

function lost(): ZooKeeperError {
  return new ZooKeeperError(CODE.CONNECTION_LOSS, 'connection loss');
}
