/**
 * The port between a component host and a serialization. Invariant: a host knows its component's words and never their bytes; what a codec returns
 * are texts that can be joined and are written in the codec's encoding. Implements ML-MP-01.
 */
import type { TupleSource } from '../model/tuple.js';
import { ComponentDecoder } from './component-decoder.js';
import type { ComponentHandler } from './component-frames.js';
import {
  encodeHandshake,
  encodeHeartbeat,
  encodeSpoutCommand,
  encodeTaskIds,
  encodeTuple,
  encodeVerdict,
  type SpoutCommand,
} from './host-encoder.js';
import { MSGPACK_CODEC } from './msgpack/msgpack-codec.js';

export type Serializer = 'json' | 'msgpack';

/** Reads what one incarnation writes, and calls its handler for each message. */
export interface Decoder {
  /** Bytes of a message that has begun and not ended. */
  readonly heldBytes: number;
  /** Takes the next bytes of the child's standard output; they are not kept. */
  push(chunk: Buffer): void;
  /** Decodes no further message, also not of the bytes at hand. */
  stop(): void;
  /** The message at hand as JSON, for an error. Only valid inside a handler's call. */
  quote(charsMax?: number): string;
  /** The beginning of the message that has begun and not ended. */
  quoteHeld(): string;
}

/** What one serialization makes of each word. All texts of values and ids are JSON, which is the common tongue inside (design D1). */
export interface HostCodec {
  readonly name: Serializer;
  /** How the texts become bytes: `latin1` is one byte a character. */
  readonly encoding: 'utf8' | 'latin1';
  createDecoder(handler: ComponentHandler): Decoder;
  handshake(handshake: Parameters<typeof encodeHandshake>[0]): string;
  tuple(id: number, source: TupleSource, valuesText: string): string;
  heartbeat(id: string): string;
  taskIds(tasks: readonly number[]): string;
  spoutCommand(command: SpoutCommand): string;
  verdict(verdict: 'ack' | 'fail', idText: string): string;
}

/** Hot path: `tuple` is inlined where a worker's children all speak JSON. */
const JSON_CODEC: HostCodec = {
  name: 'json',
  encoding: 'utf8',
  createDecoder: (handler) => new ComponentDecoder(handler),
  handshake: encodeHandshake,
  tuple: (id, source, valuesText) => encodeTuple(id, source.head, valuesText),
  heartbeat: encodeHeartbeat,
  taskIds: encodeTaskIds,
  spoutCommand: encodeSpoutCommand,
  verdict: encodeVerdict,
};

export function codecOf(serializer: Serializer): HostCodec {
  return serializer === 'msgpack' ? MSGPACK_CODEC : JSON_CODEC;
}
