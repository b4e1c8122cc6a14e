/**
 * The `prepare` command of a topology before a local run. Invariant: what it writes goes to stderr as it comes, and Ctrl-C ends it with all that it started.
 */
import { prepareTopology } from '../daemon/supervisor/prepare-topology.js';
import { describeError } from '../model/errors.js';
import { SILENT_LOG } from '../model/log.js';
import type { Topology } from '../model/topology.js';
import { EXIT } from './exit-codes.js';

/** @returns undefined when it went well or there is none, else the exit status: nothing is to be started */
export async function prepareLocally(topology: Topology): Promise<number | undefined> {
  if (topology.prepare === undefined) return undefined;
  process.stderr.write(`polybolt: preparing: ${topology.prepare.join(' ')}\n`);
  const ending = new AbortController();
  const onSignal = (): void => ending.abort();
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  try {
    const onOutput = (chunk: Buffer): void => void process.stderr.write(chunk);
    await prepareTopology(topology, { environment: process.env, log: SILENT_LOG, signal: ending.signal, onOutput });
    return undefined;
  } catch (error) {
    if (ending.signal.aborted) return EXIT.interrupted;
    process.stderr.write(`${describeError(error)}\n`);
    return EXIT.cannotRun;
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}
