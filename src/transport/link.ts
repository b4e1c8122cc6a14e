/**
 * One end of one connection between two workers, once both have said who they are. Invariant: it ends once, and after that nothing comes of it, whatever its socket still has.
 */
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { Held, WorkerLaunch } from '../membership/fence.js';
import { LINK_TURN_BYTES } from '../model/limits.js';

/** Looks at a link within the time of silence that it is allowed. */
export const PULSES_PER_SILENCE = 4;
/** Time that the other end has to answer a goodbye. */
const GOODBYE_MS = 500;

export interface LinkEvents {
  onFrame(link: Link, frame: Buffer): void;
  /** Once. @param reason for people */
  onEnd(link: Link, reason: string): void;
}

export class Link {
  /** Who is at the other end. */
  readonly other: WorkerLaunch;
  /** This end is the one that sends frames. */
  readonly isSender: boolean;
  /** Frames of a worker that the assignment does not name yet. */
  held: Held<Buffer> | undefined;
  readonly #ws: WebSocket;
  readonly #socket: Socket;
  readonly #events: LinkEvents;
  readonly #startedAtMs = performance.now();
  #hasEnded = false;
  #unwritten = 0;
  /** Bytes of frames since the last rest. */
  #read = 0;
  #isResting = false;
  #isPaused = false;
  #silentPulses = 0;
  #progress = -1;

  constructor(ws: WebSocket, socket: Socket, other: WorkerLaunch, isSender: boolean, events: LinkEvents) {
    this.#ws = ws;
    this.#socket = socket;
    this.other = other;
    this.isSender = isSender;
    this.#events = events;
    let failure: string | undefined;
    ws.on('message', (data, isBinary) => {
      if (this.#hasEnded) return;
      if (isSender || !isBinary) return this.end('it said what only others may say');
      events.onFrame(this, data as Buffer);
      this.#read += (data as Buffer).length;
      if (this.#read >= LINK_TURN_BYTES) this.#rest();
    });
    ws.on('error', (error) => {
      failure = error.message;
    });
    ws.on('close', (code, reason) => this.end(failure ?? `closed with ${code}${reason.length > 0 ? ` ${reason.toString()}` : ''}`));
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** How long it has been there, in ms. */
  get ageMs(): number {
    return performance.now() - this.#startedAtMs;
  }

  /** Frames that the socket has not written yet. */
  get unwritten(): number {
    return this.#unwritten;
  }

  /** @param onWritten the frame's bytes are used no more */
  send(frame: Buffer, onWritten: () => void): void {
    this.#unwritten++;
    this.#ws.send(frame, { binary: true }, () => {
      this.#unwritten--;
      onWritten();
    });
  }

  /** Stops to read, or goes on. */
  pause(isPaused: boolean): void {
    this.#isPaused = isPaused;
    if (isPaused) this.#ws.pause();
    else if (!this.#isResting) this.#ws.resume();
  }

  /**
   * Looks for signs of life, and gives one; so many times in a row without one end the link. Counting looks, not time, forgives our own pauses: a worker that was frozen
   * itself finds what came meanwhile before it looks again.
   */
  pulse(): void {
    const isBusy = this.#unwritten > 0;
    // What the other end has taken shows that it lives as long as it cannot get to answer.
    const progress = this.#socket.bytesRead + (isBusy ? this.#socket.bytesWritten - this.#socket.writableLength : 0);
    const isSilent = progress === this.#progress && !this.#isPaused;
    this.#progress = progress;
    this.#silentPulses = isSilent ? this.#silentPulses + 1 : 0;
    if (this.#silentPulses >= PULSES_PER_SILENCE) this.end('silent for too long');
    else if (this.isSender && !isBusy) this.#ws.ping();
  }

  /** Lets others have a turn. */
  #rest(): void {
    this.#read = 0;
    this.#isResting = true;
    this.#ws.pause();
    setImmediate(() => {
      this.#isResting = false;
      if (!this.#isPaused) this.#ws.resume();
    });
  }

  /** Ends it at once; what is on its way may be lost. */
  end(reason: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#ws.terminate();
    this.#events.onEnd(this, reason);
  }

  /** Ends it after what was sent before. Resolves when its socket is gone. */
  goodbye(): Promise<void> {
    this.#hasEnded = true;
    const gone = new Promise<void>((resolve) => {
      if (this.#socket.destroyed) resolve();
      else this.#socket.once('close', () => resolve());
    });
    const timer = setTimeout(() => this.#ws.terminate(), GOODBYE_MS);
    this.#ws.close(1001);
    // A link that is not read would never hear the answer.
    this.#ws.resume();
    return gone.finally(() => clearTimeout(timer));
  }
}
