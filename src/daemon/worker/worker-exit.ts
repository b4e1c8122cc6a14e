/** Why a worker's process has ended, for people. Invariant: pure but for a look at the end of its log; what it printed last is quoted, what its supervisor may do about it is said. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const TAIL_BYTES = 8 * 1024;
const LINES = 5;
const LINE_CHARS_MAX = 300;

/**
 * @param error why it could not be started; empty when it was
 * @param log path of its log: lines that are no events are what it printed
 */
export function explainExit(code: number | undefined, signal: string | undefined, error: string, log: string): string {
  if (error !== '') return `it could not be started: ${error}`;
  const tail = tailOf(log).split('\n');
  const printed = lastPrinted(tail);
  const failure = code === 0 ? undefined : lastFailure(tail);
  const last = printed.slice(-LINES).map((line) => line.slice(0, LINE_CHARS_MAX));
  const lines = last.length === 0 ? '' : `; its last lines: ${last.join(' | ')}`;
  return `${how(code, signal, printed)}${failure === undefined ? '' : `: ${failure}`}${lines}`;
}

function how(code: number | undefined, signal: string | undefined, printed: readonly string[]): string {
  if (printed.some((line) => line.includes('JavaScript heap out of memory'))) {
    return `it ran out of memory (${signal ?? `status ${code}`}): lower topology.max.spout.pending, or spread the topology over more workers`;
  }
  if (signal === 'SIGKILL')
    return 'it was killed by SIGKILL, not by its supervisor: if nobody did, the system had no memory left, and its log says so (dmesg)';
  if (signal !== undefined) return `it was ended by ${signal}`;
  return code === undefined ? 'it has ended' : `it ended with status ${code}`;
}

/** What the log says of why it failed, in its last life. */
function lastFailure(tail: readonly string[]): string | undefined {
  for (const line of tail.toReversed()) {
    if (line.includes('"event":"worker.starting"')) return undefined;
    if (!line.includes('"event":"worker.failed"')) continue;
    try {
      const { code, message } = JSON.parse(line) as { readonly code: unknown; readonly message: unknown };
      return `${code} ${message}`;
    } catch {
      // Printed by somebody, not logged.
    }
  }
  return undefined;
}

/** Lines of a log that are no events, since its last start. */
function lastPrinted(tail: readonly string[]): string[] {
  const start = tail.findLastIndex((line) => line.includes('"event":"worker.starting"'));
  const lines = tail.slice(start + 1).map((line) => line.trim());
  return lines.filter((line) => line !== '' && !line.startsWith('{"time":'));
}

function tailOf(path: string): string {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return '';
  }
  try {
    const { size } = fstatSync(file);
    const tail = Buffer.alloc(Math.min(size, TAIL_BYTES));
    readSync(file, tail, 0, tail.length, size - tail.length);
    const text = tail.toString();
    // The first line is cut, unless the whole file is here.
    return size > TAIL_BYTES ? text.slice(text.indexOf('\n') + 1) : text;
  } finally {
    closeSync(file);
  }
}
