/**
 * Runs one hostile component among neighbours and reports what came of it. Invariant: a component misbehaves in its first launch only, so its tuples are
 * all acked in the end, by replay where need be; nothing that was started survives the run.
 */
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Bolt,
  type BoltCollector,
  type Config,
  type InputTuple,
  inline,
  LocalCluster,
  type PolyboltError,
  type Spout,
  type SpoutCollector,
  shell,
  TopologyBuilder,
  type TopologySummary,
} from '../../src/index.js';
import { projectRoot } from '../model/project-files.js';

export const CHILDREN = join(projectRoot, 'test', 'fixtures', 'children');

/** Tuples that each neighbour acks after the fault. */
export const NEIGHBOUR_TUPLES = 1000;

export interface HostileRun {
  /** Errors of the hostile component, in order. */
  readonly errors: readonly PolyboltError[];
  /** Errors of everybody else. */
  readonly others: readonly PolyboltError[];
  readonly fatal: readonly PolyboltError[];
  readonly summary: TopologySummary;
  /** Acked by each neighbour since the fault. */
  readonly neighbourAcks: number;
  /** What the hostile component emitted, as far as it came through. */
  readonly emitted: readonly string[];
  /** Lines of its stderr that were logged. */
  readonly stderr: readonly string[];
  /** Process ids that the run left behind. */
  readonly survivors: readonly number[];
  /** What the fixture wrote down beside its mark. */
  readonly note: string;
}

export interface HostileOptions {
  readonly command: readonly string[];
  readonly kind?: 'bolt' | 'spout';
  /** Configuration of the hostile component. */
  readonly config?: Config;
  readonly topologyConfig?: Config;
  /** Tuples that the bolt is given. */
  readonly baits?: readonly string[];
  /**
   * What the fault is: an error of the component (the default), its giving up, or nothing at all, where it has to live through what it does; then
   * the first tuple that comes through stands for it.
   */
  readonly fault?: 'error' | 'fatal' | 'none';
  /** Holds the reader of its emits up until the fixture has written its note. */
  readonly readerWaitsForNote?: boolean;
  /** Whether the run ends before all is acked, by an orderly stop. */
  readonly endsEarly?: boolean;
}

class Signal {
  readonly promise: Promise<void>;
  #resolve: () => void = () => {};
  isSet = false;

  constructor() {
    this.promise = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  set(): void {
    this.isSet = true;
    this.#resolve();
  }
}

/** Emits each bait until it is acked. */
class Bait implements Spout {
  readonly #todo: string[];
  readonly #unacked: Set<string>;
  readonly #onAck: (isLast: boolean) => void;

  constructor(baits: readonly string[], onAck: (isLast: boolean) => void) {
    this.#todo = [...baits];
    this.#unacked = new Set(baits);
    this.#onAck = onAck;
  }

  nextTuple(collector: SpoutCollector): void {
    const bait = this.#todo.shift();
    if (bait !== undefined) collector.emit([bait], { id: bait });
  }

  ack(id: unknown): void {
    this.#unacked.delete(id as string);
    this.#onAck(this.#unacked.size === 0);
  }

  fail(id: unknown): void {
    this.#todo.push(id as string);
  }
}

/** Feeds the neighbours: nothing before the fault, then as much as they have to ack. */
class Feed implements Spout {
  readonly #fault: Signal;
  readonly #done: Signal;
  #emitted = 0;
  acked = 0;

  constructor(fault: Signal, done: Signal) {
    this.#fault = fault;
    this.#done = done;
  }

