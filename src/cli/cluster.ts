/**
 * What every command that speaks with a cluster has in common: whom it speaks with, and how it ends. Invariant: with `--json` stdout holds nothing but one JSON value a line, errors among
 * them; the exit status says the same as the words.
 */

import { NimbusClient } from '../daemon/client/nimbus-client.js';
import type { TopologyAnswer } from '../daemon/nimbus/nimbus-api.js';
import { describeError, PolyboltError } from '../model/errors.js';
import { EXIT, exitCodeOf } from './exit-codes.js';
import { type ClusterOptions, clusterSettings } from './project-file.js';
import { timeSpan } from './table.js';

/** Runs an action against the cluster that flags, environment and project file name. Ctrl-C aborts the signal. @returns the exit status */
export async function withCluster(
  options: ClusterOptions,
  action: (client: NimbusClient, signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const interrupted = new AbortController();
  const onSignal = (): void => {
    // The second one ends us at once.
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    interrupted.abort();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  // Whoever read our output has gone: `polybolt list | head -1` is no error.
  process.stdout.on('error', () => process.exit(EXIT.done));
  try {
    return await action(new NimbusClient(clusterSettings(options, process.env, process.cwd())), interrupted.signal);
  } catch (error) {
    if (interrupted.signal.aborted) return EXIT.interrupted;
    if (options.json === true && error instanceof PolyboltError) {
      const { code, message, hint, context } = error;
      printJson({ error: { code, message, hint, context } });
    }
    console.error(describeError(error instanceof PolyboltError ? withoutMistakes(error) : error));
    return exitCodeOf(error);
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

/** They stand in the message already, one a line. */
function withoutMistakes({ code, message, hint, context }: PolyboltError): PolyboltError {
  const { mistakes: _mistakes, ...rest } = context;
  return new PolyboltError(code, { message, hint, context: rest });
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

export function print(lines: string | readonly string[]): void {
  process.stdout.write(`${typeof lines === 'string' ? lines : lines.join('\n')}\n`);
}

/** Storm's word for what a topology is at. */
export function statusWord({ status, pending }: Pick<TopologyAnswer, 'status' | 'pending'>): string {
  if (pending?.kind === 'rebalance') return 'REBALANCING';
  return pending?.kind === 'kill' ? 'KILLED' : status.toUpperCase();
}

/** How long ago it was submitted, by the clocks of two machines. */
export function ageOf({ submittedAt }: TopologyAnswer): string {
  return timeSpan(Math.max(0, Date.now() / 1000 - submittedAt));
}
