/**
 * The code of topologies on a supervisor's disk, fetched from nimbuses: `<sha256>/` with `topology.json` and `resources/`, and beside it `<sha256>.ready` once it is checked and
 * prepared. Invariant: what has no `.ready` is not used and does not outlive the next try; one fetch and one prepare a blob at a time.
 */
import { createHash, randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readUnpackedTopology, unpackTopology } from '../../coordination/archive.js';
import type { Clock } from '../../model/clock.js';
import type { TopologyRecord } from '../../model/cluster-records.js';
import { assert, PolyboltError } from '../../model/errors.js';
import { PREPARE_FAILURE_MS } from '../../model/limits.js';
import type { Log } from '../../model/log.js';
import type { Security } from '../security/security.js';
import type { CodeCache } from './code-cache.js';
import { downloadBlob } from './code-cache-download.js';
import { prepareTopology } from './prepare-topology.js';
import { Backoff } from './supervisor-backoff.js';

export interface HttpCodeCacheOptions {
  /** Made if it does not exist. */
  readonly directory: string;
  readonly security: Security;
  /** What `prepare` commands inherit: an allow-list of this process's environment. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface HttpCodeCachePorts {
  /** Where nimbuses listen now. */
  readonly nimbusUrls: () => Promise<readonly string[]>;
  readonly clock: Clock;
  /** From 0 to 1: supervisors ask different nimbuses first. */
  readonly random: () => number;
  readonly log: Log;
}

/** Rounds over all nimbuses before a fetch is given up; the slot asks again. */
const ROUNDS = 3;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5000;
const READY = '.ready';

export class HttpCodeCache implements CodeCache {
  readonly #options: HttpCodeCacheOptions;
  readonly #ports: HttpCodeCachePorts;
  readonly #fetching = new Map<string, Promise<string>>();
  /** Failures of `prepare`, which cost minutes each. */
  readonly #failed = new Map<string, { readonly error: PolyboltError; readonly atMs: number }>();
  readonly #closing = new AbortController();
  #sweeping: Promise<void> | undefined;

  constructor(options: HttpCodeCacheOptions, ports: HttpCodeCachePorts) {
    this.#options = options;
    this.#ports = ports;
  }

