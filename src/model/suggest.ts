/**
 * Finds the name that somebody probably meant. Invariant: a suggestion is close enough that it is more often right than
 * wrong: at most one edit in four characters, or the same letters in another case or with other separators.
 */

/** Longest word that is compared; the cost is the product of two lengths. */
const COMPARED_CHARS_MAX = 64;
/** Most candidates that are compared, so that ten thousand mistakes among ten thousand names do not take minutes. */
const COMPARED_CANDIDATES_MAX = 1_000;

/** The closest candidate to `word`, or undefined when none is close. */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  let compared = 0;
  for (const candidate of candidates) {
    compared += 1;
    if (compared > COMPARED_CANDIDATES_MAX) break;
    const distance = distanceBetween(word, candidate);
    const allowed = Math.max(1, Math.floor(Math.max(word.length, candidate.length) / 4));
    if (distance <= allowed && distance < bestDistance && distance < candidate.length) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** `did you mean …?` for the closest candidate, else the list of all when it is short, else nothing. */
export function didYouMean(word: string, candidates: Iterable<string>, listTitle: string): string {
  const all = [...candidates];
  const near = closest(word, all);
  if (near !== undefined) return `did you mean \`${near}\`?`;
  return all.length === 0 || all.length > 24 ? '' : `${listTitle}: ${all.map((name) => `\`${name}\``).join(', ')}`;
}

/** Edits between two words, a swap of neighbours counting one; 0 when they differ in case and separators only. */
function distanceBetween(left: string, right: string): number {
  if (left.length > COMPARED_CHARS_MAX || right.length > COMPARED_CHARS_MAX) return left === right ? 0 : Number.POSITIVE_INFINITY;
  if (plainForm(left) === plainForm(right)) return 0;
  const a = left.toLowerCase();
  const b = right.toLowerCase();
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replace = (previous[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let cost = Math.min(replace, (previous[j] as number) + 1, (row[j - 1] as number) + 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) cost = Math.min(cost, (beforePrevious[j - 2] as number) + 1);
      row.push(cost);
    }
    beforePrevious = previous;
    previous = row;
  }
  return previous[b.length] as number;
}

function plainForm(word: string): string {
  return word.toLowerCase().replace(/[-_. ]/g, '');
}
