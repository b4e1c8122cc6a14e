/**
 * `--print`: each tuple that a component emits as one line of JSON on stdout, its values exactly as written. Invariant: writes are blocking, so a slow reader slows the topology down and nothing
 * piles up here.
 */

import type { EmitObserver } from '../executor/task-output.js';
import { PolyboltError } from '../model/errors.js';
import type { Topology } from '../model/topology.js';

const FLUSH_CHARS = 64 * 1024;

export class TuplePrinter {
  /** Streams to print, by component; an empty set stands for all. */
  readonly #wanted = new Map<string, Set<string>>();
  readonly #write: (text: string) => void;
  #text = '';
  #scheduled = false;

  /** @param selections `component` or `component:stream`. Throws PB_USAGE for one that the topology does not have. */
  constructor(selections: readonly string[], topology: Topology, write: (text: string) => void) {
    this.#write = write;
    for (const selection of selections) {
      const [id = '', stream] = selection.split(':');
      const component = topology.components[id];
      if (component === undefined) {
        throw new PolyboltError('PB_USAGE', {
          message: `--print ${selection}: the topology has no component "${id}"`,
          hint: `its components are ${Object.keys(topology.components).join(', ')}`,
        });
      }
      if (stream !== undefined && component.outputs[stream] === undefined) {
        throw new PolyboltError('PB_USAGE', {
          message: `--print ${selection}: "${id}" declares no stream "${stream}"`,
          hint: `its streams are ${Object.keys(component.outputs).join(', ') || 'none'}`,
        });
      }
      const streams = this.#wanted.get(id);
      if (stream === undefined) this.#wanted.set(id, new Set());
      else if (streams === undefined) this.#wanted.set(id, new Set([stream]));
      else if (streams.size > 0) streams.add(stream);
    }
  }

  /** The observer of a component, if it is to be printed. */
  observerOf(component: string): EmitObserver | undefined {
    const streams = this.#wanted.get(component);
    if (streams === undefined) return undefined;
    return (_component, stream, task, values) => {
      if (streams.size > 0 && !streams.has(stream)) return;
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
