/**
 * The inside of a worker's process: what its file says to run, its supervisor at the socket, its log, and its end. Invariant: it ends for a reason that is logged and told, takes its
 * components with it, and does not outlive its supervisor by more than `worker.supervisor.timeout.secs`.
 */
import { PolyboltError } from '../../model/errors.js';
import { PRINT_UNSENT_BYTES_MAX } from '../../model/limits.js';
import type { Log } from '../../model/log.js';
import type { Worker } from './worker.js';
import { readTopology } from './worker-build.js';
import { ControlServer } from './worker-control.js';
import type { WorkerFile } from './worker-file.js';
import type { FromWorker, ToWorker, WorkerError } from './worker-messages.js';

/** How long the last words may take to be read. */
const LAST_WORDS_MS = 500;
/** How often the log is looked at. */
const LOG_PULSE_MS = 1000;

export interface WorkerProcessPorts {
  readonly log: Log;
  /** Looks at the size of the log. */
  readonly pulseLog: () => void;
  /** Builds the worker; nothing of it has started. */
  readonly build: (file: WorkerFile, process: WorkerProcess) => Promise<Worker>;
  /** Nobody is left to clear up after it. */
  readonly onAbandoned: () => void;
  /** Ends this process. */
  readonly exit: (status: number) => void;
  readonly epochMs: () => number;
}

