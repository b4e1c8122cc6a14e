/** What the exit status of `polybolt` says. Invariant: stable; scripts depend on it. */
import type { ErrorCode } from '../model/error-codes.js';
import { PolyboltError } from '../model/errors.js';

export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  invalidTopology: 3,
  unreachable: 4,
  cannotRun: 5,
  interrupted: 130,
} as const;

const BY_CODE: Readonly<Partial<Record<ErrorCode, number>>> = {
  PB_USAGE: EXIT.usage,
  PB_TOPOLOGY_INVALID: EXIT.invalidTopology,
  PB_NAME_INVALID: EXIT.invalidTopology,
  PB_NIMBUS_UNREACHABLE: EXIT.unreachable,
  PB_NOT_LEADER: EXIT.unreachable,
  PB_STORE_UNREACHABLE: EXIT.unreachable,
  PB_INTERRUPTED: EXIT.interrupted,
};

/** The exit status for an error that ended a command. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof PolyboltError)) return EXIT.failed;
  // It failed, rather than took too long.
  if (error.code === 'PB_TOPOLOGY_NOT_UP' && error.context['cannotRun'] === true) return EXIT.cannotRun;
  return BY_CODE[error.code] ?? EXIT.failed;
}
