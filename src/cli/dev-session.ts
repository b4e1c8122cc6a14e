/**
 * What `polybolt dev` does while its topology runs: hears of changed files, decides what they mean, and has it done. Invariant: one change is carried out at a time, in the order in which they
 * came; what cannot be carried out leaves running what runs, and is said.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve, sep } from 'node:path';
import { forgetModules } from '../component/module-loader.js';
import { settingsOf } from '../model/config.js';
import { describeError, PolyboltError } from '../model/errors.js';
import type { Topology } from '../model/topology.js';
import { formatMistake } from '../model/topology-file/load.js';
import { isIgnored, OwnFiles } from './changed-files.js';
import type { RunHooks, RunSession } from './commands/run.js';
import { ownersOf } from './file-owners.js';
import { loadTopology, type TopologyOptions } from './load-topology.js';
import { topologyChange } from './topology-change.js';
import { type TreeWatch, watchTrees } from './watch.js';

/** File names in one message. */
const NAMES_SHOWN = 3;

type DevOptions = TopologyOptions & { readonly drain?: number; readonly workers?: number };

interface Plan {
  readonly topology: Topology;
  /** Why the topology has to be submitted anew, if it has to be. */
  readonly why?: string;
  readonly components: readonly string[];
}

export class DevSession implements RunHooks {
  readonly #file: string;
  readonly #options: DevOptions;
  readonly #ownFiles = new OwnFiles();
  /** What runs, or would run if it could. */
  #topology: Topology;
  /** The files that it was read from. */
  #sources: ReadonlySet<string>;
  /** Set when no worker came to life: there is nothing to restart in it. */
  #isDead = false;
  /** Components that cannot be kept running as they are. */
  readonly #idle = new Set<string>();
  #run: RunSession | undefined;
  /** What could not be kept running before there was anybody to tell. */
  readonly #early: PolyboltError[] = [];
  #watch: TreeWatch | undefined;
  #watched: readonly string[] = [];
  #working: Promise<void> = Promise.resolve();
  #isClosed = false;

  /** @param sources the files that the topology was read from */
  constructor(file: string, options: DevOptions, topology: Topology, sources: Iterable<string>) {
    this.#file = file;
    this.#options = options;
    this.#topology = topology;
    this.#sources = absolute(sources);
  }

  get isWhole(): boolean {
    return this.#idle.size === 0;
  }

