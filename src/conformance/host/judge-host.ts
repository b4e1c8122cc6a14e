/**
 * Judges a host by what the probe found. Invariant: every check gets one verdict, and a report that ends early fails instead of passing by silence.
 */
import type { Requirement } from '../requirements.js';
import { BOLT_CHECKS } from './bolt-checks.js';
import { fail, type HostCheck, pass, type Seen } from './check.js';
import { HANDSHAKE_CHECKS } from './handshake-checks.js';
import { PROCESS_CHECKS } from './process-checks.js';
import type { Report } from './report.js';
import { SPOUT_CHECKS } from './spout-checks.js';

export interface HostVerdict extends Seen {
  readonly id: string;
  readonly title: string;
  readonly requirements: readonly Requirement[];
}

const COMPLETE: HostCheck = {
  id: 'probe-complete',
  title: 'the probe came to its end',
  requirements: ['ML-SP-06'],
  look: (report) => {
    const phases = report.of('spout').flatMap((run) => run.events('phase').map((line) => String(line['phase'])));
    if (phases.includes('done')) return pass(`${report.runs.length} processes`);
    return fail(
      phases.length === 0
        ? 'the spout never got a next'
        : `it stopped in its phase "${String(phases.at(-1))}"; what comes later was not looked at`,
    );
  },
};

export const HOST_CHECKS: readonly HostCheck[] = [COMPLETE, ...HANDSHAKE_CHECKS, ...SPOUT_CHECKS, ...BOLT_CHECKS, ...PROCESS_CHECKS];

/** @param requirements from `loadRequirements` */
export function judgeHost(report: Report, requirements: ReadonlyMap<string, Requirement>): readonly HostVerdict[] {
  return HOST_CHECKS.map((check) => ({
    id: check.id,
    title: check.title,
    requirements: check.requirements.map((id) => requirements.get(id) as Requirement),
    ...check.look(report),
  }));
}
