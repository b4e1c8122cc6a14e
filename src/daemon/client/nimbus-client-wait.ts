/**
 * Whether a topology is up, and if not, why. Invariant: pure; a topology is up when every executor has a worker and every worker runs.
 */
import type { ReportedError } from '../../model/cluster-records.js';
import type { ErrorCode } from '../../model/error-codes.js';
import { PolyboltError } from '../../model/errors.js';
import type { TopologyAnswer, WorkerAnswer } from '../nimbus/nimbus-api.js';

export type Progress =
  | { readonly state: 'up' }
  /** @property text for a person */
  | { readonly state: 'waiting'; readonly text: string }
  /** To wait on would most likely be in vain. */
  | { readonly state: 'failed'; readonly text: string };

/** What does not pass by itself: nimbus moves such a worker elsewhere, where it mostly fails again. */
const FATAL: ReadonlySet<string> = new Set<ErrorCode>([
  'PB_COMPONENT_NOT_FOUND',
  'PB_COMPONENT_NOT_EXECUTABLE',
  'PB_COMPONENT_START_FAILED',
  'PB_RESTARTS_EXHAUSTED',
  'PB_WORKER_DIED',
  'PB_MODULE_MISSING',
  'PB_MODULE_INVALID',
  'PB_PREPARE_FAILED',
  'PB_CODE_UNAVAILABLE',
  'PB_DISK_FULL',
]);

/** @param errors that have been reported since it was submitted */
export function progressOf(topology: TopologyAnswer, workers: readonly WorkerAnswer[], errors: readonly ReportedError[]): Progress {
  const { name, status, pending, unassigned, executors } = topology;
  if (status === 'killed' || pending?.kind === 'kill') return { state: 'failed', text: `${name} is being killed` };
  const running = workers.filter(({ state }) => state === 'running').length;
  if (unassigned === 0 && running === workers.length && running > 0) return { state: 'up' };
  const count = `${running} of ${topology.workersWanted} workers run`;
  const fatal = errors.findLast(({ code }) => FATAL.has(code));
  if (fatal !== undefined) return { state: 'failed', text: `${count}; ${fatal.message.split('\n')[0]}` };
  const failed = workers.filter(({ state }) => state === 'failed');
  if (failed.length > 0)
    return { state: 'failed', text: `${count}; failed: ${failed.map(({ host, port }) => `${host}:${port}`).join(', ')}` };
  if (unassigned > 0) return { state: 'waiting', text: `${count}; ${unassigned} of ${executors} executors wait for a free slot` };
  const others = workers.filter(({ state }) => state !== 'running').map(({ host, port, state }) => `${host}:${port} ${state}`);
  return { state: 'waiting', text: others.length === 0 ? count : `${count}; ${others.join(', ')}` };
}

/** What waiting ends with when it was in vain. @param cannotRun whether it failed, rather than took too long */
export function notUp(name: string, text: string, cannotRun: boolean, errors: readonly ReportedError[]): PolyboltError {
  const last = errors.slice(-3).map(({ component, code, message }) => `${component === '' ? '' : `${component}: `}${code} ${message}`);
  return new PolyboltError('PB_TOPOLOGY_NOT_UP', {
    message: `the topology ${name} is not up: ${text}`,
    hint: cannotRun
      ? `it stays submitted: mend it, polybolt kill ${name} and submit it again; polybolt logs ${name} may say more`
      : `it stays submitted and may still come up: look with polybolt show ${name}`,
    context: { topology: name, cannotRun, ...(last.length === 0 ? {} : { errors: last.join('\n') }) },
  });
}
