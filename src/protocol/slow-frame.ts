/**
 * Frames off the hot path: log, error, metrics, pid, unknown commands, and whatever else a component prints. Invariant: text around a message is
 * reported as stray and the message used; text that may hold a lost emit is never passed over, because its input could then be acked.
 * Implements ML-FR-09, ML-FR-10, ML-FR-11 and ML-LG on the way in.
 */
import { PolyboltError } from '../model/errors.js';
import { JSON_DEPTH_MAX, QUOTE_CHARS_MAX, SALVAGE_ATTEMPTS_MAX } from '../model/limits.js';
import { parseValues } from '../model/values.js';
import { type ComponentHandler, LOG_LEVELS } from './component-frames.js';
import { skipValue, TOO_DEEP } from './json-scan.js';

/** What the decoder of the hot path does for this one. */
export interface HotDecoder {
  /** Decodes an emit, ack, fail or sync from its JSON; returns the rule of its form that it breaks, or undefined. */
  decodeHot(json: string): string | undefined;
  /** Hands over an emit of which only the anchors and the id can be made out; false if not even these. */
  refuseEmit(json: string, error: PolyboltError): boolean;
}

type Message = Readonly<Record<string, unknown>>;

interface Found {
  readonly before: string;
  readonly json: string;
  readonly message: Message;
  readonly after: string;
}

/** The object around a message's parts does not count towards their depth. */
const OUTSIDE = -1;
const HOT: ReadonlySet<unknown> = new Set(['emit', 'ack', 'fail', 'sync']);

/** Decodes the text of one frame, without its line `end`. Returns the error that makes the stream unreadable, or undefined. */
export function decodeSlowFrame(content: string, handler: ComponentHandler, hot: HotDecoder): PolyboltError | undefined {
  const found = findMessage(content);
  if (found === undefined) return withoutMessage(content.trim(), handler, hot);
  const { before, json, message, after } = found;
  if (mayHoldEmit(before) || mayHoldEmit(after)) return lostEmit(content);
  if (before !== '') handler.onStray(before);
  const error = HOT.has(message.command) ? decodeHot(found, hot) : dispatch(message, json, handler);
  if (error === undefined && after !== '') handler.onStray(after);
  return error;
}

/** The longest end of the text that is one message, or else the last message in it. */
function findMessage(content: string): Found | undefined {
  const contentEnd = content.trimEnd().length;
  let found: Found | undefined;
  let at = content.indexOf('{');
  for (let attempt = 0; at >= 0 && attempt < SALVAGE_ATTEMPTS_MAX; attempt++) {
    const end = skipValue(content, at, OUTSIDE);
    if (end < 0) {
      at = content.indexOf('{', at + 1);
      continue;
    }
    const json = content.slice(at, end);
    const message = parseMessage(json);
    if ('command' in message || 'pid' in message) {
      found = { before: content.slice(0, at).trim(), json, message, after: content.slice(end).trim() };
      if (end === contentEnd) return found;
    }
    // What is inside of an object that somebody printed is not looked at.
    at = content.indexOf('{', end);
  }
  return found;
}

function parseMessage(json: string): Message {
  return (parseValues(`[${json}]`) as [Message])[0];
}

function mayHoldEmit(text: string): boolean {
  return text.includes('"command"') && text.includes('"emit"');
}

function lostEmit(content: string): PolyboltError {
  return new PolyboltError('PB_FRAME_UNREADABLE', {
    message: 'a frame holds an emit, or a piece of one, besides its message',
    hint: 'close each message with a line "end", and let one thread or process write one whole message at a time',
    context: { frame: quote(content) },
  });
}

/** Text without a message: a plain print that met a line "end" is stray; anything that may be a frame or a piece of one ends the incarnation. */
function withoutMessage(text: string, handler: ComponentHandler, hot: HotDecoder): PolyboltError | undefined {
  if (!/[{}]|"command"/.test(text)) {
    handler.onStray(text);
    return undefined;
  }
  const json = text.slice(Math.max(0, text.indexOf('{')));
  const end = skipValue(json, 0, OUTSIDE);
  if (end === TOO_DEEP) return tooDeep(text, json, hot);
  return new PolyboltError('PB_FRAME_UNREADABLE', {
    message: end === json.length ? 'a frame is JSON but no message: it has neither a command nor a pid' : 'a frame is not valid JSON',
    hint: 'write each message as one JSON text and a line "end"; print nothing else on standard output',
    context: { frame: quote(text) },
  });
}

function tooDeep(text: string, json: string, hot: HotDecoder): PolyboltError | undefined {
  const error = new PolyboltError('PB_FRAME_TOO_DEEP', {
    message: `a frame nests arrays or objects more than ${JSON_DEPTH_MAX} deep`,
    hint: 'flatten the value, or send it as a string that holds JSON',
    context: { frame: quote(text) },
  });
  return json.length === text.length && isDeepEmit(json) && hot.refuseEmit(json, error) ? undefined : error;
}

/** The platform's parser knows no depth. */
function isDeepEmit(json: string): boolean {
  try {
    return (JSON.parse(json) as Message).command === 'emit';
  } catch {
    return false; // Not JSON at all: the caller has an error for it.
  }
}

/** An emit, ack, fail or sync that the hot path left, because text stands around it or a part of it has the wrong type. */
function decodeHot({ json, message }: Found, hot: HotDecoder): PolyboltError | undefined {
  const rule = hot.decodeHot(json);
  if (rule === undefined) return undefined;
  const error = invalid(json, rule);
  // An ack or fail that names no tuple cannot be refused for a tuple: what it meant would stay open for ever.
  return message.command === 'emit' && hot.refuseEmit(json, error) ? undefined : error;
}

/** Hands over a message that concerns no tuple; returns the error if it is none of the protocol's. */
function dispatch(message: Message, json: string, handler: ComponentHandler): PolyboltError | undefined {
  const { command, pid, msg, level, name, params } = message;
  if (command === undefined && typeof pid === 'number' && Number.isSafeInteger(pid)) handler.onPid(pid);
  else if (command === 'log') handler.onLog((typeof level === 'number' ? LOG_LEVELS[level] : undefined) ?? 'info', asText(msg));
  else if (command === 'error') handler.onError(asText(msg));
  else if (command === 'metrics' && typeof name === 'string' && name !== '') handler.onMetrics(name, params);
  else if (command === 'metrics') handler.onInvalid(invalid(json, 'metrics needs a name'));
  else if (typeof command === 'string') handler.onUnknownCommand(command);
  else return invalid(json, 'a message has a command, or is the answer {"pid":N} to the handshake');
  return undefined;
}

function asText(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function invalid(json: string, rule: string): PolyboltError {
  return new PolyboltError('PB_MESSAGE_INVALID', {
    message: `a message breaks the protocol: ${rule}`,
    hint: 'see spec/protocol.md for the form of every message',
    context: { frame: quote(json) },
  });
}

function quote(text: string): string {
  return text.length <= QUOTE_CHARS_MAX ? text : `${text.slice(0, QUOTE_CHARS_MAX)}… (${text.length} characters)`;
}
