/**
 * The layout of a frame between workers, and the header that it begins with. Invariant: the first two words, mark and versions, stand in every version of this format, so that workers of
 * different versions refuse each other instead of misreading; nothing of a body is looked at before its sum is right. Implements design D7.
 *
 * A frame is little-endian: `HEADER_WORDS` words of 32 bits, the words of its tuples, root records and congestion, then the sources that are new on this link as JSON, then
 * the values of all tuples as one text. `multilang/link-frames.json` holds examples.
 */
import { endianness } from 'node:os';
import { crc32 } from 'node:zlib';
import type { FrameAddress, WorkerLaunch } from '../membership/fence.js';
import { incarnationName } from '../model/assignment.js';
import type { Versions } from '../model/cluster-records.js';
import { assert, PolyboltError } from '../model/errors.js';

/** The letters PBLF. */
export const FRAME_MARK = 0x464c4250;
export const HEADER_WORDS = 17;
/** Words of a tuple before its roots: task, source, length of its values, number of roots. */
export const TUPLE_WORDS = 4;
/** Words of a root of a tuple: root high, root low, edge high, edge low. */
export const ROOT_WORDS = 4;
/** Everything behind mark, versions and sum is summed. */
const SUMMED_FROM_BYTE = 12;
const INT32_MAX = 0x7fffffff;

export const TEXT_UTF8 = 0;
/** For texts with half of a surrogate pair, which have no UTF-8. */
export const TEXT_UTF16 = 1;

/** What a header says of the body. */
export interface FrameHeader extends FrameAddress {
  readonly tuples: number;
  /** Words of all tuples. */
  readonly tupleWords: number;
  readonly rootWords: number;
  readonly congestionWords: number;
  readonly sourceBytes: number;
  /** UTF-16 units of the text. */
  readonly chars: number;
  readonly encoding: number;
  /** Of the frame. */
  readonly bytes: number;
}

assert(endianness() === 'LE', 'frames are written in the order of a little-endian machine');

/** Writes the header of a frame whose body is complete. */
export function writeHeader(words: Int32Array, frame: Uint8Array, versions: Versions, header: FrameHeader): void {
  const { from, to } = header;
  words[0] = FRAME_MARK;
  words[1] = versionsWord(versions);
  words[3] = header.bytes;
  writeLaunch(words, 4, from);
  writeLaunch(words, 7, to);
  words[10] = header.tuples;
  words[11] = header.tupleWords;
  words[12] = header.rootWords;
  words[13] = header.congestionWords;
  words[14] = header.sourceBytes;
  words[15] = header.chars;
  words[16] = header.encoding;
  words[2] = crc32(frame.subarray(SUMMED_FROM_BYTE, header.bytes)) | 0;
}

/**
 * Reads the header of a whole frame and checks its sum. Throws PB_LINK_VERSIONS for a frame of other versions, PB_LINK_FRAME_INVALID for anything else that is no frame.
 * @param words at least the first `HEADER_WORDS` words of the frame
 */
export function readHeader(words: Int32Array, frame: Uint8Array, versions: Versions): FrameHeader {
  if (frame.length < 8 || words[0] !== FRAME_MARK) throw invalid('it does not begin as one', frame.length);
  if (words[1] !== versionsWord(versions)) throw otherVersions(versionsOf(words[1] as number), versions);
  if (frame.length < HEADER_WORDS * 4 || words[3] !== frame.length) throw invalid('it is not as long as it says', frame.length);
  if (words[2] !== (crc32(frame.subarray(SUMMED_FROM_BYTE)) | 0)) throw invalid('its sum is wrong', frame.length);
  const header = {
    from: readLaunch(words, 4),
    to: readLaunch(words, 7),
    tuples: words[10] as number,
    tupleWords: words[11] as number,
    rootWords: words[12] as number,
    congestionWords: words[13] as number,
    sourceBytes: words[14] as number,
    chars: words[15] as number,
    encoding: words[16] as number,
    bytes: frame.length,
  };
  const { tuples, tupleWords, rootWords, congestionWords, sourceBytes, chars } = header;
  if (Math.min(tuples, tupleWords, rootWords, congestionWords, sourceBytes, chars) < 0) throw invalid('a count is negative', frame.length);
  if (textStart(header) > frame.length) throw invalid('its parts are longer than the whole', frame.length);
  return header;
}

/** Byte at which the text begins. */
export function textStart({ tupleWords, rootWords, congestionWords, sourceBytes }: FrameHeader): number {
  return 4 * (HEADER_WORDS + tupleWords + rootWords + congestionWords) + sourceBytes;
}

export function invalid(what: string, bytes: number): PolyboltError {
  return new PolyboltError('PB_LINK_FRAME_INVALID', {
    message: `a frame of ${bytes} bytes from another worker cannot be read: ${what}`,
    hint: 'The link is closed and made anew, and spouts replay what was lost. If it happens again, look for a fault in the network or in memory, or for a program in between that changes what it forwards.',
    context: { bytes },
  });
}

export function otherVersions(theirs: Versions, ours: Versions): PolyboltError {
  return new PolyboltError('PB_LINK_VERSIONS', {
    message: `the other worker speaks frames ${theirs.frames} with grouping ${theirs.grouping}, this one frames ${ours.frames} with grouping ${ours.grouping}`,
    hint: 'All workers of a topology must run versions of Polybolt that agree on both: upgrade the supervisors that are behind.',
    context: { theirs, ours },
  });
}

/** Whether an incarnation can be named in a frame. */
export function isFrameable(incarnation: string): boolean {
  const [, generation, index] = /^(\d{1,10})\.(\d{1,10})$/.exec(incarnation) ?? [];
  return generation !== undefined && Number(generation) <= INT32_MAX && Number(index) <= INT32_MAX;
}

function versionsWord({ frames, grouping }: Versions): number {
  return (frames & 0xffff) | (grouping << 16);
}

function versionsOf(word: number): Versions {
  return { frames: word & 0xffff, grouping: word >>> 16 };
}

function writeLaunch(words: Int32Array, at: number, { incarnation, launch }: WorkerLaunch): void {
  const dot = incarnation.indexOf('.');
  words[at] = Number(incarnation.slice(0, dot));
  words[at + 1] = Number(incarnation.slice(dot + 1));
  words[at + 2] = launch;
}

function readLaunch(words: Int32Array, at: number): WorkerLaunch {
  return { incarnation: incarnationName(words[at] as number, words[at + 1] as number), launch: words[at + 2] as number };
}
