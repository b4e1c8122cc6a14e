/**
 * How fast a component can be at most: it is fed the very frames that the host would send, from a file, and its output is thrown away. Invariant: its own
 * start is not counted.
 */
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeHandshake, encodeTaskIds, encodeTuple, tupleHead } from '../src/protocol/host-encoder.js';
import { runToEnd, type Setting } from './benchmark.js';
import { endedChildrenCpuMs } from './processes.js';

export interface Run {
  readonly elapsedMs: number;
  readonly cpuMs: number;
}

/** Files of frames for a component: one with tuples, one with the handshake only. */
export interface FrameFiles {
  readonly full: string;
  readonly empty: string;
}

const CONTEXT = {
  taskid: 2,
  'task->component': { 1: '__acker', 2: 'bolt', 3: 'sink', 4: 'spout' },
  componentid: 'bolt',
  'stream->target->grouping': { default: { sink: { type: 'SHUFFLE' } } },
  streams: ['default'],
  'stream->outputfields': { default: ['word', 'number'] },
  'source->stream->grouping': { spout: { default: { type: 'SHUFFLE' } } },
  'source->stream->fields': { spout: { default: ['word', 'number'] } },
};

/** @param withReplies after each tuple comes the answer to its emit, as for a component that does not say that it wants none */
export function writeFrames(setting: Setting, name: string, count: number, withReplies: boolean): FrameFiles {
  const pidDir = join(setting.scratch, 'pids');
  mkdirSync(pidDir, { recursive: true });
  const head = tupleHead('spout', 'default', 4);
  const reply = withReplies ? encodeTaskIds([3]) : '';
  let text = encodeHandshake({ pidDir, conf: {}, context: CONTEXT });
  const files = { full: join(setting.scratch, `${name}.frames`), empty: join(setting.scratch, `${name}.handshake`) };
  writeFileSync(files.empty, text);
  for (let id = 1; id <= count; id++) text += encodeTuple(id, head, '["conscience",12345]') + reply;
  writeFileSync(files.full, text);
  return files;
}

/** Runs a component on a file to its end. Storm's own library ends with an error at the end of its input. */
async function runOn(file: string, command: readonly string[], environment: Readonly<Record<string, string>>): Promise<Run> {
  const stdin = openSync(file, 'r');
  try {
    const before = endedChildrenCpuMs();
    const [program, ...args] = command as [string, ...string[]];
    const { elapsedMs } = await runToEnd(program, args, { env: environment, stdin, keepStdout: false, mayFail: true });
    return { elapsedMs, cpuMs: endedChildrenCpuMs() - before };
  } finally {
    closeSync(stdin);
  }
}

/** Time for the tuples alone: that for the whole file less that for the handshake. */
export async function ceilingOf(
  files: FrameFiles,
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<Run> {
  const empty = await runOn(files.empty, command, environment);
  const full = await runOn(files.full, command, environment);
  return { elapsedMs: full.elapsedMs - empty.elapsedMs, cpuMs: full.cpuMs - empty.cpuMs };
}
