/**
 * A cluster from the outside, for the command line and for programs: submit topologies, look at them, change them. Invariant: every method either did what it says or
 * throws a `PolyboltError` with the code that the cluster gave; nothing is kept between calls but who led last.
 */
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { packTopology } from '../../coordination/archive.js';
import type { WindowName } from '../../metrics/rolling-windows.js';
import type { ReportedError } from '../../model/cluster-records.js';
import { PolyboltError } from '../../model/errors.js';
import { didYouMean } from '../../model/suggest.js';
import type { Topology } from '../../model/topology.js';
import { formatMistake, loadTopologyFile } from '../../model/topology-file/load.js';
import { checkTopologyName } from '../../model/validation/names.js';
import type {
  ClusterAnswer,
  ErrorsAnswer,
  RebalanceRequest,
  SubmitAnswer,
  TopologiesAnswer,
  TopologyAnswer,
  TopologyDetail,
  WorkerAnswer,
  WorkersAnswer,
} from '../nimbus/nimbus-api.js';
import { SHA256_HEADER } from '../nimbus/nimbus-api.js';
import { NimbusCaller } from './nimbus-client-http.js';
import { gatherLogs, LineMerger, type LogLine, type LogOptions } from './nimbus-client-logs.js';
import { notUp, progressOf } from './nimbus-client-wait.js';

export interface NimbusClientOptions {
  /** URLs of nimbuses, asked in this order; whoever is asked leads on to the leader. */
  readonly urls: readonly string[];
  /** Client token, not its file. */
  readonly token?: string;
  /** PEM text of the authority that signed the daemons' certificates, where it is the cluster's own. */
  readonly ca?: string;
  /** How long to go on asking while no nimbus leads, in ms. Default: 30,000, longer than an election takes. */
  readonly patienceMs?: number;
}

export interface SubmitOptions {
  /** Instead of the topology's own. */
  readonly name?: string;
  /** Its spouts wait for `activate`. */
  readonly inactive?: boolean;
  /** Resolve only when all of its workers are up. */
  readonly wait?: boolean | WaitOptions;
  /** Values of the variables of a topology file. */
  readonly set?: Readonly<Record<string, string>>;
  /** Gives up; what has been submitted by then stays submitted. */
  readonly signal?: AbortSignal;
}

export interface WaitOptions {
  /** Give up after so long, in ms. Default: 120,000. */
  readonly timeoutMs?: number;
  /** Hears what it waits for whenever that changes. */
  readonly onProgress?: (text: string) => void;
  /** Do not take errors that are known by now for a reason to give up. */
  readonly ignoreErrors?: boolean;
  readonly signal?: AbortSignal;
}

const CONNECT_MS = 5_000;
/** A submission is checked and copied to the other nimbuses before it is answered. */
const REPLY_MS = 120_000;
const PATIENCE_MS = 30_000;
const WAIT_MS = 120_000;
const POLL_MS = 300;

/**
 * Speaks with the nimbuses of one cluster.
 *
 * ```ts
 * const cluster = new NimbusClient({ urls: ['http://127.0.0.1:6627'] });
 * await cluster.submit('topology.yaml', { wait: true });
 * await cluster.rebalance('word-count', { workers: 4 });
 * for await (const { host, port, line } of cluster.logs('word-count')) console.log(`${host}:${port} ${line}`);
 * ```
 *
 * Every method throws PB_NIMBUS_UNREACHABLE when none of the URLs answers, PB_NOT_LEADER when nobody leads for long, PB_UNAUTHORIZED for a wrong token.
 */
export class NimbusClient {
  readonly #caller: NimbusCaller;
  readonly #pause: (ms: number, signal?: AbortSignal) => Promise<void>;

  /** Throws PB_USAGE for what is no URL. Nothing is asked yet. */
  constructor(options: NimbusClientOptions) {
    const { urls, token, ca, patienceMs = PATIENCE_MS } = options;
    this.#pause = (ms, signal) => delay(ms, undefined, signal === undefined ? {} : { signal });
    this.#caller = new NimbusCaller({ urls, token, ca, patienceMs, connectMs: CONNECT_MS, replyMs: REPLY_MS, pause: this.#pause });
  }

