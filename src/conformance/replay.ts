/**
 * Feeds a component what a recorded one was fed, and finds the first difference in what it says. Invariant: each message of the host is written only after
 * the component has said all that it said before it in the recording, so that both heard and spoke in the same order.
 *
 * Ids of tuples are the recorded ones. Ids that a spout chose may differ: the first emit that is like the recorded one but for its id makes the two ids the
 * same, and verdicts are given on the id of this run.
 */
import type { Spawn } from '../component/child.js';
import type { FifoPool } from '../component/fifo-pool.js';
import { type Finding, RawJson, type WireMessage } from './codec.js';
import { encodeJson } from './json-codec.js';
import { quote } from './quote.js';
import { wireCodecOf } from './recording.js';
import { idOfEmit, plain, whatIsSaid } from './said.js';
import { Subject, type SubjectExit } from './subject.js';
import { bytesOfLine, type RecordedLine, type TranscriptHeader } from './transcript.js';

export interface ReplayRequest {
  readonly transcript: { readonly header: TranscriptHeader | undefined; readonly lines: readonly RecordedLine[] };
  readonly command: { readonly argv: readonly string[]; readonly cwd: string; readonly env: Readonly<Record<string, string>> };
  /** An empty directory for files named after pids. */
  readonly pidDir: string;
  /** For each message. */
  readonly timeoutMs: number;
  readonly spawn: Spawn;
  readonly fifos: FifoPool;
}

export interface Difference {
  /** The line of the recording, from 0; its length when the component said more. */
  readonly line: number;
  readonly expected: string;
  readonly came: string;
  /** What the difference breaks, where it is a rule and not just another answer. */
  readonly requirement: string | undefined;
  readonly stderr: string;
}

export interface ReplayResult {
  /** Messages of the component that were as recorded. */
  readonly same: number;
  readonly difference: Difference | undefined;
}

export async function replay(request: ReplayRequest): Promise<ReplayResult> {
  const run = new Replay(request);
  try {
    return await run.run();
  } finally {
    await run.close();
  }
}

interface Came {
  readonly message?: WireMessage;
  /** What makes it unreadable, or no message alone. */
  readonly finding?: Finding | undefined;
}

class Replay {
  readonly #request: ReplayRequest;
  readonly #codec: ReturnType<typeof wireCodecOf>;
  readonly #came: Came[] = [];
  /** The recorded id for each id of this run, and the other way round. */
  readonly #recordedOf = new Map<string, string>();
  readonly #ownOf = new Map<string, string>();
  #wake: () => void = () => {};
  #subject: Subject | undefined;
  #exit: SubjectExit | undefined;
  #stderr = '';
  #same = 0;

  constructor(request: ReplayRequest) {
    this.#request = request;
    this.#codec = wireCodecOf(request.transcript.header?.serializer ?? 'json');
  }

