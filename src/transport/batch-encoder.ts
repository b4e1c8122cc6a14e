/**
 * Makes frames of batches, for one link. Invariant: frames must be read in the order in which they were made, because a source is spelled out in the first frame that names it, and only there;
 * the text of a component goes out as it came in.
 *
 * Hot path: a tuple costs some eight array accesses and one concatenation; its text is encoded together with that of its neighbours.
 */
import type { FrameAddress } from '../membership/fence.js';
import type { Versions } from '../model/cluster-records.js';
import { PolyboltError } from '../model/errors.js';
import { FRAME_CHARS_MAX, LINK_FRAME_CHARS, LINK_FRAME_NUMBERS, LINK_SOURCES_MAX } from '../model/limits.js';
import type { Tuple, TupleSource } from '../model/tuple.js';
import { type FrameHeader, HEADER_WORDS, ROOT_WORDS, TEXT_UTF8, TEXT_UTF16, TUPLE_WORDS, writeHeader } from './batch-frame.js';
import type { BatchQueue } from './batch-queue.js';

const REPLACEMENT = Buffer.from('\ufffd');

/** Where the bytes of frames go. */
export interface FrameBuffers {
  /** At least so many bytes, at the start of an array buffer. */
  take(bytes: number): Buffer;
}

/** A tuple that has no JSON, or too much of it. */
export type OnUnsendable = (tuple: Tuple, error: PolyboltError) => void;

export class BatchEncoder {
  readonly #address: FrameAddress;
  readonly #versions: Versions;
  readonly #buffers: FrameBuffers;
  readonly #onUnsendable: OnUnsendable;
  /** Numbers of the frame at hand. */
  #numbers = new Int32Array(4096);
  #count = 0;
  readonly #indexOf = new Map<TupleSource, number>();
  /** A component that was restarted has new objects for the same sources. */
  readonly #indexOfKey = new Map<string, number>();
  #newSources: (readonly [component: string, stream: string, task: number, fields: readonly string[]])[] = [];
  #lastSource: TupleSource | undefined;
  #lastIndex = 0;

  constructor(address: FrameAddress, versions: Versions, buffers: FrameBuffers, onUnsendable: OnUnsendable) {
    this.#address = address;
    this.#versions = versions;
    this.#buffers = buffers;
    this.#onUnsendable = onUnsendable;
  }

