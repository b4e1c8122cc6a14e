/**
 * Makes batches of frames, for one link. Invariant: a frame that is not exactly as it was made is refused with a `PolyboltError`, and nothing of it is used; the values of its tuples are
 * slices of one text, which keeps all of it alive as long as any of them: whoever keeps a tuple beyond its turn detaches it, as inboxes do.
 *
 * Hot path: a tuple costs two objects, a slice and some eight array accesses.
 */
import type { Versions } from '../model/cluster-records.js';
import { LINK_SOURCES_MAX } from '../model/limits.js';
import { Tuple, type TupleSource } from '../model/tuple.js';
import { Values } from '../model/values.js';
import { tupleHead } from '../protocol/host-encoder.js';
import {
  type FrameHeader,
  HEADER_WORDS,
  invalid,
  ROOT_WORDS,
  readHeader,
  TEXT_UTF8,
  TEXT_UTF16,
  TUPLE_WORDS,
  textStart,
} from './batch-frame.js';
import { Batch, ROOT_FAILED, ROOT_INIT, ROOT_RECORD_LENGTH } from './transport.js';

export class BatchDecoder {
  readonly #versions: Versions;
  /** The words of the frame at hand: in the buffer of a socket they need not be aligned. */
  #words = new Int32Array(4096);
  #bytes = new Uint8Array(this.#words.buffer);
  readonly #sources: TupleSource[] = [];

  constructor(versions: Versions) {
    this.#versions = versions;
  }

  /** Reads who sent a whole frame to whom, and checks its sum. Throws PB_LINK_VERSIONS and PB_LINK_FRAME_INVALID. */
  header(frame: Buffer): FrameHeader {
    this.#words[0] = 0;
    this.#bytes.set(frame.subarray(0, 4 * HEADER_WORDS));
    return readHeader(this.#words, frame, this.#versions);
  }

  /** Reads the body of a frame whose header was just read. Throws PB_LINK_FRAME_INVALID; the link is of no use any more then. */
  body(frame: Buffer, header: FrameHeader): Batch {
    const { tuples, tupleWords, rootWords, congestionWords, sourceBytes } = header;
    const words = HEADER_WORDS + tupleWords + rootWords + congestionWords;
    if (words > this.#words.length) {
      this.#words = new Int32Array(2 * words);
      this.#bytes = new Uint8Array(this.#words.buffer);
    }
    this.#bytes.set(frame.subarray(0, 4 * words));
    if (sourceBytes > 0) this.#learn(frame.toString('utf8', 4 * words, 4 * words + sourceBytes), frame.length);
    const batch = new Batch();
    const isRight =
      this.#addTuples(batch, tuples, HEADER_WORDS + tupleWords, textOf(frame, header)) &&
      this.#addRecords(batch, words, rootWords, congestionWords);
    if (!isRight) throw invalid('its parts do not fit together', frame.length);
    return batch;
  }

  // Hot path: once for every tuple.
  #addTuples({ tasks, tuples }: Batch, count: number, end: number, text: string): boolean {
    const words = this.#words;
    const sources = this.#sources;
    let at = HEADER_WORDS;
    let from = 0;
    for (let i = 0; i < count; i++) {
      if (at + TUPLE_WORDS > end) return false;
      const source = sources[words[at + 1] as number];
      const to = from + (words[at + 2] as number);
      const rootCount = words[at + 3] as number;
      if (source === undefined || to < from || to > text.length || rootCount < 0 || rootCount > (end - at) / ROOT_WORDS) return false;
      const tuple = new Tuple(source, Values.fromText(text.slice(from, to)));
      tasks.push(words[at] as number);
      tuples.push(tuple);
      from = to;
      at += TUPLE_WORDS;
      if (rootCount > 0) {
        if (at + ROOT_WORDS * rootCount > end) return false;
        tuple.rootCount = rootCount;
        tuple.rootHigh = words[at] as number;
        tuple.rootLow = words[at + 1] as number;
        tuple.edgeHigh = words[at + 2] as number;
        tuple.edgeLow = words[at + 3] as number;
        at += ROOT_WORDS;
        if (rootCount > 1) {
          const more: number[] = [];
          for (const last = at + ROOT_WORDS * (rootCount - 1); at < last; at++) more.push(words[at] as number);
          tuple.moreRoots = more;
        }
      }
    }
    return at === end && from === text.length;
  }

  #addRecords({ roots, congestion }: Batch, end: number, rootWords: number, congestionWords: number): boolean {
    const words = this.#words;
    const middle = end - congestionWords;
    for (let at = middle - rootWords; at < middle; at++) roots.push(words[at] as number);
    for (let at = middle; at < end; at++) congestion.push(words[at] as number);
    if (rootWords % ROOT_RECORD_LENGTH !== 0) return false;
    for (let at = 0; at < rootWords; at += ROOT_RECORD_LENGTH) {
      const kind = roots[at] as number;
      if (kind < ROOT_INIT || kind > ROOT_FAILED) return false;
    }
    return true;
  }

  #learn(json: string, frameBytes: number): void {
    const entries = parsed(json, frameBytes);
    if (this.#sources.length + entries.length > LINK_SOURCES_MAX)
      throw invalid(`it names more than ${LINK_SOURCES_MAX} sources`, frameBytes);
    for (const entry of entries) {
      if (!isSource(entry)) throw invalid('it names a source that is none', frameBytes);
      const [component, stream, task, fields] = entry;
      this.#sources.push({ component, stream, task, fields, head: tupleHead(component, stream, task) });
    }
  }
}

function textOf(frame: Buffer, header: FrameHeader): string {
  const { chars, encoding } = header;
  if (encoding !== TEXT_UTF8 && encoding !== TEXT_UTF16) throw invalid('its text is in no known encoding', frame.length);
  const text = frame.toString(encoding === TEXT_UTF8 ? 'utf8' : 'utf16le', textStart(header));
  if (text.length !== chars) throw invalid('its text is not as long as it says', frame.length);
  return text;
}

function parsed(json: string, frameBytes: number): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(json);
    if (Array.isArray(value)) return value;
  } catch {
    // Said below, as for any other text that is no list.
  }
  throw invalid('its sources are no list', frameBytes);
}

function isSource(entry: unknown): entry is readonly [string, string, number, readonly string[]] {
  if (!Array.isArray(entry) || entry.length !== 4) return false;
  const [component, stream, task, fields] = entry as readonly unknown[];
  return (
    typeof component === 'string' &&
    typeof stream === 'string' &&
    Number.isInteger(task) &&
    Array.isArray(fields) &&
    fields.every((field) => typeof field === 'string')
  );
}
