/**
 * Reads the books that the topology keeps. Invariant: a line is lost if it was emitted and never acked, or acked although one of its words is in no book;
 * a line that was counted twice is not lost, because acking promises at least once.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const TEXT = new URL('poem.txt', import.meta.url);

/** @returns the numbers of the lines that were emitted, acked and lost, each once, and when each was first acked, in ms since 1970 */
export function readBooks(directory) {
  const emitted = new Set(rows(directory, 'emitted').map(([line]) => line));
  const ackedAtMs = new Map();
  for (const [line, atMs] of rows(directory, 'acked')) if (!ackedAtMs.has(line)) ackedAtMs.set(line, atMs);
  const words = new Map();
  for (const name of readdirSync(directory).filter((entry) => entry.startsWith('words-'))) {
    for (const [line, position] of rows(directory, name)) words.set(line, (words.get(line) ?? new Set()).add(position));
  }
  const wordsOf = wordCounts();
  const isWhole = (line) => (words.get(line)?.size ?? 0) === wordsOf[line % wordsOf.length];
  const lost = [...emitted].filter((line) => !ackedAtMs.has(line) || !isWhole(line));
  return { emitted: emitted.size, acked: ackedAtMs.size, lost, ackedAtMs: [...ackedAtMs.values()].sort((one, other) => one - other) };
}

/** How many lines have been acked so far. */
export function ackedSoFar(directory) {
  return new Set(rows(directory, 'acked').map(([line]) => line)).size;
}

/**
 * How long after a fault the rate was full again, in ms: the beginning of the first full window behind the last one that was not. 0 if it never fell;
 * undefined if it is not full again before `untilMs`.
 * @param ackedAtMs rising times of acks
 * @param rate lines a second that are emitted
 * @param windowMs a window is full if it holds 85 % of what is emitted in so long
 */
export function recoveryMs(ackedAtMs, faultAtMs, untilMs, rate, windowMs) {
  const enough = (0.85 * rate * windowMs) / 1000;
  const stepMs = windowMs / 10;
  let fullFrom = faultAtMs;
  let isFull = true;
  for (let startMs = faultAtMs; startMs + windowMs <= untilMs; startMs += stepMs) {
    isFull = countBefore(ackedAtMs, startMs + windowMs) - countBefore(ackedAtMs, startMs) >= enough;
    if (!isFull) fullFrom = startMs + stepMs;
  }
  return isFull ? Math.round(fullFrom - faultAtMs) : undefined;
}

/** Lines of a book as numbers; a process that was killed may have left half a line at its end, or glued to the next. */
function rows(directory, name) {
  let text = '';
  try {
    text = readFileSync(join(directory, name), 'utf8');
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .slice(0, -1)
    .map((row) => row.split(' ').map(Number));
}

function wordCounts() {
  const lines = readFileSync(TEXT, 'utf8').split('\n');
  return lines.filter((line) => line.trim() !== '').map((line) => line.match(/[A-Za-z]+/g)?.length ?? 0);
}

/** How many of the rising numbers are below a bound. */
function countBefore(rising, bound) {
  let low = 0;
  let high = rising.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rising[middle] < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
