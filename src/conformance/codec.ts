/**
 * The port between the judge and a serialization. Invariant: a reader reports every deviation from what a component should write, and still
 * hands over whatever message can be made out, so that one mistake is found once and not in every check.
 */

/** JSON text that goes into a message as it stands: an id that was read goes back with its very characters. */
export class RawJson {
  constructor(readonly text: string) {}
}

/** Something that is not as the protocol wants it. The kinds are those that `watch` of a case names. */
export interface Finding {
  readonly kind: string;
  /** What is wrong, as a clause: "text that is no message: …". */
  readonly detail: string;
}

/** One message of the component. */
export interface WireMessage {
  /** The message as parsed; non-finite numbers are null. */
  readonly value: Readonly<Record<string, unknown>> | readonly unknown[] | null;
  /** Each top-level key of an object with its value as JSON text. */
  readonly texts: ReadonlyMap<string, string>;
  /** All bytes of the message, its terminator and whatever stood around it included. */
  readonly bytes: Buffer;
}

export interface WireSink {
  /** @param findings what was wrong with the bytes of this message */
  onMessage(message: WireMessage, findings: readonly Finding[]): void;
  /** Bytes of which no message can be made. */
  onUnreadable(bytes: Buffer, finding: Finding): void;
}

export interface WireReader {
  push(chunk: Buffer): void;
  /** The stream has ended of the component's own will; what is left is an unfinished message. */
  end(): void;
}

export interface WireCodec {
  readonly name: 'json' | 'msgpack';
  /** @param message any JSON value, `RawJson` anywhere in it */
  encode(message: unknown): Buffer;
  createReader(sink: WireSink): WireReader;
}
