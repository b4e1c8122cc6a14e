/**
 * A spout that runs as a child process. Invariant: one command is outstanding at a time, from its writing to its `sync`; a surplus sync
 * is never an error, and emits are answered whenever they come. Implements ML-SP and ML-EM.
 */
import { assert, PolyboltError } from '../model/errors.js';
import { REPLY_BYTES_MAX, UNPAUSED_EMITS_MAX } from '../model/limits.js';
import type { Compatibility } from '../model/topology.js';
import { Values } from '../model/values.js';
import type { HostCodec } from '../protocol/codec.js';
import type { EmitFrame } from '../protocol/component-frames.js';
import type { SpoutCommand } from './compat-hint.js';
import { checkEmit } from './emit-rules.js';
import type { ShellPorts, ShellSettings } from './incarnation-ports.js';
import type { ComponentOutput, HostEvents, OutputStream, Replacement, SpoutHost, Successor, TaskIdentity } from './ports.js';
import { ShellKeeper } from './shell-keeper.js';

export interface ShellSpoutSettings extends ShellSettings {
  readonly restartsMax: number;
  readonly compat: Compatibility;
}

export interface SpoutEvents extends HostEvents {
  /** A reliable emit was refused: the component hears `fail` for it. */
  onRefused(messageId: unknown): void;
  /** Its roots have nobody left who could replay them. */
  onLost(): void;
}

type Outstanding = 'none' | SpoutCommand;

export class ShellSpout implements SpoutHost {
  wasEmpty = false;
  readonly #settings: ShellSpoutSettings;
  readonly #codec: HostCodec;
  readonly #output: ComponentOutput;
  readonly #events: SpoutEvents;
  readonly #keeper: ShellKeeper;
  readonly #now: () => number;
  #outstanding: Outstanding = 'none';
  #sentAtMs = 0;
  #emitted = 0;
  /** What the component should be, and what this incarnation has been told. */
  #isActive = false;
  #toldActive = false;
  #stream: OutputStream | undefined;
  #wantsPause = false;
  /** Told when the spout has heard that it is inactive, or is gone. */
  #onQuiet: (() => void) | undefined;

