/**
 * The table that `run` shows on a terminal: components, what they did, how fast, and the last errors beneath. Invariant: drawn in place, a few times a second; lines never
 * wrap and never fill the screen, so that the next drawing finds its way back.
 */
import pc from 'picocolors';
import type { ComponentSummary, TopologySummary } from '../daemon/local/summary.js';

const ERRORS_SHOWN = 5;
const COLUMNS = ['component', 'tasks', 'emitted', 'acked', 'failed', 'pending', 'latency ms', 'tuples/s', 'restarts'] as const;

interface Terminal {
  /** As of a terminal that knows its size; 0 or undefined for one that does not. */
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): boolean;
}

export class LiveTable {
  readonly #out: Terminal;
  readonly #errors: string[] = [];
  #drawnLines = 0;
  #emittedBefore = new Map<string, number>();
  #drawnAtMs = 0;

  constructor(out: Terminal) {
    this.#out = out;
  }

  /** Shows the first line of an error, or of a log entry, beneath the table from the next drawing on. */
  addError(text: string): void {
    this.#errors.push((text.split('\n')[0] as string).replaceAll('\t', ' '));
    if (this.#errors.length > ERRORS_SHOWN) this.#errors.shift();
  }

  draw(summary: TopologySummary, nowMs: number, note: string): void {
    const lines = [
      ...tableLines(summary, (component) => this.#rate(component, nowMs)),
      rootLine(summary),
      note,
      ...this.#errors.map((line) => pc.red(line)),
    ].slice(0, Math.max(1, (this.#out.rows || Number.POSITIVE_INFINITY) - 1));
    this.#drawnAtMs = nowMs;
    this.#emittedBefore = new Map(summary.components.map(({ id, emitted, executed }) => [id, Math.max(emitted, executed)]));
    const width = this.#out.columns || 120;
    // The carriage return is for the ^C that a terminal writes where the cursor stands.
    const back = this.#drawnLines > 0 ? `\r\x1b[${this.#drawnLines}A` : '';
    this.#out.write(`${back}${lines.map((line) => `\x1b[2K${clip(line, width - 1)}\n`).join('')}\x1b[J`);
    this.#drawnLines = lines.length;
  }

  #rate({ id, emitted, executed }: ComponentSummary, nowMs: number): string {
    const seconds = (nowMs - this.#drawnAtMs) / 1000;
    const before = this.#emittedBefore.get(id);
    return before === undefined || seconds <= 0 ? '' : Math.round((Math.max(emitted, executed) - before) / seconds).toLocaleString('en');
  }
}

/** The components of a summary as aligned lines, header first. */
export function tableLines(summary: TopologySummary, rate: (component: ComponentSummary) => string): string[] {
  const rows = summary.components.map((component) => [
    component.id,
    String(component.tasks),
    component.emitted.toLocaleString('en'),
    component.acked.toLocaleString('en'),
    component.failed.toLocaleString('en'),
    component.pending.toLocaleString('en'),
    component.kind === 'spout' ? component.completeLatencyMs.p50.toFixed(2) : '',
    rate(component),
    String(component.restarts),
  ]);
  const widths = COLUMNS.map((title, index) => Math.max(title.length, ...rows.map((row) => (row[index] as string).length)));
  const line = (cells: readonly string[]): string =>
    cells.map((cell, index) => (index === 0 ? cell.padEnd(widths[index] as number) : cell.padStart(widths[index] as number))).join('  ');
  return [pc.bold(line(COLUMNS)), ...rows.map(line)];
}

/** The account of all roots on one line. */
export function rootLine({ roots }: TopologySummary): string {
  const { emitted, acked, failed, timedOut, abandoned, pending, unanchored } = roots;
  const timeouts = timedOut > 0 ? ` (${timedOut} timed out)` : '';
  const unreliable = unanchored > 0 ? `; ${unanchored.toLocaleString('en')} emitted unanchored` : '';
  return `roots ${emitted.toLocaleString('en')} emitted = ${acked.toLocaleString('en')} acked + ${failed} failed${timeouts} + ${abandoned} abandoned + ${pending} pending${unreliable}`;
}

/** Cuts a line to a width, not counting colour codes. */
function clip(line: string, width: number): string {
  let shown = 0;
  let result = '';
  for (const part of line.split(/(\x1b\[\d+m)/)) {
    if (part.startsWith('\x1b[')) result += part;
    else {
      result += part.slice(0, Math.max(0, width - shown));
      shown += part.length;
    }
  }
  return result;
}
