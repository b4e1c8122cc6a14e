/**
 * The supervisor's end of a worker's socket. Invariant: it dials until it is closed, again and again; what the worker says wrong ends the connection and is dialled anew, slowly.
 */
import { connect, type Socket } from 'node:net';
import type { Log } from '../../model/log.js';
import { type FromWorker, MessageReader, type ToWorker } from './worker-messages.js';

export interface ControlClientEvents {
  onMessage(message: FromWorker): void;
  /** A connection is there. */
  onOpen(): void;
}

/** A worker that starts up listens soon, and waits for its supervisor before it works. */
const DIAL_MS = 20;
const DIALS_QUICK = 500;
const DIAL_SLOWLY_MS = 500;

export class ControlClient {
  readonly #path: string;
  readonly #events: ControlClientEvents;
  readonly #log: Log;
  #socket: Socket | undefined;
  #isOpen = false;
  #isClosed = false;
  #quickDials = DIALS_QUICK;
  #timer: NodeJS.Timeout | undefined;

  constructor(path: string, events: ControlClientEvents, log: Log) {
    this.#path = path;
    this.#events = events;
    this.#log = log;
    this.#dial();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** @returns whether there is a connection to send it on; it may still be lost */
  send(message: ToWorker): boolean {
    if (!this.#isOpen) return false;
    this.#socket?.write(`${JSON.stringify(message)}\n`);
    return true;
  }

  close(): void {
    this.#isClosed = true;
    this.#isOpen = false;
    clearTimeout(this.#timer);
    this.#socket?.destroy();
  }

  #dial(): void {
    const socket = connect(this.#path);
    this.#socket = socket;
    const reader = new MessageReader((message) => this.#events.onMessage(message as FromWorker));
    socket.on('connect', () => {
      this.#isOpen = true;
      this.#quickDials = DIALS_QUICK;
      this.#events.onOpen();
    });
    socket.on('data', (chunk) => {
      if (this.#isClosed) return;
      try {
        reader.push(chunk);
      } catch (error) {
        this.#log.warn('control.invalid', { path: this.#path, reason: String(error) });
        this.#quickDials = 0;
        socket.destroy();
      }
    });
    // Mostly that it does not listen yet.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#again());
  }

  #again(): void {
    this.#isOpen = false;
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => this.#dial(), this.#quickDials-- > 0 ? DIAL_MS : DIAL_SLOWLY_MS);
  }
}