  async fetch(record: TopologyRecord): Promise<string> {
    const { blob } = record;
    assert(/^[0-9a-f]{64}$/.test(blob), `${JSON.stringify(blob)} is not the name of a blob`);
    const failed = this.#failed.get(blob);
    if (failed !== undefined && this.#ports.clock.now() - failed.atMs < PREPARE_FAILURE_MS) throw failed.error;
    const fetching = this.#fetching.get(blob) ?? this.#fetch(record).finally(() => this.#fetching.delete(blob));
    this.#fetching.set(blob, fetching);
    return fetching;
  }

  async retain(blobs: ReadonlySet<string>): Promise<void> {
    for (const blob of this.#failed.keys()) if (!blobs.has(blob)) this.#failed.delete(blob);
    await this.#made();
    for (const name of await readdir(this.#options.directory)) {
      const blob = name.slice(0, 64);
      if (!blobs.has(blob) && !this.#fetching.has(blob) && name.endsWith(READY)) await this.#remove(blob);
    }
  }

  /** Ends downloads and `prepare` commands that run. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#fetching.values());
  }

  async #fetch(record: TopologyRecord): Promise<string> {
    const { blob, name } = record;
    await this.#made();
    const directory = this.#path(blob);
    if (await this.#isReady(blob)) return directory;
    await this.#remove(blob);
    const file = this.#path(`${blob}.${randomBytes(4).toString('hex')}.tgz`);
    try {
      await this.#download(record, file);
      await unpackTopology(file, directory, blob);
    } finally {
      await rm(file, { force: true });
    }
    try {
      const { log } = this.#ports;
      const { environment } = this.#options;
      await prepareTopology(await readUnpackedTopology(directory), { environment, log, signal: this.#closing.signal });
    } catch (error) {
      await this.#remove(blob);
      if (error instanceof PolyboltError) this.#failed.set(blob, { error, atMs: this.#ports.clock.now() });
      throw error;
    }
    await this.#markReady(blob);
    this.#ports.log.info('code.ready', { topology: name, blob });
    return directory;
  }

  async #download({ blob, name }: TopologyRecord, file: string): Promise<void> {
    const { clock, random, log } = this.#ports;
    const backoff = new Backoff(FIRST_PAUSE_MS, LONGEST_PAUSE_MS, random);
    let reasons: string[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      if (round > 1) await new Promise<void>((resolve) => clock.after(backoff.next(), resolve));
      reasons = [];
      for (const url of await this.#urls(reasons)) {
        if (this.#closing.signal.aborted) break;
        try {
          await downloadBlob(url, blob, file, { security: this.#options.security, signal: this.#closing.signal });
          return;
        } catch (error) {
          if (error instanceof PolyboltError) throw error;
          reasons.push(`${url}: ${error instanceof Error ? error.message : String(error)}`);
          log.warn('code.download-failed', { topology: name, blob, url, round, reason: reasons.at(-1) });
        }
      }
    }
    throw new PolyboltError('PB_CODE_UNAVAILABLE', {
      message: `the code of \`${name}\` (${blob.slice(0, 12)}…) could not be had from any nimbus: ${reasons.join('; ') || 'none is registered'}`,
      hint: 'see that nimbuses run, that their addresses can be reached from here, and that both sides have the same daemon token',
      context: { blob, tried: reasons },
    });
  }

  /** Nimbuses, in another order on each supervisor. */
  async #urls(reasons: string[]): Promise<readonly string[]> {
    try {
      const urls = (await this.#ports.nimbusUrls()).filter((url) => url !== '');
      const first = Math.floor(this.#ports.random() * urls.length);
      return [...urls.slice(first), ...urls.slice(0, first)];
    } catch (error) {
      reasons.push(`the store: ${error instanceof Error ? error.message : String(error)}`);
      return [];
    }
  }

  #path(name: string): string {
    return join(this.#options.directory, name);
  }

  /** Makes the directory, and clears away what an earlier life left unfinished. */
  async #made(): Promise<void> {
    this.#sweeping ??= this.#sweep().catch((error: unknown) => {
      this.#sweeping = undefined;
      throw error;
    });
    await this.#sweeping;
  }

  async #sweep(): Promise<void> {
    const { directory } = this.#options;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const names = await readdir(directory);
    const ready = new Set(names.filter((name) => name.endsWith(READY)).map((name) => name.slice(0, -READY.length)));
    for (const name of names) if (!name.endsWith(READY) && !ready.has(name)) await removeTree(this.#path(name));
  }

  /** Cheap, and before every launch: the directory was completed here, and its topology is still the one that was checked. */
  async #isReady(blob: string): Promise<boolean> {
    try {
      const marker = await readFile(this.#path(`${blob}${READY}`), 'utf8');
      return marker === (await this.#sumOfTopology(blob));
    } catch {
      return false;
    }
  }

  async #markReady(blob: string): Promise<void> {
    const path = this.#path(`${blob}${READY}`);
    await writeFile(`${path}.tmp`, await this.#sumOfTopology(blob));
    await rename(`${path}.tmp`, path);
  }

  async #sumOfTopology(blob: string): Promise<string> {
    return createHash('sha256')
      .update(await readFile(join(this.#path(blob), 'topology.json')))
      .digest('hex');
  }

  /** The mark first: a directory that is only half there has none. */
  async #remove(blob: string): Promise<void> {
    await rm(this.#path(`${blob}${READY}`), { force: true });
    await removeTree(this.#path(blob));
  }
}

/** Also directories that a `prepare` left without write permission, as Go's module cache is. */
async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    if (!['EACCES', 'EPERM', 'ENOTEMPTY'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    await makeWritable(path);
    await rm(path, { recursive: true, force: true });
  }
}

async function makeWritable(directory: string): Promise<void> {
  await chmod(directory, 0o700);
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) await makeWritable(join(directory, entry.name));
  }
}
