/**
 * One end of one hop between two workers, in a process of its own: argv[2] says which end. Invariant: the sender makes every tuple anew, with one root, and heeds congestion, as executors do; the
 * receiver looks at every tuple; neither measures before the other is warm.
 */
import { createInterface } from 'node:readline';
import { SILENT_LOG } from '../src/model/log.js';
import { Tuple, type TupleSource } from '../src/model/tuple.js';
import { Values } from '../src/model/values.js';
import { tupleHead } from '../src/protocol/host-encoder.js';
import { Batch, type Transport, type TransportEvents } from '../src/transport/transport.js';
import { createWsTransport } from '../src/transport/ws-network.js';

export interface HopRequest {
  readonly end: 'sender' | 'receiver';
  /** Tuples before the measurement, and in it. */
  readonly warm: number;
  readonly count: number;
  /** Tuples in one turn of the sender. */
  readonly batch: number;
  /** Tuples a second; 0 for as many as pass. */
  readonly rate: number;
}

/** What an end has measured; times in ms. */
export interface HopSample {
  readonly elapsedMs: number;
  readonly cpuMs: number;
  /** Of the receiver, when there was a rate. */
  readonly p50Ms?: number;
  readonly p99Ms?: number;
}

const SENDER = '1.0';
const RECEIVER = '1.1';
const SOURCE: TupleSource = {
  component: 'words',
  stream: 'default',
  task: 1,
  fields: ['word', 'text', 'number'],
  head: tupleHead('words', 'default', 1),
};
/** JSON of some 150 bytes each. */
const TEXTS = Array.from({ length: 1024 }, (_, index) =>
  JSON.stringify([`word-${index}`, 'the quick brown fox jumps over the lazy dog and '.repeat(3).slice(0, 120), index]),
);

const PAUSE_MS_MAX = 4;

const request = JSON.parse(process.argv[2] as string) as HopRequest;

/** Monotonic on all processes of a machine, in microseconds, as far as 32 bits go. */
function microseconds(): number {
  return Number((process.hrtime.bigint() / 1000n) & 0x7fffffffn);
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

class Stopwatch {
  readonly #atMs = performance.now();
  readonly #cpu = process.cpuUsage();

  read(): HopSample {
    const { user, system } = process.cpuUsage(this.#cpu);
    return { elapsedMs: performance.now() - this.#atMs, cpuMs: (user + system) / 1000 };
  }
}

/** Sends as many as are due each turn, or as many as the peer takes. */
class Sender implements TransportEvents {
  transport: Transport | undefined;
  #made = 0;
  #isFree = false;
  #turnedAtMs = performance.now();
  watch = new Stopwatch();

  receive(): void {}
  onLost(): void {
    if (this.#made < request.warm + request.count) throw new Error('the receiver was lost');
  }

  onCongestion(_peer: string, isCongested: boolean): void {
    this.#isFree = !isCongested;
    if (!isCongested) setImmediate(() => this.#turn());
  }

  #turn(): void {
    const { warm, count, batch, rate } = request;
    if (!this.#isFree || this.#made === warm + count) return;
    // What a pause has kept this process from sending is not sent at once afterwards: that would be another rate.
    const nowMs = performance.now();
    const due = rate === 0 ? batch : Math.floor((Math.min(nowMs - this.#turnedAtMs, PAUSE_MS_MAX) * rate) / 1000);
    this.#turnedAtMs = nowMs;
    const end = Math.min(warm + count, this.#made + due, this.#made < warm ? warm : Number.POSITIVE_INFINITY);
    if (end > this.#made) this.#send(end);
    if (rate === 0) setImmediate(() => this.#turn());
    else setTimeout(() => this.#turn(), 1);
  }

  #send(end: number): void {
    if (this.#made === request.warm) this.watch = new Stopwatch();
    const batch = new Batch();
    const now = microseconds();
    for (; this.#made < end; this.#made++) {
      const tuple = new Tuple(SOURCE, Values.fromText(TEXTS[this.#made & 1023] as string));
      tuple.rootCount = 1;
      tuple.rootHigh = 65_537;
      tuple.rootLow = now;
      tuple.edgeHigh = this.#made;
      tuple.edgeLow = ~this.#made;
      batch.tasks.push(2);
      batch.tuples.push(tuple);
    }
    (this.transport as Transport).send(RECEIVER, batch);
  }
}

class Receiver implements TransportEvents {
  #received = 0;
  #watch = new Stopwatch();
  readonly #delays = new Int32Array(request.rate === 0 ? 0 : request.count);

  onCongestion(): void {}
  onLost(): void {
    if (this.#received < request.warm + request.count) throw new Error('the sender was lost');
  }

  receive(_from: string, { tuples }: Batch): void {
    const { warm, count, rate } = request;
    const now = rate === 0 ? 0 : microseconds();
    for (const tuple of tuples) {
      if (this.#received === warm) this.#watch = new Stopwatch();
      if (tuple.edgeHigh !== this.#received || tuple.values.text.length !== TEXTS[this.#received & 1023]?.length)
        throw new Error('a tuple is wrong');
      if (rate !== 0 && this.#received >= warm) this.#delays[this.#received - warm] = now - tuple.rootLow;
      this.#received++;
    }
    if (this.#received === warm + count) print({ ...this.#watch.read(), ...this.#quantiles() });
  }

  #quantiles(): Partial<HopSample> {
    if (request.rate === 0) return {};
    const sorted = this.#delays.sort();
    const at = (share: number): number => (sorted[Math.floor(sorted.length * share)] as number) / 1000;
    return { p50Ms: at(0.5), p99Ms: at(0.99) };
  }
}

const isSender = request.end === 'sender';
const [name, peer] = isSender ? [SENDER, RECEIVER] : [RECEIVER, SENDER];
const network = await createWsTransport({
  topologyId: 'bench',
  incarnation: name,
  launch: 1,
  host: '127.0.0.1',
  port: 0,
  token: 'bench',
  random: Math.random,
  log: SILENT_LOG,
});
const sender = new Sender();
const transport = network.join(name, isSender ? sender : new Receiver());
sender.transport = transport;
print(network.address.port);
// First the port of the peer, then that all have arrived.
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'end') break;
  transport.setPeers(new Map([[peer, { host: '127.0.0.1', port: Number(line) }]]));
}
if (isSender) print(sender.watch.read());
await network.close();
process.stdin.destroy();