export class WorkerProcess {
  readonly #file: WorkerFile;
  readonly #ports: WorkerProcessPorts;
  readonly #control: ControlServer;
  #worker: Worker | undefined;
  /** The latest that came before there was a worker. */
  #update: (ToWorker & { readonly type: 'update' }) | undefined;
  #timers: NodeJS.Timeout[] = [];
  #lonely: NodeJS.Timeout | undefined;
  #isEnding = false;
  #isStalled = false;
  #onSomeone: () => void = () => {};
  /** Resolves with the first connection. */
  readonly #heard = new Promise<void>((resolve) => {
    this.#onSomeone = resolve;
  });
  /** Hands over what was printed and waits to be. */
  flushLines: () => void = () => {};

  constructor(file: WorkerFile, ports: WorkerProcessPorts) {
    this.#file = file;
    this.#ports = ports;
    this.#control = new ControlServer(
      {
        onMessage: (message, answer) => this.#onMessage(message, answer),
        onConnections: (count) => this.#onConnections(count),
        onDrain: () => this.#onDrain(),
      },
      ports.log,
    );
  }

  /** Starts everything. Never rejects: what goes wrong ends the process, with its reason told. */
  async run(): Promise<void> {
    const { log, build, pulseLog } = this.#ports;
    const { record, worker, launch, socket, heartbeatMs } = this.#file;
    log.info('worker.starting', { topology: record.id, incarnation: worker.incarnation, launch, port: worker.port, pid: process.pid });
    try {
      await this.#control.listen(socket);
      this.#onConnections(0);
      this.#timers.push(
        setInterval(() => this.#beat(), heartbeatMs),
        setInterval(pulseLog, LOG_PULSE_MS),
      );
      const built = await build(this.#file, this);
      this.#worker = built;
      if (this.#update !== undefined) built.update(this.#update.record);
      // What is said while nobody listens is lost: first acks, printed tuples, errors.
      await this.#heard;
      if (this.#isEnding) return;
      await built.start();
      log.info('worker.up', { topology: record.id, incarnation: worker.incarnation, launch });
      this.#beat();
    } catch (error) {
      this.fail(error);
    }
  }

  /** To whoever listens. */
  send(message: FromWorker): void {
    this.#control.send(message);
  }

  /** Lines of tuples for the parent. While it cannot follow, nobody here emits. */
  print(text: string): void {
    this.#control.send({ type: 'print', text });
    if (!this.#isStalled && this.#control.unsentBytes > PRINT_UNSENT_BYTES_MAX) {
      this.#isStalled = true;
      this.#worker?.stall(true);
    }
  }

  reportError(component: string, error: PolyboltError, suppressed: number, task: number): void {
    const { code, message, hint, context } = error;
    this.#ports.log.error('component.error', { component, task, code, message, hint, context, suppressed });
    this.send({ type: 'error', error: this.#errorOf(component, error, suppressed, task) });
  }

  /** Ends the worker because it cannot go on. */
  fail(error: unknown): void {
    if (this.#isEnding) return;
    const known = error instanceof PolyboltError ? error : unexpected(error);
    const { component = '', task = 0 } = known.context as { readonly component?: string; readonly task?: number };
    this.#ports.log.error('worker.failed', { code: known.code, message: known.message, hint: known.hint, context: known.context });
    this.#worker?.kill();
    void this.#end(1, { type: 'exit', reason: `${known.code} ${known.message}`, error: this.#errorOf(component, known, 0, task) });
  }

  /** Ends the worker because somebody asked, its components gently first. Asked again, at once. */
  async stop(reason: string): Promise<void> {
    if (this.#isEnding) return this.#ports.exit(1);
    this.#isEnding = true;
    this.#ports.log.info('worker.stopping', { reason });
    await this.#worker?.stop();
    await this.#end(0, { type: 'exit', reason });
  }

  async #abandon(reason: string): Promise<void> {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#ports.log.warn('worker.stopping', { reason });
    await this.#worker?.stop();
    this.#ports.onAbandoned();
    await this.#end(0, { type: 'exit', reason });
  }

  async #end(status: number, last: FromWorker): Promise<void> {
    this.#isEnding = true;
    this.flushLines();
    if (status !== 0) await this.#someone();
    this.send(last);
    for (const timer of this.#timers) clearInterval(timer);
    clearTimeout(this.#lonely);
    await this.#control.close(LAST_WORDS_MS);
    this.#ports.log.info('worker.ended', { status });
    this.#ports.exit(status);
  }

  /** One that fails as soon as it is started waits for its supervisor, to tell it why. */
  async #someone(): Promise<void> {
    await Promise.race([this.#heard, new Promise<void>((resolve) => setTimeout(resolve, LAST_WORDS_MS))]);
  }

  #onMessage(message: ToWorker, answer: (message: FromWorker) => void): void {
    switch (message.type) {
      case 'update':
        this.#update = message;
        if (typeof message.record?.generation === 'number') this.#worker?.update(message.record);
        return;
      case 'snapshot':
        this.flushLines();
        return answer({ type: 'snapshot', id: message.id, snapshot: this.#worker?.isUp === true ? this.#worker.snapshot() : null });
      case 'restart':
        void this.#restart(message.components).then((error) =>
          answer({ type: 'restarted', id: message.id, ...(error === undefined ? {} : { error: this.#errorOf('', error, 0, 0) }) }),
        );
        return;
      case 'stop':
        void this.stop('the supervisor asked for it');
        return;
      default:
        this.#ports.log.debug('control.unknown', { type: (message as { readonly type: string }).type });
    }
  }

  /** Why a component could not be started anew, if one could not. */
  async #restart(components: readonly string[]): Promise<PolyboltError | undefined> {
    try {
      await this.#worker?.restart(components, await readTopology(this.#file.codeDirectory));
      return undefined;
    } catch (error) {
      return error instanceof PolyboltError ? error : unexpected(error);
    }
  }

  #onConnections(count: number): void {
    clearTimeout(this.#lonely);
    if (count > 0) {
      this.#onSomeone();
      return this.#beat();
    }
    if (this.#isEnding) return;
    const { supervisorTimeoutMs } = this.#file;
    this.#lonely = setTimeout(() => void this.#abandon(`no supervisor for ${supervisorTimeoutMs / 1000} s`), supervisorTimeoutMs);
  }

  #onDrain(): void {
    if (!this.#isStalled) return;
    this.#isStalled = false;
    this.#worker?.stall(false);
  }

  #beat(): void {
    this.send({ type: 'beat', isUp: this.#worker?.isUp === true });
  }

  #errorOf(component: string, { code, message, hint, context }: PolyboltError, suppressed: number, task: number): WorkerError {
    return { component, task, at: Math.floor(this.#ports.epochMs() / 1000), code, message, hint, context, suppressed };
  }
}

/** What is no error of ours: of the system, or thrown by a module where nobody could catch it. */
function unexpected(error: unknown): PolyboltError {
  return new PolyboltError('PB_WORKER_DIED', {
    message: error instanceof Error ? error.message : String(error),
    hint: 'if a module of the topology throws in a timer or a promise, catch it there',
    context: { trace: error instanceof Error ? (error.stack ?? '') : '' },
    cause: error,
  });
}
