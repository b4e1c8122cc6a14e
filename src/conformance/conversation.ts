/**
 * One conversation with one process: the judge as a host. Invariant: everything that passes is in the transcript in order; the conversation replies to emits
 * by itself as a host must, and everything else is done by steps. Implements the host's side of ML-HS, ML-EM-04, ML-BO-01, ML-HB-02 and ML-TK-02.
 */
import { explainStartError } from '../component/start-error.js';
import type { Finding, WireMessage, WireReader } from './codec.js';
import { encodeJson } from './json-codec.js';
import { RuleMonitor } from './rule-monitor.js';
import type { ConversationSetup, Launcher } from './setup.js';
import { Subject, type SubjectExit } from './subject.js';
import { bytesOfLine, lineOfBytes, lineOfEvent, type RecordedLine } from './transcript.js';

/** What the slowest component reads on a busy machine: a megabyte in twenty seconds. */
const READ_BYTES_PER_MS_MIN = 50;

/** A message of the component as steps look at it. */
export interface Received {
  readonly value: Readonly<Record<string, unknown>>;
  readonly texts: ReadonlyMap<string, string>;
  readonly wire: string;
  readonly atMs: number;
}

/** Output of one conversation that is read; a component that writes more is flooding. */
const MESSAGES_MAX = 50_000;
const STDERR_KEPT_CHARS = 64 * 1024;
/** More on stderr than a pipe holds, in one short conversation, blocks under a host that looks there seldom. */
const STDERR_MODEST_BYTES = 64 * 1024;
const LATE_INPUTS_MAX = 3;

export class Conversation {
  #writtenBytes = 0;
  readonly setup: ConversationSetup;
  readonly monitor: RuleMonitor;
  readonly received: Received[] = [];
  readonly findings: Finding[] = [];
  readonly transcript: RecordedLine[] = [];
  /** JSON texts by the names that steps gave them. */
  readonly names = new Map<string, string>();
  readonly capturedAtMs = new Map<string, number>();
  readonly #startMs = performance.now();
  readonly #reader: WireReader;
  #subject: Subject | undefined;
  #exit: SubjectExit | undefined;
  #stderr = '';
  #stderrBytes = 0;
  #changed: (() => void) | undefined;
  #nextId = 1;
  #nextInput = 0;
  #replies = 0;
  #lateInputs = 0;
  #wasClosedByUs = false;
  #hasEndedStdin = false;
  #lacksReplies = false;
  #isEnding = false;

