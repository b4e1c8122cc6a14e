/**
 * One launch of a child that speaks multilang: handshake, liveness, its words, its end. Invariant: `onEnded` comes exactly once, after the last frame that
 * could be read, with everything a person needs to know about why; nothing of one incarnation reaches the next (design D8).
 * Implements ML-HS and ML-LC.
 */
import { PolyboltError } from '../model/errors.js';
import { REPLY_BYTES_MAX } from '../model/limits.js';
import type { Decoder } from '../protocol/codec.js';
import type { ComponentHandler, EmitFrame, LogLevel } from '../protocol/component-frames.js';
import type { Child, ChildEvents, ChildExit } from './child.js';
import type { SpoutCommand } from './compat-hint.js';
import { type ChildPipes, closePipes } from './fifo-pool.js';
import { handshakeTimeout, pipeClosed, repliesUnread, silent, unaskedExit } from './incarnation-errors.js';
import type { IncarnationEvents, ShellPorts, ShellSettings } from './incarnation-ports.js';
import { Outbox } from './outbox.js';
import type { TaskIdentity } from './ports.js';
import { launchChild } from './recorder.js';
import { explainPipeError, explainStartError } from './start-error.js';
import { StderrLog } from './stderr-log.js';

type Phase = 'launching' | 'handshake' | 'up' | 'ending' | 'ended';

/** A pipe has ended: how long the process may take to exit before it is taken for one that closed the pipe and lives on. */
const PIPE_CLOSED_GRACE_MS = 1000;

/** Lines of stderr in an error. */
const STDERR_LINES = 20;

export class ShellIncarnation implements ComponentHandler {
  readonly outbox = new Outbox();
  /** When the last bytes were read. */
  readAtMs = 0;
  readonly decoder: Decoder;
  readonly #identity: TaskIdentity;
  readonly #settings: ShellSettings;
  readonly #ports: ShellPorts;
  readonly #events: IncarnationEvents;
  readonly #stderr: StderrLog;
  #child: Child | undefined;
  #phase: Phase = 'launching';
  #startedAtMs: number;
  #lastSignAtMs: number;
  #pulsedAtMs: number;
  /** When replies that it does not read last fitted into their bound. */
  #repliesFitAtMs: number;
  #isWatched = true;
  #awaited: SpoutCommand | undefined;
  #strayCount = 0;
  /** Why it has to end, when we decided so. */
  #verdict: PolyboltError | undefined;
  #asked = false;
  #timers: NodeJS.Timeout[] = [];
  readonly #gone: Promise<void>;
  #resolveGone: () => void = () => {};

