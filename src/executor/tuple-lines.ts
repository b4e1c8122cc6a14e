/**
 * Tuples that components emit as lines of JSON, their values exactly as written. Invariant: lines are handed over in the order of the emits, many at a time, and all of them by `flush`.
 */
import type { EmitObserver } from './task-output.js';

const FLUSH_CHARS = 64 * 1024;

/** Streams to show, by component; an empty list stands for all of them. */
export type WantedStreams = Readonly<Record<string, readonly string[]>>;

export class TupleLines {
  readonly #wanted: WantedStreams;
  readonly #write: (text: string) => void;
  #text = '';
  #scheduled = false;

  constructor(wanted: WantedStreams, write: (text: string) => void) {
    this.#wanted = wanted;
    this.#write = write;
  }

  /** The observer of a component, if it is to be shown. */
  observerOf(component: string): EmitObserver | undefined {
    const streams = Object.hasOwn(this.#wanted, component) ? this.#wanted[component] : undefined;
    if (streams === undefined) return undefined;
    return (_component, stream, task, values) => {
      if (streams.length > 0 && !streams.includes(stream)) return;
      this.#add(`{"component":${JSON.stringify(component)},"stream":${JSON.stringify(stream)},"task":${task},"values":${values.text}}\n`);
    };
  }

  flush(): void {
    this.#scheduled = false;
    const text = this.#text;
    this.#text = '';
    if (text !== '') this.#write(text);
  }

  #add(line: string): void {
    this.#text += line;
    if (this.#text.length >= FLUSH_CHARS) return this.flush();
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.flush());
  }
}
