/**
 * Decodes what a component writes: bytes in, calls of a `ComponentHandler` out. Invariant: an emit's values are sliced out of the text and
 * forwarded as written (design D1), and every byte of them has been checked to be JSON. Implements ML-FR, ML-EM and ML-BO on the way in.
 *
 * Hot path: an emit, ack or sync that has the shape of one of the last few costs some comparisons with literals and one walk over its
 * values, about 0.2 µs; any other emit, ack, fail or sync one walk over the frame; everything else goes to `slow-frame.ts`.
 */
import type { PolyboltError } from '../model/errors.js';
import { QUOTE_CHARS_MAX } from '../model/limits.js';
import { type ComponentHandler, EmitFrame } from './component-frames.js';
import { frameAt, frameEnd } from './frame-end.js';
import { copyOf, FrameParts, oneLine } from './frame-parts.js';
import { type EmitShape, shapeOf } from './frame-shape.js';
import { FrameSplitter } from './frame-splitter.js';
import { INVALID, skipValue } from './json-scan.js';
import { decodeSlowFrame, type HotDecoder } from './slow-frame.js';

const QUOTE = 34;
const FIRST_OF_NULL = 110;

/** Shapes that are remembered: a component that emits to a few streams in turn finds each of them again. */
const SHAPES_MAX = 4;
/** What it costs to learn a shape; each emit earns one, up to the limit. So emits that never repeat are not learned each time. */
const LEARN_COST = 16;
const CREDIT_MAX = 4 * LEARN_COST;
/** A text that no frame starts with. */
const NEVER = '\u0000';

