/**
 * Writes conversations as transcripts, one file for each incarnation. Invariant: the lines of a direction give back the bytes that passed; a line is a
 * whole message, and stands where its last byte passed.
 */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Recording } from '../component/recorder.js';
import type { WireCodec, WireReader } from './codec.js';
import { jsonCodec } from './json-codec.js';
import { msgpackCodec } from './msgpack-codec.js';
import {
  formatLine,
  lineOfBytes,
  lineOfEvent,
  type TranscriptDirection,
  type TranscriptHeader,
  type TranscriptLine,
} from './transcript.js';

export interface RecordedTask {
  readonly kind: 'bolt' | 'spout';
  readonly component: string;
  readonly task: number;
  readonly serializer: 'json' | 'msgpack';
  readonly command: readonly string[];
}

/** Makes recordings in a directory, as `COMPONENT-TASK-PID.ndjson`. */
export function recordInto(directory: string, now: () => number): (task: RecordedTask) => Recording {
  mkdirSync(directory, { recursive: true });
  return (task) => new TranscriptRecording(directory, task, now);
}

export function wireCodecOf(serializer: 'json' | 'msgpack'): WireCodec {
  return serializer === 'msgpack' ? msgpackCodec : jsonCodec;
}

class TranscriptRecording implements Recording {
  readonly #directory: string;
  readonly #task: RecordedTask;
  readonly #now: () => number;
  readonly #startedAtMs: number;
  readonly #host: WireReader;
  readonly #component: WireReader;
  #file: number | undefined;
  #text = '';
  #isScheduled = false;

  constructor(directory: string, task: RecordedTask, now: () => number) {
    this.#directory = directory;
    this.#task = task;
    this.#now = now;
    this.#startedAtMs = now();
    const { createReader } = wireCodecOf(task.serializer);
    const sink = (dir: TranscriptDirection): Parameters<typeof createReader>[0] => ({
      onMessage: ({ bytes }) => this.#bytes(dir, bytes),
      onUnreadable: (bytes) => this.#bytes(dir, bytes),
    });
    this.#host = createReader(sink('host'));
    this.#component = createReader(sink('component'));
  }

  onLaunched(pid: number): void {
    const { component, task, kind, serializer, command } = this.#task;
    this.#file = openSync(join(this.#directory, `${encodeURIComponent(component)}-${task}-${pid}.ndjson`), 'w');
    const header: TranscriptHeader = { transcript: 1, kind, serializer, component, task, command: [...command] };
    this.#add(header);
  }

  onHostBytes(bytes: Buffer): void {
    this.#host.push(bytes);
  }

  onHostEof(): void {
    this.#event('host', 'eof');
  }

  onSignal(signal: string): void {
    this.#add(lineOfEvent('host', this.#atMs(), 'signal', { signal }));
  }

  onComponentBytes(chunk: Buffer): void {
    this.#component.push(Buffer.from(chunk));
  }

  onComponentEof(): void {
    this.#component.end();
    this.#event('component', 'eof');
  }

  onStderr(text: string): void {
    this.#add(lineOfEvent('component', this.#atMs(), 'stderr', { text }));
  }

  onExit(code: number | undefined, signal: string | undefined): void {
    this.#component.end();
    this.#host.end();
    this.#add(lineOfEvent('component', this.#atMs(), 'exit', { code: code ?? null, signal: signal ?? null }));
    this.#flush();
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #bytes(dir: TranscriptDirection, bytes: Buffer): void {
    if (bytes.length > 0) this.#add(lineOfBytes(dir, this.#atMs(), bytes));
  }

  #event(dir: TranscriptDirection, event: 'eof'): void {
    this.#add(lineOfEvent(dir, this.#atMs(), event));
  }

  #atMs(): number {
    return this.#now() - this.#startedAtMs;
  }

  #add(line: TranscriptLine): void {
    this.#text += formatLine(line);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#isScheduled = false;
    if (this.#file !== undefined && this.#text !== '') writeSync(this.#file, this.#text);
    this.#text = '';
  }
}
