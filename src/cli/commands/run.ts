/**
 * `polybolt run FILE`: a topology in this process or in workers of its own, from its first tuple to its last. Invariant: it ends for one reason, drains, accounts for every root, leaves no process behind, and its exit
 * status says how it went.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ShellPorts } from '../../component/incarnation-ports.js';
import { LocalCluster } from '../../daemon/local/local-cluster.js';
import type { LocalProcessLauncher, LocalProcessOptions } from '../../daemon/local/local-workers.js';
import type { TopologySummary } from '../../daemon/local/summary.js';
import type { LogLevel } from '../../daemon/worker/worker-file.js';
import { settingsOf } from '../../model/config.js';
import { describeError, type PolyboltError } from '../../model/errors.js';
import type { Log } from '../../model/log.js';
import type { Topology } from '../../model/topology.js';
import { formatMistake } from '../../model/topology-file/load.js';
import { createConsoleLog } from '../console-log.js';
import { EXIT } from '../exit-codes.js';
import { LiveTable, rootLine, tableLines } from '../live-table.js';
import { loadTopology, type TopologyOptions } from '../load-topology.js';
import { withWorkers } from '../options.js';
import { prepareLocally } from '../prepare.js';
import { TuplePrinter } from '../print-tuples.js';

export interface RunOptions extends TopologyOptions {
  readonly for?: number;
  readonly untilIdle?: number;
  readonly drain?: number;
  readonly print?: readonly string[];
  readonly log?: string;
  readonly json?: boolean;
  readonly record?: string;
  /** Worker processes; without it everything runs in this one. As the command line gives it: a number, but maybe none that makes sense. */
  readonly workers?: number;
}

/** What a run lets its hooks at. */
export interface RunSession {
  readonly cluster: LocalCluster;
  /** A line for the person who watches. */
  say(text: string): void;
  showError(error: PolyboltError): void;
  /** From now on it is this topology that runs. */
  onTopology(topology: Topology): void;
}

/** Who steers a run beyond starting and ending it. */
export interface RunHooks {
  /** The topology has been submitted. */
  onRunning(session: RunSession): Promise<void>;
  /** Whether all components run: what is on its way can arrive. */
  readonly isWhole: boolean;
  /** A component cannot be kept running. @returns whether the run goes on nevertheless */
  onFatal(error: PolyboltError): boolean;
  /** The run ends. */
  close(): Promise<void>;
}

/** Why a run ends. */
type Ending = 'idle' | 'time' | 'interrupted' | 'closed' | 'fatal';

const DRAW_MS = 250;
/** A line on stderr this often where there is no terminal. */
const REPORT_MS = 5000;

export async function runCommand(file: string, given: RunOptions): Promise<number> {
  return runFile(file, given);
}

/**
 * Reads and prepares what a file says, and runs it.
 * @param hooksOf what goes along with the run, made from what was read: the files of it too
 */
export async function runFile(
  file: string,
  given: RunOptions,
  hooksOf?: (options: RunOptions, topology: Topology, read: ReadonlySet<string>) => RunHooks,
): Promise<number> {
  const options = withWorkers(given);
  const read = new Set<string>();
  const result = loadTopology(file, options, (path) => read.add(path));
  if ('mistakes' in result) {
    for (const mistake of result.mistakes) console.error(formatMistake(mistake));
    return EXIT.invalidTopology;
  }
  const { topology } = result;
  const unprepared = await prepareLocally(topology);
  if (unprepared !== undefined) return unprepared;
  const printer = new TuplePrinter(options.print ?? [], topology, (text) => process.stdout.write(text));
  return new Run(topology, options, printer, hooksOf?.(options, topology, read)).run();
}

