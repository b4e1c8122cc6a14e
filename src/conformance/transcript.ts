/**
 * Transcripts: recorded conversations as NDJSON, the one engine that judging, recording and replaying share. Invariant: the lines of one
 * direction give back exactly the bytes that passed, in their order. The format is described in multilang/README.md.
 */
import { isUtf8 } from 'node:buffer';
import type { TranscriptDirection, TranscriptEvent, TranscriptHeader, TranscriptLine } from '../model/generated/transcript.types.js';
import { validateTranscriptLine } from '../model/generated/transcript.validate.js';

export type { TranscriptDirection, TranscriptEvent, TranscriptHeader, TranscriptLine };

/** Any line but the header. */
export type RecordedLine = Exclude<TranscriptLine, TranscriptHeader>;

/** What a line may say beside its event's name. */
export type EventFacts = Partial<Pick<TranscriptEvent, 'code' | 'signal' | 'text'>>;

/** The bytes that a line stands for; none for headers and events. */
export function bytesOfLine(line: TranscriptLine): Buffer {
  if ('frame' in line) return Buffer.from(`${JSON.stringify(line.frame)}\nend\n`);
  if ('text' in line && !('event' in line)) return Buffer.from(line.text);
  if ('base64' in line) return Buffer.from(line.base64, 'base64');
  return Buffer.alloc(0);
}

/** The line that stands for these bytes, which are best one whole message: the most readable form that gives them back exactly. */
export function lineOfBytes(dir: TranscriptDirection, atMs: number, bytes: Buffer): RecordedLine {
  const at_ms = roundMs(atMs);
  if (!isUtf8(bytes)) return { dir, at_ms, base64: bytes.toString('base64') };
  const text = bytes.toString('utf8');
  const frame = frameOf(text);
  return frame === undefined ? { dir, at_ms, text } : { dir, at_ms, frame: frame.value as never };
}

/** What happened to a pipe or the process, as a line. */
export function lineOfEvent(
  dir: TranscriptDirection,
  atMs: number,
  event: TranscriptEvent['event'],
  facts: EventFacts = {},
): TranscriptEvent {
  return { dir, at_ms: roundMs(atMs), event, ...facts };
}

/** One line of NDJSON, with its line feed. */
export function formatLine(line: TranscriptLine): string {
  return `${JSON.stringify(line)}\n`;
}

/**
 * Reads a whole transcript.
 * @returns the header if there is one, and the lines after it. Throws an Error that names the line that is none.
 */
export function parseTranscript(text: string): { readonly header: TranscriptHeader | undefined; readonly lines: readonly RecordedLine[] } {
  const lines: RecordedLine[] = [];
  let header: TranscriptHeader | undefined;
  for (const [index, source] of text.split('\n').entries()) {
    if (source.trim() === '') continue;
    const line = parseLine(source, index + 1);
    if (!('transcript' in line)) lines.push(line);
    else if (header === undefined && lines.length === 0) header = line;
    else throw new Error(`line ${index + 1} is a second header; a transcript has one at most, as its first line`);
  }
  return { header, lines };
}

function parseLine(source: string, number: number): TranscriptLine {
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch (error) {
    throw new Error(`line ${number} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!validateTranscriptLine(value))
    throw new Error(`line ${number} is no line of a transcript; multilang/schema/transcript.schema.json says what one is`);
  return value;
}

/** The value of a message in its plainest form; undefined when another form would not come back as these bytes. */
function frameOf(text: string): { readonly value: unknown } | undefined {
  if (!text.endsWith('\nend\n')) return undefined;
  const json = text.slice(0, -5);
  try {
    const value: unknown = JSON.parse(json);
    return JSON.stringify(value) === json ? { value } : undefined;
  } catch {
    return undefined; // Not JSON: it is kept as text.
  }
}

function roundMs(ms: number): number {
  return Math.round(ms * 10) / 10;
}
