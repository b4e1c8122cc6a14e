/**
 * A child process that a test plays itself, over real pipes and a clock that stands still. Invariant: the host under test runs unchanged; only `spawn`, the pipes' names and the
 * time are the test's.
 */
import { execFileSync } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { ShellPorts, ShellSettings } from '../../src/component/incarnation-ports.js';
import type { ComponentOutput, HostEvents, OutputStream, TaskIdentity } from '../../src/component/ports.js';
import type { PolyboltError } from '../../src/model/errors.js';
import { SILENT_LOG } from '../../src/model/log.js';
import { Tuple, type TupleSource } from '../../src/model/tuple.js';
import { Values } from '../../src/model/values.js';
import { codecOf } from '../../src/protocol/codec.js';
import { tupleHead } from '../../src/protocol/host-encoder.js';

/** Resolves when the condition holds; what is waited for happens in this process's own event loop. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

/** What the host sees of the process: as execa's, it is its own result. */
class FakeProcess extends EventEmitter {
  readonly stderr = new PassThrough();
  readonly pid = undefined;
  settle: (result: object) => void = () => {};
  readonly #result = new Promise<object>((resolve) => {
    this.settle = resolve;
  });

  // biome-ignore lint/suspicious/noThenProperty: execa's subprocess is a promise.
  then(onResult: (result: object) => void): void {
    this.#result.then(onResult);
  }
}

export class FakeChild {
  readonly process = new FakeProcess();
  /** What the host has written and the test has not taken: messages without their line `end`. */
  readonly messages: string[] = [];
  /** Hears of every message. */
  onMessage: (message: string) => void = () => {};
  readonly #reads: Socket;
  readonly #writes: Socket;
  #partial = '';

  constructor(reads: number, writes: number) {
    this.#reads = new Socket({ fd: reads, readable: true, writable: false });
    this.#reads.setEncoding('utf8');
    this.#reads.on('data', (text: string) => {
      const messages = (this.#partial + text).split('\nend\n');
      this.#partial = messages.pop() as string;
      this.messages.push(...messages);
      messages.forEach((message) => this.onMessage(message));
    });
    // Not blocking, because the reader is this very process.
    this.#writes = new Socket({ fd: writes, readable: false, writable: true });
    this.#writes.on('error', () => this.#writes.destroy());
  }

  /** Waits for so many messages and takes them. */
  async take(count: number): Promise<string[]> {
    await until(() => this.messages.length >= count);
    return this.messages.splice(0, count);
  }

  /** Stops reading its stdin, or goes on. */
  stopReading(isStopped: boolean): void {
    if (isStopped) this.#reads.pause();
    else this.#reads.resume();
  }

  say(...frames: readonly string[]): void {
    this.#writes.write(frames.map((frame) => `${frame}\nend\n`).join(''));
  }

  async handshake(): Promise<void> {
    await this.take(1);
    this.say('{"pid":1}');
  }

  exit(code: number | null, signal: string | null = null): void {
    this.close();
    this.process.stderr.destroy();
    this.process.emit('exit', code, signal);
    this.process.settle({ exitCode: code ?? undefined, signal: signal ?? undefined });
  }

  close(): void {
    this.#writes.end();
    this.#reads.destroy();
  }
}

export const SOURCE: TupleSource = {
  component: 'words',
  stream: 'default',
  task: 7,
  fields: ['word'],
  head: tupleHead('words', 'default', 7),
};

export const tuple = (text: string): Tuple => new Tuple(SOURCE, Values.fromText(text));

/** Children, clock and records of one test. */
export class World {
  nowMs = 0;
  /** How often the host asked for the time. */
  lookedAtClock = 0;
  readonly children: FakeChild[] = [];
  readonly errors: PolyboltError[] = [];
  readonly fatal: PolyboltError[] = [];
  /** What happened to the topology, in order. */
  readonly did: string[] = [];
  restarts = 0;
  readonly #directory = mkdtempSync(join(tmpdir(), 'polybolt-fake-'));
  readonly #ends: { readonly reads: number; readonly writes: number }[] = [];
  #made = 0;

  readonly identity: TaskIdentity = { topology: 'test', component: 'split', task: 5, log: SILENT_LOG };

  readonly settings: ShellSettings = {
    command: { argv: ['split'], cwd: '/tmp', env: {} },
    codec: codecOf('json'),
    handshake: { pidDir: '/tmp', conf: {}, context: {} },
    handshakeTimeoutMs: 1000,
    subprocessTimeoutMs: 3000,
    shutdownGraceMs: 50,
  };

  readonly ports: ShellPorts = {
    spawn: () => {
      const { reads, writes } = this.#ends.shift() as { reads: number; writes: number };
      const child = new FakeChild(reads, writes);
      this.children.push(child);
      return child.process as never;
    },
    fifos: { take: () => Promise.resolve(this.#pipes()) } as never,
    now: () => {
      this.lookedAtClock++;
      return this.nowMs;
    },
  };

  readonly events: HostEvents & { onRefused(id: unknown): void; onLost(): void } = {
    onReady: () => {},
    onDirty: () => {},
    onError: (error) => this.errors.push(error),
    onRestart: () => this.restarts++,
    onFatal: (error) => this.fatal.push(error),
    onLog: (level, message) => this.did.push(`log ${level} ${message}`),
    onMetrics: (name, params) => this.did.push(`metrics ${name} ${JSON.stringify(params)}`),
    onRefused: (id) => this.did.push(`refused ${String(id)}`),
    onLost: () => this.did.push('lost'),
  };

  readonly output: ComponentOutput = {
    stream: (name): OutputStream | undefined =>
      name === 'default' ? { name, arity: 1, direct: false } : name === 'direct' ? { name, arity: 1, direct: true } : undefined,
    hasTask: (task) => task === 9,
    emit: (stream, values, _anchors, anchorCount, task) => {
      this.did.push(`emit ${stream.name} ${values.text} anchors ${anchorCount}${task === 0 ? '' : ` to ${task}`}`);
      return task === 0 ? [9] : [task];
    },
    emitRoot: (stream, values, messageId, task) => {
      this.did.push(`root ${stream.name} ${values.text} id ${String(messageId)}${task === 0 ? '' : ` to ${task}`}`);
      return [9];
    },
    ack: (input) => this.did.push(`ack ${input.sequence}`),
    fail: (input) => this.did.push(`fail ${input.sequence}`),
  };

  get child(): FakeChild {
    return this.children.at(-1) as FakeChild;
  }

  /** Waits until as many children have been started. */
  async started(count: number): Promise<FakeChild> {
    await until(() => this.children.length === count);
    return this.child;
  }

  close(): void {
    for (const child of this.children) child.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #pipes(): { hostWrite: number; hostRead: number; childStdin: number; childStdout: number } {
    const [stdin, stdout] = [`${this.#directory}/${this.#made}-in`, `${this.#directory}/${this.#made++}-out`];
    execFileSync('mkfifo', [stdin, stdout]);
    const [holdIn, holdOut] = [openSync(stdin, constants.O_RDWR), openSync(stdout, constants.O_RDWR)];
    const pipes = {
      hostWrite: openSync(stdin, constants.O_WRONLY),
      hostRead: openSync(stdout, constants.O_RDONLY),
      childStdin: openSync(stdin, constants.O_RDONLY),
      childStdout: openSync(stdout, constants.O_WRONLY),
    };
    this.#ends.push({ reads: openSync(stdin, constants.O_RDONLY), writes: openSync(stdout, constants.O_WRONLY) });
    closeSync(holdIn);
    closeSync(holdOut);
    return pipes;
  }
}
