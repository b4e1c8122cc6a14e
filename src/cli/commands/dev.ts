/**
 * `polybolt dev FILE`: `run` that watches the topology's directory and restarts what has changed. Invariant: it ends only when it is told to; whatever is wrong is said, and the next
 * edit is another chance.
 */
import { DevSession } from '../dev-session.js';
import { type RunOptions, runFile } from './run.js';

export async function devCommand(file: string, given: RunOptions): Promise<number> {
  return runFile(file, given, (options, topology, read) => new DevSession(file, options, topology, read));
}
