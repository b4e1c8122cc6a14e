/**
 * Which entries a packed topology may have. Invariant: what passes can be written below a directory of one's own on any system without touching anything outside of it
 * and without two entries meeting at one place.
 */
import { PolyboltError } from '../model/errors.js';
import {
  BLOB_ENTRIES_MAX,
  BLOB_NAME_BYTES_MAX,
  BLOB_PATH_BYTES_MAX,
  BLOB_PATH_DEPTH_MAX,
  BLOB_UNPACKED_BYTES_MAX,
} from '../model/limits.js';
import { quoted } from './archive-tar.js';

export interface SafeEntry {
  /** Relative, `/` between names, none at its ends. */
  readonly path: string;
  readonly kind: 'file' | 'directory';
  /** 0o644 or 0o755. */
  readonly mode: number;
}

export interface JudgedEntry {
  readonly path: string;
  readonly type: string;
  readonly mode: number;
  readonly size: number;
}

/** Names of what is never taken, for people. */
const TYPES: Readonly<Record<string, string>> = {
  Link: 'a hard link',
  SymbolicLink: 'a symbolic link',
  CharacterDevice: 'a device',
  BlockDevice: 'a device',
  FIFO: 'a named pipe',
};

/** Judges the entries of one archive in their order. */
export class ArchiveGuard {
  /** Every path so far as a file system that ignores case would see it, with the spelling it had and whether it was an entry itself. */
  readonly #seen = new Map<string, { readonly path: string; readonly kind: SafeEntry['kind']; isEntry: boolean }>();
  #entries = 0;
  #bytes = 0;

  /** Throws PB_ARCHIVE_UNSAFE and PB_ARCHIVE_TOO_LARGE, both naming the entry. */
  check({ path: written, type, mode, size }: JudgedEntry): SafeEntry {
    this.#entries += 1;
    this.#bytes += size;
    if (this.#entries > BLOB_ENTRIES_MAX) throw tooLarge(written, `it is entry ${this.#entries}; at most ${BLOB_ENTRIES_MAX} are taken`);
    if (this.#bytes > BLOB_UNPACKED_BYTES_MAX) {
      throw tooLarge(written, `with it there are ${this.#bytes} bytes; at most ${BLOB_UNPACKED_BYTES_MAX} are taken`);
    }
    const kind = type === 'Directory' ? 'directory' : type === 'File' || type === 'OldFile' ? 'file' : undefined;
    if (kind === undefined) throw unsafe(written, `is ${TYPES[type] ?? `of the type ${type}`}; only files and directories are taken`);
    if (kind === 'directory' && size > 0) throw unsafe(written, 'is a directory with contents of its own');
    const path = kind === 'directory' ? written.replace(/\/$/, '') : written;
    const problem = pathProblem(path);
    if (problem !== undefined) throw unsafe(written, problem);
    this.#place(path, kind);
    return { path, kind, mode: kind === 'directory' || (mode & 0o100) !== 0 ? 0o755 : 0o644 };
  }

  #place(path: string, kind: SafeEntry['kind']): void {
    const names = path.split('/');
    for (let depth = 1; depth <= names.length; depth++) {
      const isLast = depth === names.length;
      const part = names.slice(0, depth).join('/');
      const key = part.normalize('NFC').toLowerCase();
      const before = this.#seen.get(key);
      if (before === undefined) {
        this.#seen.set(key, { path: part, kind: isLast ? kind : 'directory', isEntry: isLast });
        continue;
      }
      if (before.path !== part) throw unsafe(path, `differs from ${quoted(before.path)} only in case or accents`);
      if (!isLast && before.kind !== 'directory') throw unsafe(path, `lies in ${quoted(part)}, which is a file`);
      if (isLast && (before.isEntry || before.kind !== kind)) throw unsafe(path, 'comes twice');
      if (isLast) before.isEntry = true;
    }
  }
}

/** What is wrong with a path, or undefined. */
function pathProblem(path: string): string | undefined {
  const bytes = Buffer.byteLength(path);
  if (bytes > BLOB_PATH_BYTES_MAX) return `has a path of ${bytes} bytes; at most ${BLOB_PATH_BYTES_MAX} are taken`;
  if (/^(?:[/\\]|[A-Za-z]:)/.test(path)) return 'has an absolute path';
  if (/[\p{Cc}\p{Surrogate}\ufffd]/u.test(path)) return 'has a control character in its path, or what is no UTF-8';
  if (path.includes('\\')) return 'has a backslash in its path';
  const names = path.split('/');
  if (names.includes('..')) return 'leads out of the archive with ..';
  if (names.some((name) => name === '' || name === '.')) return 'has an empty name or . in its path';
  if (names.length > BLOB_PATH_DEPTH_MAX) return `is ${names.length} directories deep; at most ${BLOB_PATH_DEPTH_MAX} are taken`;
  const long = names.find((name) => Buffer.byteLength(name) > BLOB_NAME_BYTES_MAX);
  return long === undefined ? undefined : `has a name of ${Buffer.byteLength(long)} bytes; at most ${BLOB_NAME_BYTES_MAX} are taken`;
}

function unsafe(path: string, what: string): PolyboltError {
  return new PolyboltError('PB_ARCHIVE_UNSAFE', {
    message: `the entry ${quoted(path)} of the packed topology ${what}`,
    hint: 'rename it or leave it out: list it in .polyboltignore',
    context: { entry: path.slice(0, BLOB_PATH_BYTES_MAX) },
  });
}

function tooLarge(path: string, what: string): PolyboltError {
  return new PolyboltError('PB_ARCHIVE_TOO_LARGE', {
    message: `the packed topology is too large at ${quoted(path)}: ${what}`,
    hint: 'leave out what its components do not need: list it in .polyboltignore',
    context: { entry: path.slice(0, BLOB_PATH_BYTES_MAX) },
  });
}
