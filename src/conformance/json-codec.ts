/**
 * The JSON serialization as the judge reads it: by the letter, where the host's decoder forgives. Invariant: whatever the component wrote, each
 * message that a tolerant host would find is handed over once, and each deviation is a finding. Judges ML-FR.
 */
import { isUtf8 } from 'node:buffer';
import { SALVAGE_ATTEMPTS_MAX } from '../model/limits.js';
import { withoutNonFinite } from '../model/values.js';
import { skipSpace, skipValue } from '../protocol/json-scan.js';
import { type Finding, RawJson, type WireCodec, type WireMessage, type WireReader, type WireSink } from './codec.js';
import { quote } from './quote.js';

const NEWLINE = 10;
const RETURN = 13;
const END = Buffer.from('end');

export const jsonCodec: WireCodec = {
  name: 'json',
  encode: (message) => Buffer.from(`${encodeJson(message)}\nend\n`),
  createReader: (sink) => new StrictReader(sink),
};

/** Compact JSON of a value in which `RawJson` stands for itself. */
export function encodeJson(value: unknown): string {
  if (value instanceof RawJson) return value.text;
  if (Array.isArray(value)) return `[${value.map(encodeJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, item]) => `${JSON.stringify(key)}:${encodeJson(item)}`)
    .join(',')}}`;
}

class StrictReader implements WireReader {
  readonly #sink: WireSink;
  /** Whole lines of the message that has begun, with their line breaks. */
  #lines: Buffer[] = [];
  /** The pieces of a line that has begun. */
  #pieces: Buffer[] = [];

  constructor(sink: WireSink) {
    this.#sink = sink;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, start)) {
      this.#pieces.push(Buffer.from(chunk.subarray(start, at + 1)));
      this.#line(Buffer.concat(this.#pieces));
      this.#pieces = [];
      start = at + 1;
    }
    if (start < chunk.length) this.#pieces.push(Buffer.from(chunk.subarray(start)));
  }

  end(): void {
    const rest = Buffer.concat([...this.#lines, ...this.#pieces]);
    this.#lines = [];
    this.#pieces = [];
    if (rest.length > 0)
      this.#sink.onUnreadable(rest, { kind: 'incomplete', detail: `the output ends within a message: ${quote(rest.toString())}` });
  }

  #line(line: Buffer): void {
    this.#lines.push(line);
    const length = line.at(-2) === RETURN ? line.length - 2 : line.length - 1;
    if (length !== END.length || !line.subarray(0, length).equals(END)) return;
    const content = Buffer.concat(this.#lines.slice(0, -1));
    const bytes = Buffer.concat([content, line]);
    this.#lines = [];
    this.#frame(content, bytes);
  }

  #frame(content: Buffer, bytes: Buffer): void {
    const findings = findingsOfForm(content, bytes);
    const text = content.toString('utf8');
    const start = skipSpace(text, 0);
    const end = start < text.length ? skipValue(text, start) : -1;
    if (end >= 0 && skipSpace(text, end) >= text.length) {
      if (text.slice(start, end).includes('\n'))
        findings.push({ kind: 'many-lines', detail: `the JSON of a message stands on several lines: ${quote(text)}` });
      this.#message(text.slice(start, end), bytes, findings);
      return;
    }
    const several = severalMessages(text);
    if (several !== undefined) {
      findings.push({ kind: 'missing-end', detail: `${several.length} messages with only one line "end": ${quote(text)}` });
      for (const [index, json] of several.entries())
        this.#message(json, index === 0 ? bytes : Buffer.alloc(0), index === 0 ? findings : []);
      return;
    }
    const found = salvage(text);
    if (found === undefined) {
      this.#sink.onUnreadable(bytes, { kind: 'unreadable', detail: `a message that is not JSON: ${quote(text)}` });
      return;
    }
    findings.push({ kind: 'stray-text', detail: `text that is no message: ${quote(found.stray)}` });
    this.#message(found.json, bytes, findings);
  }

  #message(json: string, bytes: Buffer, findings: Finding[]): void {
    const value = parseLenient(json, findings);
    const texts = topLevelTexts(json, findings);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (!isObject || (typeof (value as { command?: unknown }).command !== 'string' && !('pid' in value))) {
      findings.push({ kind: 'no-command', detail: `a message without a command: ${quote(json)}` });
    }
    this.#sink.onMessage({ value: value as WireMessage['value'], texts, bytes }, findings);
  }
}

function findingsOfForm(content: Buffer, bytes: Buffer): Finding[] {
  const findings: Finding[] = [];
  if (!isUtf8(content)) findings.push({ kind: 'not-utf8', detail: `bytes that are not UTF-8: ${quote(content.toString('utf8'))}` });
  if (bytes.includes('\r\n')) findings.push({ kind: 'crlf', detail: 'lines end with CR LF instead of LF' });
  if (content.length > 0 && /(^|\n)[ \t]*\r?\n/.test(content.toString('latin1'))) {
    findings.push({ kind: 'blank-lines', detail: `blank lines stand around a message: ${quote(content.toString())}` });
  }
  return findings;
}

/** The value; non-finite tokens, which are no JSON, as null and a finding. */
function parseLenient(json: string, findings: Finding[]): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    findings.push({ kind: 'non-finite', detail: `NaN or Infinity, which are not JSON: ${quote(json)}` });
    return JSON.parse(withoutNonFinite(json)) as unknown;
  }
}

/** Keys and the text of their values, of valid JSON; a key that stands twice is a finding and the last one counts. */
function topLevelTexts(json: string, findings: Finding[]): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  if (!json.startsWith('{')) return texts;
  let pos = skipSpace(json, 1);
  while (json[pos] === '"') {
    const keyEnd = skipValue(json, pos);
    const key = JSON.parse(json.slice(pos, keyEnd)) as string;
    const start = skipSpace(json, skipSpace(json, keyEnd) + 1);
    const end = skipValue(json, start);
    if (texts.has(key)) findings.push({ kind: 'duplicate-key', detail: `the key "${key}" stands twice: ${quote(json)}` });
    texts.set(key, json.slice(start, end));
    pos = skipSpace(json, end);
    if (json[pos] === ',') pos = skipSpace(json, pos + 1);
  }
  return texts;
}

/** The messages of a text that is nothing but two or more objects; undefined for any other text. */
function severalMessages(text: string): readonly string[] | undefined {
  const found: string[] = [];
  let pos = skipSpace(text, 0);
  while (pos < text.length) {
    const end = text[pos] === '{' ? skipValue(text, pos) : -1;
    if (end < 0) return undefined;
    found.push(text.slice(pos, end));
    pos = skipSpace(text, end);
  }
  return found.length > 1 ? found : undefined;
}

/** The message behind (or before) stray text, by the rule of ML-FR-09. */
function salvage(text: string): { readonly json: string; readonly stray: string } | undefined {
  let at = text.indexOf('{');
  for (let attempts = 0; at >= 0 && attempts < SALVAGE_ATTEMPTS_MAX; attempts++) {
    const end = skipValue(text, at);
    if (end >= 0 && /"(command|pid)"/.test(text.slice(at, end))) {
      return { json: text.slice(at, end), stray: `${text.slice(0, at)}${text.slice(end)}`.trim() };
    }
    at = text.indexOf('{', at + 1);
  }
  return undefined;
}
