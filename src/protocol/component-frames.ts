/**
 * What a component can say, as the decoder hands it to a component host. Invariant: a handler is called once for every frame, in the
 * order in which the frames were written, and must not keep an `EmitFrame`: it is reused for the next one.
 */
import type { PolyboltError } from '../model/errors.js';

/** One emit, taken apart but not parsed. */
export class EmitFrame {
  /** The values: one JSON array on one line, exactly as written but for line breaks between tokens. */
  text = '';
  /** Number of values. */
  arity = 0;
  stream = 'default';
  /** Target of a direct emit; 0 for a grouped one. */
  task = 0;
  needTaskIds = true;
  /** Host ids of the anchors; -1 stands for one that is no id of ours. Only the first `anchorCount` count. */
  readonly anchors: number[] = [];
  anchorCount = 0;
  /** A spout's message id as JSON text; '' when the emit is unreliable. */
  idText = '';
  /** Why this emit has to be refused, when only its anchors, id and `needTaskIds` could be made out; the arity is -1 then. */
  refusal: PolyboltError | undefined = undefined;
}

/** Levels of the `log` command, by number. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface ComponentHandler {
  onEmit(emit: EmitFrame): void;
  /** @param id the host's id, or -1 for anything else; `quote()` of the decoder shows it. */
  onAck(id: number): void;
  onFail(id: number): void;
  onSync(): void;
  onPid(pid: number): void;
  onLog(level: LogLevel, message: string): void;
  onError(message: string): void;
  onMetrics(name: string, params: unknown): void;
  /** A command that is none of the protocol's. */
  onUnknownCommand(command: string): void;
  /** Text on standard output that is no frame; the frame behind it, if any, follows as usual. */
  onStray(text: string): void;
  /** A message that is readable JSON and breaks a rule of the protocol; it has been ignored. */
  onInvalid(error: PolyboltError): void;
  /** Nothing behind this can be trusted: the incarnation has to end. Nothing more is decoded. */
  onUnreadable(error: PolyboltError): void;
}