export class ComponentDecoder {
  readonly #handler: ComponentHandler;
  readonly #splitter: FrameSplitter;
  readonly #parts = new FrameParts();
  readonly #emit = new EmitFrame();
  readonly #hot: HotDecoder = {
    decodeHot: (json) => this.#decodeSalvaged(json),
    refuseEmit: (json, error) => this.#refuseEmit(json, error),
  };
  #stopped = false;

  // The frame at hand, for quotes in errors.
  #text = '';
  #frameStart = 0;

  /** The shapes of the last few emits; the one that matched last is tried first. */
  readonly #shapes: EmitShape[] = [];
  #shape: EmitShape | undefined;
  #nextShape = 0;
  #credit = CREDIT_MAX;
  // The shape of the last ack, and the last sync.
  #ackBefore = NEVER;
  #ackAfter = NEVER;
  #sync = NEVER;

  constructor(handler: ComponentHandler, splitter: FrameSplitter = new FrameSplitter()) {
    this.#handler = handler;
    this.#splitter = splitter;
  }

  /** Bytes of a frame that has begun and not ended. */
  get heldBytes(): number {
    return this.#splitter.heldBytes;
  }

  /** The beginning of the frame that has begun and not ended. */
  quoteHeld(): string {
    return this.#splitter.quoteHeld();
  }

  /** The frame at hand, for an error: at most `charsMax` characters. Only valid inside a handler's call. */
  quote(charsMax = QUOTE_CHARS_MAX): string {
    const end = this.#text.indexOf('\nend', this.#frameStart);
    const frame = this.#text.slice(this.#frameStart, end < 0 ? undefined : end);
    return frame.length <= charsMax ? frame : `${frame.slice(0, charsMax)}… (${frame.length} characters)`;
  }

  /** Decodes no further frame, also not of the bytes at hand: whoever handles frames has decided that the child ends. */
  stop(): void {
    this.#stopped = true;
  }

  /** Takes the next bytes of the child's standard output; they are not kept. */
  push(chunk: Buffer): void {
    if (this.#stopped) return;
    const text = this.#splitter.push(chunk);
    if (text !== '') this.#decode(text);
    const { failure } = this.#splitter;
    if (failure !== undefined && !this.#stopped) this.#unreadable(failure);
  }

  /**
   * Takes one message that came in another serialization, as the JSON it stands for.
   * @param flaw what JSON could not hold; an emit is refused for it, whatever concerns no tuple is used as it is
   */
  pushMessage(json: string, flaw?: PolyboltError): void {
    if (this.#stopped) return;
    const text = `${json}\nend\n`;
    if (flaw === undefined) return this.#decode(text);
    this.#parts.walk(json, 0);
    this.#text = text;
    this.#frameStart = 0;
    if (this.#parts.command === 'emit') {
      if (!this.#refuseEmit(json, flaw)) this.#unreadable(flaw);
    } else if (flaw.code === 'PB_FRAME_TOO_DEEP') this.#unreadable(flaw);
    else this.#decode(text);
    this.#text = '';
  }

  // Hot path: once for every frame.
  #decode(text: string): void {
    this.#text = text;
    const length = text.length;
    let pos = 0;
    while (pos < length && !this.#stopped) {
      this.#frameStart = pos;
      let next = this.#shape === undefined ? INVALID : this.#emitOfShape(this.#shape, text, pos);
      if (next < 0) next = this.#ackOfKnownShape(text, pos);
      if (next < 0) next = this.#frameOfOtherShape(text, pos);
      if (next < 0) next = this.#anyFrame(text, pos);
      if (next < 0) next = this.#slowFrame(text, pos);
      pos = next;
    }
    // Neither the text nor a slice of it is kept: it may be large.
    this.#text = this.#emit.text = '';
  }

  #emitOfShape(shape: EmitShape, text: string, start: number): number {
    if (!text.startsWith(shape.before, start)) return INVALID;
    const emit = this.#emit;
    const parts = this.#parts;
    let pos = start + shape.before.length;
    if (shape.isSlotFirst && shape.slot !== 'none') {
      pos = this.#slot(shape, text, pos, shape.between);
      if (pos < 0) return INVALID;
    }
    const tupleStart = pos;
    pos = parts.skipTuple(text, pos);
    if (pos < 0) return INVALID;
    const tupleEnd = pos;
    if (shape.isSlotFirst) {
      if (!text.startsWith(shape.after, pos)) return INVALID;
      pos += shape.after.length;
    } else {
      if (!text.startsWith(shape.between, pos)) return INVALID;
      pos = this.#slot(shape, text, pos + shape.between.length, shape.after);
      if (pos < 0) return INVALID;
    }
    if (shape.slot !== 'id') emit.idText = '';
    emit.anchorCount = shape.slot === 'anchor' ? 1 : 0;
    emit.text = oneLine(text.slice(tupleStart, tupleEnd));
    emit.arity = parts.arity;
    emit.stream = shape.stream;
    emit.task = shape.task;
    emit.needTaskIds = shape.needTaskIds;
    emit.refusal = undefined;
    if (this.#credit < CREDIT_MAX) this.#credit++;
    this.#handler.onEmit(emit);
    return pos;
  }

  /** Reads the slot at `pos` into the emit; returns where the constant text behind it ends. */
  #slot(shape: EmitShape, text: string, pos: number, behind: string): number {
    let end: number;
    if (shape.slot === 'anchor') {
      this.#emit.anchors[0] = this.#parts.digits(text, pos);
      end = this.#parts.digitsEnd;
    } else {
      // A null is no id: another shape.
      if (text.charCodeAt(pos) === FIRST_OF_NULL) return INVALID;
      end = skipValue(text, pos);
      if (end < 0) return INVALID;
      this.#emit.idText = oneLine(text.slice(pos, end));
    }
    return text.startsWith(behind, end) ? end + behind.length : INVALID;
  }

  #ackOfKnownShape(text: string, start: number): number {
    if (!text.startsWith(this.#ackBefore, start)) return INVALID;
    const id = this.#parts.digits(text, start + this.#ackBefore.length);
    const end = this.#parts.digitsEnd;
    if (!text.startsWith(this.#ackAfter, end)) return INVALID;
    this.#handler.onAck(id);
    return end + this.#ackAfter.length;
  }

  #frameOfOtherShape(text: string, start: number): number {
    if (text.startsWith(this.#sync, start)) {
      this.#handler.onSync();
      return start + this.#sync.length;
    }
    for (const shape of this.#shapes) {
      if (shape === this.#shape) continue;
      const end = this.#emitOfShape(shape, text, start);
      if (end < 0) continue;
      this.#shape = shape;
      return end;
    }
    return INVALID;
  }

  /** Any emit, ack, fail or sync that follows the rules of its form; INVALID for all that the slow path has to look at. */
  #anyFrame(text: string, start: number): number {
    const parts = this.#parts;
    const end = frameEnd(text, parts.walk(text, start));
    if (end < 0) return INVALID;
    switch (parts.command) {
      case 'emit':
        if (parts.readEmit(text, this.#emit) !== undefined) return INVALID;
        this.#emit.text = oneLine(text.slice(parts.tupleStart, parts.tupleEnd));
        this.#emit.arity = parts.arity;
        this.#learn(text, start, end);
        this.#handler.onEmit(this.#emit);
        return end;
      case 'ack':
        if (parts.idStart < 0) return INVALID;
        if (text.charCodeAt(parts.idStart) === QUOTE) {
          this.#ackBefore = copyOf(text.slice(start, parts.idStart + 1));
          this.#ackAfter = copyOf(text.slice(parts.idEnd - 1, end));
        }
        this.#handler.onAck(parts.readId(text));
        return end;
      case 'fail':
        if (parts.idStart < 0) return INVALID;
        this.#handler.onFail(parts.readId(text));
        return end;
      case 'sync':
        this.#sync = copyOf(text.slice(start, end));
        this.#handler.onSync();
        return end;
      default:
        return INVALID;
    }
  }

  #learn(text: string, start: number, end: number): void {
    if (++this.#credit < LEARN_COST) return;
    const shape = shapeOf(text, start, end, this.#parts, this.#emit);
    if (shape === undefined) return;
    this.#credit -= LEARN_COST;
    this.#shapes[this.#nextShape] = this.#shape = shape;
    this.#nextShape = (this.#nextShape + 1) % SHAPES_MAX;
  }

  #slowFrame(text: string, start: number): number {
    const { content, end } = frameAt(text, start);
    const failure = decodeSlowFrame(content, this.#handler, this.#hot);
    if (failure !== undefined) this.#unreadable(failure);
    return end;
  }

  /** A message that stood behind stray text, decoded as if it had stood alone; returns the rule that it breaks, or undefined. */
  #decodeSalvaged(json: string): string | undefined {
    const parts = this.#parts;
    const { text, frameStart } = { text: this.#text, frameStart: this.#frameStart };
    this.#text = `${json}\nend\n`;
    this.#frameStart = 0;
    const isDone = this.#anyFrame(this.#text, 0) >= 0;
    this.#text = text;
    this.#frameStart = frameStart;
    if (isDone) return undefined;
    parts.walk(json, 0);
    return parts.command === 'emit' ? parts.readEmit(json, this.#emit) : `${parts.command} needs the id of a tuple`;
  }

  /** An emit that is JSON and breaks a rule of its form: its anchors and id are known, so only they have to fail. */
  #refuseEmit(json: string, error: PolyboltError): boolean {
    const emit = this.#emit;
    const parts = this.#parts;
    parts.walk(json, 0, false);
    // An id that cannot be sent back cannot be failed.
    if (parts.idStart >= 0 && skipValue(json, parts.idStart) < 0) return false;
    parts.readOrigin(json, emit);
    emit.refusal = error;
    emit.text = '';
    emit.arity = -1;
    emit.stream = 'default';
    emit.task = 0;
    // A direct emit is never answered; what else it says is beside the point.
    const isDirect = parts.taskStart >= 0 && /^-?\d*[1-9]/.test(json.slice(parts.taskStart, parts.taskEnd));
    emit.needTaskIds = !isDirect && !(parts.needStart >= 0 && json.startsWith('false', parts.needStart));
    this.#handler.onEmit(emit);
    return true;
  }

  #unreadable(error: PolyboltError): void {
    this.#stopped = true;
    this.#handler.onUnreadable(error);
  }
}
