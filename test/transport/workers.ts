/**
 * Workers at the ends of links, without anything else of a worker. Invariant: what has come is kept in order, and a test awaits what it expects instead of sleeping.
 */
import type { Log, LogFields } from '../../src/model/log.js';
import { Tuple, type TupleSource } from '../../src/model/tuple.js';
import { Values } from '../../src/model/values.js';
import { Batch, type PeerAddress, type Transport, type TransportEvents } from '../../src/transport/transport.js';
import { createWsTransport, type WsNetwork, type WsTransportOptions } from '../../src/transport/ws-network.js';

export const SOURCE: TupleSource = {
  component: 'words',
  stream: 'default',
  task: 3,
  fields: ['word'],
  head: '","comp":"words","stream":"default","task":3,"tuple":',
};

/** A batch of one tuple for each text. */
export function batchOf(...texts: readonly string[]): Batch {
  const batch = new Batch();
  for (const text of texts) {
    batch.tasks.push(7);
    batch.tuples.push(new Tuple(SOURCE, Values.fromText(text)));
  }
  return batch;
}

/** What a worker hears, in order: texts of tuples as they are, and what the transport says of its peers. */
export class Ear implements TransportEvents {
  readonly texts: string[] = [];
  readonly batches: { readonly from: string; readonly batch: Batch }[] = [];
  readonly said: string[] = [];
  readonly #waiting = new Set<() => void>();

  receive(from: string, batch: Batch): void {
    this.batches.push({ from, batch });
    for (const { values } of batch.tuples) this.texts.push(values.text);
    this.stir();
  }

  onCongestion(peer: string, isCongested: boolean): void {
    this.said.push(`${isCongested ? 'congested' : 'free'} ${peer}`);
    this.stir();
  }

  onLost(peer: string): void {
    this.said.push(`lost ${peer}`);
    this.stir();
  }

  count(saying: string): number {
    return this.said.filter((each) => each === saying).length;
  }

  /** Something may have changed that a test waits for. */
  stir(): void {
    for (const look of this.#waiting) look();
  }

  /** Resolves when it holds, which is looked at whenever something was heard. */
  until(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((resolve) => {
      const look = (): void => {
        if (!holds()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
    });
  }
}

/** Log lines as `level event field=value…`, in order. */
export class LogLines implements Log {
  readonly lines: string[] = [];
  readonly #ear: Ear;

  constructor(ear: Ear) {
    this.#ear = ear;
  }

  debug(): void {}
  info(event: string, fields?: LogFields): void {
    this.#add('info', event, fields);
  }
  warn(event: string, fields?: LogFields): void {
    this.#add('warn', event, fields);
  }
  error(event: string, fields?: LogFields): void {
    this.#add('error', event, fields);
  }

  has(pattern: RegExp): boolean {
    return this.lines.some((line) => pattern.test(line));
  }

  #add(level: string, event: string, fields: LogFields = {}): void {
    this.lines.push(
      `${level} ${event} ${Object.entries(fields)
        .map(([key, value]) => `${key}=${String(value)}`)
        .join(' ')}`,
    );
    this.#ear.stir();
  }
}

export interface WsWorker {
  readonly name: string;
  readonly ear: Ear;
  readonly log: LogLines;
  readonly network: WsNetwork;
  readonly transport: Transport;
  readonly address: PeerAddress;
}

export const TOKEN = 'a token of the topology';

/** Starts a worker that listens on a free port of loopback. */
export async function startWorker(name: string, options: Partial<WsTransportOptions> = {}, events?: TransportEvents): Promise<WsWorker> {
  const ear = new Ear();
  const log = new LogLines(ear);
  const network = await createWsTransport({
    topologyId: 'words-1-1700000000',
    incarnation: name,
    launch: 1,
    host: '127.0.0.1',
    port: 0,
    token: TOKEN,
    random: () => 0,
    log,
    ...options,
  });
  return { name, ear, log, network, transport: network.join(name, events ?? ear), address: network.address };
}

/** Tells a worker who else there is. */
export function introduce(
  worker: WsWorker,
  ...others: readonly (WsWorker | { readonly name: string; readonly address: PeerAddress })[]
): void {
  worker.transport.setPeers(new Map(others.map(({ name, address }) => [name, address])));
}

/** Two workers that know each other and are linked both ways. */
export async function pairOf(options: Partial<WsTransportOptions> = {}): Promise<readonly [WsWorker, WsWorker]> {
  const [one, other] = await Promise.all([startWorker('1.0', options), startWorker('1.1', options)]);
  introduce(one, other);
  introduce(other, one);
  await Promise.all([one.ear.until(() => one.ear.count('free 1.1') > 0), other.ear.until(() => other.ear.count('free 1.0') > 0)]);
  return [one, other];
}
