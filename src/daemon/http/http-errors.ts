/**
 * Errors as they travel over HTTP: a status for programs that know only HTTP, and code, message, hint and context for the rest. Invariant: what is no
 * `PolyboltError` is our own mistake: it is logged here and told to nobody else.
 */
import type { ErrorCode } from '../../model/error-codes.js';
import { PolyboltError } from '../../model/errors.js';

/** The body of every reply that reports an error. */
export interface ErrorBody {
  readonly error: {
    readonly code: ErrorCode;
    readonly message: string;
    readonly hint: string;
    readonly context: Readonly<Record<string, unknown>>;
  };
}

/** What is not listed is the sender's mistake: 400. */
const STATUS: Readonly<Partial<Record<ErrorCode, number>>> = {
  PB_UNAUTHORIZED: 401,
  PB_ORIGIN_REFUSED: 403,
  PB_ROUTE_UNKNOWN: 404,
  PB_TOPOLOGY_NOT_FOUND: 404,
  PB_WORKER_NOT_FOUND: 404,
  PB_BLOB_MISSING: 404,
  PB_TOPOLOGY_EXISTS: 409,
  PB_STORE_CONFLICT: 409,
  PB_TOPOLOGY_KILLED: 409,
  PB_REQUEST_TOO_LARGE: 413,
  PB_INTERNAL: 500,
  PB_NOT_LEADER: 503,
  PB_BLOB_UNREPLICATED: 503,
  PB_STORE_UNREACHABLE: 503,
  PB_STORE_SESSION_ENDED: 503,
  PB_DISK_FULL: 507,
};

export function statusOf(error: PolyboltError): number {
  return STATUS[error.code] ?? 400;
}

export function errorBody({ code, message, hint, context }: PolyboltError): ErrorBody {
  return { error: { code, message, hint, context } };
}

/** What a client is told of anything that was thrown. */
export function asPolyboltError(error: unknown): PolyboltError {
  if (error instanceof PolyboltError) return error;
  return new PolyboltError('PB_INTERNAL', {
    message: 'the daemon made a mistake while it answered this request',
    hint: 'its log has the trace; please report it',
    cause: error,
  });
}
