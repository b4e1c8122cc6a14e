/** Frames decoded and encoded: src/protocol by itself, in this process. Invariant: rates are per second of CPU, so that a busy machine does not lower them. */

import { ComponentDecoder } from '../src/protocol/component-decoder.js';
import type { ComponentHandler } from '../src/protocol/component-frames.js';
import { encodeTuple, tupleHead } from '../src/protocol/host-encoder.js';
import { type Benchmark, rounds, tuples } from './benchmark.js';
import type { Figure } from './figure.js';
import { inTurn, median, medianRatio } from './statistics.js';

const CHUNK_BYTES = 16 * 1024;
const COUNT = 200_000;
/** Work that does not grow faster than its input takes twice as long for twice as much, and a little more for caches. */
const DOUBLING_MAX = 2.3;

class Counter implements ComponentHandler {
  frames = 0;
  onEmit(): void {
    this.frames++;
  }
  onAck(): void {
    this.frames++;
  }
  onFail(): void {}
  onSync(): void {}
  onPid(): void {}
  onLog(): void {}
  onError(): void {}
  onMetrics(): void {}
  onUnknownCommand(): void {}
  onStray(text: string): void {
    throw new Error(`stray: ${text}`);
  }
  onInvalid(error: Error): void {
    throw error;
  }
  onUnreadable(error: Error): void {
    throw error;
  }
}

const FORMS = {
  'our adapters': (id: number) =>
    `{"command":"emit","anchors":["${id}"],"need_task_ids":false,"tuple":["conscience",${id}]}\nend\n{"command":"ack","id":"${id}"}\nend\n`,
  'storm.py': (id: number) =>
    `{"command": "emit", "anchors": ["${id}"], "tuple": ["conscience", ${id}]}\nend\n{"command": "ack", "id": "${id}"}\nend\n`,
} as const;

function inputOf(form: (id: number) => string, count: number): Buffer {
  let text = '';
  for (let id = 1; id <= count; id++) text += form(id);
  return Buffer.from(text);
}

/** One emit whose value is a string of so many bytes. */
function longFrame(bytes: number): Buffer {
  return Buffer.from(`{"command":"emit","anchors":["1"],"tuple":["${'x'.repeat(bytes)}"]}\nend\n`);
}

/** CPU ms to decode this input, as a child's pipe would cut it. */
function decodeMs(input: Buffer, frames: number): number {
  const counter = new Counter();
  const decoder = new ComponentDecoder(counter);
  const before = process.cpuUsage();
  for (let at = 0; at < input.length; at += CHUNK_BYTES) decoder.push(input.subarray(at, at + CHUNK_BYTES));
  const { user, system } = process.cpuUsage(before);
  if (counter.frames !== frames) throw new Error(`${counter.frames} frames decoded of ${frames}`);
  return (user + system) / 1000;
}

/** CPU ms to encode so many tuples and to join them as an outbox does. */
function encodeMs(count: number): number {
  const head = tupleHead('spout', 'default', 3);
  const before = process.cpuUsage();
  let bytes = 0;
  let text = '';
  for (let id = 1; id <= count; id++) {
    text += encodeTuple(id, head, '["conscience",12345]');
    if (id % 100 === 0) {
      bytes += Buffer.byteLength(text);
      text = '';
    }
  }
  const { user, system } = process.cpuUsage(before);
  if (bytes < count) throw new Error('nothing was encoded');
  return (user + system) / 1000;
}

export const codec: Benchmark = {
  name: 'codec',
  summary: 'frames decoded and encoded per second of CPU; twice the input in at most 2.3 times the CPU',
  run: async (setting) => {
    const count = tuples(setting, COUNT);
    const figures: Figure[] = [];
    for (const [name, form] of Object.entries(FORMS)) {
      const once = inputOf(form, count);
      const twice = inputOf(form, 2 * count);
      decodeMs(once, 2 * count);
      const times = await inTurn(rounds(setting), { once: () => decodeMs(once, 2 * count), twice: () => decodeMs(twice, 4 * count) });
      figures.push(
        rate(`decode, form of ${name}`, 2 * count, median(times.once)),
        doubling(`decode twice as many, form of ${name}`, times),
      );
    }
    const bytes = tuples(setting, 8 * 1024 * 1024);
    const [long, longer] = [longFrame(bytes), longFrame(2 * bytes)];
    decodeMs(long, 1);
    figures.push(
      doubling(
        'decode one frame twice as long',
        await inTurn(rounds(setting), { once: () => decodeMs(long, 1), twice: () => decodeMs(longer, 1) }),
      ),
    );
    encodeMs(count);
    const times = await inTurn(rounds(setting), { once: () => encodeMs(2 * count), twice: () => encodeMs(4 * count) });
    figures.push(rate('encode tuples', 2 * count, median(times.once)), doubling('encode twice as many', times));
    return figures;
  },
};

function rate(name: string, frames: number, cpuMs: number): Figure {
  return { benchmark: 'codec', name, value: (frames / cpuMs) * 1000, unit: 'frames/CPU s', hostCpuSecs: (cpuMs * 1000) / frames };
}

function doubling(name: string, times: Readonly<Record<'once' | 'twice', readonly number[]>>): Figure {
  return {
    benchmark: 'codec',
    name,
    value: medianRatio(times.twice, times.once),
    unit: 'times the CPU',
    limit: { kind: 'at most', value: DOUBLING_MAX },
  };
}
