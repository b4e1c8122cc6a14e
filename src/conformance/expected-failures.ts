/**
 * Failures that are known, as a file says. Invariant: each names a check and a reason, and one that no longer fails is a failure itself, so that
 * the list stays true.
 */
import { PolyboltError } from '../model/errors.js';

/** Reasons by check, which may be a pattern with `*`. */
export type ExpectedFailures = readonly { readonly check: string; readonly reason: string }[];

/**
 * Lines of the form `CHECK: reason`; empty lines and lines that begin with `#` say nothing.
 * Throws PolyboltError PB_USAGE that names the line.
 */
export function parseExpectedFailures(text: string, file: string): ExpectedFailures {
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '' || line.startsWith('#')) return [];
    const match = /^([\w@*?-]+):\s*(\S.*)$/.exec(line.trim());
    if (match === null) {
      throw new PolyboltError('PB_USAGE', {
        message: `${file}:${index + 1} is not of the form CHECK: reason`,
        hint: 'write one check a line, for instance eof-status: this library exits with 2 at the end of its input',
        context: { line },
      });
    }
    return [{ check: match[1] as string, reason: match[2] as string }];
  });
}