class Run {
  readonly #hooks: RunHooks | undefined;
  readonly #options: RunOptions;
  readonly #printer: TuplePrinter;
  readonly #table: LiveTable | undefined;
  #topology: Topology;
  #end: (ending: Ending) => void = () => {};
  readonly #ended = new Promise<Ending>((resolve) => {
    this.#end = resolve;
  });
  #fatal: PolyboltError | undefined;
  #giveUp: () => void = () => {};
  readonly #givenUp = new Promise<void>((resolve) => {
    this.#giveUp = resolve;
  });
  #firstAckMs: number | null = null;
  #signals = 0;
  #drawing: NodeJS.Timeout | undefined;
  #note = '';
  #lastError = '';

  constructor(topology: Topology, options: RunOptions, printer: TuplePrinter, hooks?: RunHooks) {
    this.#topology = topology;
    this.#hooks = hooks;
    this.#options = options;
    this.#printer = printer;
    // Tuples printed on the same terminal would be drawn over, and who asks for log lines wants to read them.
    const isFree = options.log === undefined && !(process.stdout.isTTY && (options.print ?? []).length > 0);
    this.#table = process.stderr.isTTY && isFree ? new LiveTable(process.stderr) : undefined;
  }

  async run(): Promise<number> {
    const table = this.#table;
    const log =
      table === undefined
        ? createConsoleLog(this.#options.log ?? 'info', (line) => process.stderr.write(line))
        : createConsoleLog('error', (line) => table.addError(line.trimEnd()));
    const { record, workers } = this.#options;
    const events = {
      onFatal: (error: PolyboltError): void => {
        if (this.#hooks?.onFatal(error) === true) return;
        this.#fatal ??= error;
        this.#end('fatal');
        this.#giveUp();
      },
      onFirstAck: (): void => {
        this.#firstAckMs ??= Math.round(performance.now() * 10) / 10;
      },
    };
    const cluster = await LocalCluster.start({
      log,
      ...events,
      onError: (component, error, suppressed) => this.#showError(component, error, suppressed),
      observerOf: (component) => this.#printer.observerOf(component),
      ...(workers === undefined ? {} : { launcher: await this.#processes(workers, log, events) }),
      ...(record === undefined || workers !== undefined ? {} : { record: await recorderOf(this.#topology, record) }),
    });
    const onSignal = (): void => this.#onSignal(cluster);
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
    // Whoever read our output has gone: there is nobody left to run for.
    process.stdout.on('error', () => this.#end('closed'));
    try {
      return await this.#runIn(cluster);
    } finally {
      clearInterval(this.#drawing);
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    }
  }

  async #processes(slots: number, log: Log, events: Pick<LocalProcessOptions, 'onFatal' | 'onFirstAck'>): Promise<LocalProcessLauncher> {
    const { createLocalProcessLauncher } = await import('../../daemon/local/local-workers.js');
    const { record } = this.#options;
    return createLocalProcessLauncher({
      slots,
      stopMs: 3 * settingsOf(this.#topology.config).shutdownGraceMs + 1000,
      log,
      logLevel: this.#table === undefined ? ((this.#options.log ?? 'info') as LogLevel) : 'error',
      ...events,
      print: this.#printer.wanted,
      onPrint: (lines) => this.#printer.write(lines),
      ...(record === undefined ? {} : { record: { module: recorderModule(), directory: resolve(record) } }),
    });
  }

  async #runIn(cluster: LocalCluster): Promise<number> {
    const { name } = this.#topology;
    await cluster.submit(this.#topology);
    this.#drawing = setInterval(() => this.#draw(cluster), this.#table === undefined ? REPORT_MS : DRAW_MS);
    const { untilIdle, for: forMs } = this.#options;
    if (untilIdle !== undefined) void cluster.untilIdle(name, untilIdle).then(() => this.#end('idle'));
    const timer = forMs === undefined ? undefined : setTimeout(() => this.#end('time'), forMs);
    await this.#hooks?.onRunning({
      cluster,
      say: (text) => this.#say(text),
      showError: (error) => this.#showError(String(error.context['component'] ?? ''), error, 0),
      onTopology: (topology) => {
        this.#topology = topology;
      },
    });
    const ending = await this.#ended;
    await this.#hooks?.close();
    clearTimeout(timer);
    if (ending === 'time' || ending === 'interrupted' || ending === 'closed') await this.#drain(cluster);
    if (this.#fatal !== undefined) {
      this.#finish(cluster.summary(name), EXIT.cannotRun);
      console.error(describeError(this.#fatal));
      await cluster.killNow();
      return EXIT.cannotRun;
    }
    const summary = cluster.summary(name);
    await cluster.shutdown();
    const status = ending === 'interrupted' ? EXIT.interrupted : isClean(summary) ? EXIT.done : EXIT.failed;
    this.#finish(summary, status);
    return status;
  }

  /** Stops the spouts and gives what is on its way time to arrive, unless a component that it needs cannot run. */
  async #drain(cluster: LocalCluster): Promise<void> {
    const { name, config } = this.#topology;
    const drainMs = this.#options.drain ?? settingsOf(config).messageTimeoutMs;
    const untilMs = performance.now() + drainMs;
    await cluster.deactivate(name);
    if (this.#hooks?.isWhole === false) return;
    const countdown = setInterval(() => {
      const seconds = Math.max(0, Math.ceil((untilMs - performance.now()) / 1000));
      this.#say(`draining: ${cluster.summary(name).roots.pending} roots pending, ${seconds} s left; Ctrl-C again ends it at once`);
    }, 1000);
    await Promise.race([cluster.untilIdle(name, 50, drainMs), this.#givenUp]);
    clearInterval(countdown);
  }

  #onSignal(cluster: LocalCluster): void {
    this.#signals++;
    if (this.#signals === 1) {
      this.#say('interrupted: no more is emitted, what is on its way may arrive; Ctrl-C again ends it at once');
      return this.#end('interrupted');
    }
    void cluster.killNow().then(() => process.exit(EXIT.interrupted));
  }

  #say(text: string): void {
    this.#note = text;
    if (this.#table === undefined) process.stderr.write(`polybolt: ${text}\n`);
  }

  #draw(cluster: LocalCluster): void {
    const summary = cluster.summary(this.#topology.name);
    if (this.#table === undefined) process.stderr.write(`polybolt: ${rootLine(summary)}\n`);
    else this.#table.draw(summary, performance.now(), this.#note);
  }

  #showError(component: string, error: PolyboltError, suppressed: number): void {
    const text = describeError(error);
    if (this.#table !== undefined) {
      this.#table.addError(`${component}: ${text}`);
      this.#lastError = text;
      return;
    }
    if (suppressed > 0) process.stderr.write(`error ${suppressed} more errors of this component were not shown\n`);
    process.stderr.write(`error ${text}\n`);
  }

  #finish(summary: TopologySummary, status: number): void {
    this.#printer.flush();
    if (this.#table !== undefined) {
      this.#table.draw(summary, performance.now(), '');
      // The table has room for its head only.
      if (this.#lastError !== '' && status !== EXIT.cannotRun) process.stderr.write(`the last error: ${this.#lastError}\n`);
    } else process.stderr.write(`${[...tableLines(summary, () => ''), rootLine(summary)].join('\n')}\n`);
    if (status === EXIT.failed) {
      const { pending, unreplayed } = summary.roots;
      process.stderr.write(
        `polybolt: not everything arrived: ${pending} roots pending, ${unreplayed ?? 'too many'} failed and were not acked by a replay\n`,
      );
    }
    if (this.#options.json !== true) return;
    const elapsedMs = Math.round(performance.now());
    process.stdout.write(`${JSON.stringify({ ...summary, firstAckMs: this.#firstAckMs, elapsedMs, status })}\n`);
  }
}

/** Whether every root has arrived, if need be by replay. */
function isClean({ roots }: TopologySummary): boolean {
  return roots.pending === 0 && roots.unreplayed === 0;
}

/** Records every conversation into a directory. */
async function recorderOf(topology: Topology, directory: string): Promise<ShellPorts['record']> {
  const { recordInto } = await import('../../conformance/recording.js');
  const start = recordInto(directory, () => performance.now());
  return ({ component, task }, { command, codec }) =>
    start({ kind: topology.components[component]?.kind ?? 'bolt', component, task, serializer: codec.name, command: command.argv });
}

/** Where worker processes find what records: beside this code as it was compiled, or as it was bundled. */
function recorderModule(): string {
  const places = ['../../conformance/recording.js', './recording.js'].map((path) => new URL(path, import.meta.url));
  return (places.find((url) => existsSync(url)) ?? (places[0] as URL)).href;
}
