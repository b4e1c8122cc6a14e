/**
 * A component handler that writes down what it is told, one plain array for each call, so that tests compare literals. Invariant: nothing
 * of a reused `EmitFrame` is kept by reference.
 */
import { ComponentDecoder } from '../../src/protocol/component-decoder.js';
import type { ComponentHandler, EmitFrame } from '../../src/protocol/component-frames.js';
import { FrameSplitter } from '../../src/protocol/frame-splitter.js';

export type Call = readonly unknown[];

/** What an emit says where it differs from `{"command":"emit","tuple":[…]}`. */
export interface EmitFacts {
  readonly stream?: string;
  readonly task?: number;
  readonly needTaskIds?: false;
  readonly anchors?: readonly number[];
  readonly id?: string;
  readonly refusal?: string;
}

export function emit(text: string, arity: number, facts: EmitFacts = {}): Call {
  return ['emit', text, arity, facts];
}

export class Recorder implements ComponentHandler {
  readonly calls: Call[] = [];
  /** Called after each recorded call. */
  onCall: (call: Call) => void = () => {};

  onEmit(frame: EmitFrame): void {
    const facts = {
      ...(frame.stream === 'default' ? {} : { stream: frame.stream }),
      ...(frame.task === 0 ? {} : { task: frame.task }),
      ...(frame.needTaskIds ? {} : { needTaskIds: false as const }),
      ...(frame.anchorCount === 0 ? {} : { anchors: frame.anchors.slice(0, frame.anchorCount) }),
      ...(frame.idText === '' ? {} : { id: frame.idText }),
      ...(frame.refusal === undefined ? {} : { refusal: `${frame.refusal.code}: ${frame.refusal.message}` }),
    };
    this.#add(emit(frame.text, frame.arity, facts));
  }
  onAck(id: number): void {
    this.#add(['ack', id]);
  }
  onFail(id: number): void {
    this.#add(['fail', id]);
  }
  onSync(): void {
    this.#add(['sync']);
  }
  onPid(pid: number): void {
    this.#add(['pid', pid]);
  }
  onLog(level: string, message: string): void {
    this.#add(['log', level, message]);
  }
  onError(message: string): void {
    this.#add(['error', message]);
  }
  onMetrics(name: string, params: unknown): void {
    this.#add(['metrics', name, params]);
  }
  onUnknownCommand(command: string): void {
    this.#add(['unknown', command]);
  }
  onStray(text: string): void {
    this.#add(['stray', text]);
  }
  onInvalid(error: Error & { code?: string }): void {
    this.#add(['invalid', error.code, error.message]);
  }
  onUnreadable(error: Error & { code?: string }): void {
    this.#add(['unreadable', error.code, error.message]);
  }

  #add(call: Call): void {
    this.calls.push(call);
    this.onCall(call);
  }
}

/** What a fresh decoder makes of these chunks. */
export function decodeChunks(chunks: Iterable<Buffer>, frameBytesMax?: number): readonly Call[] {
  const recorder = new Recorder();
  const decoder = new ComponentDecoder(recorder, new FrameSplitter(frameBytesMax));
  for (const chunk of chunks) decoder.push(chunk);
  return recorder.calls;
}

/** What a fresh decoder makes of this text, in one piece. */
export function decode(text: string): readonly Call[] {
  return decodeChunks([Buffer.from(text)]);
}

/** What a fresh decoder makes of these messages, each closed by a line `end`. */
export function decodeFrames(...messages: readonly string[]): readonly Call[] {
  return decode(messages.map((message) => `${message}\nend\n`).join(''));
}

/** The text with escapes for what a line of a test report cannot hold. */
export function printable(text: string): string {
  return text.replace(/[^ -~]/gu, (c) => `<${(c.codePointAt(0) as number).toString(16)}>`);
}

export function byteByByte(bytes: Buffer): Buffer[] {
  return Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
}