  constructor(setup: ConversationSetup) {
    this.setup = setup;
    this.monitor = new RuleMonitor(setup.kind);
    this.#reader = setup.codec.createReader({
      onMessage: (message, findings) => this.#onMessage(message, findings),
      onUnreadable: (bytes, finding) => {
        this.#record('component', bytes);
        this.findings.push(finding);
        this.#wake();
      },
    });
  }

  /** Starts the process. Throws PolyboltError when the command cannot be started. */
  async launch(launcher: Launcher): Promise<void> {
    this.#subject = await Subject.launch(launcher.spawn, launcher.pool, this.setup.command, {
      onBytes: (chunk) => this.#reader.push(chunk),
      onStderr: (text) => this.#onStderr(text),
      onStdoutEnd: () => {
        if (!this.#wasClosedByUs) this.transcript.push(lineOfEvent('component', this.atMs, 'eof'));
      },
      onExit: (exit) => this.#onExit(exit),
    });
    if (this.#subject.pid === 0) await this.until(() => this.#exit !== undefined, this.setup.timeoutMs);
    if (this.#exit?.startError !== undefined) throw explainStartError(this.#exit.startError, this.setup.command);
  }

  /** Ends the process, if it has not ended, and waits until it is gone. */
  async end(): Promise<void> {
    this.#isEnding = true;
    this.#wasClosedByUs = true;
    await this.#subject?.destroy();
  }

  get subject(): Subject {
    return this.#subject as Subject;
  }

  get exit(): SubjectExit | undefined {
    return this.#exit;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Whether it asked for task ids after the end of its stdin, when nobody can tell it. */
  get lacksReplies(): boolean {
    return this.#lacksReplies;
  }

  /** Milliseconds since the launch. */
  get atMs(): number {
    return performance.now() - this.#startMs;
  }

  /** JSON text of a name, as patterns and templates use it: `a`, `m.id`, `input`. */
  readonly resolve = (name: string): string | undefined => {
    if (name === 'input') return encodeJson(this.setup.inputs[this.#nextInput++ % this.setup.inputs.length]);
    if (name.startsWith('input:')) return encodeJson(this.setup.oddInput(name.slice('input:'.length)));
    return this.names.get(name);
  };

  /**
   * Waits until `isTrue`, or until nothing more can come, or for `timeoutMs`; longer where much was written, because a shell reads it byte by byte.
   * @param alsoAfterExit whether something may still come when it has exited: text on stderr
   */
  async until(isTrue: () => boolean, timeoutMs: number, alsoAfterExit = false): Promise<boolean> {
    const deadlineMs = performance.now() + timeoutMs + this.#writtenBytes / READ_BYTES_PER_MS_MIN;
    while (!isTrue()) {
      const leftMs = deadlineMs - performance.now();
      if (leftMs <= 0 || (this.#exit !== undefined && !alsoAfterExit)) return false;
      await this.#nextChange(leftMs);
    }
    return true;
  }

  /** Encodes, records and writes one message. */
  encode(message: unknown): Buffer {
    const bytes = this.setup.codec.encode(message);
    this.#record('host', bytes);
    return bytes;
  }

  /** Bytes that are no message of a codec. */
  encodeText(text: string): Buffer {
    const bytes = Buffer.from(text);
    this.#record('host', bytes);
    return bytes;
  }

  write(bytes: Buffer): void {
    this.#writtenBytes += bytes.length;
    this.subject.write(bytes);
  }

  takeId(): string {
    const number = this.#nextId++;
    // Consecutive, of either sign, and none of them exact as a double.
    return this.setup.wideIds ? `${number % 2 === 1 ? '-' : ''}${6955786537413359385n + BigInt(number)}` : String(number);
  }

  /** A tuple or tick on its way: it is held from now on. @param isAwaited false for a tick that only helps */
  sentTuple(id: string, name: string | undefined, isAwaited = true): void {
    this.monitor.sentTuple(id, isAwaited);
    if (name !== undefined) this.names.set(name, JSON.stringify(id));
  }

  closeStdin(): void {
    this.transcript.push(lineOfEvent('host', this.atMs, 'eof'));
    this.#hasEndedStdin = true;
    this.subject.endStdin();
  }

  closeStdout(): void {
    this.#wasClosedByUs = true;
    this.subject.closeStdout();
  }

  #onMessage(message: WireMessage, findings: readonly Finding[]): void {
    if (message.bytes.length > 0) this.#record('component', message.bytes);
    this.findings.push(...findings, ...this.monitor.judge(message));
    const { value } = message;
    if (typeof value === 'object' && value !== null && !Array.isArray(value) && this.received.length < MESSAGES_MAX) {
      const fields = value as Readonly<Record<string, unknown>>;
      this.received.push({ value: fields, texts: message.texts, wire: message.bytes.toString(), atMs: this.atMs });
      if (wantsTaskIds(fields)) this.#reply();
    }
    this.#wake();
  }

  #reply(): void {
    if (this.setup.replies === 'hold') return;
    if (this.#hasEndedStdin) {
      this.#lacksReplies = true;
      return;
    }
    if (this.setup.replies === 'late' && this.setup.kind === 'bolt' && this.#lateInputs < LATE_INPUTS_MAX) {
      this.#lateInputs++;
      const id = this.takeId();
      this.sentTuple(id, undefined);
      this.write(this.encode(this.setup.tupleMessage(id, JSON.parse(this.resolve('input') as string))));
    }
    // None, one and two tasks in turn: a component that mixes replies up meets another number than it should.
    this.write(this.encode([[], [6], [6, 7]][++this.#replies % 3]));
  }

  #onStderr(text: string): void {
    this.#stderr = `${this.#stderr}${text}`.slice(-STDERR_KEPT_CHARS);
    const before = this.#stderrBytes;
    this.#stderrBytes += Buffer.byteLength(text);
    if (before <= STDERR_MODEST_BYTES && this.#stderrBytes > STDERR_MODEST_BYTES) {
      this.findings.push({ kind: 'stderr-flood', detail: `more than ${STDERR_MODEST_BYTES} bytes on stderr in one short conversation` });
    }
    this.#wake();
  }

  #onExit(exit: SubjectExit): void {
    this.#exit = exit;
    if (!this.#wasClosedByUs) this.#reader.end();
    if (!this.#isEnding)
      this.transcript.push(lineOfEvent('component', this.atMs, 'exit', { code: exit.code ?? null, signal: exit.signal ?? null }));
    this.#wake();
  }

  #record(dir: 'host' | 'component', bytes: Buffer): void {
    if (this.transcript.length < 2 * MESSAGES_MAX) this.transcript.push(lineOfBytes(dir, this.atMs, bytes));
  }

  #wake(): void {
    this.#changed?.();
  }

  async #nextChange(timeoutMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#changed = resolve;
      timer = setTimeout(resolve, timeoutMs);
    });
    clearTimeout(timer);
    this.#changed = undefined;
  }
}

/** A line of a transcript as one line for people: the message without its end, or the event. */
export function describeLine(line: RecordedLine): string {
  if ('event' in line) {
    if (line.event === 'exit') return line.signal == null ? `(exited with status ${line.code})` : `(ended by ${line.signal})`;
    return line.dir === 'host' ? '(closed stdin)' : '(closed stdout)';
  }
  return bytesOfLine(line)
    .toString()
    .replace(/\nend\n$/, '')
    .replaceAll('\r', '␍')
    .replaceAll('\n', '␊');
}

function wantsTaskIds(fields: Readonly<Record<string, unknown>>): boolean {
  const { command, task, need_task_ids: need } = fields;
  return command === 'emit' && (task === undefined || task === null || task === 0) && need !== false;
}
