/** `polybolt logs NAME [COMPONENT]`: what the workers of a topology have logged, wherever they run. Invariant: one event is one line; what a component printed cannot steer the terminal. */
import type { LogLine } from '../../daemon/client/nimbus-client-logs.js';
import { print, printJson, withCluster } from '../cluster.js';
import { createConsoleLog } from '../console-log.js';
import { EXIT } from '../exit-codes.js';
import type { ClusterOptions } from '../project-file.js';
import { printable } from './errors.js';

export interface LogsOptions extends ClusterOptions {
  readonly follow?: boolean;
  readonly lines?: number;
}

export async function logsCommand(name: string, component: string | undefined, options: LogsOptions): Promise<number> {
  const { follow = false, lines, json = false } = options;
  return withCluster(options, async (client, signal) => {
    const onGap = (text: string): void => console.error(`polybolt: no log of ${text}`);
    const wanted = { follow, signal, onGap, ...(lines === undefined ? {} : { lines }), ...(component === undefined ? {} : { component }) };
    for await (const line of client.logs(name, wanted)) {
      if (json) printJson(jsonLine(line));
      else print(plainLine(line));
    }
    return signal.aborted ? EXIT.interrupted : EXIT.done;
  });
}

function jsonLine({ host, port, line }: LogLine): object {
  return { host, port, ...(eventOf(line) ?? { text: line }) };
}

/** `host:port time level event key=value …`, as the console shows events of `run`. */
function plainLine({ host, port, line }: LogLine): string {
  const { level, event, time, ...fields } = eventOf(line) ?? {};
  if (typeof level !== 'string' || typeof event !== 'string') return `${host}:${port} ${printable(line)}`;
  let text = '';
  const log = createConsoleLog('debug', (written) => {
    text = written.trimEnd();
  });
  const write = level === 'error' || level === 'warn' || level === 'debug' ? log[level] : log.info;
  write(event, fields);
  const when = typeof time === 'string' || typeof time === 'number' ? `${new Date(time).toISOString()} ` : '';
  return `${host}:${port} ${when}${printable(text)}`;
}

function eventOf(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    // A line that is no event: something wrote past the log.
    return undefined;
  }
}
