/**
 * Reads a topology file and the files it includes, and makes one tree of them. Invariant: every file is parsed, filled with
 * variables and checked for form by itself before it is merged, so each mistake stands in the file that it was made in.
 *
 * Merging is Flux's: `name`, config keys, and components by id are kept or, with `override: true`, replaced; streams add up.
 * Beyond Flux, an included file may include others, and its path is relative to the file that names it.
 */
import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { Position } from '../draft.js';
import { INCLUDES_MAX, TOPOLOGY_FILE_CHARS_MAX } from '../limits.js';
import type { Mistakes } from './mistake.js';
import { flagOf, get, itemsOf, mapOf, textOf } from './read.js';
import { checkShape } from './shape.js';
import { type Entry, type ListTree, type MapTree, parseTree, type Substitute, type Tree } from './yaml-tree.js';

export interface FileReader {
  /** The text of a file; throws when it cannot be read. */
  readonly readFile: (path: string) => string;
}

export class FileSet {
  /** Whether everything that was named could be read, so that nothing is unknown. */
  complete = true;
  #files = 0;

  constructor(
    readonly reader: FileReader,
    readonly substitute: Substitute,
    readonly mistakes: Mistakes,
  ) {}

  /** The merged tree of a file; undefined when it cannot be read. Paths are shown as they were given. */
  load(path: string): MapTree | undefined {
    const start = { file: path, line: 1, column: 1 };
    const text = this.#read(path, (message, hint) => this.mistakes.add('PB_TOPOLOGY_UNREADABLE', start, message, hint));
    return text === undefined ? undefined : this.#parse(text, path, []);
  }

  #read(path: string, fail: (message: string, hint: string) => void): string | undefined {
    try {
      return this.reader.readFile(path);
    } catch (error) {
      this.complete = false;
      const code = (error as { code?: unknown }).code;
      const reason =
        code === 'ENOENT' ? 'does not exist' : code === 'EISDIR' ? 'is a directory' : `cannot be read: ${(error as Error).message}`;
      fail(`${path} ${reason}`, code === 'ENOENT' ? `looked for ${resolve(path)}` : '');
      return undefined;
    }
  }

  #parse(text: string, path: string, ancestors: readonly string[]): MapTree | undefined {
    this.mistakes.opened(path);
    const start = { file: path, line: 1, column: 1 };
    if (text.length > TOPOLOGY_FILE_CHARS_MAX) {
      this.mistakes.add(
        'PB_TOPOLOGY_TOO_LARGE',
        start,
        `${path} has ${text.length} characters; at most ${TOPOLOGY_FILE_CHARS_MAX} are read`,
      );
      return this.#unknown();
    }
    const before = this.mistakes.count;
    const tree = parseTree(text, path, this.substitute, this.mistakes);
    if (tree === undefined) {
      if (this.mistakes.count === before)
        this.mistakes.add('PB_TOPOLOGY_SHAPE', start, `${path} is empty`, 'a topology file is a mapping with name, spouts and bolts');
      return this.#unknown();
    }
    checkShape(tree, this.mistakes);
    return tree.kind === 'map' ? this.#withIncludes(tree, path, [...ancestors, resolve(path)]) : this.#unknown();
  }

  #unknown(): undefined {
    this.complete = false;
    return undefined;
  }

  #withIncludes(tree: MapTree, path: string, ancestors: readonly string[]): MapTree {
    for (const item of itemsOf(get(tree, 'includes'))) {
      const include = mapOf(item);
      const file = textOf(get(include, 'file'));
      if (file === undefined) continue;
      const at = file.at as Position;
      const included =
        flagOf(get(include, 'resource')) === true ? this.#classPath(file.value, at) : this.#include(path, file.value, at, ancestors);
      if (included === undefined) this.complete = false;
      else merge(tree, included, flagOf(get(include, 'override')) === true);
    }
    return tree;
  }

  #classPath(file: string, at: Position): undefined {
    this.mistakes.add(
      'PB_FLUX_UNSUPPORTED',
      at,
      `${file} is to be read from a JVM's class path`,
      'leave out `resource: true` and name a file',
    );
    return undefined;
  }

  #include(from: string, file: string, at: Position, ancestors: readonly string[]): MapTree | undefined {
    const path = joined(from, file);
    this.#files += 1;
    if (ancestors.includes(resolve(path))) {
      this.mistakes.add(
        'PB_INCLUDE_FAILED',
        at,
        `${path} includes itself`,
        ancestors.length > 1 ? `by way of ${ancestors.length - 1} other files` : '',
      );
      return undefined;
    }
    if (this.#files > INCLUDES_MAX) {
      this.mistakes.add('PB_INCLUDE_FAILED', at, `more than ${INCLUDES_MAX} files are included`);
      return undefined;
    }
    const text = this.#read(path, (message, hint) => this.mistakes.add('PB_INCLUDE_FAILED', at, `the included file ${message}`, hint));
    return text === undefined ? undefined : this.#parse(text, path, ancestors);
  }
}

/** A path beside a file, as short as the file's own: `topologies/word.yaml` and `./x.yaml` make `topologies/x.yaml`. */
function joined(from: string, file: string): string {
  return isAbsolute(file) ? file : join(dirname(from), file);
}

function merge(into: MapTree, from: MapTree, override: boolean): void {
  for (const [key, entry] of from.entries) {
    const own = into.entries.get(key);
    if (key === 'includes') continue;
    if (own === undefined) into.entries.set(key, entry);
    else if (key === 'config') mergeEntries(own, entry, override);
    else if (key === 'streams') into.entries.set(key, { ...own, value: listWith(own.value, itemsOf(entry.value)) });
    else if (key === 'spouts' || key === 'bolts' || key === 'components')
      into.entries.set(key, { ...own, value: byId(own.value, entry.value, override) });
    else if (override) into.entries.set(key, entry);
  }
}

function mergeEntries(own: Entry, other: Entry, override: boolean): void {
  if (own.value.kind !== 'map' || other.value.kind !== 'map') return;
  for (const [key, entry] of other.value.entries) if (override || !own.value.entries.has(key)) own.value.entries.set(key, entry);
}

function byId(own: Tree, other: Tree, override: boolean): Tree {
  const idOf = (item: Tree): string | undefined => textOf(get(mapOf(item), 'id'))?.value;
  const others = itemsOf(other);
  const otherIds = new Map(others.map((item) => [idOf(item), item]));
  const ownIds = new Set(itemsOf(own).map(idOf));
  const kept = itemsOf(own).map((item) => (override ? (otherIds.get(idOf(item)) ?? item) : item));
  return listWith(
    { kind: 'list', at: own.at, items: kept },
    others.filter((item) => !ownIds.has(idOf(item))),
  );
}

function listWith(own: Tree, more: readonly Tree[]): ListTree {
  return { kind: 'list', at: own.at, items: [...itemsOf(own), ...more] };
}
