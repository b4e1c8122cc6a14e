/**
 * The log of a worker for people who are elsewhere: its last lines, and those that follow. Invariant: whole lines only, each once, also across a rotation; no more is read than
 * the reader takes, and of a file no more than a bound.
 *
 * A full log is copied to `<path>.1` and emptied, and those before it move up (`worker-log.ts`).
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { LOG_FOLLOW_MS, LOG_LINE_BYTES_MAX, LOG_SCAN_BYTES_MAX } from '../../model/limits.js';

export interface LogOptions {
  /** Last lines to begin with. */
  readonly lines: number;
  /** Whether to go on with what is written from then on, until the signal. */
  readonly follow: boolean;
  /** Only events of this component. */
  readonly component?: string;
  readonly signal: AbortSignal;
  /** For tests: how often it is looked for more. */
  readonly everyMs?: number;
}

const CHUNK_BYTES = 64 * 1024;
const LINE_BREAK = 10;
const TAIL_TRIES = 3;
const GAP = '{"level":"warn","event":"log.gap","reason":"it was written faster than it was read"}\n';

/** Opens nothing but plain files: whoever writes the log could put a link or a pipe in its place. Undefined where there is none. */
export async function openLog(path: string): Promise<FileHandle | undefined> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if ((await file.stat()).isFile()) return file;
    await file.close();
    return undefined;
  } catch (error) {
    if (['ENOENT', 'ELOOP', 'ENXIO'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** Lines of a log as they are to be sent, each with its line break. */
export async function* readLog(path: string, options: LogOptions): AsyncGenerator<string> {
  const isWanted = filterOf(options.component);
  const { lines, end, mark } = await tailOf(path, options.lines, isWanted);
  for (const line of lines) yield line;
  if (options.follow) yield* follow(path, end, mark, isWanted, options);
}

interface LogTail {
  /** Oldest first. */
  readonly lines: readonly string[];
  /** Where the last whole line of the present file ends. */
  readonly end: number;
  /** Of the file that the log is copied to. */
  readonly mark: string;
}

/** Again if the log is copied away meanwhile. */
async function tailOf(path: string, count: number, isWanted: Filter): Promise<LogTail> {
  for (let tries = 1; ; tries++) {
    const mark = await markOf(`${path}.1`);
    const tail = await lastLines(path, count, isWanted);
    if (tries === TAIL_TRIES || (await markOf(`${path}.1`)) === mark) return { ...tail, mark };
  }
}

type Filter = (line: Buffer) => boolean;

/** A quick look first: most lines are not parsed. */
function filterOf(component: string | undefined): Filter {
  if (component === undefined) return () => true;
  const form = Buffer.from(`"component":${JSON.stringify(component)}`);
  return (line) => {
    if (!line.includes(form)) return false;
    try {
      return (JSON.parse(line.toString()) as { component?: unknown } | null)?.component === component;
    } catch {
      return false;
    }
  };
}

/** The last wanted lines, from as many files as it takes. */
async function lastLines(path: string, count: number, isWanted: Filter): Promise<Omit<LogTail, 'mark'>> {
  const found: string[] = [];
  let end = 0;
  let left = LOG_SCAN_BYTES_MAX;
  for (let number = 0; number === 0 || (found.length < count && left > 0); number++) {
    const file = await openLog(number === 0 ? path : `${path}.${number}`);
    if (file === undefined) break;
    try {
      const wholeTo = await endOfLines(file);
      if (number === 0) end = wholeTo;
      for await (const line of linesBackwards(file, wholeTo)) {
        if (found.length >= count || left <= 0) break;
        left -= line.length;
        if (line.length > 0 && isWanted(line)) found.push(`${line.toString()}\n`);
      }
    } finally {
      await file.close();
    }
  }
  return { lines: found.reverse(), end };
}

/** Just behind the last line break: what follows is still being written. */
async function endOfLines(file: FileHandle): Promise<number> {
  for (let to = (await file.stat()).size; to > 0; ) {
    const from = Math.max(0, to - CHUNK_BYTES);
    const last = (await readAt(file, from, to - from)).lastIndexOf(LINE_BREAK);
    if (last >= 0) return from + last + 1;
    to = from;
  }
  return 0;
}

/** Lines from the one that ends at `end` to the first, without their line breaks. Of a line that is too long only its end. */
async function* linesBackwards(file: FileHandle, end: number): AsyncGenerator<Buffer> {
  /** Bytes before the line break that was met last. */
  let rest: Buffer = Buffer.alloc(0);
  let at = Math.max(0, end - 1);
  while (at > 0) {
    const bytes = Math.min(CHUNK_BYTES, at);
    at -= bytes;
    rest = Buffer.concat([await readAt(file, at, bytes), rest]);
    for (let from = rest.lastIndexOf(LINE_BREAK); from >= 0; from = rest.lastIndexOf(LINE_BREAK)) {
      yield rest.subarray(from + 1);
      rest = rest.subarray(0, from);
    }
    rest = rest.subarray(Math.max(0, rest.length - LOG_LINE_BYTES_MAX));
  }
  if (end > 0) yield rest;
}

/** Lines that are written from `offset` on. */
async function* follow(path: string, offset: number, markBefore: string, isWanted: Filter, options: LogOptions): AsyncGenerator<string> {
  const { signal, everyMs = LOG_FOLLOW_MS } = options;
  const copy = `${path}.1`;
  const lines = new LineCutter(isWanted);
  let at = offset;
  let mark = markBefore;
  let seen = mark;
  for (; !signal.aborted; await sleep(everyMs, undefined, { signal }).catch(() => {})) {
    const now = await markOf(copy);
    const size = await sizeOf(path);
    if (size < at || now !== mark) {
      const isBeingCopied = size >= at && now !== seen;
      seen = now;
      if (isBeingCopied) continue;
      // It was emptied after the copy was whole.
      const after = await markOf(copy);
      yield* lines.take(await restOf(copy, at, after !== mark));
      mark = after;
      at = 0;
    }
    for (let chunk = await chunkOf(path, at); chunk.length > 0; chunk = await chunkOf(path, at)) {
      // If it was copied away meanwhile, this may be of the next file already.
      if (signal.aborted || (await markOf(copy)) !== mark) break;
      at += chunk.length;
      yield* lines.take(chunk);
    }
  }
}

async function sizeOf(path: string): Promise<number> {
  return (await withLog(path, async (file) => (await file.stat()).size)) ?? 0;
}

async function chunkOf(path: string, at: number): Promise<Buffer> {
  return (await withLog(path, (file) => readAt(file, at, CHUNK_BYTES))) ?? Buffer.alloc(0);
}

/** What stood behind `at` in the log that was copied away. */
async function restOf(copy: string, at: number, isCopied: boolean): Promise<Buffer> {
  const rest = await withLog(copy, async (file) => {
    const { size } = await file.stat();
    return !isCopied || size < at || size - at > LOG_SCAN_BYTES_MAX ? undefined : readAt(file, at, size - at);
  });
  // Two rotations between two looks, or a log of which only one file is kept.
  return rest ?? Buffer.from(`\n${GAP}`);
}

/** Changes when a file is written anew; empty where there is none. */
async function markOf(path: string): Promise<string> {
  const mark = await withLog(path, async (file) => {
    const { ino, mtimeNs } = await file.stat({ bigint: true });
    return `${ino} ${mtimeNs}`;
  });
  return mark ?? '';
}

async function withLog<T>(path: string, use: (file: FileHandle) => Promise<T>): Promise<T | undefined> {
  const file = await openLog(path);
  if (file === undefined) return undefined;
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

async function readAt(file: FileHandle, at: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(bytes);
  let read = 0;
  while (read < bytes) {
    const { bytesRead } = await file.read(buffer, read, bytes - read, at + read);
    if (bytesRead === 0) break;
    read += bytesRead;
  }
  return buffer.subarray(0, read);
}

/** Cuts bytes into lines, and keeps what has not ended. */
class LineCutter {
  readonly #isWanted: Filter;
  #rest: Buffer = Buffer.alloc(0);

  constructor(isWanted: Filter) {
    this.#isWanted = isWanted;
  }

  *take(chunk: Buffer): Generator<string> {
    let rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (let end = rest.indexOf(LINE_BREAK); end >= 0; end = rest.indexOf(LINE_BREAK)) {
      const line = rest.subarray(0, end);
      rest = rest.subarray(end + 1);
      if (line.length > 0 && this.#isWanted(line)) yield `${line.toString()}\n`;
    }
    this.#rest = Buffer.from(rest.subarray(Math.max(0, rest.length - LOG_LINE_BYTES_MAX)));
  }
}
