/**
 * Packed topologies: `topology.json` and `resources/` as one deterministic tar.gz, named by its SHA-256. Invariant: the same topology packs to the same bytes, and a
 * directory that `unpackTopology` leaves holds the whole of a checked archive or is not there.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { PolyboltError } from '../model/errors.js';
import { BLOB_BYTES_MAX, BLOB_UNPACKED_BYTES_MAX } from '../model/limits.js';
import type { Topology } from '../model/topology.js';
import { diskError } from './archive-disk.js';
import { type ListedFile, listFiles, unpackable } from './archive-files.js';
import { ArchiveGuard } from './archive-guard.js';
import { invalid, type NewEntry, quoted, tarBytes, tarEntries } from './archive-tar.js';
import { RESOURCES_DIRECTORY, readTopologyDirectory, TOPOLOGY_FILE, topologyText } from './archive-topology.js';

const SMALL_FILE_BYTES = 64 * 1024;

export interface PackedTopology {
  /** In hex; names it. */
  readonly sha256: string;
  /** A temporary file. */
  readonly file: string;
  readonly bytes: number;
  /** Removes the file. */
  remove(): Promise<void>;
}

/**
 * Packs a topology with its resources directory, less what `.polyboltignore` and its defaults leave out. Links are followed.
 * Throws PB_TOPOLOGY_INLINE, PB_TOPOLOGY_INVALID, PB_RESOURCES_UNPACKABLE, PB_ARCHIVE_UNSAFE, PB_ARCHIVE_TOO_LARGE, PB_DISK_FULL.
 */
export async function packTopology(topology: Topology): Promise<PackedTopology> {
  const guard = new ArchiveGuard();
  const files = await listFiles(topology.resources, RESOURCES_DIRECTORY, guard);
  const packed = new Set(files.map(({ path }) => path));
  const text = Buffer.from(topologyText(topology, (path) => packed.has(path)));
  guard.check({ path: TOPOLOGY_FILE, type: 'File', mode: 0o644, size: text.length });
  const directory = await mkdtemp(join(tmpdir(), 'polybolt-pack-'));
  const file = join(directory, 'topology.tgz');
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    const hash = createHash('sha256');
    let bytes = 0;
    await pipeline(
      tarBytes(entriesOf(text, files)),
      createGzip({ level: 6 }),
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          hash.update(chunk);
          bytes += chunk.length;
          if (bytes > BLOB_BYTES_MAX) throw packedTooLarge();
          yield chunk;
        }
      },
      createWriteStream(file, { mode: 0o600 }),
    );
    return { sha256: hash.digest('hex'), file, bytes, remove };
  } catch (error) {
    await remove();
    throw diskError(error, 'the packed topology', file);
  }
}

async function* entriesOf(text: Buffer, files: readonly ListedFile[]): AsyncGenerator<NewEntry> {
  yield { path: TOPOLOGY_FILE, type: 'File', mode: 0o644, size: text.length, content: [text] };
  for (const { path, kind, mode, size, source } of files) {
    if (kind === 'directory') yield { path: `${path}/`, type: 'Directory', mode, size: 0, content: [] };
    else yield { path, type: 'File', mode, size, content: contentOf(source, path, size) };
  }
}

/** A file that somebody writes to meanwhile would spoil all that comes behind it. */
async function* contentOf(source: string, path: string, size: number): AsyncGenerator<Buffer> {
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(source) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > size) break;
      yield chunk;
    }
  } catch (cause) {
    throw unpackable(path, 'cannot be read', cause);
  }
  if (bytes !== size) throw unpackable(path, 'was written to while it was packed');
}

/**
 * Unpacks an archive into a directory that must not exist yet; on any error nothing is left behind.
 * Throws PB_ARCHIVE_INVALID, PB_ARCHIVE_UNSAFE, PB_ARCHIVE_TOO_LARGE, PB_BLOB_CORRUPT, PB_DISK_FULL. Does not judge the topology in it.
 *
 * @param expectedSha256 of the file, in hex; not checked if absent
 */
