/**
 * A bolt that runs as a child process. Invariant: every input that the child was given is acked or failed exactly once towards the
 * topology, whatever the child does: by its own word, by a refusal, or by the end of its incarnation. Implements ML-BO, ML-HB and ML-EM.
 *
 * Hot path: `execute`, `onEmit` and `onAck`, each a few array accesses and one concatenation.
 */

import { IdRing } from '../acking/id-ring.js';
import { ChildWindow } from '../flow/child-window.js';
import { assert, PolyboltError } from '../model/errors.js';
import { HEARTBEATS_OPEN_MAX, HELD_MAX, OUTBOX_CHARS_MAX, REPLY_BYTES_MAX, TOMBSTONES_MAX } from '../model/limits.js';
import type { Tuple } from '../model/tuple.js';
import { Values, withoutNonFinite } from '../model/values.js';
import type { HostCodec } from '../protocol/codec.js';
import type { EmitFrame } from '../protocol/component-frames.js';
import { checkEmit } from './emit-rules.js';
import type { ShellPorts, ShellSettings } from './incarnation-ports.js';
import type { BoltHost, ComponentOutput, HostEvents, OutputStream, Replacement, Successor, TaskIdentity } from './ports.js';
import { ShellKeeper } from './shell-keeper.js';

const HEARTBEAT_MS = 1000;
/** Stands in for values that have been written, so that a held input does not keep its text. */
const WRITTEN = Values.fromText('[]');

export interface ShellBoltSettings extends ShellSettings {
  readonly restartsMax: number;
  /** Tuples that may wait for the pipe. */
  readonly pendingMax: number;
  readonly nonFiniteAsNull: boolean;
}

export class ShellBolt implements BoltHost {
  readonly #settings: ShellBoltSettings;
  readonly #codec: HostCodec;
  readonly #output: ComponentOutput;
  readonly #events: HostEvents;
  readonly #keeper: ShellKeeper;

  // Of the incarnation at hand.
  #held = new IdRing<Tuple>();
  #window = new ChildWindow();
  /** Inputs whose fate is sealed and that the child may still speak of. */
  readonly #tombstones = new Set<number>();
  #isPipeFull = false;
  /** For each heartbeat on its way: the sequence number up to which its answer shows that the child has read. */
  #heartbeats: number[] = [];
  #heartbeatAtMs = 0;
  #heartbeatNumber = 0;
  #writtenSequence = 0;

  #wantsPause = false;
  #anchors: Tuple[] = [];
  #stream: OutputStream | undefined;

