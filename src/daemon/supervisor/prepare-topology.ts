/**
 * Runs the `prepare` command of a topology in its resources directory. Invariant: nothing of a topology starts before its command has ended with exit code 0.
 */
import { childEnvironment } from '../../component/child-environment.js';
import { type CommandEnd, runCommand } from '../../component/run-command.js';
import { settingsOf } from '../../model/config.js';
import { PolyboltError } from '../../model/errors.js';
import { PREPARE_MS_MAX } from '../../model/limits.js';
import type { Log } from '../../model/log.js';
import type { Topology } from '../../model/topology.js';

export interface PrepareOptions {
  /** What it inherits, less secrets: on a cluster an allow-list, locally this process's environment. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly signal?: AbortSignal;
  /** What it writes, as it comes. */
  readonly onOutput?: (chunk: Buffer) => void;
  /** For tests. */
  readonly timeoutMs?: number;
}

const LAST_LINES = 20;

/** Throws PB_PREPARE_FAILED with the command, how it ended and its last lines. Does nothing for a topology without `prepare`. */
export async function prepareTopology(topology: Topology, options: PrepareOptions): Promise<void> {
  const { prepare, name, resources, config } = topology;
  if (prepare === undefined) return;
  const { signal, onOutput, timeoutMs = PREPARE_MS_MAX, log } = options;
  log.info('prepare.started', { topology: name, command: prepare.join(' '), directory: resources });
  const startedAtMs = performance.now();
  const command = { argv: prepare, cwd: resources, env: childEnvironment(options.environment, settingsOf(config).environment) };
  const end = await runCommand(command, {
    timeoutMs,
    ...(signal === undefined ? {} : { signal }),
    ...(onOutput === undefined ? {} : { onOutput }),
  });
  const elapsedMs = Math.round(performance.now() - startedAtMs);
  if (end.code !== 0) throw prepareFailed(topology, end, timeoutMs);
  log.info('prepare.done', { topology: name, elapsedMs });
}

function prepareFailed({ name, prepare = [], resources }: Topology, end: CommandEnd, timeoutMs: number): PolyboltError {
  const output = end.output.trimEnd().split('\n').slice(-LAST_LINES).join('\n');
  const command = prepare.join(' ');
  const facts = end.code === undefined ? { signal: end.signal } : { exit: end.code };
  return new PolyboltError('PB_PREPARE_FAILED', {
    message: `the prepare command of \`${name}\` ${howItEnded(end, timeoutMs)}: ${command}`,
    hint: end.startError?.hint ?? 'it runs in the resources directory, without a shell: run it by hand in an empty copy of it',
    context: { command, cwd: resources, ...(end.startError === undefined ? facts : {}), ...(output === '' ? {} : { output }) },
    ...(end.startError === undefined ? {} : { cause: end.startError }),
  });
}

function howItEnded(end: CommandEnd, timeoutMs: number): string {
  if (end.startError !== undefined) return `could not be started (${end.startError.message})`;
  if (end.isTimedOut) return `did not end within ${timeoutMs / 1000} s`;
  return end.code === undefined ? `was ended by ${end.signal}` : `ended with exit code ${end.code}`;
}