  constructor(identity: TaskIdentity, settings: ShellSettings, ports: ShellPorts, events: IncarnationEvents) {
    this.#identity = identity;
    this.#settings = settings;
    this.#ports = ports;
    this.#events = events;
    this.decoder = settings.codec.createDecoder(this);
    this.#stderr = new StderrLog(identity);
    this.#startedAtMs = this.#lastSignAtMs = this.#pulsedAtMs = this.#repliesFitAtMs = ports.now();
    this.#gone = new Promise((resolve) => {
      this.#resolveGone = resolve;
    });
    this.#launch().catch((error: unknown) =>
      this.#finish(this.explain(explainStartError(error as NodeJS.ErrnoException, settings.command))),
    );
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get isUp(): boolean {
    return this.#phase === 'up';
  }

  get unwrittenBytes(): number {
    return this.#child?.unwrittenBytes ?? 0;
  }

  /** Resolves when it is gone. */
  get gone(): Promise<void> {
    return this.#gone;
  }

  /** Whether silence counts: a spout is only waited for while a command is unanswered, which is named. */
  watch(isWatched: boolean, awaited?: SpoutCommand): void {
    if (isWatched && !this.#isWatched) this.#lastSignAtMs = this.#ports.now();
    this.#isWatched = isWatched;
    this.#awaited = awaited;
  }

  /** Stops reading what it writes. What it says on its way out is always read. */
  pause(paused: boolean): void {
    this.#child?.pause(paused && this.#phase === 'up');
  }

  /** Writes what is in the outbox. */
  flush(): void {
    // Before the pid there is nothing in it but replies to emits, which some components wait for.
    if ((this.#phase === 'up' || this.#phase === 'handshake') && !this.outbox.isEmpty)
      this.#child?.write(this.outbox.take(), this.#settings.codec.encoding);
  }

  pulse(nowMs: number): void {
    const elapsedMs = nowMs - this.#pulsedAtMs;
    this.#pulsedAtMs = nowMs;
    this.#stderr.pulse(nowMs);
    // Time stands still while we ourselves decline to read.
    if (this.#child?.isPaused === true) this.#lastSignAtMs = Math.min(nowMs, this.#lastSignAtMs + elapsedMs);
    if (this.outbox.replyChars <= REPLY_BYTES_MAX) this.#repliesFitAtMs = nowMs;
    if (this.#phase === 'handshake' && nowMs - this.#startedAtMs > this.#settings.handshakeTimeoutMs)
      this.end(handshakeTimeout(nowMs - this.#startedAtMs, this.decoder));
    else if (this.#phase === 'up' && this.#isWatched && nowMs - this.#lastSignAtMs > this.#settings.subprocessTimeoutMs)
      this.end(silent(nowMs - this.#lastSignAtMs, this.decoder, this.#awaited));
    else if (nowMs - this.#repliesFitAtMs > this.#settings.subprocessTimeoutMs)
      this.end(repliesUnread(nowMs - this.#repliesFitAtMs, this.outbox.replyChars));
  }

  /** Ends it because of what it did: at once. */
  end(error: PolyboltError): void {
    if (this.#phase === 'ended' || this.#verdict !== undefined) return;
    this.#verdict = error;
    this.#phase = 'ending';
    this.decoder.stop();
    this.#child?.kill('SIGKILL');
  }

  /** Asks it to go: EOF, then SIGTERM, then SIGKILL, each with its grace. */
  async stop(): Promise<void> {
    if (this.#phase === 'ended') return;
    this.#asked = true;
    this.flush();
    this.#phase = 'ending';
    this.#child?.pause(false);
    const { shutdownGraceMs } = this.#settings;
    this.#child?.endStdin();
    this.#after(shutdownGraceMs, () => this.#child?.kill('SIGTERM'));
    this.#after(2 * shutdownGraceMs, () => {
      this.#verdict ??= new PolyboltError('PB_CHILD_IGNORED_TERM', {
        message: `the component did not end on SIGTERM within ${shutdownGraceMs} ms and was killed`,
        hint: 'end on EOF of stdin, and do not ignore SIGTERM',
      });
      this.#child?.kill('SIGKILL');
    });
    await this.#gone;
  }

  kill(): void {
    this.#asked = true;
    this.#phase = this.#phase === 'ended' ? 'ended' : 'ending';
    this.#child?.kill('SIGKILL');
  }

  // What the child says.

  onEmit(frame: EmitFrame): void {
    this.#events.onEmit(frame);
  }
  onAck(id: number): void {
    this.#events.onAck(id);
  }
  onFail(id: number): void {
    this.#events.onFail(id);
  }
  onSync(): void {
    this.#events.onSync();
  }
  onUnknownCommand(command: string): void {
    this.#events.onUnknownCommand(command);
  }
  onLog(level: LogLevel, message: string): void {
    this.#events.onLog(level, message);
  }
  onMetrics(name: string, params: unknown): void {
    this.#events.onMetrics(name, params);
  }
  onPid(): void {
    if (this.#phase !== 'handshake') return;
    this.#phase = 'up';
    this.#events.onUp();
    this.#events.onDirty();
  }
  onError(message: string): void {
    // Storm's own storm.py and storm.rb report the end of stdin, which is how they are asked to go, as an error.
    if (this.#asked) {
      const { component, task, log } = this.#identity;
      return log.debug('child.error_at_end', { component, task, message: message.trimEnd() });
    }
    this.#events.onError(this.explain(new PolyboltError('PB_COMPONENT_ERROR', { message: message.trimEnd() })));
  }
  onInvalid(error: PolyboltError): void {
    this.#events.onError(this.explain(error));
  }
  onUnreadable(error: PolyboltError): void {
    this.end(error);
  }
  onStray(text: string): void {
    // The first says it all; the rest is for who looks closer.
    const error = new PolyboltError('PB_STDOUT_POLLUTED', {
      message:
        text === ''
          ? 'the component sent an empty message'
          : 'the component printed text outside of the protocol; what followed was read on',
      hint: 'print to stderr or use the log command: stdout belongs to the protocol',
      context: { text: text.length > 200 ? `${text.slice(0, 200)}… (${text.length} characters)` : text },
    });
    if (this.#strayCount++ === 0) this.#events.onError(this.explain(error));
    else
      this.#identity.log.debug('child.stray', { component: this.#identity.component, task: this.#identity.task, text: text.slice(0, 200) });
  }

  /** Adds what a person wants to know about the child. */
  explain(error: PolyboltError, exit?: ChildExit): PolyboltError {
    const { component, task } = this.#identity;
    const stderr = this.#child?.stderrLines(STDERR_LINES) ?? '';
    return error.with({
      component,
      task,
      pid: this.pid,
      command: this.#settings.command.argv.join(' '),
      cwd: this.#settings.command.cwd,
      ...(exit === undefined ? {} : { exit: exit.signal ?? exit.code ?? 'not started' }),
      stderr: stderr === '' ? '(nothing)' : stderr,
    });
  }

  async #launch(): Promise<void> {
    const { spawn, fifos, now } = this.#ports;
    let pipes: ChildPipes;
    try {
      pipes = await fifos.take();
    } catch (error) {
      return this.#finish(this.#asked ? undefined : this.explain(explainPipeError(error)));
    }
    if (this.#phase === 'ending') {
      closePipes(pipes);
      return this.#finish(this.#verdict);
    }
    const recording = this.#ports.record?.(this.#identity, this.#settings);
    const events: ChildEvents = {
      onBytes: (chunk) => {
        this.readAtMs = this.#lastSignAtMs = now();
        this.decoder.push(chunk);
      },
      onStderr: (text) => this.#stderr.add(text),
      onStdoutEnd: () => this.#onPipeClosed('stdout'),
      onStdinClosed: () => this.#onPipeClosed('stdin'),
      onExit: (exit) => this.#onExit(exit),
      onDrain: () => this.#events.onDrain(),
    };
    this.#child = launchChild(spawn, this.#settings.command, pipes, events, recording);
    this.#phase = 'handshake';
    this.#child.write(this.#settings.codec.handshake(this.#settings.handshake), this.#settings.codec.encoding);
  }

  #onPipeClosed(name: 'stdin' | 'stdout'): void {
    this.#after(PIPE_CLOSED_GRACE_MS, () => {
      if (this.#asked) return; // Whoever is asked to go may close what it likes.
      this.end(pipeClosed(name));
    });
  }

  #onExit(exit: ChildExit): void {
    if (exit.startError !== undefined) return this.#finish(this.explain(explainStartError(exit.startError, this.#settings.command), exit));
    const wasUp = this.#phase === 'up' || this.#phase === 'ending';
    const error = this.#verdict ?? (this.#asked ? undefined : unaskedExit(exit, wasUp, this.decoder, this.#awaited));
    this.#finish(error === undefined ? undefined : this.explain(error, exit));
  }

  #finish(error: PolyboltError | undefined): void {
    if (this.#phase === 'ended') return;
    this.#phase = 'ended';
    for (const timer of this.#timers) clearTimeout(timer);
    this.#stderr.flush();
    this.#events.onEnded(error);
    this.#resolveGone();
  }

  #after(ms: number, action: () => void): void {
    this.#timers.push(setTimeout(action, ms));
  }
}
