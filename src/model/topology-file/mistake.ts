/**
 * Mistakes of a topology file, each with the place that an editor can jump to. Invariant: a place is reported once per code,
 * in the order of the files and their lines.
 */
import type { Mistake, Position } from '../draft.js';
import type { ErrorCode } from '../error-codes.js';
import { MISTAKES_MAX } from '../limits.js';

export interface TopologyMistake {
  readonly code: ErrorCode;
  /** What is wrong with what. */
  readonly message: string;
  /** What to do about it; empty where the message says it all. */
  readonly hint: string;
  /** As it was given to the loader, or as it was included. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
}

/** One line: `file:line:column: CODE message (hint)`. */
export function formatMistake(mistake: TopologyMistake): string {
  const hint = mistake.hint === '' ? '' : ` (${mistake.hint})`;
  return `${mistake.file}:${mistake.line}:${mistake.column}: ${mistake.code} ${mistake.message}${hint}`;
}

/** Collects the mistakes of one load. */
export class Mistakes {
  readonly #list: Mistake[] = [];
  readonly #files: string[] = [];

  get count(): number {
    return this.#list.length;
  }

  /** Makes files sort in the order in which they were opened. */
  opened(file: string): void {
    this.#files.push(file);
  }

  add(code: ErrorCode, at: Position, message: string, hint = ''): void {
    this.#list.push({ code, message, hint, at });
  }

  addAll(mistakes: readonly Mistake[]): void {
    this.#list.push(...mistakes);
  }

  /** All of them, in order, without repetitions, at most `MISTAKES_MAX`; those without a place stand at the start of `file`. */
  sorted(file: string): readonly TopologyMistake[] {
    const seen = new Set<string>();
    const unique: TopologyMistake[] = [];
    for (const { code, message, hint, at = { file, line: 1, column: 1 } } of this.#list) {
      // Two mistakes of a code at one place are two only where the place is the start of a file, which stands for no place.
      const key = `${code} ${at.file} ${at.line} ${at.column} ${at.line === 1 && at.column === 1 ? message : ''}`;
      if (seen.has(key)) continue;
      seen.add(key);
      unique.push({ code, message, hint, file: at.file, line: at.line, column: at.column });
    }
    const rank = (mistake: TopologyMistake): number => this.#files.indexOf(mistake.file);
    unique.sort((a, b) => rank(a) - rank(b) || a.line - b.line || a.column - b.column);
    return unique.slice(0, MISTAKES_MAX);
  }
}