  /** Nimbuses, who of them leads, supervisors and their slots. */
  async cluster(): Promise<ClusterAnswer> {
    return (await this.#get('/v1/cluster')) as ClusterAnswer;
  }

  /** All topologies, by name. */
  async topologies(): Promise<readonly TopologyAnswer[]> {
    return ((await this.#get('/v1/topologies')) as TopologiesAnswer).topologies;
  }

  /**
   * Packs a topology with its resources directory and submits it. Resolves when the cluster has taken it, or with `wait` when it is up.
   * Throws PB_TOPOLOGY_EXISTS, PB_TOPOLOGY_INVALID, PB_TOPOLOGY_NOT_UP, and what packing throws: PB_TOPOLOGY_INLINE, PB_RESOURCES_UNPACKABLE,
   * PB_ARCHIVE_TOO_LARGE.
   *
   * @param topology built or loaded, or the path of a topology file
   */
  async submit(topology: Topology | string, options: SubmitOptions = {}): Promise<SubmitAnswer> {
    const { name, inactive = false, wait = false, signal } = options;
    const loaded = typeof topology === 'string' ? load(topology, options) : topology;
    if (name !== undefined) checkName(name);
    const packed = await packTopology(name === undefined ? loaded : { ...loaded, name });
    let submitted: SubmitAnswer;
    try {
      submitted = (await this.#caller.json({
        method: 'POST',
        ...(signal === undefined ? {} : { signal }),
        path: `/v1/topologies?name=${encodeURIComponent(name ?? loaded.name)}&inactive=${inactive}`,
        upload: {
          open: () => createReadStream(packed.file),
          bytes: packed.bytes,
          headers: { 'content-type': 'application/gzip', [SHA256_HEADER]: packed.sha256 },
        },
      })) as SubmitAnswer;
    } finally {
      await packed.remove();
    }
    if (wait !== false) {
      await this.waitUntilUp(submitted.name, { ...(signal === undefined ? {} : { signal }), ...(wait === true ? {} : wait) });
    }
    return submitted;
  }

  /**
   * Resolves when every executor of a topology has a worker and every worker runs. Throws PB_TOPOLOGY_NOT_UP with the topology's last errors when a worker has failed or
   * the time is over; PB_TOPOLOGY_NOT_FOUND.
   */
  async waitUntilUp(name: string, options: WaitOptions = {}): Promise<void> {
    const { timeoutMs = WAIT_MS, onProgress = () => {}, signal } = options;
    const untilMs = performance.now() + timeoutMs;
    const before = options.ignoreErrors === true ? (await this.errors(name)).length : 0;
    let said = '';
    for (;;) {
      const [topology, workers, errors] = await Promise.all([this.#row(name), this.workers(name), this.errors(name)]);
      const progress = progressOf(topology, workers, errors.slice(before));
      if (progress.state === 'up') return;
      const { state, text } = progress;
      if (state === 'failed' || performance.now() >= untilMs) throw notUp(name, text, state === 'failed', errors);
      if (text !== said) onProgress(text);
      said = text;
      await this.#pause(POLL_MS, signal);
    }
  }

  /** Status, workers, and what they have counted. @param window of the counters, in seconds, or `:all-time`, which is the default. Throws PB_TOPOLOGY_NOT_FOUND. */
  async show(name: string, options: { readonly window?: WindowName } = {}): Promise<TopologyDetail> {
    const window = options.window === undefined ? '' : `?window=${encodeURIComponent(options.window)}`;
    return (await this.#get(`${pathOf(name)}${window}`)) as TopologyDetail;
  }

  /** Lets its spouts emit. Throws PB_TOPOLOGY_NOT_FOUND, PB_TOPOLOGY_KILLED. */
  async activate(name: string): Promise<TopologyAnswer> {
    return (await this.#post(`${pathOf(name)}/activate`, undefined)) as TopologyAnswer;
  }

  /** Keeps its spouts from emitting; what is on its way arrives. Throws PB_TOPOLOGY_NOT_FOUND, PB_TOPOLOGY_KILLED. */
  async deactivate(name: string): Promise<TopologyAnswer> {
    return (await this.#post(`${pathOf(name)}/deactivate`, undefined)) as TopologyAnswer;
  }

  /** Spreads a topology anew, with other numbers if you like. Resolves when that is decided, not when it is done. Throws PB_CHANGE_INVALID too. */
  async rebalance(name: string, request: RebalanceRequest = {}): Promise<TopologyAnswer> {
    return (await this.#post(`${pathOf(name)}/rebalance`, request)) as TopologyAnswer;
  }

  /** Stops its spouts, and removes it after `waitSecs`. Default: its message timeout. */
  async kill(name: string, options: { readonly waitSecs?: number } = {}): Promise<TopologyAnswer> {
    return (await this.#post(`${pathOf(name)}/kill`, options)) as TopologyAnswer;
  }

  /** The last errors of its components, oldest first. */
  async errors(name: string): Promise<readonly ReportedError[]> {
    return ((await this.#get(`${pathOf(name)}/errors`)) as ErrorsAnswer).errors;
  }

  /** Its workers, and where their logs are. */
  async workers(name: string): Promise<readonly WorkerAnswer[]> {
    return ((await this.#get(`${pathOf(name)}/workers`)) as WorkersAnswer).workers;
  }

  /**
   * Lines of the logs of its workers, each worker's in order. With `follow` it ends when the topology is gone or the signal says so.
   * Throws PB_TOPOLOGY_NOT_FOUND; a single log that cannot be had is told to `onGap`.
   */
  async *logs(name: string, options: LogOptions = {}): AsyncGenerator<LogLine> {
    const { id } = await this.#row(name);
    const stop = new AbortController();
    const signal = options.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, options.signal]);
    const merger = new LineMerger();
    const ports = { workers: () => this.workers(name), caller: this.#caller, pause: this.#pause };
    gatherLogs(id, options, ports, merger, signal).then(
      () => merger.end(),
      (error: unknown) => merger.end(signal.aborted ? undefined : error),
    );
    try {
      yield* merger.lines();
    } finally {
      stop.abort();
    }
  }

  async #row(name: string): Promise<TopologyAnswer> {
    const topologies = await this.topologies();
    const found = topologies.find((topology) => topology.name === name);
    if (found !== undefined) return found;
    throw new PolyboltError('PB_TOPOLOGY_NOT_FOUND', {
      message: `no topology named "${name}" is on the cluster`,
      hint: didYouMean(
        name,
        topologies.map((topology) => topology.name),
        'there are',
      ),
      context: { topology: name },
    });
  }

  #get(path: string): Promise<unknown> {
    return this.#caller.json({ method: 'GET', path });
  }

  #post(path: string, json: unknown): Promise<unknown> {
    return this.#caller.json({ method: 'POST', path, json });
  }
}

function pathOf(name: string): string {
  return `/v1/topologies/${encodeURIComponent(name)}`;
}

function checkName(name: string): void {
  checkTopologyName({ value: name }, (code, _at, message, hint = '') => {
    throw new PolyboltError(code, { message, hint });
  });
}

function load(file: string, { set = {} }: SubmitOptions): Topology {
  const env = { ...process.env, PWD: process.cwd() };
  const result = loadTopologyFile(file, { set, env }, { readFile: (path) => readFileSync(path, 'utf8'), exists: existsSync });
  if ('topology' in result) return result.topology;
  throw new PolyboltError('PB_TOPOLOGY_INVALID', {
    message: `${file} has mistakes:\n  ${result.mistakes.map(formatMistake).join('\n  ')}`,
    context: { mistakes: result.mistakes },
  });
}
