/**
 * Watches directories for files whose content has changed. Invariant: what is told is the difference between two looks at the disk, and the system's events only say when to look: a
 * file that is saved in another's place, a directory that is replaced as a whole and a file that was only touched come out as what they are.
 */
import { createHash } from 'node:crypto';
import { type Dirent, type FSWatcher, readdirSync, readFileSync, type Stats, statSync, watch as watchDirectory } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { type FSWatcher as TreeWatcher, watch } from 'chokidar';
import { BLOB_ENTRIES_MAX } from '../model/limits.js';

/** Events closer together than this, in ms, are one change. */
const QUIET_MS = 60;
/** A change is told at the latest so long after its first event, in ms. */
const LONGEST_MS = 1000;
/** Files larger than this are told apart by size and time only. */
const HASHED_BYTES_MAX = 8 * 1024 * 1024;

interface Seen {
  readonly stamp: string;
  readonly hash: string;
}

export interface TreeWatch {
  close(): Promise<void>;
}

export interface TreeWatchOptions {
  /** Absolute paths. */
  readonly directories: readonly string[];
  /** @param path relative to its watched directory, `/` between names; also asked of directories */
  readonly isIgnored: (path: string) => boolean;
  /** Files that are new, gone, or hold something else than before. Absolute, sorted; never empty. */
  readonly onChange: (files: readonly string[]) => void;
  /** The watching itself fails, or does not reach everything. */
  readonly onError: (error: Error) => void;
}

/** Resolves when whatever changes from then on is noticed. */
export async function watchTrees(options: TreeWatchOptions): Promise<TreeWatch> {
  const watcher = new Watcher(options);
  await watcher.start();
  return watcher;
}

class Watcher implements TreeWatch {
  readonly #options: TreeWatchOptions;
  readonly #roots = new Map<string, TreeWatcher>();
  readonly #parents: FSWatcher[] = [];
  /** Inode of each directory, by path. */
  #directories = new Map<string, number>();
  #seen = new Map<string, Seen>();
  #firstEventAtMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: TreeWatchOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { directories } = this.#options;
    for (const directory of directories) this.#watchParent(directory);
    await Promise.all(directories.map((directory) => this.#watchRoot(directory)));
    this.#look();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#looking;
    for (const parent of this.#parents) parent.close();
    await Promise.all([...this.#roots.values()].map((root) => root.close()));
  }

  /** A directory that is replaced takes its watch with it: its parent tells of the new one. */
  #watchParent(directory: string): void {
    const parent = watchDirectory(dirname(directory), (_, name) => {
      if (name === null || name === basename(directory)) this.#onEvent();
    });
    parent.on('error', (error) => this.#options.onError(error));
    this.#parents.push(parent);
  }

  async #watchRoot(directory: string): Promise<void> {
    const ignored = (path: string): boolean => path !== directory && this.#isIgnored(directory, path);
    const root = watch(directory, { ignored, ignoreInitial: true, ignorePermissionErrors: true });
    // Not what it makes of the events: it takes a directory that was replaced by another of its name for the same.
    root.on('raw', () => this.#onEvent());
    root.on('error', (error) => this.#options.onError(error instanceof Error ? error : new Error(String(error))));
    this.#roots.set(directory, root);
    await new Promise<void>((resolve) => root.on('ready', resolve));
  }

  #onEvent(): void {
    if (this.#isClosed) return;
    const nowMs = performance.now();
    this.#firstEventAtMs ??= nowMs;
    clearTimeout(this.#timer);
    const delayMs = Math.max(0, Math.min(QUIET_MS, this.#firstEventAtMs + LONGEST_MS - nowMs));
    this.#timer = setTimeout(() => {
      this.#firstEventAtMs = undefined;
      this.#looking = this.#looking.then(() => this.#tell()).catch((error: Error) => this.#options.onError(error));
    }, delayMs);
  }

  async #tell(): Promise<void> {
    if (this.#isClosed) return;
    const before = this.#seen;
    const directories = this.#directories;
    this.#look();
    const isReplaced = [...directories].some(([path, inode]) => (this.#directories.get(path) ?? inode) !== inode);
    if (isReplaced) await this.#watchAnew();
    const paths = new Set([...before.keys(), ...this.#seen.keys()]);
    const changed = [...paths].filter((path) => before.get(path)?.hash !== this.#seen.get(path)?.hash).sort();
    if (changed.length > 0 && !this.#isClosed) this.#options.onChange(changed);
  }

  /** The watches cling to directories that are others now. */
  async #watchAnew(): Promise<void> {
    for (const [directory, root] of this.#roots) {
      await root.close();
      if (!this.#isClosed) await this.#watchRoot(directory);
    }
    this.#look(); // What has changed until then came with no event.
  }

  /** All files there are, as many as a packed topology may have. While a directory is away, its files are taken to be what they were. */
  #look(): void {
    const seen = new Map<string, Seen>();
    const before = this.#directories;
    this.#directories = new Map();
    for (const directory of this.#options.directories) {
      if (statOf(directory)?.isDirectory() === true) this.#lookInto(directory, directory, seen);
      else {
        const isInside = (path: string): boolean => path === directory || path.startsWith(directory + sep);
        for (const [path, file] of this.#seen) if (isInside(path)) seen.set(path, file);
        for (const [path, inode] of before) if (isInside(path)) this.#directories.set(path, inode);
      }
    }
    this.#seen = seen;
  }

  #lookInto(root: string, directory: string, seen: Map<string, Seen>): void {
    this.#directories.set(directory, statOf(directory)?.ino ?? 0);
    for (const entry of entriesOf(directory)) {
      const path = join(directory, entry.name);
      if (this.#isIgnored(root, path)) continue;
      if (entry.isDirectory()) this.#lookInto(root, path, seen);
      else if (seen.size < BLOB_ENTRIES_MAX) {
        const file = seenAt(path, this.#seen.get(path));
        if (file !== undefined) seen.set(path, file);
      }
    }
  }

  #isIgnored(root: string, path: string): boolean {
    return this.#options.isIgnored(relative(root, path).split(sep).join('/'));
  }
}

/** What a file is now; read only if it may be another than before. Undefined for what is no file or is gone by now. */
function seenAt(path: string, before: Seen | undefined): Seen | undefined {
  const stat = statOf(path);
  if (stat === undefined || !stat.isFile()) return undefined;
  const stamp = `${stat.ino} ${stat.size} ${stat.mtimeMs} ${stat.ctimeMs}`;
  if (before?.stamp === stamp) return before;
  if (stat.size > HASHED_BYTES_MAX) return { stamp, hash: stamp };
  try {
    return { stamp, hash: createHash('sha256').update(readFileSync(path)).digest('hex') };
  } catch {
    return undefined; // Gone, or not for us to read.
  }
}

function statOf(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

function entriesOf(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return []; // Gone since it was listed.
  }
}