  constructor(identity: TaskIdentity, settings: ShellBoltSettings, ports: ShellPorts, output: ComponentOutput, events: HostEvents) {
    this.#settings = settings;
    this.#codec = settings.codec;
    this.#output = output;
    this.#events = events;
    this.#keeper = new ShellKeeper(identity, settings, ports, events, {
      onUp: () => {
        this.#applyPause();
        events.onReady();
      },
      onEmit: (frame) => this.#onEmit(frame),
      onAck: (id) => this.#onAck(id),
      onFail: (id) => this.#onFail(id),
      onSync: () => this.#onSync(),
      onUnknownCommand: () => {}, // As in Storm, a bolt may say what its host does not know.
      onDirty: () => events.onDirty(),
      onDrain: () => this.#onDrain(),
      onLost: () => this.#onLost(),
    });
  }

  get isRunning(): boolean {
    return this.#keeper.isUp;
  }

  get heldCount(): number {
    return this.#held.size;
  }

  get isReady(): boolean {
    if (!this.#keeper.isUp || this.#isPipeFull || this.#window.shut || this.#held.size >= HELD_MAX) return false;
    const outbox = this.#keeper.current?.outbox;
    if (outbox !== undefined && (outbox.tupleCount >= this.#settings.pendingMax || outbox.tupleChars >= OUTBOX_CHARS_MAX)) this.#write();
    return !this.#isPipeFull;
  }

  // Hot path: once for every input.
  execute(tuple: Tuple, nowMs: number): void {
    const { current } = this.#keeper;
    if (current === undefined) return this.#output.fail(tuple);
    // First, because values of an in-process component that are no JSON throw here.
    const { text } = tuple.values;
    const id = this.#held.add(tuple);
    current.outbox.addTuple(this.#codec.tuple(id, tuple.source, this.#settings.nonFiniteAsNull ? withoutNonFinite(text) : text));
    tuple.values = WRITTEN;
    this.#window.onSent(nowMs);
    tuple.sequence = this.#window.sent;
  }

  start(): void {
    this.#keeper.start();
  }

  flush(): void {
    // Nothing but the answer to a heartbeat shows that a bolt which keeps its inputs has read them.
    if (this.#keeper.isUp && this.#window.shut && this.#heartbeats.length === 0) this.#heartbeat();
    this.#write();
  }

  pulse(nowMs: number): void {
    const { current } = this.#keeper;
    if (current === undefined) return;
    current.pulse(nowMs);
    if (current.isUp && nowMs - this.#heartbeatAtMs >= HEARTBEAT_MS) {
      this.#heartbeatAtMs = nowMs;
      this.#heartbeat();
      this.#write();
    }
  }

  pause(paused: boolean): void {
    this.#wantsPause = paused;
    this.#applyPause();
  }

  async replace(successor: Successor): Promise<Replacement> {
    assert(successor.type === 'shell', 'a child is replaced by a child');
    return this.#keeper.replace(successor.settings, this.#codec.heartbeat('-1'));
  }

  async stop(): Promise<void> {
    await this.#keeper.stop();
  }

  kill(): void {
    this.#keeper.kill();
  }

  /** When the bytes at hand were read: one look at the clock for a whole chunk. */
  get #readAtMs(): number {
    return this.#keeper.current?.readAtMs ?? 0;
  }

  // Hot path: once for every emit.
  #onEmit(frame: EmitFrame): void {
    let anchorCount = 0;
    let isUnknown = false;
    for (let i = 0; i < frame.anchorCount; i++) {
      const tuple = this.#held.get(frame.anchors[i] as number);
      if (tuple !== undefined) {
        if (i === 0) this.#window.onRead(tuple.sequence, this.#readAtMs);
        if (anchorCount === 0 || !this.#anchors.slice(0, anchorCount).includes(tuple)) this.#anchors[anchorCount++] = tuple;
      } else if (!this.#tombstones.has(frame.anchors[i] as number)) isUnknown = true;
    }
    if (isUnknown) return this.#refuse(unknownTuple('anchored an emit to'), frame, anchorCount);
    let stream = this.#stream;
    if (stream === undefined || stream.name !== frame.stream || stream.arity !== frame.arity || stream.direct || frame.task !== 0) {
      const checked = frame.refusal ?? checkEmit(this.#output, frame.stream, frame.arity, frame.task);
      if (checked instanceof PolyboltError) return this.#refuse(checked, frame, anchorCount);
      stream = this.#stream = checked;
    }
    const owesIds = frame.needTaskIds && frame.task === 0;
    // Anchored only to inputs that have failed already: the roots are being replayed, and this tuple with them.
    if (anchorCount === 0 && frame.anchorCount > 0) {
      if (owesIds) this.#reply([]);
      return;
    }
    let targets: readonly number[];
    try {
      targets = this.#output.emit(stream, Values.fromText(frame.text), this.#anchors, anchorCount, frame.task);
    } catch (error) {
      if (error instanceof PolyboltError) return this.#refuse(error, frame, anchorCount); // Of a custom grouping.
      throw error;
    }
    if (owesIds) this.#reply(targets);
  }

  // Hot path: once for every input.
  #onAck(id: number): void {
    const tuple = this.#held.remove(id);
    if (tuple === undefined) return this.#answeredAgain(id, 'acked');
    this.#window.onRead(tuple.sequence, this.#readAtMs);
    this.#keeper.progressed();
    this.#output.ack(tuple);
    this.#events.onReady();
  }

  #onFail(id: number): void {
    const tuple = this.#held.remove(id);
    if (tuple === undefined) return this.#answeredAgain(id, 'failed');
    this.#window.onRead(tuple.sequence, this.#readAtMs);
    this.#output.fail(tuple);
    this.#events.onReady();
  }

  #onSync(): void {
    const sequence = this.#heartbeats.shift();
    if (sequence === undefined) return; // A surplus sync is never an error.
    this.#window.onRead(sequence, this.#readAtMs);
    if (this.#window.shut) this.#events.onDirty();
    else this.#events.onReady();
  }

  #onDrain(): void {
    if (!this.#isPipeFull) return;
    this.#isPipeFull = false;
    this.#events.onDirty();
    this.#events.onReady();
  }

  #answeredAgain(id: number, verb: string): void {
    if (this.#tombstones.delete(id)) return this.#events.onReady();
    // What else it says cannot be trusted: it may be about to ack what it has not done.
    this.#keeper.end(unknownTuple(verb).with({ frame: this.#keeper.current?.decoder.quote() ?? '' }));
  }

  /** An emit that broke a rule: its anchors fail at once, and what the child says of them later is swallowed. */
  #refuse(error: PolyboltError, frame: EmitFrame, anchorCount: number): void {
    const { current } = this.#keeper;
    this.#events.onError(current === undefined ? error : current.explain(error.with({ frame: current.decoder.quote() })));
    for (let i = 0; i < anchorCount; i++) {
      const tuple = this.#anchors[i] as Tuple;
      for (let j = 0; j < frame.anchorCount; j++) {
        const id = frame.anchors[j] as number;
        if (this.#held.get(id) !== tuple) continue;
        this.#held.remove(id);
        this.#tombstones.add(id);
      }
      this.#output.fail(tuple);
    }
    if (this.#tombstones.size > TOMBSTONES_MAX) {
      this.#keeper.end(
        new PolyboltError('PB_TUPLE_UNKNOWN', {
          message: `the component left ${TOMBSTONES_MAX} inputs of refused emits unanswered`,
          hint: 'mend the emits that are refused; the first errors say which',
        }),
      );
    }
    if (frame.needTaskIds && frame.task === 0) this.#reply([]);
  }

  #reply(targets: readonly number[]): void {
    const { current } = this.#keeper;
    if (current === undefined) return;
    if (current.outbox.isEmpty) this.#events.onDirty();
    current.outbox.addReply(this.#codec.taskIds(targets));
    if (current.outbox.replyChars > REPLY_BYTES_MAX) this.#applyPause();
  }

  #heartbeat(): void {
    const { current } = this.#keeper;
    if (current === undefined || current.outbox.hasHeartbeat) return;
    current.outbox.addHeartbeat(this.#codec.heartbeat(`-${++this.#heartbeatNumber}`));
    this.#heartbeats.push(this.#writtenSequence);
    if (this.#heartbeats.length > HEARTBEATS_OPEN_MAX) this.#heartbeats.shift();
  }

  #write(): void {
    const { current } = this.#keeper;
    if (current === undefined || this.#isPipeFull) return;
    const mayUnpause = current.outbox.replyChars > REPLY_BYTES_MAX;
    current.flush();
    this.#writtenSequence = this.#window.sent;
    this.#isPipeFull = current.unwrittenBytes > 0;
    if (mayUnpause) this.#applyPause();
  }

  /** Reading stops for congestion downstream, and for a child that asks for task ids and does not read them. */
  #applyPause(): void {
    const { current } = this.#keeper;
    current?.pause(this.#wantsPause || current.outbox.replyChars > REPLY_BYTES_MAX);
  }

  #onLost(): void {
    const held = this.#held;
    this.#held = new IdRing<Tuple>();
    this.#window = new ChildWindow();
    this.#tombstones.clear();
    this.#heartbeats = [];
    this.#isPipeFull = false;
    this.#writtenSequence = 0;
    held.forEach((tuple) => this.#output.fail(tuple));
  }
}

function unknownTuple(verb: string): PolyboltError {
  return new PolyboltError('PB_TUPLE_UNKNOWN', {
    message: `the component ${verb} a tuple that it does not hold`,
    hint: 'ack or fail each input once, and emit anchored tuples before that',
  });
}