export async function unpackTopology(file: string, directory: string, expectedSha256?: string): Promise<void> {
  const temporary = join(dirname(directory), `.unpacking-${randomUUID()}`);
  try {
    await mkdir(temporary, { mode: 0o700 });
    await unpackInto(file, temporary, expectedSha256);
    await rename(temporary, directory);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw diskError(error, 'the unpacked topology', directory);
  }
}

async function unpackInto(file: string, directory: string, expectedSha256: string | undefined): Promise<void> {
  const hash = createHash('sha256');
  const gunzip = createGunzip({ chunkSize: 64 * 1024 });
  const hashed = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      hash.update(chunk);
      yield chunk;
    }
  };
  // Its errors reach whoever reads from the last of the three.
  const feeding = pipeline(createReadStream(file), hashed, gunzip).catch(() => {});
  try {
    const guard = new ArchiveGuard();
    /** Directories that are there. */
    const made = new Set<string>();
    const tops = new Set<string>();
    for await (const entry of tarEntries(inflated(gunzip))) {
      const { path, kind, mode } = guard.check(entry);
      tops.add(topOf(path, kind));
      const target = join(directory, path);
      const parent = kind === 'directory' ? target : dirname(target);
      if (!made.has(parent)) await mkdir(parent, { recursive: true, mode: 0o755 });
      made.add(parent);
      if (kind === 'directory') continue;
      // One call is three times as fast as a stream, and most files are small.
      if (entry.size <= SMALL_FILE_BYTES) await writeFile(target, await collect(entry.content), { flag: 'wx', mode });
      else await pipeline(entry.content, createWriteStream(target, { flags: 'wx', mode }));
    }
    for (const name of [TOPOLOGY_FILE, RESOURCES_DIRECTORY]) if (!tops.has(name)) throw invalid(`it holds no ${name}`);
    await feeding;
  } finally {
    gunzip.destroy();
    await feeding;
  }
  checkSum(hash.digest('hex'), expectedSha256);
}

/** The first name of a path: nothing but the topology and its resources may be in an archive. */
function topOf(path: string, kind: 'file' | 'directory'): string {
  const top = path.split('/', 1)[0] as string;
  if (path === TOPOLOGY_FILE ? kind === 'file' : top === RESOURCES_DIRECTORY && (path !== top || kind === 'directory')) return top;
  throw invalid(`it holds ${quoted(path)}, which belongs to no packed topology`);
}

async function collect(content: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Inflates no more than the bound, however little there was of it before. */
async function* inflated(gunzip: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let bytes = 0;
  try {
    for await (const chunk of gunzip) {
      bytes += chunk.length;
      if (bytes > BLOB_UNPACKED_BYTES_MAX) throw unpackedTooLarge();
      yield chunk;
    }
  } catch (error) {
    throw String((error as NodeJS.ErrnoException).code).startsWith('Z_')
      ? invalid(`it is damaged (${(error as Error).message})`, error)
      : error;
  }
}

/** The topology of an unpacked directory, checked as a topology file is; its resources are the directory's. Throws PB_TOPOLOGY_INVALID with every mistake. */
export async function readUnpackedTopology(directory: string): Promise<Topology> {
  return readTopologyDirectory(directory);
}

/** Throws PB_BLOB_CORRUPT. */
export function checkSum(sha256: string, expected: string | undefined): void {
  if (expected === undefined || sha256 === expected) return;
  throw new PolyboltError('PB_BLOB_CORRUPT', {
    message: `a packed topology has the SHA-256 ${sha256}, not the ${expected} that names it`,
    hint: 'it was damaged on its way or on disk: send it again',
    context: { sha256, expected },
  });
}

function packedTooLarge(): PolyboltError {
  return new PolyboltError('PB_ARCHIVE_TOO_LARGE', {
    message: `the packed topology is larger than ${BLOB_BYTES_MAX} bytes`,
    hint: 'leave out what its components do not need: list it in .polyboltignore',
  });
}

function unpackedTooLarge(): PolyboltError {
  return new PolyboltError('PB_ARCHIVE_TOO_LARGE', {
    message: `the packed topology unpacks to more than ${BLOB_UNPACKED_BYTES_MAX} bytes`,
    hint: 'leave out what its components do not need: list it in .polyboltignore',
  });
}