  /**
   * Takes as much from the queue as one frame should hold, at least one tuple or record, and returns the frame: a view at the start of one of the buffers. Throws PB_LINK_FRAME_INVALID when
   * the link has named too many sources; it is of no use any more.
   */
  encode(queue: BatchQueue): Buffer {
    this.#count = 0;
    const roots: number[] = [];
    const congestion: number[] = [];
    let tuples = 0;
    let text = '';
    for (let batch = queue.first; batch !== undefined; batch = queue.first) {
      const { tasks, tuples: waiting } = batch;
      let at = queue.taken;
      while (at < waiting.length && text.length < LINK_FRAME_CHARS && this.#count < LINK_FRAME_NUMBERS) {
        const tuple = waiting[at] as Tuple;
        const values = this.#textOf(tuple);
        if (values !== undefined) {
          this.#addTuple(tasks[at] as number, tuple, values.length);
          text += values;
          tuples++;
        }
        at++;
      }
      queue.taken = at;
      if (at < waiting.length) break;
      for (let i = 0; i < batch.roots.length; i++) roots.push(batch.roots[i] as number);
      for (let i = 0; i < batch.congestion.length; i++) congestion.push(batch.congestion[i] as number);
      queue.shift();
      if (text.length >= LINK_FRAME_CHARS || this.#count + roots.length >= LINK_FRAME_NUMBERS) break;
    }
    return this.#frame(tuples, roots, congestion, text);
  }

  #frame(tuples: number, roots: readonly number[], congestion: readonly number[], text: string): Buffer {
    const tupleWords = this.#count;
    for (let i = 0; i < roots.length; i++) this.#add(roots[i] as number);
    for (let i = 0; i < congestion.length; i++) this.#add(congestion[i] as number);
    const sources = this.#newSources.length === 0 ? '' : JSON.stringify(this.#newSources);
    this.#newSources = [];
    const sourceBytes = Buffer.byteLength(sources);
    const start = 4 * (HEADER_WORDS + this.#count) + sourceBytes;
    // Room for the longest UTF-8 that so many units can have, or, where that would be a waste, for what they really have.
    const roomy = 3 * text.length <= 4 * LINK_FRAME_CHARS;
    const buffer = this.#buffers.take(start + (roomy ? 3 * text.length : Math.max(Buffer.byteLength(text), 2 * text.length)));
    const words = new Int32Array(buffer.buffer, buffer.byteOffset, HEADER_WORDS + this.#count);
    words.set(this.#numbers.subarray(0, this.#count), HEADER_WORDS);
    buffer.write(sources, start - sourceBytes, 'utf8');
    const { bytes, encoding } = writeText(buffer, start, text);
    const header: FrameHeader = {
      ...this.#address,
      tuples,
      tupleWords,
      rootWords: roots.length,
      congestionWords: congestion.length,
      sourceBytes,
      chars: text.length,
      encoding,
      bytes: start + bytes,
    };
    writeHeader(words, buffer, this.#versions, header);
    return buffer.subarray(0, header.bytes);
  }

  // Hot path: once for every tuple.
  #addTuple(task: number, tuple: Tuple, chars: number): void {
    const { source, rootCount } = tuple;
    if (source !== this.#lastSource) {
      this.#lastIndex = this.#indexOf.get(source) ?? this.#learn(source);
      this.#lastSource = source;
    }
    const more = tuple.moreRoots;
    const needed = this.#count + TUPLE_WORDS + (rootCount > 0 ? ROOT_WORDS : 0);
    if (needed > this.#numbers.length) this.#grow(needed);
    const numbers = this.#numbers;
    let at = this.#count;
    numbers[at] = task;
    numbers[at + 1] = this.#lastIndex;
    numbers[at + 2] = chars;
    numbers[at + 3] = rootCount;
    at += TUPLE_WORDS;
    if (rootCount > 0) {
      numbers[at] = tuple.rootHigh;
      numbers[at + 1] = tuple.rootLow;
      numbers[at + 2] = tuple.edgeHigh;
      numbers[at + 3] = tuple.edgeLow;
      at += ROOT_WORDS;
    }
    this.#count = at;
    if (more !== undefined) for (let i = 0; i < more.length; i++) this.#add(more[i] as number);
  }

  #add(number: number): void {
    if (this.#count === this.#numbers.length) this.#grow(this.#count + 1);
    this.#numbers[this.#count++] = number;
  }

  #grow(needed: number): void {
    const grown = new Int32Array(Math.max(needed, 2 * this.#numbers.length));
    grown.set(this.#numbers);
    this.#numbers = grown;
  }

  /** The index of a source that this object has not stood for yet. */
  #learn(source: TupleSource): number {
    const { component, stream, task, fields } = source;
    const key = `${task} ${stream} ${component}`;
    let index = this.#indexOfKey.get(key);
    if (index === undefined) {
      index = this.#indexOfKey.size;
      if (index >= LINK_SOURCES_MAX) throw tooManySources();
      this.#indexOfKey.set(key, index);
      this.#newSources.push([component, stream, task, fields]);
    }
    // Objects of components that are gone must not stay for ever.
    if (this.#indexOf.size > 2 * this.#indexOfKey.size) this.#indexOf.clear();
    this.#indexOf.set(source, index);
    return index;
  }

  /** Undefined for a tuple that cannot be sent. */
  #textOf(tuple: Tuple): string | undefined {
    let text: string;
    try {
      text = tuple.values.text;
    } catch (error) {
      this.#onUnsendable(tuple, unsendable(tuple, 'its values have no JSON', error));
      return undefined;
    }
    if (text.length <= FRAME_CHARS_MAX) return text;
    this.#onUnsendable(tuple, unsendable(tuple, `its values have ${text.length} characters, and ${FRAME_CHARS_MAX} are the most`));
    return undefined;
  }
}

function writeText(buffer: Buffer, at: number, text: string): { readonly bytes: number; readonly encoding: number } {
  const bytes = buffer.write(text, at, 'utf8');
  // As many bytes as units: it was ASCII. Half of a surrogate pair would have become a replacement character, which hardly any text has.
  if (bytes === text.length || !buffer.subarray(at, at + bytes).includes(REPLACEMENT)) return { bytes, encoding: TEXT_UTF8 };
  return { bytes: buffer.write(text, at, 'utf16le'), encoding: TEXT_UTF16 };
}

function unsendable({ source }: Tuple, why: string, cause?: unknown): PolyboltError {
  const { component, stream, task } = source;
  return new PolyboltError('PB_LINK_TUPLE_UNSENDABLE', {
    message: `a tuple of ${component} (task ${task}, stream ${stream}) cannot be sent to another worker: ${why}`,
    hint: 'It is dropped, and its root times out. Emit values that JSON.stringify takes, and send large data by reference.',
    context: { component, stream, task },
    ...(cause === undefined ? {} : { cause }),
  });
}

function tooManySources(): PolyboltError {
  return new PolyboltError('PB_LINK_FRAME_INVALID', {
    message: `more than ${LINK_SOURCES_MAX} streams of tasks send to one worker`,
    hint: 'The link is made anew. Use fewer streams or fewer tasks.',
  });
}