  constructor(identity: TaskIdentity, settings: ShellSpoutSettings, ports: ShellPorts, output: ComponentOutput, events: SpoutEvents) {
    this.#settings = settings;
    this.#codec = settings.codec;
    this.#output = output;
    this.#events = events;
    this.#now = ports.now;
    this.#keeper = new ShellKeeper(identity, settings, ports, events, {
      onUp: () => this.#onUp(),
      onEmit: (frame) => this.#onEmit(frame),
      onAck: () => this.#notForSpouts('ack'),
      onFail: () => this.#notForSpouts('fail'),
      onSync: () => this.#onSync(),
      onUnknownCommand: (command) => this.#notForSpouts(command),
      onDirty: () => events.onDirty(),
      onDrain: () => events.onDirty(),
      onLost: () => this.#onLost(),
    });
  }

  get isRunning(): boolean {
    return this.#keeper.isUp;
  }

  get isIdle(): boolean {
    return this.#keeper.isUp && this.#outstanding === 'none' && this.#toldActive === this.#isActive;
  }

  get owesAnswer(): boolean {
    return this.#outstanding !== 'none' && this.#outstanding !== 'next';
  }

  start(): void {
    this.#keeper.start();
  }

  next(): void {
    this.#send('next', this.#codec.spoutCommand('next'));
  }

  verdict(verdict: 'ack' | 'fail', messageId: unknown): void {
    this.#send(verdict, this.#codec.verdict(verdict, messageId as string));
  }

  activate(): void {
    this.#isActive = true;
    this.#tellActive();
  }

  deactivate(): void {
    this.#isActive = false;
    this.#tellActive();
  }

  flush(): void {
    const { current } = this.#keeper;
    // Replies that the pipe does not take wait where they are counted.
    if (current === undefined || current.unwrittenBytes > 0) return;
    const mayUnpause = current.outbox.replyChars > REPLY_BYTES_MAX;
    current.flush();
    if (mayUnpause) this.#applyPause();
  }

  pulse(nowMs: number): void {
    const implicitMs = this.#settings.compat.implicitSyncMs;
    const mayBeImplicit = this.#outstanding !== 'none' && this.#outstanding !== 'next';
    if (implicitMs !== undefined && mayBeImplicit && nowMs - this.#sentAtMs >= implicitMs) this.#onSync();
    this.#keeper.current?.pulse(nowMs);
  }

  pause(paused: boolean): void {
    this.#wantsPause = paused;
    this.#applyPause();
  }

  async replace(successor: Successor): Promise<Replacement> {
    assert(successor.type === 'shell', 'a child is replaced by a child');
    const { skipActivate, implicitSyncMs } = this.#settings.compat;
    const mayAnswer = skipActivate !== true && implicitSyncMs === undefined;
    return this.#keeper.replace(successor.settings, mayAnswer ? this.#codec.spoutCommand('deactivate') : undefined);
  }

  /** Ends it: deactivated first, so that it can close what it reads from. */
  async stop(): Promise<void> {
    this.deactivate();
    if (this.#keeper.isUp && !this.isIdle) {
      await new Promise<void>((resolve) => {
        const giveUp = setTimeout(resolve, this.#settings.shutdownGraceMs);
        this.#onQuiet = (): void => {
          clearTimeout(giveUp);
          resolve();
        };
      });
      this.#onQuiet = undefined;
    }
    await this.#keeper.stop();
  }

  kill(): void {
    this.#keeper.kill();
  }

  /** Verdicts never wait for anybody (design D9), floods do: emits under `next`, under no command, or in great number. */
  #applyPause(): void {
    const { current } = this.#keeper;
    const mayFlood = this.#outstanding === 'next' || this.#outstanding === 'none' || this.#emitted > UNPAUSED_EMITS_MAX;
    current?.pause((this.#wantsPause && mayFlood) || current.outbox.replyChars > REPLY_BYTES_MAX);
  }

  #onUp(): void {
    this.#keeper.current?.watch(false);
    this.#toldActive = false;
    this.#applyPause();
    this.#tellActive();
    this.#events.onReady();
  }

  /** Tells the component what it should be, when it does not know yet and is not busy. */
  #tellActive(): void {
    if (!this.#keeper.isUp || this.#outstanding !== 'none' || this.#toldActive === this.#isActive) return;
    this.#toldActive = this.#isActive;
    if (this.#settings.compat.skipActivate === true) return;
    const command = this.#isActive ? 'activate' : 'deactivate';
    this.#send(command, this.#codec.spoutCommand(command));
  }

  #send(outstanding: SpoutCommand, text: string): void {
    const { current } = this.#keeper;
    if (current === undefined) return;
    this.#outstanding = outstanding;
    this.#emitted = 0;
    this.#sentAtMs = this.#now();
    this.#applyPause();
    current.watch(true, outstanding);
    current.outbox.addTuple(text);
    this.#events.onDirty();
  }

  #onSync(): void {
    if (this.#outstanding === 'none') return;
    if (this.#outstanding === 'next') this.wasEmpty = this.#emitted === 0;
    this.#outstanding = 'none';
    this.#keeper.current?.watch(false);
    this.#applyPause();
    this.#tellActive();
    if (this.isIdle && !this.#isActive) this.#onQuiet?.();
    this.#events.onReady();
  }

  // Hot path: once for every emit.
  #onEmit(frame: EmitFrame): void {
    if (++this.#emitted === UNPAUSED_EMITS_MAX + 1) this.#applyPause();
    const messageId = frame.idText === '' ? undefined : frame.idText;
    let stream = this.#stream;
    if (stream === undefined || stream.name !== frame.stream || stream.arity !== frame.arity || stream.direct || frame.task !== 0) {
      const checked = frame.refusal ?? checkEmit(this.#output, frame.stream, frame.arity, frame.task);
      if (checked instanceof PolyboltError) return this.#refuse(checked, frame, messageId);
      stream = this.#stream = checked;
    }
    this.#keeper.progressed();
    let targets: readonly number[];
    try {
      targets = this.#output.emitRoot(stream, Values.fromText(frame.text), messageId, frame.task);
    } catch (error) {
      if (error instanceof PolyboltError) return this.#refuse(error, frame, messageId); // Of a custom grouping.
      throw error;
    }
    if (frame.needTaskIds && frame.task === 0) this.#reply(targets);
  }

  #refuse(error: PolyboltError, frame: EmitFrame, messageId: unknown): void {
    const { current } = this.#keeper;
    this.#events.onError(current === undefined ? error : current.explain(error.with({ frame: current.decoder.quote() })));
    if (messageId !== undefined) this.#events.onRefused(messageId);
    if (frame.needTaskIds && frame.task === 0) this.#reply([]);
  }

  #reply(targets: readonly number[]): void {
    const { current } = this.#keeper;
    if (current === undefined) return;
    current.outbox.addReply(this.#codec.taskIds(targets));
    this.#events.onDirty();
    if (current.outbox.replyChars > REPLY_BYTES_MAX) this.#applyPause();
  }

  #notForSpouts(command: string): void {
    const frame = this.#keeper.current?.decoder.quote() ?? '';
    this.#keeper.end(
      new PolyboltError('PB_COMMAND_UNKNOWN', {
        message: `a spout sent the command "${command}", which spouts do not have`,
        hint: 'a spout sends emit, log, error, metrics and sync',
        context: { frame },
      }),
    );
  }

  #onLost(): void {
    this.#outstanding = 'none';
    this.#toldActive = false;
    this.#onQuiet?.();
    this.#events.onLost();
  }
}
