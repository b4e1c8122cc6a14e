/**
 * The code of topologies on a nimbus: taken in, judged, copied to the other nimbuses, fetched from them, let go. Invariant: what is refused leaves nothing behind, and what a
 * topology or a submission under way needs is kept.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { readUnpackedTopology, unpackTopology } from '../../coordination/archive.js';
import { BlobStore } from '../../coordination/blob-store.js';
import type { Clock } from '../../model/clock.js';
import type { NimbusRecord } from '../../model/cluster-records.js';
import { PolyboltError } from '../../model/errors.js';
import { BLOB_BYTES_MAX, BLOB_GRACE_MS, HTTP_IDLE_MS, PARSED_TOPOLOGIES_MAX, REPLICATION_MS } from '../../model/limits.js';
import type { Log } from '../../model/log.js';
import type { Topology } from '../../model/topology.js';
import { callDaemon } from '../http/http-call.js';
import type { Security } from '../security/security.js';
import type { TopologyCode } from './nimbus.js';

export interface NimbusBlobsPorts {
  /** The nimbuses that live now, this one among them. */
  readonly nimbuses: () => Promise<readonly NimbusRecord[]>;
  readonly clock: Clock;
  readonly log: Log;
}

const RETRY_MS = 500;

export class NimbusBlobs implements TopologyCode {
  readonly #id: string;
  readonly #blobs: BlobStore;
  readonly #checking: string;
  readonly #security: Security;
  readonly #ports: NimbusBlobsPorts;
  /** Until when what came in lately is kept although no topology has it. */
  readonly #recentUntilMs = new Map<string, number>();
  /** Uploads under way, by blob. */
  readonly #uses = new Map<string, number>();
  readonly #parsed = new Map<string, Topology>();