  nextTuple(collector: SpoutCollector): void {
    if (!this.#fault.isSet || this.#emitted === NEIGHBOUR_TUPLES) return;
    collector.emit([`feed ${this.#emitted}`], { id: this.#emitted++ });
  }

  ack(): void {
    if (++this.acked === NEIGHBOUR_TUPLES) this.#done.set();
  }
}

class Reader implements Bolt {
  readonly seen: string[] = [];
  readonly #gate: Signal | undefined;
  readonly #onSeen: () => void;

  constructor(gate: Signal | undefined, onSeen: () => void) {
    this.#gate = gate;
    this.#onSeen = onSeen;
  }

  execute(tuple: InputTuple, collector: BoltCollector): void | Promise<void> {
    if (this.#gate?.isSet === false) return this.#gate.promise.then(() => this.#see(tuple, collector));
    this.#see(tuple, collector);
  }

  #see(tuple: InputTuple, collector: BoltCollector): void {
    if (this.seen.length < 1000) this.seen.push(tuple.text);
    collector.ack(tuple);
    this.#onSeen();
  }
}

const SINK: Bolt = { execute: (tuple, collector) => collector.ack(tuple) };

let runs = 0;

/** Resolves when the neighbours have acked their share after the fault, and the baits are acked or the component is given up. */
export async function runHostile(options: HostileOptions): Promise<HostileRun> {
  const directory = mkdtempSync(join(tmpdir(), 'polybolt-hostile-'));
  const marker = `hostile-${process.pid}-${++runs}`;
  const [fault, fed, finished] = [new Signal(), new Signal(), new Signal()];
  const gate = options.readerWaitsForNote === true ? new Signal() : undefined;
  const watcher = watch(directory, (_event, name) => {
    if (name === 'mark.note') gate?.set();
  });
  const feed = new Feed(fault, fed);
  const reader = new Reader(gate, () => onWork());
  const errors: PolyboltError[] = [];
  const others: PolyboltError[] = [];
  const fatal: PolyboltError[] = [];
  const stderr: string[] = [];
  const isSpout = options.kind === 'spout';
  const faultKind = options.fault ?? 'error';
  const onWork = (): void => {
    if (faultKind === 'none') fault.set();
  };
  const builder = new TopologyBuilder('hostile').config({ 'supervisor.worker.shutdown.sleep.secs': 1, ...options.topologyConfig });
  const environment = { FIXTURE_MARK: join(directory, 'mark'), PYTHONDONTWRITEBYTECODE: '1', HOSTILE_RUN: marker };
  const hostile = shell(options.command, { outputs: ['value'], environment });
  const honest = shell(['python3', 'honest.py'], { outputs: ['value'], environment });
  builder
    .setSpout(
      'feed',
      inline(() => feed, { outputs: ['value'] }),
    )
    .addConfiguration('topology.max.spout.pending', 100);
  builder.setBolt('python-neighbour', honest).shuffleGrouping('feed');
  builder
    .setBolt(
      'neighbour',
      inline(() => SINK),
    )
    .shuffleGrouping('feed');
  if (isSpout) {
    builder.setSpout('hostile', hostile).addConfigurations(options.config ?? {});
  } else {
    const baits = options.baits ?? Array.from({ length: 20 }, (_, number) => `bait ${number}`);
    const bait = new Bait(baits, (isLast) => {
      onWork();
      if (isLast) finished.set();
    });
    builder.setSpout(
      'bait',
      inline(() => bait, { outputs: ['value'] }),
    );
    builder
      .setBolt('hostile', hostile)
      .shuffleGrouping('bait')
      .addConfigurations(options.config ?? {});
  }
  builder
    .setBolt(
      'reader',
      inline(() => reader),
    )
    .shuffleGrouping('hostile');
  const onLogged = (event: string, fields?: Readonly<Record<string, unknown>>): void => {
    if (event !== 'child.stderr' || fields?.['component'] !== 'hostile') return;
    if (stderr.length < 1000) stderr.push(String(fields['line']));
  };
  const cluster = await LocalCluster.start({
    log: { debug: () => {}, info: onLogged, warn: () => {}, error: () => {} },
    onError: (component, error) => {
      (component === 'hostile' ? errors : others).push(error);
      if (faultKind === 'error') fault.set();
    },
    onFatal: (error) => {
      fatal.push(error);
      // Whatever was expected: nothing more will come.
      fault.set();
    },
  });
  const topology = builder.build({ resources: CHILDREN });
  await cluster.submit(topology);
  await fed.promise;
  if (options.endsEarly !== true && fatal.length === 0) {
    if (!isSpout) await finished.promise;
    await cluster.untilIdle('hostile', 50);
  }
  const summary = cluster.summary('hostile');
  await cluster.shutdown();
  watcher.close();
  const survivors = processesOf(marker);
  const note = readNote(join(directory, 'mark.note'));
  rmSync(directory, { recursive: true, force: true });
  return { errors, others, fatal, summary, neighbourAcks: feed.acked, emitted: reader.seen, stderr, survivors, note };
}

function readNote(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Processes whose environment names this run, on systems that have `/proc`. */
function processesOf(marker: string): number[] {
  let names: string[];
  try {
    names = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
  return names.map(Number).filter((pid) => {
    try {
      // One that has ended and waits for its parent has no environment left.
      return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`HOSTILE_RUN=${marker}\0`);
    } catch {
      return false;
    }
  });
}

/** What the descriptors of this process point to, sorted, where `/proc` tells; those of the event loop and of files that come and go once are all there is. */
export function openDescriptors(): string[] {
  try {
    return readdirSync('/proc/self/fd')
      .map((name) => {
        try {
          return readlinkSync(`/proc/self/fd/${name}`).replace(/:\[\d+\]$/, '');
        } catch {
          return ''; // The one that reads the directory.
        }
      })
      .filter((target) => target !== '')
      .sort();
  } catch {
    return [];
  }
}
