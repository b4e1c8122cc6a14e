/** What a disk answers, in words of ours. Invariant: a full disk is told apart from everything else, since only a person can mend it. */
import { PolyboltError } from '../model/errors.js';

const FULL: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EDQUOT']);

/** PB_DISK_FULL for a full disk; anything else as it is. @param what was being written where */
export function diskError(error: unknown, what: string, path: string): unknown {
  if (!FULL.has((error as NodeJS.ErrnoException | undefined)?.code)) return error;
  return new PolyboltError('PB_DISK_FULL', {
    message: `the disk is full: ${what} cannot be written`,
    hint: 'make room on it and try again; nothing was left behind',
    context: { path },
    cause: error,
  });
}
