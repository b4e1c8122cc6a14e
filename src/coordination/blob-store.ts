/**
 * Packed topologies of a daemon on disk, each named by the SHA-256 of its bytes. Invariant: what stands under a name has been checked against it whole; what is on its way, or failed, has a
 * name of its own and is removed. A directory belongs to one process.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, mkdirSync, type ReadStream, readdirSync, rmSync } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { PolyboltError } from '../model/errors.js';
import { checkSum } from './archive.js';
import { diskError } from './archive-disk.js';

const TEMPORARY = 'tmp-';
const ENDING = '.tgz';

export class BlobStore {
  readonly #directory: string;

  /** Creates the directory where it is missing, and removes what an earlier life was in the middle of. */
  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(directory)) if (name.startsWith(TEMPORARY)) rmSync(join(directory, name), { force: true });
  }

  has(sha256: string): boolean {
    return existsSync(this.path(sha256));
  }

  /**
   * Writes a blob to disk as it comes and takes it only if it is the one that was announced. A blob that is there already is replaced by the same bytes.
   * Throws PB_BLOB_CORRUPT, PB_ARCHIVE_TOO_LARGE, PB_DISK_FULL, and what the stream throws; then nothing is left of it.
   */
  async receive(stream: Readable, expectedSha256: string, bytesMax: number): Promise<void> {
    const target = this.path(expectedSha256);
    const temporary = join(this.#directory, `${TEMPORARY}${randomUUID()}`);
    const hash = createHash('sha256');
    try {
      let bytes = 0;
      await pipeline(
        stream,
        async function* (chunks: AsyncIterable<Buffer>) {
          for await (const chunk of chunks) {
            bytes += chunk.length;
            if (bytes > bytesMax) throw tooLarge(bytesMax);
            hash.update(chunk);
            yield chunk;
          }
        },
        // Flushed: a name must not outlive its bytes when the machine loses power.
        createWriteStream(temporary, { flags: 'wx', mode: 0o600, flush: true }),
      );
      checkSum(hash.digest('hex'), expectedSha256);
      await rename(temporary, target);
    } catch (error) {
      await rm(temporary, { force: true });
      throw diskError(error, 'the packed topology', target);
    }
  }

  /** Where a blob lies, or would lie. Throws PB_REQUEST_INVALID for what is no SHA-256 in lower-case hex. */
  path(sha256: string): string {
    if (/^[0-9a-f]{64}$/.test(sha256)) return join(this.#directory, `${sha256}${ENDING}`);
    throw new PolyboltError('PB_REQUEST_INVALID', {
      message: `${JSON.stringify(sha256.slice(0, 100))} is no SHA-256`,
      hint: 'write it as 64 digits of lower-case hex',
    });
  }

  /** Throws PB_BLOB_MISSING. */
  open(sha256: string): ReadStream {
    if (this.has(sha256)) return createReadStream(this.path(sha256));
    throw new PolyboltError('PB_BLOB_MISSING', {
      message: `the packed topology ${sha256} is not on this machine`,
      hint: 'its topology may have been killed; otherwise ask the leading nimbus',
      context: { sha256 },
    });
  }

  /** Removes every blob that is not among these. */
  async retain(wanted: ReadonlySet<string>): Promise<void> {
    for (const name of await readdir(this.#directory)) {
      if (!name.endsWith(ENDING) || wanted.has(name.slice(0, -ENDING.length))) continue;
      await rm(join(this.#directory, name), { force: true });
    }
  }
}

function tooLarge(bytesMax: number): PolyboltError {
  return new PolyboltError('PB_ARCHIVE_TOO_LARGE', {
    message: `the packed topology is larger than ${bytesMax} bytes`,
    hint: 'leave out what its components do not need: list it in .polyboltignore',
    context: { bytesMax },
  });
}
