/**
 * The bytes of a tar archive: headers, contents, padding. Invariant: the reader yields an entry only after its header has proved itself, never skips what it does not
 * understand, and asks its source for no byte before it is needed. Formats: POSIX ustar with pax headers for long names.
 */
import { Header, Pax } from 'tar';
import { PolyboltError } from '../model/errors.js';
import { BLOB_PADDING_BYTES_MAX, BLOB_PATH_BYTES_MAX } from '../model/limits.js';

const BLOCK_BYTES = 512;
/** A pax header holds a path and a few numbers. */
const PAX_BYTES_MAX = 4 * BLOB_PATH_BYTES_MAX;

/** What goes into an archive. */
export interface NewEntry {
  /** Relative, with `/`; that of a directory ends with `/`. */
  readonly path: string;
  readonly type: 'File' | 'Directory';
  readonly mode: number;
  readonly size: number;
  /** Exactly `size` bytes. */
  readonly content: AsyncIterable<Buffer> | Iterable<Buffer>;
}

/** What an archive says it holds; nothing of it has been judged. */
export interface ReadEntry {
  readonly path: string;
  /** As tar names it: `File`, `Directory`, `SymbolicLink`, `CharacterDevice`, … */
  readonly type: string;
  readonly mode: number;
  readonly size: number;
  /** To be read to its end before the next entry is asked for; what is not read is skipped. */
  readonly content: AsyncIterable<Buffer>;
}

/** The bytes of an archive. Times, owners and whatever else differs from machine to machine stay out. */
export async function* tarBytes(entries: AsyncIterable<NewEntry>): AsyncGenerator<Buffer> {
  for await (const { path, type, mode, size, content } of entries) {
    const header = new Header({ path, type, mode, size, mtime: new Date(0), uid: 0, gid: 0, uname: '', gname: '' });
    if (header.encode()) yield new Pax({ path, size }).encode();
    yield header.block as Buffer;
    for await (const chunk of content) yield chunk;
    yield Buffer.alloc(paddingOf(size));
  }
  yield Buffer.alloc(2 * BLOCK_BYTES);
}

/** The entries of an archive, one after the other. Throws PB_ARCHIVE_INVALID for what is no archive, is cut short or goes on behind its end. */
export async function* tarEntries(source: AsyncIterable<Buffer>): AsyncGenerator<ReadEntry> {
  const bytes = new ByteReader(source);
  let pax: Pax | undefined;
  for (;;) {
    const block = await bytes.take(BLOCK_BYTES);
    if (block.every((byte) => byte === 0)) break;
    const { path, type, mode, size } = entryOf(block, pax);
    if (type === 'ExtendedHeader') {
      if (pax !== undefined || size > PAX_BYTES_MAX) throw invalid(`the header of an entry near ${quoted(path)} is too long`);
      pax = Pax.parse((await bytes.take(size)).toString('utf8'));
      await bytes.take(paddingOf(size));
      continue;
    }
    pax = undefined;
    const content = bytes.stream(size, path);
    yield { path, type, mode, size, content };
    for await (const _rest of content);
    await bytes.take(paddingOf(size));
  }
  await bytes.expectPadding();
}

/** Of a pax header only the path and the size count: all that `tarBytes` ever needs one for. */
function entryOf(block: Buffer, pax: Pax | undefined): Omit<ReadEntry, 'content'> {
  const header = new Header(block);
  if (!header.cksumValid) throw invalid('a header has a wrong checksum');
  const path = pax?.path ?? header.path ?? '';
  const size = pax?.size ?? header.size ?? -1;
  if (path === '') throw invalid('an entry has no path');
  if (Number.isSafeInteger(size) && size >= 0) return { path, type: header.type, mode: header.mode ?? 0, size };
  throw invalid(`the entry ${quoted(path)} has no valid size`);
}

function paddingOf(size: number): number {
  return (BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES;
}

/** Takes a stream of chunks apart by numbers of bytes. */
class ByteReader {
  readonly #source: AsyncIterator<Buffer>;
  #chunk: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** So many bytes, copied together. */
  async take(count: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const part of this.stream(count, '')) parts.push(part);
    return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
  }

  /** So many bytes as they come; asked for twice, it goes on where it stopped. */
  stream(count: number, path: string): AsyncIterable<Buffer> {
    let left = count;
    const next = async (): Promise<IteratorResult<Buffer>> => {
      if (left === 0) return { done: true, value: undefined };
      if (!(await this.#fill())) {
        throw invalid(path === '' ? 'it ends in the middle' : `it ends in the middle of ${quoted(path)}, ${left} bytes too early`);
      }
      const part = this.#chunk.subarray(0, left);
      this.#chunk = this.#chunk.subarray(part.length);
      left -= part.length;
      return { done: false, value: part };
    };
    return { [Symbol.asyncIterator]: () => ({ next }) };
  }

  /** Nothing but zeros may follow. */
  async expectPadding(): Promise<void> {
    let bytes = 0;
    while (await this.#fill()) {
      bytes += this.#chunk.length;
      // An empty block has been read; the second belongs to the end too.
      if (bytes > BLOCK_BYTES + BLOB_PADDING_BYTES_MAX || this.#chunk.some((byte) => byte !== 0))
        throw invalid('more follows behind its end');
      this.#chunk = Buffer.alloc(0);
    }
  }

  async #fill(): Promise<boolean> {
    while (this.#chunk.length === 0) {
      const { done, value } = await this.#source.next();
      if (done === true) return false;
      this.#chunk = value;
    }
    return true;
  }
}

/** The bytes are not those of an archive. */
export function invalid(what: string, cause?: unknown): PolyboltError {
  return new PolyboltError('PB_ARCHIVE_INVALID', {
    message: `the packed topology cannot be read: ${what}`,
    hint: 'it was damaged on its way, or was not made by polybolt submit: send it again',
    ...(cause === undefined ? {} : { cause }),
  });
}

/** A path out of an archive, fit to be shown. */
export function quoted(path: string): string {
  const text = path.length > 100 ? `${path.slice(0, 100)}…` : path;
  return JSON.stringify(text);
}
