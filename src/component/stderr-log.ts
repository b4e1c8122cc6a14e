/**
 * Passes a child's stderr on to the log, line by line. Invariant: a flood costs a bounded number of log lines a second, and says how many it swallowed.
 */
import type { TaskIdentity } from './ports.js';

const LINES_PER_SECOND = 20;
const LINE_CHARS_MAX = 2000;

export class StderrLog {
  readonly #identity: TaskIdentity;
  #partial = '';
  #linesLeft = LINES_PER_SECOND;
  #swallowed = 0;
  #refilledAtMs = 0;

  constructor(identity: TaskIdentity) {
    this.#identity = identity;
  }

  add(text: string): void {
    const lines = (this.#partial + text).split('\n');
    this.#partial = (lines.pop() ?? '').slice(-LINE_CHARS_MAX);
    for (const line of lines) this.#log(line);
  }

  pulse(nowMs: number): void {
    if (nowMs - this.#refilledAtMs < 1000) return;
    this.#refilledAtMs = nowMs;
    this.#linesLeft = LINES_PER_SECOND;
    if (this.#swallowed > 0) {
      const { component, task, log } = this.#identity;
      log.warn('child.stderr.swallowed', { component, task, lines: this.#swallowed });
      this.#swallowed = 0;
    }
  }

  flush(): void {
    if (this.#partial !== '') this.#log(this.#partial);
    this.#partial = '';
  }

  #log(line: string): void {
    if (line.trim() === '') return;
    if (this.#linesLeft === 0) {
      this.#swallowed++;
      return;
    }
    this.#linesLeft--;
    const { component, task, log } = this.#identity;
    log.info('child.stderr', { component, task, line: line.slice(0, LINE_CHARS_MAX) });
  }
}
