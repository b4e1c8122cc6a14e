/**
 * The body of a request, read only when a route asks for it. Invariant: no more of it is read than the route allows, and whoever stops sending is
 * noticed, not waited for: the reader always gets the whole body or a `PolyboltError`.
 */
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { PolyboltError } from '../../model/errors.js';

export interface BodyLimits {
  readonly bytesMax: number;
  /** Silence in the middle of a body after which its sender counts as gone. */
  readonly idleMs: number;
}

/** The body as it comes. Its errors: PB_REQUEST_TOO_LARGE, PB_REQUEST_ABORTED. Throws the first at once where the length is announced. */
export function bodyStream(request: IncomingMessage, limits: BodyLimits): Readable {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limits.bytesMax) throw tooLarge(limits.bytesMax);
  return Readable.from(chunksOf(request, limits), { objectMode: false });
}

/** A body as JSON; undefined when it is empty. Throws PB_REQUEST_INVALID, and what the body does. */
export async function readJson(body: Readable): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  if (bytes.length === 0) return undefined;
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new PolyboltError('PB_REQUEST_INVALID', {
      message: `the body of the request is not JSON: ${error instanceof Error ? error.message : String(error)}`,
      hint: 'send one JSON object, in UTF-8',
      cause: error,
    });
  }
}

async function* chunksOf(request: IncomingMessage, { bytesMax, idleMs }: BodyLimits): AsyncGenerator<Buffer> {
  let bytes = 0;
  let isIdle = false;
  const { socket } = request;
  const onIdle = (): void => {
    isIdle = true;
    request.destroy();
  };
  socket.setTimeout(idleMs, onIdle);
  try {
    // The connection is still needed for the reply when this ends early.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      bytes += (chunk as Buffer).length;
      if (bytes > bytesMax) throw tooLarge(bytesMax);
      yield chunk as Buffer;
    }
    if (!request.complete) throw new Error('the connection was closed');
  } catch (error) {
    if (error instanceof PolyboltError) throw error;
    throw new PolyboltError('PB_REQUEST_ABORTED', {
      message: isIdle
        ? `the sender of the request fell silent for ${idleMs} ms after ${bytes} bytes of the body`
        : `the sender of the request went away after ${bytes} bytes of the body`,
      hint: 'nothing was changed; send it again',
      context: { bytes },
      cause: error,
    });
  } finally {
    socket.setTimeout(0);
    socket.off('timeout', onIdle);
  }
}

function tooLarge(bytesMax: number): PolyboltError {
  return new PolyboltError('PB_REQUEST_TOO_LARGE', {
    message: `the body of the request is larger than the ${bytesMax} bytes that are taken here`,
    hint: 'if it is a topology, leave out what its components do not need: list it in .polyboltignore',
    context: { bytesMax },
  });
}
