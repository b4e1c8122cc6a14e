/**
 * The one place where a conversation can be overheard: between a host and its child. Invariant: free when nobody records, since an ordinary `Child` is
 * made then; a recording sees all bytes of both directions in the order in which they passed, and changes nothing (design D13).
 */
import { Child, type ChildCommand, type ChildEvents, type Spawn } from './child.js';
import type { ChildPipes } from './fifo-pool.js';

/** Writes one incarnation down. */
export interface Recording {
  /** @param pid 0 when the process could not be started */
  onLaunched(pid: number): void;
  onHostBytes(bytes: Buffer): void;
  onHostEof(): void;
  onSignal(signal: string): void;
  /** @param chunk used again afterwards */
  onComponentBytes(chunk: Buffer): void;
  onComponentEof(): void;
  onStderr(text: string): void;
  /** The last call. */
  onExit(code: number | undefined, signal: string | undefined): void;
}

/** A child, overheard if there is a recording. */
export function launchChild(
  spawn: Spawn,
  command: ChildCommand,
  pipes: ChildPipes,
  events: ChildEvents,
  recording: Recording | undefined,
): Child {
  return recording === undefined ? new Child(spawn, command, pipes, events) : new RecordedChild(spawn, command, pipes, events, recording);
}

class RecordedChild extends Child {
  readonly #recording: Recording;
  #hasExited = false;

  constructor(spawn: Spawn, command: ChildCommand, pipes: ChildPipes, events: ChildEvents, recording: Recording) {
    super(spawn, command, pipes, {
      ...bound(events),
      onBytes: (chunk) => {
        recording.onComponentBytes(chunk);
        events.onBytes(chunk);
      },
      onStderr: (text) => {
        recording.onStderr(text);
        events.onStderr(text);
      },
      onStdoutEnd: () => {
        recording.onComponentEof();
        events.onStdoutEnd();
      },
      onExit: (exit) => {
        this.#hasExited = true;
        recording.onExit(exit.code, exit.signal);
        events.onExit(exit);
      },
    });
    this.#recording = recording;
    recording.onLaunched(this.pid);
  }

  override write(text: string, encoding: 'utf8' | 'latin1' = 'utf8'): void {
    this.#recording.onHostBytes(Buffer.from(text, encoding));
    super.write(text, encoding);
  }

  override endStdin(): void {
    this.#recording.onHostEof();
    super.endStdin();
  }

  override kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    // What is left of the group of a process that has ended is no part of the conversation.
    if (!this.#hasExited && !this.hasExited) this.#recording.onSignal(signal);
    super.kill(signal);
  }
}

/** The events as functions that can be copied. */
function bound(events: ChildEvents): ChildEvents {
  return {
    onBytes: (chunk) => events.onBytes(chunk),
    onStderr: (text) => events.onStderr(text),
    onStdoutEnd: () => events.onStdoutEnd(),
    onStdinClosed: () => events.onStdinClosed(),
    onExit: (exit) => events.onExit(exit),
    onDrain: () => events.onDrain(),
  };
}
