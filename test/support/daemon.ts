/**
 * A daemon of a cluster as a process of its own, started by the command line as an operator would. Invariant: what it logs is kept in order, the last of it, and each
 * start is another process.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CLI, ROOT } from './run-cli.js';

const LINES_MAX = 2000;

export class Daemon {
  /** What it said on stderr, the last lines of it; but not whom it had to refuse, which is everybody who asks while it starts. */
  readonly lines: string[] = [];
  #process: ChildProcess | undefined;

  constructor(
    /** `nimbus-1`, `supervisor-2`. */
    readonly name: string,
    readonly directory: string,
    readonly url: string,
    private readonly configFile: string,
  ) {}

  get pid(): number {
    return this.#process?.pid as number;
  }

  /** By which the store knows it; it is there when the daemon has started once. */
  get id(): string {
    return readFileSync(join(this.directory, 'id'), 'utf8').trim();
  }

  get isRunning(): boolean {
    return this.#process !== undefined && this.#process.exitCode === null && this.#process.signalCode === null;
  }

  start(): void {
    const [kind] = this.name.split('-') as [string];
    const child = spawn(process.execPath, [CLI, kind, '--config-file', this.configFile], {
      cwd: ROOT,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (line.includes('"event":"http.refused"')) return;
      this.lines.push(line);
      if (this.lines.length > LINES_MAX) this.lines.shift();
    });
    child.once('exit', (code, signal) => this.lines.push(`(pid ${child.pid} ended with ${signal ?? code})`));
    this.#process = child;
  }

  /** Sends a signal to the daemon alone; resolves when it has ended, if it was to. */
  async signal(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (child === undefined || !this.isRunning) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await exited;
  }

  /** Whether its session with ZooKeeper is connected, as far as it has said. */
  get isConnected(): boolean {
    const last = this.lines.findLast((line) => /"event":"store\.(connected|suspended|expired|unreachable)"/.test(line));
    return last?.includes('"store.connected"') === true;
  }

  /** How often it has logged an event, in all of its lives. */
  said(event: string): number {
    return this.lines.filter((line) => line.includes(`"event":"${event}"`)).length;
  }
}
