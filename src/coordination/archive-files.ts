/**
 * The files of a resources directory, in an order that depends on nothing but their names. Invariant: what is listed can be unpacked anywhere: links are followed, and
 * what is neither a file nor a directory is refused by name.
 */
import type { Dirent, Stats } from 'node:fs';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PolyboltError } from '../model/errors.js';
import { IGNORE_FILE_BYTES_MAX } from '../model/limits.js';
import type { ArchiveGuard, SafeEntry } from './archive-guard.js';
import { IGNORE_FILE, type IsIgnored, ignoreRules } from './archive-ignore.js';

export interface ListedFile extends SafeEntry {
  /** Where it lies on this machine. */
  readonly source: string;
  /** Bytes of a file; 0 for a directory. */
  readonly size: number;
}

/**
 * Everything below a directory but what its ignore file leaves out.
 *
 * @param prefix directory of the archive that it goes into
 */
export async function listFiles(directory: string, prefix: string, guard: ArchiveGuard): Promise<readonly ListedFile[]> {
  const lister = new Lister(guard, ignoreRules(await ignoreText(directory)), prefix);
  await lister.directory(directory, '', []);
  return lister.files;
}

class Lister {
  readonly files: ListedFile[] = [];

  constructor(
    readonly guard: ArchiveGuard,
    readonly isIgnored: IsIgnored,
    readonly prefix: string,
  ) {}

  /** @param above real paths of the directories that this one is in */
  async directory(source: string, path: string, above: readonly string[]): Promise<void> {
    const real = await realpath(source);
    if (above.includes(real)) throw unpackable(path, 'is a link to a directory that it is in');
    this.#add(source, path, 'Directory', 0o755, 0);
    const children = await readdir(source, { withFileTypes: true });
    children.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const child of children)
      await this.#child(child, join(source, child.name), path === '' ? child.name : `${path}/${child.name}`, [...above, real]);
  }

  async #child(child: Dirent, source: string, path: string, above: readonly string[]): Promise<void> {
    // Before a link is followed: one that is ignored may lead nowhere.
    if (!child.isSymbolicLink() && this.isIgnored(path, child.isDirectory())) return;
    if (child.isSymbolicLink() && this.isIgnored(path, false)) return;
    const found = await this.#stat(source, path);
    if (child.isSymbolicLink() && found.isDirectory() && this.isIgnored(path, true)) return;
    if (found.isDirectory()) await this.directory(source, path, above);
    else if (found.isFile()) this.#add(source, path, 'File', found.mode, found.size);
    else throw unpackable(path, 'is neither a file nor a directory');
  }

  async #stat(source: string, path: string): Promise<Stats> {
    try {
      return await stat(source);
    } catch (cause) {
      throw unpackable(path, 'cannot be read, or is a link that leads nowhere', cause);
    }
  }

  #add(source: string, path: string, type: 'File' | 'Directory', mode: number, size: number): void {
    const entry = this.guard.check({ path: path === '' ? this.prefix : `${this.prefix}/${path}`, type, mode, size });
    this.files.push({ ...entry, source, size });
  }
}

async function ignoreText(directory: string): Promise<string> {
  const file = join(directory, IGNORE_FILE);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw unpackable(IGNORE_FILE, 'cannot be read', cause);
  }
  const bytes = Buffer.byteLength(text);
  if (bytes <= IGNORE_FILE_BYTES_MAX) return text;
  throw unpackable(IGNORE_FILE, `has ${bytes} bytes; at most ${IGNORE_FILE_BYTES_MAX} are read`);
}

export function unpackable(path: string, what: string, cause?: unknown): PolyboltError {
  return new PolyboltError('PB_RESOURCES_UNPACKABLE', {
    message: `${path} in the resources directory ${what}`,
    hint: path === IGNORE_FILE ? '' : `mend it, or leave it out: list it in ${IGNORE_FILE}`,
    context: { path },
    ...(cause === undefined ? {} : { cause }),
  });
}
