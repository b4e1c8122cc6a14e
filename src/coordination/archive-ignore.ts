/**
 * `.polyboltignore`: which files of the resources directory stay at home. Invariant: lines mean what they mean in a `.gitignore`; the defaults come first, so that a line with `!`
 * takes one of them back.
 */
export const IGNORE_FILE = '.polyboltignore';

/** Left out unless the ignore file says otherwise. */
export const IGNORED_BY_DEFAULT: readonly string[] = ['.git', 'node_modules', '__pycache__', '.venv', '*.pyc', '.DS_Store'];

/** @param path relative to the resources directory, with `/` */
export type IsIgnored = (path: string, isDirectory: boolean) => boolean;

interface Rule {
  readonly form: RegExp;
  readonly isNegated: boolean;
  readonly onlyDirectories: boolean;
}

/** The rule of an ignore file; the last line that fits a path decides. As in Git, nothing below an ignored directory can be taken back. */
export function ignoreRules(text: string): IsIgnored {
  const rules = [...IGNORED_BY_DEFAULT, ...text.split(/\r?\n/)].flatMap(ruleOf);
  return (path, isDirectory) => {
    const last = rules.findLast(({ form, onlyDirectories }) => (isDirectory || !onlyDirectories) && form.test(path));
    return last !== undefined && !last.isNegated;
  };
}

function ruleOf(line: string): readonly Rule[] {
  const trimmed = line.replace(/(?<!\\)[ \t]+$/, '');
  if (trimmed === '' || trimmed.startsWith('#')) return [];
  const isNegated = trimmed.startsWith('!');
  const pattern = isNegated ? trimmed.slice(1) : trimmed;
  const onlyDirectories = pattern.endsWith('/');
  const body = onlyDirectories ? pattern.slice(0, -1) : pattern;
  // A slash anywhere but at the end ties the pattern to the top.
  const anchored = body.includes('/');
  const form = expressionOf(body.replace(/^\//, ''));
  return form === '' ? [] : [{ form: new RegExp(`^${anchored ? '' : '(?:.*/)?'}${form}$`, 'su'), isNegated, onlyDirectories }];
}

/** `**` crosses directories, `*` and `?` do not, `[a-z]` is one character of a set, a backslash takes the next one literally. */
function expressionOf(pattern: string): string {
  return pattern.replace(
    /\*\*\/|\/\*\*$|\*+|\?|\[(!?)((?:\\.|[^\]\\])+)\]|\\?([\s\S])/gu,
    (part, not: string, set: string, plain: string) => {
      if (part === '**/') return '(?:.*/)?';
      if (part === '/**') return '/.*';
      if (part.startsWith('*')) return '[^/]*';
      if (part === '?') return '[^/]';
      if (set !== undefined) return `(?!/)[${not === '!' ? '^' : ''}${set.replace(/[[\]^]/g, '\\$&').replace(/\\\\(.)/g, '\\$1')}]`;
      return plain.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
    },
  );
}
