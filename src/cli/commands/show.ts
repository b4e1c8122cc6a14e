/** `polybolt show NAME`: one topology, from its status down to its workers. */
import type { TopologyDetail } from '../../daemon/nimbus/nimbus-api.js';
import type { WindowName } from '../../metrics/rolling-windows.js';
import type { ReportedError } from '../../model/cluster-records.js';
import { ageOf, print, printJson, statusWord, withCluster } from '../cluster.js';
import { EXIT } from '../exit-codes.js';
import type { ClusterOptions } from '../project-file.js';
import { type Column, number, tableOf, timeSpan } from '../table.js';
import { errorLines } from './errors.js';

export interface ShowOptions extends ClusterOptions {
  readonly window?: WindowName;
}

const WINDOW_WORDS: Readonly<Record<WindowName, string>> = {
  '600': 'the last 10 minutes',
  '10800': 'the last 3 hours',
  '86400': 'the last day',
  ':all-time': 'all time',
};
const ERRORS_SHOWN = 3;

export async function showCommand(name: string, options: ShowOptions): Promise<number> {
  const { window, json } = options;
  return withCluster(options, async (client) => {
    const details = await client.show(name, window === undefined ? {} : { window });
    if (json === true) printJson(details);
    else print(lines(details, await client.errors(name)));
    return EXIT.done;
  });
}

function lines(details: TopologyDetail, errors: readonly ReportedError[]): string[] {
  return [
    ...headOf(details),
    '',
    ...componentLines(details),
    ...countLines(details),
    '',
    ...workerLines(details),
    ...(errors.length === 0 ? [] : ['', ...errorLines(errors.slice(-ERRORS_SHOWN))]),
  ];
}

function headOf(details: TopologyDetail): string[] {
  const { name, id, pending, workerList, workersWanted, executors, unassigned, tasks } = details;
  const running = workerList.filter(({ state }) => state === 'running').length;
  const waiting = pending === null ? '' : ` (waits ${timeSpan(pending.waitMs / 1000)})`;
  const homeless = unassigned > 0 ? `, ${number(unassigned)} of them wait for a free slot` : '';
  return [
    `${name}  ${statusWord(details)}${waiting}  ${id}  up for ${ageOf(details)}`,
    `${running} of ${workersWanted} workers run; ${number(executors)} executors${homeless}; ${number(tasks)} tasks`,
  ];
}

const COMPONENT_COLUMNS: readonly Column[] = [
  { title: 'component' },
  ...['tasks', 'up', 'emitted', 'transferred', 'executed', 'acked', 'failed'].map((title) => ({ title, isNumber: true })),
  ...['latency ms', 'execute ms', 'capacity', 'waiting', 'restarts', 'errors'].map((title) => ({ title, isNumber: true })),
];

function componentLines({ figures }: TopologyDetail): string[] {
  const rows = figures.components.map((component) => {
    const isSpout = component.kind === 'spout';
    const { tasks, running, emitted, transferred, executed, acked, failed } = component;
    return [
      component.id,
      ...[tasks, running, emitted, transferred].map(number),
      isSpout ? '' : number(executed),
      ...[acked, failed].map(number),
      (isSpout ? component.completeLatencyMs : component.processLatencyMs).toFixed(2),
      isSpout ? '' : component.executeLatencyMs.toFixed(3),
      isSpout ? '' : component.capacity.toFixed(2),
      number(isSpout ? component.pending : component.queued + component.held),
      ...[component.restarts, component.errors].map(number),
    ];
  });
  return tableOf(COMPONENT_COLUMNS, rows);
}

function countLines({ figures, silent, workerList }: TopologyDetail): string[] {
  const { acked, failed, pending, completeLatencyMs, window } = figures;
  const { mean, p50, p99 } = completeLatencyMs;
  const latency = `complete latency ${mean.toFixed(2)} ms, p50 ${p50.toFixed(2)}, p99 ${p99.toFixed(2)}`;
  const missing = workerList.filter(({ incarnation }) => silent.includes(incarnation)).map(({ host, port }) => `${host}:${port}`);
  return [
    `roots over ${WINDOW_WORDS[window]}: ${number(acked)} acked, ${number(failed)} failed, ${number(pending)} pending; ${latency}`,
    ...(missing.length === 0 ? [] : [`without ${missing.join(', ')}: no answer from there`]),
  ];
}

function workerLines({ workerList }: TopologyDetail): string[] {
  const rows = workerList.map(({ host, port, state, incarnation, supervisor, executors }) => {
    const names = executors.map(
      ({ component, firstTask, lastTask }) => `${component} ${firstTask === lastTask ? firstTask : `${firstTask}-${lastTask}`}`,
    );
    return [`${host}:${port}`, state, incarnation, supervisor, names.join(', ')];
  });
  return tableOf(
    [{ title: 'worker' }, { title: 'state' }, { title: 'incarnation' }, { title: 'supervisor' }, { title: 'executors and their tasks' }],
    rows,
  );
}
