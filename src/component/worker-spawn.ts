/**
 * Starts the process of a worker: detached, so that it outlives its supervisor, the leader of its own group and session, its output in a file. Invariant: `onExit` comes once, also when it could not
 * be started.
 */
import { execa } from 'execa';
import { restOfStdio } from './inherited.js';

export interface SpawnedWorker {
  /** 0 when it could not be started. */
  readonly pid: number;
}

export interface WorkerCommand {
  readonly argv: readonly string[];
  readonly cwd: string;
  /** Descriptor of the file that takes its output. */
  readonly output: number;
}

export type SpawnWorker = (
  command: WorkerCommand,
  onExit: (code: number | undefined, signal: string | undefined, error: string) => void,
) => SpawnedWorker;

export const spawnWorker: SpawnWorker = ({ argv, cwd, output }, onExit) => {
  const [file, ...args] = argv as [string, ...string[]];
  const subprocess = execa(file, args, {
    cwd,
    stdio: ['ignore', output as unknown as 'ignore', output as unknown as 'ignore', ...restOfStdio()],
    buffer: false,
    reject: false,
    detached: true,
    cleanup: false,
  });
  subprocess.unref();
  void subprocess.then(
    (result) => {
      const { exitCode, signal } = result;
      // One that could not be started has neither; what it has instead is why.
      onExit(exitCode, signal, exitCode === undefined && signal === undefined ? String(result.cause ?? 'for no reason that is known') : '');
    },
    (error: unknown) => onExit(undefined, undefined, String(error)),
  );
  return { pid: subprocess.pid ?? 0 };
};
