/**
 * Reads the books that the topology keeps. Invariant: a line is lost if it was emitted and never acked, or acked although one of its words is in no book;
 * a line that was counted twice is not lost, because acking promises at least once.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Account {
  /** Lines that were emitted, and that were acked, each counted once. */
  readonly emitted: number;
  readonly acked: number;
  /** Numbers of the lines that were lost. */
  readonly lost: readonly number[];
  /** When each line was acked first, in ms since 1970, rising. */
  readonly ackedAtMs: readonly number[];
}

/** @param text path of `poem.txt` */
export function readBooks(directory: string, text: string): Account {
  const emitted = new Set(rows(directory, 'emitted').map(([line]) => line as number));
  const ackedAtMs = new Map<number, number>();
  for (const [line, atMs] of rows(directory, 'acked')) if (!ackedAtMs.has(line as number)) ackedAtMs.set(line as number, atMs as number);
  const words = new Map<number, Set<number>>();
  for (const name of readdirSync(directory).filter((entry) => entry.startsWith('words-'))) {
    for (const [line, position] of rows(directory, name)) {
      const positions = words.get(line as number) ?? new Set();
      words.set(line as number, positions.add(position as number));
    }
  }
  const wordsOf = wordCounts(text);
  const isWhole = (line: number): boolean => (words.get(line)?.size ?? 0) === wordsOf[line % wordsOf.length];
  return {
    emitted: emitted.size,
    acked: ackedAtMs.size,
    lost: [...emitted].filter((line) => !ackedAtMs.has(line) || !isWhole(line)),
    ackedAtMs: [...ackedAtMs.values()].sort((one, other) => one - other),
  };
}

/** How many lines have been acked so far. */
export function ackedSoFar(directory: string): number {
  return new Set(rows(directory, 'acked').map(([line]) => line)).size;
}

/**
 * How long after a fault the rate was full again, in ms: when the first window began that was full and was followed by four more that were full taken
 * together. 0 if the rate never fell; undefined if it has not come back.
 * @param ackedAtMs rising times of acks
 * @param rate lines a second that are emitted
 * @param windowMs a window is full if it holds 85 % of what is emitted in so long
 */
export function recoveryMs(
  ackedAtMs: readonly number[],
  faultAtMs: number,
  untilMs: number,
  rate: number,
  windowMs: number,
): number | undefined {
  const isFull = (startMs: number, lengthMs: number): boolean =>
    countBefore(ackedAtMs, startMs + lengthMs) - countBefore(ackedAtMs, startMs) >= (0.85 * rate * lengthMs) / 1000;
  const stepMs = windowMs / 10;
  let hasFallen = false;
  for (let startMs = faultAtMs; startMs + 5 * windowMs <= untilMs; startMs += stepMs) {
    if (!isFull(startMs, windowMs)) hasFallen = true;
    else if (hasFallen && isFull(startMs + windowMs, 4 * windowMs)) return Math.round(startMs - faultAtMs);
  }
  return hasFallen ? undefined : 0;
}

/** Lines of a book as numbers; a process that was killed may have left half a line at the end. */
function rows(directory: string, name: string): number[][] {
  let text = '';
  try {
    text = readFileSync(join(directory, name), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  return whole
    .split('\n')
    .slice(0, -1)
    .map((row) => row.split(' ').map(Number));
}

function wordCounts(text: string): number[] {
  const lines = readFileSync(text, 'utf8').split('\n');
  return lines.filter((line) => line.trim() !== '').map((line) => line.match(/[A-Za-z]+/g)?.length ?? 0);
}

/** How many of the rising numbers are below a bound. */
function countBefore(rising: readonly number[], bound: number): number {
  let low = 0;
  let high = rising.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rising[middle] as number) < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