  async run(): Promise<ReplayResult> {
    const { spawn, fifos, command, transcript } = this.#request;
    const reader = this.#codec.createReader({
      onMessage: (message, findings) => this.#add({ message, finding: findings.find(({ kind }) => kind === 'stray-text') }),
      onUnreadable: (_bytes, finding) => this.#add({ finding }),
    });
    this.#subject = await Subject.launch(spawn, fifos, command, {
      onBytes: (chunk) => reader.push(chunk),
      onStderr: (text) => {
        this.#stderr = (this.#stderr + text).slice(-4096);
      },
      onStdoutEnd: () => {},
      onExit: (exit) => {
        reader.end();
        this.#exit = exit;
        this.#wake();
      },
    });
    for (const [index, line] of transcript.lines.entries()) {
      const difference = await this.#line(line, index);
      if (difference !== undefined) return { same: this.#same, difference };
    }
    const [more] = this.#came;
    const difference = more === undefined ? undefined : this.#different(transcript.lines.length, 'nothing more', show(more), undefined);
    return { same: this.#same, difference };
  }

  get #kind(): 'bolt' | 'spout' | undefined {
    return this.#request.transcript.header?.kind;
  }

  async close(): Promise<void> {
    await this.#subject?.destroy();
  }

  async #line(line: RecordedLine, index: number): Promise<Difference | undefined> {
    if ('event' in line) {
      if (line.event === 'eof' && line.dir === 'host') this.#subject?.endStdin();
      return line.event === 'exit' ? this.#expectExit(line.code ?? null, index) : undefined;
    }
    const bytes = bytesOfLine(line);
    if (line.dir === 'host') {
      this.#subject?.write(this.#translated(bytes));
      return undefined;
    }
    for (const recorded of this.#read(bytes)) {
      const difference = await this.#expect(recorded, index);
      if (difference !== undefined) return difference;
      this.#same++;
    }
    return undefined;
  }

  /** What was recorded, with the one thing that must differ: where pids are left, and the ids that the spout of this run has chosen. */
  #translated(bytes: Buffer): Buffer {
    const [message] = this.#read(bytes);
    const value = message?.message?.value;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return bytes;
    const object = value as Readonly<Record<string, unknown>>;
    const texts = message?.message?.texts ?? new Map<string, string>();
    const changed = new Map([...texts].map(([key, text]): [string, unknown] => [key, new RawJson(text)]));
    if ('pidDir' in object) changed.set('pidDir', this.#request.pidDir);
    else if (object['command'] === 'ack' || object['command'] === 'fail') {
      const own = this.#ownOf.get(plain(object['id']));
      if (own === undefined) return bytes;
      changed.set('id', new RawJson(own));
    } else return bytes;
    return this.#codec.encode(
      Object.fromEntries([...changed].map(([key, item]) => [key, item instanceof RawJson ? item : new RawJson(encodeJson(item))])),
    );
  }

  /** The messages in bytes of the recording. */
  #read(bytes: Buffer): readonly Came[] {
    const found: Came[] = [];
    const reader = this.#codec.createReader({
      onMessage: (message, findings) => found.push({ message, finding: findings.find(({ kind }) => kind === 'stray-text') }),
      onUnreadable: (_bytes, finding) => found.push({ finding }),
    });
    reader.push(bytes);
    reader.end();
    return found;
  }

  async #expect(recorded: Came, index: number): Promise<Difference | undefined> {
    const came = await this.#next();
    if (came === undefined) {
      const nothing = this.#exit === undefined ? `nothing within ${this.#request.timeoutMs} ms` : `its end, ${describeExit(this.#exit)}`;
      return this.#different(index, show(recorded), nothing, requirementOf(recorded, undefined, this.#kind));
    }
    const isSame =
      recorded.message === undefined || came.message === undefined
        ? recorded.message === came.message
        : this.#isSame(recorded.message, came.message);
    // Stray text that was recorded may stay away; stray text that was not is a difference.
    if (isSame && (came.finding === undefined || recorded.finding !== undefined)) return undefined;
    const requirement = isSame ? 'ML-FR-08' : requirementOf(recorded, came, this.#kind);
    return this.#different(index, show(recorded), show(came), requirement);
  }

  #isSame(recorded: WireMessage, came: WireMessage): boolean {
    const [recordedId, id] = [idOfEmit(recorded), idOfEmit(came)];
    const isNew = recordedId !== undefined && id !== undefined && !this.#recordedOf.has(id) && !this.#ownOf.has(recordedId);
    const rename = (own: string): string => (isNew ? recordedId : (this.#recordedOf.get(own) ?? own));
    if (whatIsSaid(recorded, (own) => own) !== whatIsSaid(came, rename)) return false;
    if (isNew) {
      this.#recordedOf.set(id, recordedId);
      this.#ownOf.set(recordedId, id);
    }
    return true;
  }

  async #expectExit(code: number | null, index: number): Promise<Difference | undefined> {
    await this.#until(() => this.#exit !== undefined);
    const [more] = this.#came;
    const expected = code === null ? 'its end by a signal' : `its end with status ${code}`;
    if (more !== undefined) return this.#different(index, expected, show(more), undefined);
    if (this.#exit === undefined) return this.#different(index, expected, `nothing within ${this.#request.timeoutMs} ms`, 'ML-LC-05');
    if (code === null || this.#exit.code === code) return undefined;
    return this.#different(index, expected, `its end, ${describeExit(this.#exit)}`, code === 0 ? 'ML-LC-05' : 'ML-LC-06');
  }

  async #next(): Promise<Came | undefined> {
    await this.#until(() => this.#came.length > 0 || this.#exit !== undefined);
    return this.#came.shift();
  }

  /** Waits until it is so, or the time is over. */
  async #until(isSo: () => boolean): Promise<void> {
    if (isSo()) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#request.timeoutMs);
      this.#wake = () => {
        if (!isSo()) return;
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = () => {};
  }

  #add(came: Came): void {
    this.#came.push(came);
    this.#wake();
  }

  #different(line: number, expected: string, came: string, requirement: string | undefined): Difference {
    return { line, expected, came, requirement, stderr: this.#stderr };
  }
}

function show({ message, finding }: Came): string {
  const text = message === undefined ? '' : JSON.stringify(message.value);
  return (
    [finding?.detail, text]
      .filter((part) => part !== undefined && part !== '')
      .map((part) => (part as string).slice(0, 400))
      .join('; then ') || quote('')
  );
}

function describeExit({ code, signal, startError }: SubjectExit): string {
  if (startError !== undefined) return startError.message;
  return signal === undefined ? `with status ${code}` : `on ${signal}`;
}

/** The rule behind what was expected, where missing or changing it breaks one. */
function requirementOf(recorded: Came, came: Came | undefined, kind: 'bolt' | 'spout' | undefined): string | undefined {
  if (came !== undefined && came.message === undefined) return 'ML-FR-11';
  const { value } = recorded.message ?? { value: null };
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  if ('pid' in value) return 'ML-HS-03';
  switch ((value as { command?: unknown }).command) {
    case 'sync':
      return kind === 'spout' ? 'ML-SP-03' : 'ML-HB-03';
    case 'ack':
    case 'fail':
      return 'ML-BO-05';
    default:
      return undefined;
  }
}
