/**
 * Which changes on disk count for a running topology. Invariant: what editors, version control and languages leave lying about counts for nothing, and a file that the topology itself
 * keeps writing stops counting, so that nothing restarts for ever.
 */

/** Names of directories that hold nothing a person edits while a topology runs. */
const IGNORED_DIRECTORIES: ReadonlySet<string> = new Set([
  '.git',
  '.hg',
  '.svn',
  'node_modules',
  '__pycache__',
  '.venv',
  '.idea',
  '.vscode',
  '.mypy_cache',
  '.pytest_cache',
  '.ruff_cache',
]);

/** What editors write beside a file while they save it, and what languages compile it to. */
const IGNORED_FILES: readonly RegExp[] = [
  /~$/, // Backups of many.
  /^\.#/, // Emacs: locks.
  /^#.*#$/, // Emacs: unsaved work.
  /\.sw[a-p]$/, // Vim: swap files.
  /^4913$/, // Vim: whether it may write here.
  /^\.goutputstream-/, // GTK.
  /___jb_(?:tmp|old)___$/, // JetBrains.
  /\.(?:tmp|temp|bak|orig|rej|pyc|pyo)$/,
  /^\.DS_Store$/,
];

/** @param path relative to the watched directory, with `/` between names */
export function isIgnored(path: string): boolean {
  const names = path.split('/');
  const name = names.pop() as string;
  return (
    names.some((directory) => IGNORED_DIRECTORIES.has(directory)) ||
    IGNORED_DIRECTORIES.has(name) ||
    IGNORED_FILES.some((pattern) => pattern.test(name))
  );
}

/** Changes in a row, each soon after the restart that the one before it caused, before a file is taken for one that the topology writes. */
export const OWN_CHANGES_MAX = 3;
/** What counts as soon, in ms: a person takes longer to save a file again. */
export const OWN_CHANGE_MS = 1000;
/** A file that has not changed for so long, in ms, is a person's again. */
export const OWN_QUIET_MS = 10_000;

/** Tells the files that a topology writes itself from those that a person edits. */
export class OwnFiles {
  readonly #changes = new Map<string, { atMs: number; inARow: number }>();

  /**
   * A file has changed, and something would be restarted for it.
   * @returns `own` the one time when it is found to be the topology's own, `ignored` while it goes on
   */
  onChange(file: string, nowMs: number): 'counts' | 'own' | 'ignored' {
    const { atMs, inARow } = this.#changes.get(file) ?? { atMs: Number.NEGATIVE_INFINITY, inARow: 0 };
    const wasOwn = inARow > OWN_CHANGES_MAX;
    const isSoon = nowMs - atMs < (wasOwn ? OWN_QUIET_MS : OWN_CHANGE_MS);
    this.#changes.set(file, { atMs: nowMs, inARow: isSoon ? inARow + 1 : 1 });
    if (!isSoon || inARow < OWN_CHANGES_MAX) return 'counts';
    return wasOwn ? 'ignored' : 'own';
  }

  /** A restart that these files caused is done: when they change soon after it, it may be its doing. */
  onRestarted(files: readonly string[], nowMs: number): void {
    for (const file of files) {
      const change = this.#changes.get(file);
      if (change !== undefined) change.atMs = nowMs;
    }
  }
}
