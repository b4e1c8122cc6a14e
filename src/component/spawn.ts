/** The real way to start children: execa. Invariant: nothing but this file starts a component, always from an argv, never a shell. */
import { execa, type ResultPromise } from 'execa';
import type { ChildCommand } from './child.js';
import { FifoPool } from './fifo-pool.js';

/** Starts a component as the leader of its own process group, its stderr piped to us. */
export function spawnChild(command: ChildCommand, stdio: { readonly stdin: number; readonly stdout: number }): ResultPromise {
  const [file, ...args] = command.argv as [string, ...string[]];
  return execa(file, args, {
    cwd: command.cwd,
    env: command.env,
    extendEnv: false,
    stdin: stdio.stdin as unknown as 'ignore',
    stdout: stdio.stdout as unknown as 'ignore',
    stderr: 'pipe',
    buffer: false,
    reject: false,
    detached: true,
    cleanup: false,
  }) as unknown as ResultPromise;
}

/** A pool of named pipes made by the system's `mkfifo`. @param parent where a directory for them is made; default the system's for temporary files */
export function createFifoPool(parent?: string): FifoPool {
  return new FifoPool(async (paths) => {
    await execa('mkfifo', ['-m', '600', ...paths]);
  }, parent);
}
