/**
 * `--print`: each tuple that a component emits as one line of JSON on stdout, its values exactly as written. Invariant: writes are blocking, so a slow reader slows the topology down and nothing
 * piles up here.
 */
import type { EmitObserver } from '../executor/task-output.js';
import { TupleLines, type WantedStreams } from '../executor/tuple-lines.js';
import { PolyboltError } from '../model/errors.js';
import type { Topology } from '../model/topology.js';

export class TuplePrinter {
  /** Streams to print, by component; an empty list stands for all. */
  readonly wanted: WantedStreams;
  readonly #lines: TupleLines;
  readonly #write: (text: string) => void;

  /** @param selections `component` or `component:stream`. Throws PB_USAGE for one that the topology does not have. */
  constructor(selections: readonly string[], topology: Topology, write: (text: string) => void) {
    this.wanted = wantedOf(selections, topology);
    this.#write = write;
    this.#lines = new TupleLines(this.wanted, write);
  }

  /** The observer of a component, if it is to be printed. */
  observerOf(component: string): EmitObserver | undefined {
    return this.#lines.observerOf(component);
  }

  /** Lines that were made in another process. */
  write(lines: string): void {
    this.#write(lines);
  }

  flush(): void {
    this.#lines.flush();
  }
}

function wantedOf(selections: readonly string[], topology: Topology): WantedStreams {
  const wanted = new Map<string, readonly string[]>();
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
    const streams = wanted.get(id);
    if (stream === undefined) wanted.set(id, []);
    else if (streams === undefined) wanted.set(id, [stream]);
    else if (streams.length > 0) wanted.set(id, [...streams, stream]);
  }
  return Object.fromEntries(wanted);
}
