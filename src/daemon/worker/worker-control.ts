/**
 * The worker's end of its socket: takes its supervisor's connections and speaks to all of them. Invariant: whoever connects can at worst lose their own connection; connections, lines and what
 * waits to be read are bounded.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { CONTROL_CONNECTIONS_MAX, CONTROL_LINE_BYTES_MAX, CONTROL_UNSENT_BYTES_MAX } from '../../model/limits.js';
import type { Log } from '../../model/log.js';
import { type FromWorker, MessageReader, type ToWorker } from './worker-messages.js';

export interface ControlHandlers {
  /** @param answer reaches the connection that asked */
  onMessage(message: ToWorker, answer: (message: FromWorker) => void): void;
  onConnections(count: number): void;
  /** What had waited has been read, by everybody. */
  onDrain(): void;
}

export class ControlServer {
  readonly #handlers: ControlHandlers;
  readonly #log: Log;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(handlers: ControlHandlers, log: Log) {
    this.#handlers = handlers;
    this.#log = log;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** Listens at a path whose directory nobody else may enter. Rejects with what the system says. */
  listen(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(path, () => {
        this.#server.off('error', reject);
        this.#server.on('error', (error) => this.#log.error('control.failed', { reason: String(error) }));
        resolve();
      });
    });
  }

  get connections(): number {
    return this.#sockets.size;
  }

  /** Bytes that wait for the slowest reader. */
  get unsentBytes(): number {
    return Math.max(0, ...[...this.#sockets].map(({ writableLength }) => writableLength));
  }

  /** Says something to everybody who is there. */
  send(message: FromWorker): void {
    const line = lineOf(message);
    for (const socket of this.#sockets) this.#write(socket, line);
  }

  /** Lets go of everybody once they have been told everything, or after `patienceMs`. */
  async close(patienceMs: number): Promise<void> {
    this.#server.close();
    const closed = [...this.#sockets].map((socket) => new Promise<void>((resolve) => socket.end(() => resolve())));
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([
      Promise.all(closed),
      new Promise<void>((resolve) => {
        timer = setTimeout(resolve, patienceMs);
      }),
    ]);
    clearTimeout(timer);
    for (const socket of this.#sockets) socket.destroy();
  }

  #accept(socket: Socket): void {
    if (this.#sockets.size >= CONTROL_CONNECTIONS_MAX) {
      this.#log.warn('control.refused', { connections: this.#sockets.size });
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    const reader = new MessageReader((message) =>
      this.#handlers.onMessage(message as ToWorker, (answer) => this.#write(socket, lineOf(answer))),
    );
    socket.on('data', (chunk) => {
      try {
        reader.push(chunk);
      } catch (error) {
        this.#log.warn('control.invalid', { reason: String(error) });
        socket.destroy();
      }
    });
    socket.on('drain', () => {
      if (this.unsentBytes === 0) this.#handlers.onDrain();
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#handlers.onConnections(this.#sockets.size);
      if (this.unsentBytes === 0) this.#handlers.onDrain();
    });
    this.#handlers.onConnections(this.#sockets.size);
  }

  #write(socket: Socket, line: string): void {
    if (socket.destroyed || socket.writableEnded) return;
    if (socket.writableLength > CONTROL_UNSENT_BYTES_MAX) {
      this.#log.warn('control.unread', { unsentBytes: socket.writableLength });
      socket.destroy();
      return;
    }
    socket.write(line);
  }
}

/** A snapshot that would be too long for a line is left out: whoever asked is told that there is none. */
function lineOf(message: FromWorker): string {
  const line = `${JSON.stringify(message)}\n`;
  if (message.type !== 'snapshot' || Buffer.byteLength(line) <= CONTROL_LINE_BYTES_MAX) return line;
  return `${JSON.stringify({ type: 'snapshot', id: message.id, snapshot: null })}\n`;
}
