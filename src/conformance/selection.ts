/** Which checks a run makes. Invariant: a check that is chosen alone still finds what it looks for: the conversations that a rule is watched in are run unreported. */
import type { ConformanceCase, Level, Program } from './case-file.js';
import type { Kind } from './rule-monitor.js';
import type { Check } from './verdict.js';

export interface Selection {
  readonly checks: readonly Check[];
  readonly background: readonly Check[];
}

/** All checks of a level for a component of that kind; at level adapter for all three programs. */
export function checksOf(cases: readonly ConformanceCase[], kind: Kind | 'unknown', level: Level): readonly Check[] {
  if (level === 'any') {
    const fits = (item: ConformanceCase): boolean => item.level === 'any' && (item.kind === 'both' || item.kind === kind);
    return cases.filter(fits).map((item) => ({ key: item.id, case: item, kind: kind === 'spout' ? 'spout' : 'bolt', program: undefined }));
  }
  const kinds: readonly Kind[] = kind === 'unknown' ? ['bolt', 'spout'] : [kind];
  return kinds.flatMap((each) =>
    cases.flatMap((item) => {
      if (item.kind !== 'both' && item.kind !== each) return [];
      const program: Program = item.program ?? each;
      return [{ key: `${item.id}@${program}`, case: item, kind: each, program }];
    }),
  );
}

/** @param globs patterns of which one has to match a check's id, with `*` and `?`; none: all */
export function select(all: readonly Check[], globs: readonly string[]): Selection {
  if (globs.length === 0) return { checks: all, background: [] };
  const isChosen = matcher(globs);
  const checks = all.filter((check) => isChosen(check));
  const watched = new Set(checks.filter((check) => check.case.watch !== undefined).map((check) => check.kind));
  const hasTalk = new Set(checks.filter((check) => check.case.watch === undefined).map((check) => check.kind));
  const background = all.filter((check) => check.case.watch === undefined && watched.has(check.kind) && !hasTalk.has(check.kind));
  return { checks, background };
}

/** Whether a check's id, with or without its program, matches one of the patterns. */
export function matcher(globs: readonly string[]): (check: Check) => boolean {
  const patterns = globs.map(
    (glob) =>
      new RegExp(
        `^${glob
          .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
          .replaceAll('*', '.*')
          .replaceAll('?', '.')}$`,
      ),
  );
  return (check) => patterns.some((pattern) => pattern.test(check.key) || pattern.test(check.case.id));
}
