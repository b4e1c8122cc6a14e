/**
 * Which files a JavaScript or TypeScript file pulls in by relative imports. Invariant: what is asked of the disk is asked through the port; a file that cannot be read imports
 * nothing.
 */
import { dirname, resolve } from 'node:path';

export interface FilePort {
  /** The text of a file; undefined where there is none. */
  readonly readText: (path: string) => string | undefined;
}

/** Files that may hold imports. */
export const SCRIPT = /\.[cm]?[jt]sx?$/;

/** `from './x'`, `import './x'`, `import('./x')`, `require('./x')`; what only looks like one inside of a string costs a needless restart. */
const IMPORT = /(?:\bfrom|\bimport|\bimport\s*\(|\brequire\s*\()\s*(['"])(\.{1,2}\/[^'"\n]+)\1/g;

/** What an import without an extension, or with the extension of the compiled file, may mean. */
const ENDINGS = ['', '.js', '.mjs', '.cjs', '.ts', '.mts', '.cts', '.json', '/index.js', '/index.mjs', '/index.ts'] as const;

/** Files in the way of Node and of TypeScript: the file itself, one with an extension, and the source of a `.js`. */
function candidates(path: string): string[] {
  const source = /\.([cm]?)js$/.test(path) ? [path.replace(/\.([cm]?)js$/, '.$1ts')] : [];
  return [...ENDINGS.map((ending) => path + ending), ...source];
}

/**
 * The files given and all that is reached from them by relative imports, also what an import may mean and is not there (yet).
 * @param entries absolute paths
 */
export function reachedFrom(entries: readonly string[], { readText }: FilePort): ReadonlySet<string> {
  const reached = new Set<string>();
  const open = [...entries];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (reached.has(file)) continue;
    reached.add(file);
    const text = SCRIPT.test(file) ? readText(file) : undefined;
    for (const [, , name] of text?.matchAll(IMPORT) ?? []) open.push(...candidates(resolve(dirname(file), name as string)));
  }
  return reached;
}
