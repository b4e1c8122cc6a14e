/**
 * What an incarnation of a child is told and tells. Invariant: the same for spouts and bolts, and for whoever hosts a child for another purpose than a topology.
 */
import type { PolyboltError } from '../model/errors.js';
import type { HostCodec } from '../protocol/codec.js';
import type { EmitFrame, LogLevel } from '../protocol/component-frames.js';
import type { ChildCommand, Spawn } from './child.js';
import type { FifoPool } from './fifo-pool.js';
import type { TaskIdentity } from './ports.js';
import type { Recording } from './recorder.js';

/** What a kind of component (spout or bolt) makes of what its child says. */
export interface IncarnationEvents {
  /** The handshake has been answered. */
  onUp(): void;
  onEmit(frame: EmitFrame): void;
  onAck(id: number): void;
  onFail(id: number): void;
  onSync(): void;
  onUnknownCommand(command: string): void;
  onLog(level: LogLevel, message: string): void;
  onError(error: PolyboltError): void;
  onMetrics(name: string, params: unknown): void;
  onDirty(): void;
  onDrain(): void;
  /** It is gone. @param error why, or undefined when it was asked to go */
  onEnded(error: PolyboltError | undefined): void;
}

export interface ShellSettings {
  readonly command: ChildCommand;
  readonly codec: HostCodec;
  readonly handshake: { readonly pidDir: string; readonly conf: unknown; readonly context: unknown };
  readonly handshakeTimeoutMs: number;
  readonly subprocessTimeoutMs: number;
  /** Each step of the way out: EOF, SIGTERM, SIGKILL. */
  readonly shutdownGraceMs: number;
}

export interface ShellPorts {
  readonly spawn: Spawn;
  readonly fifos: FifoPool;
  readonly now: () => number;
  /** The recording of a conversation that begins, when it is to be recorded. */
  readonly record?: ((identity: TaskIdentity, settings: ShellSettings) => Recording | undefined) | undefined;
}
