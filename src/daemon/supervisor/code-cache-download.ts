/**
 * One blob from one nimbus into a file, its SHA-256 taken while it streams. Invariant: the file exists afterwards only if it is the blob; a sender that falls silent
 * or sends more than a topology may have is cut off.
 */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { get as getPlain, type IncomingMessage } from 'node:http';
import { get as getSecure } from 'node:https';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { diskError } from '../../coordination/archive-disk.js';
import { BLOB_BYTES_MAX, HTTP_IDLE_MS } from '../../model/limits.js';
import { authorizationOf, type Security } from '../security/security.js';

export interface DownloadOptions {
  readonly security: Security;
  readonly signal: AbortSignal;
  /** For tests: longest silence of the sender. */
  readonly idleMs?: number;
}

/** Rejects with what is wrong, in words that follow the name of the nimbus; PB_DISK_FULL when it is our own disk. */
export async function downloadBlob(url: string, sha256: string, file: string, options: DownloadOptions): Promise<void> {
  try {
    const response = await request(new URL(`/v1/blobs/${sha256}`, url), options);
    if (response.statusCode !== 200) {
      response.destroy();
      throw new Error(response.statusCode === 404 ? 'it does not have it' : `it answered with status ${response.statusCode}`);
    }
    const hash = createHash('sha256');
    await pipeline(response, measured(hash), createWriteStream(file, { mode: 0o600 }));
    // A reply that was cut short looks whole where its length was not announced; the sum tells.
    const found = hash.digest('hex');
    if (found !== sha256) throw new Error(`what it sent has the SHA-256 ${found}`);
  } catch (error) {
    await rm(file, { force: true });
    throw diskError(error, 'the code of a topology', file);
  }
}

async function request(url: URL, { security, signal, idleMs = HTTP_IDLE_MS }: DownloadOptions): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = authorizationOf(security.daemonToken);
    const tls = security.tls === undefined ? {} : { ca: security.tls.ca };
    const outgoing = url.protocol === 'https:' ? getSecure(url, { headers, signal, ...tls }) : getPlain(url, { headers, signal });
    let incoming: IncomingMessage | undefined;
    outgoing.setTimeout(idleMs, () => (incoming ?? outgoing).destroy(new Error(`it was silent for ${idleMs} ms`)));
    outgoing.once('response', (response) => {
      incoming = response;
      resolve(response);
    });
    outgoing.once('error', reject);
  });
}

function measured(hash: ReturnType<typeof createHash>): Transform {
  let bytes = 0;
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      bytes += chunk.length;
      hash.update(chunk);
      if (bytes > BLOB_BYTES_MAX) done(new Error(`it sent more than ${BLOB_BYTES_MAX} bytes`));
      else done(null, chunk);
    },
  });
}