  async onRunning(run: RunSession): Promise<void> {
    await this.#watchAll();
    this.#run = run;
    run.say(`watching ${this.#watched.join(' and ')}`);
    for (const error of this.#early.splice(0)) this.onFatal(error);
  }

  onFatal(error: PolyboltError): boolean {
    this.#idle.add(String(error.context['component'] ?? ''));
    this.#isDead ||= error.code === 'PB_MODULE_MISSING' || error.code === 'PB_MODULE_INVALID';
    if (this.#run === undefined) this.#early.push(error);
    this.#run?.showError(error);
    this.#run?.say(`${String(error.context['component'] ?? this.#topology.name)} does not run; it is started again when its files change`);
    return true;
  }

  /** Hears of no further change; what is being done ends with the cluster. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#watch?.close();
  }

  /** Watches the directories of what runs. */
  async #watchAll(): Promise<void> {
    const wanted = outermost([dirname(resolve(this.#file)), this.#topology.resources, ...[...this.#sources].map((path) => dirname(path))]);
    if (wanted.join('\n') === this.#watched.join('\n')) return;
    const before = this.#watch;
    this.#watched = wanted;
    this.#watch = await watchTrees({
      directories: wanted,
      isIgnored,
      onChange: (files) => this.#onChange(files),
      onError: (error) => this.#run?.say(`watching: ${error.message}`),
    });
    await before?.close();
  }

  #onChange(files: readonly string[]): void {
    this.#working = this.#working
      .then(() => (this.#isClosed ? undefined : this.#apply(files)))
      .catch((error: unknown) => this.#keep(files, error));
  }

  async #apply(changed: readonly string[]): Promise<void> {
    const nowMs = performance.now();
    const files = changed.filter((file) => {
      const verdict = this.#ownFiles.onChange(file, nowMs);
      if (verdict === 'own') this.#run?.say(`${this.#name(file)} changes whenever something is restarted: it is left aside while it does`);
      return verdict === 'counts';
    });
    if (files.length === 0) return;
    const plan = this.#plan(files);
    if (plan === undefined) return;
    if (plan.why !== undefined || this.#isDead || (this.#options.workers !== undefined && !this.isWhole)) await this.#resubmit(plan);
    else if (plan.components.length > 0) await this.#restart(plan, files);
    this.#ownFiles.onRestarted(files, performance.now());
    await this.#watchAll();
  }

  /** What the changes ask for; undefined when the topology file cannot be used as it is, which is said. */
  #plan(files: readonly string[]): Plan | undefined {
    const components = new Set<string>();
    let topology = this.#topology;
    let why: string | undefined;
    if (files.some((file) => this.#sources.has(file))) {
      const sources = new Set<string>();
      const result = loadTopology(this.#file, this.#options, (path) => sources.add(path));
      if ('mistakes' in result) {
        for (const mistake of result.mistakes) this.#run?.say(formatMistake(mistake));
        this.#run?.say(`${this.#name(resolve(this.#file))} has mistakes: what runs is kept as it was`);
        return undefined;
      }
      topology = result.topology;
      this.#sources = absolute(sources);
      const change = topologyChange(this.#topology, topology);
      if (change.kind === 'resubmit') why = change.why;
      if (change.kind === 'restart') for (const id of change.components) components.add(id);
    }
    for (const file of files) {
      if (this.#sources.has(file)) continue;
      for (const id of ownersOf(file, topology, { readText })) components.add(id);
    }
    return { topology, components: [...components], ...(why === undefined ? {} : { why }) };
  }

  /** Each by itself, so that one which is broken holds no other up. */
  async #restart({ topology, components }: Plan, files: readonly string[]): Promise<void> {
    this.#topology = topology;
    const names = this.#names(files);
    for (const id of components) {
      const startedAtMs = performance.now();
      try {
        await (this.#run as RunSession).cluster.restart(topology.name, [id], topology);
        this.#idle.delete(id);
        this.#run?.say(`${id} restarted in ${Math.round(performance.now() - startedAtMs)} ms: ${names} changed`);
      } catch (error) {
        this.#keep(files, error, id);
      }
    }
  }

  async #resubmit({ topology, why }: Plan): Promise<void> {
    const { cluster, say, onTopology } = this.#run as RunSession;
    const { name, config } = this.#topology;
    say(`${why ?? 'it did not run as a whole'}: ${name} is drained and submitted anew`);
    const drainMs = this.isWhole ? (this.#options.drain ?? settingsOf(config).messageTimeoutMs) : 0;
    await cluster.kill(name, drainMs);
    if (this.#isClosed) return;
    this.#isDead = false;
    this.#idle.clear();
    forgetModules(topology.resources);
    this.#topology = topology;
    onTopology(topology);
    await cluster.submit(topology);
    say(`${topology.name} was submitted anew`);
  }

  #keep(files: readonly string[], error: unknown, component = ''): void {
    if (this.#isClosed) return; // It was ended on the way.
    const why =
      error instanceof PolyboltError ? error : new PolyboltError('PB_COMPONENT_START_FAILED', { message: String(error), cause: error });
    this.#run?.showError(why);
    this.#run?.say(
      `${component === '' ? 'what runs' : component} is kept as it was: ${this.#names(files)} changed, and ${firstLine(describeError(why))}`,
    );
  }

  #names(files: readonly string[]): string {
    const more = files.length - NAMES_SHOWN;
    const shown = files.slice(0, NAMES_SHOWN).map((file) => this.#name(file));
    return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  }

  #name(file: string): string {
    const directory = dirname(resolve(this.#file)) + sep;
    return file.startsWith(directory) ? file.slice(directory.length) : file;
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // Imports of what is not there are none.
  }
}

function absolute(paths: Iterable<string>): ReadonlySet<string> {
  return new Set([...paths].map((path) => resolve(path)));
}

/** Without those that lie inside of others, sorted. */
function outermost(directories: readonly string[]): readonly string[] {
  const all = [...new Set(directories)].sort();
  return all.filter(
    (directory) => !all.some((other) => other !== directory && directory.startsWith(other.endsWith(sep) ? other : other + sep)),
  );
}

function firstLine(text: string): string {
  return text.split('\n')[0] as string;
}
