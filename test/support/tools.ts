/**
 * Which system tools a test may count on. Invariant: what `npm test` found missing is skipped by name, and anything else is taken to be there.
 */

/** For tap's `skip`: a reason when one of the tools is missing, else false. */
export function needs(...tools: readonly string[]): string | false {
  const missing = (process.env.POLYBOLT_MISSING_TOOLS ?? '').split(',');
  const lacking = tools.filter((tool) => missing.includes(tool));
  return lacking.length > 0 && `needs ${lacking.join(', ')}`;
}