  /** @param directory of this nimbus alone */
  constructor(id: string, directory: string, security: Security, ports: NimbusBlobsPorts) {
    this.#id = id;
    this.#security = security;
    this.#ports = ports;
    this.#blobs = new BlobStore(join(directory, 'blobs'));
    this.#checking = join(directory, 'checking');
    // What an earlier life was in the middle of.
    rmSync(this.#checking, { recursive: true, force: true });
    mkdirSync(this.#checking, { recursive: true, mode: 0o700 });
  }

  has(sha256: string): boolean {
    return this.#blobs.has(sha256);
  }

  /** Takes in what another nimbus has accepted. Throws as `BlobStore.receive` does. */
  async receive(stream: Readable, sha256: string): Promise<void> {
    await this.#blobs.receive(stream, sha256, BLOB_BYTES_MAX);
    this.#recentUntilMs.set(sha256, this.#ports.clock.now() + BLOB_GRACE_MS);
  }

  /** Opens a blob to be read; one that is not here is fetched from another nimbus first. Throws PB_BLOB_MISSING. */
  async open(sha256: string): Promise<{ readonly stream: Readable; readonly bytes: number }> {
    if (!this.#blobs.has(sha256)) await this.#fetch(sha256);
    const { size } = await stat(this.#blobs.path(sha256));
    return { stream: this.#blobs.open(sha256), bytes: size };
  }

  /** As `open`, but of what is here only. */
  async openOwn(sha256: string): Promise<{ readonly stream: Readable; readonly bytes: number }> {
    const stream = this.#blobs.open(sha256);
    const { size } = await stat(this.#blobs.path(sha256));
    return { stream, bytes: size };
  }

  async load(blob: string): Promise<Topology> {
    const parsed = this.#parsed.get(blob);
    if (parsed !== undefined) return parsed;
    if (!this.#blobs.has(blob)) await this.#fetch(blob);
    const topology = await this.#check(blob);
    this.#parsed.set(blob, topology);
    for (const oldest of this.#parsed.keys()) {
      if (this.#parsed.size <= PARSED_TOPOLOGIES_MAX) break;
      this.#parsed.delete(oldest);
    }
    return topology;
  }

  async retain(blobs: ReadonlySet<string>): Promise<void> {
    const nowMs = this.#ports.clock.now();
    for (const [blob, untilMs] of this.#recentUntilMs) if (untilMs <= nowMs) this.#recentUntilMs.delete(blob);
    for (const blob of this.#parsed.keys()) if (!blobs.has(blob)) this.#parsed.delete(blob);
    await this.#blobs.retain(new Set([...blobs, ...this.#recentUntilMs.keys(), ...this.#uses.keys()]));
  }

  /**
   * Takes an upload in, checks it as any topology is checked, and passes it on. When that fails, or what `accept` does with it, it is gone again, unless it was there before.
   * Throws as `receive`, `unpackTopology` and `readUnpackedTopology` do, PB_BLOB_UNREPLICATED, and what `accept` throws.
   * @param accept is called when every living nimbus has it
   */
  async upload<T>(
    stream: Readable,
    sha256: string,
    judge: (topology: Topology) => Promise<Topology>,
    accept: (topology: Topology) => Promise<T>,
  ): Promise<T> {
    const wasHere = this.#blobs.has(sha256);
    this.#uses.set(sha256, (this.#uses.get(sha256) ?? 0) + 1);
    let isAccepted = false;
    try {
      await this.#blobs.receive(stream, sha256, BLOB_BYTES_MAX);
      const topology = await judge(await this.#check(sha256));
      await this.#replicate(sha256);
      const result = await accept(topology);
      isAccepted = true;
      // Until a look at the store shows the topology that has it.
      this.#recentUntilMs.set(sha256, this.#ports.clock.now() + BLOB_GRACE_MS);
      return result;
    } finally {
      const uses = (this.#uses.get(sha256) ?? 1) - 1;
      if (uses > 0) this.#uses.set(sha256, uses);
      else this.#uses.delete(sha256);
      const isWanted = isAccepted || wasHere || uses > 0 || this.#recentUntilMs.has(sha256);
      if (!isWanted) await rm(this.#blobs.path(sha256), { force: true });
    }
  }

  /** The topology of a blob that is here, unpacked and judged in a directory of its own. */
  async #check(sha256: string): Promise<Topology> {
    const directory = join(this.#checking, randomUUID());
    try {
      await unpackTopology(this.#blobs.path(sha256), directory, sha256);
      return await readUnpackedTopology(directory);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }

  /** Copies a blob to every other nimbus that lives. One that does not answer is asked again until the store gives it up. */
  async #replicate(sha256: string): Promise<void> {
    const untilMs = this.#ports.clock.now() + REPLICATION_MS;
    const have = new Set([this.#id]);
    for (;;) {
      const others = (await this.#ports.nimbuses()).filter(({ id }) => !have.has(id));
      const tried = await Promise.allSettled(others.map((nimbus) => this.#copyTo(nimbus, sha256)));
      for (const [index, { id }] of others.entries()) if (tried[index]?.status === 'fulfilled') have.add(id);
      const failed = others.filter(({ id }) => !have.has(id));
      if (failed.length === 0) return;
      const reason = tried.find((each) => each.status === 'rejected')?.reason as unknown;
      if (this.#ports.clock.now() >= untilMs) throw unreplicated(failed, reason);
      this.#ports.log.warn('blob.unreplicated', { sha256, nimbuses: failed.map(({ url }) => url), reason: String(reason) });
      await new Promise<void>((resolve) => this.#ports.clock.after(RETRY_MS, resolve));
    }
  }

  async #copyTo({ url }: NimbusRecord, sha256: string): Promise<void> {
    const target = new URL(`/v1/blobs/${sha256}`, url);
    const common = { url: target, security: this.#security, idleMs: HTTP_IDLE_MS };
    const known = await callDaemon({ ...common, method: 'HEAD' });
    known.resume();
    if (known.statusCode === 200) return;
    const { stream, bytes } = await this.openOwn(sha256);
    const answer = await callDaemon({ ...common, method: 'PUT', headers: { 'content-length': String(bytes) }, body: stream });
    answer.resume();
    if (answer.statusCode !== 201) throw new Error(`${url} answered with status ${answer.statusCode}`);
  }

  async #fetch(sha256: string): Promise<void> {
    for (const { id, url } of await this.#ports.nimbuses()) {
      if (id === this.#id) continue;
      try {
        const target = new URL(`/v1/blobs/${sha256}?own=true`, url);
        const answer = await callDaemon({ method: 'GET', url: target, security: this.#security, idleMs: HTTP_IDLE_MS });
        if (answer.statusCode === 200) return await this.receive(answer, sha256);
        answer.destroy();
      } catch (error) {
        this.#ports.log.warn('blob.unfetched', { sha256, nimbus: url, reason: String(error) });
        if (error instanceof PolyboltError && error.code === 'PB_DISK_FULL') throw error;
      }
    }
    // Nobody has it: the message of the store itself says so.
    this.#blobs.open(sha256).destroy();
  }
}

function unreplicated(failed: readonly NimbusRecord[], cause: unknown): PolyboltError {
  const urls = failed.map(({ url }) => url);
  return new PolyboltError('PB_BLOB_UNREPLICATED', {
    message: `the topology was not accepted: its code could not be copied to ${urls.join(', ')}: ${cause instanceof Error ? cause.message : String(cause)}`,
    hint: 'see whether that nimbus runs and has room on its disk; one that is dead is left out once its session with the store has ended',
    context: { nimbuses: urls },
    cause,
  });
}
