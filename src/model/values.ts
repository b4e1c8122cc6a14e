/**
 * The values of a tuple: JSON text, a frozen array, or both, each made from the other at most once and only when somebody
 * needs it. Invariant: text that came from a component leaves this process exactly as it was written (design D1).
 */
/** From this length on, V8 makes a slice a view of its parent. */
const SLICE_CHARS_MIN = 13;

export class Values {
  #text: string | undefined;
  #array: readonly unknown[] | undefined;

  private constructor(text: string | undefined, array: readonly unknown[] | undefined) {
    this.#text = text;
    this.#array = array;
  }

  /** @param text one valid JSON array (NaN, Infinity and -Infinity allowed) on one line; checked by whoever calls. */
  static fromText(text: string): Values {
    return new Values(text, undefined);
  }

  /** @param array JSON-able values; must not be changed afterwards. Throws what `JSON.stringify` throws only when text is asked for. */
  static fromArray(array: readonly unknown[]): Values {
    return new Values(undefined, array);
  }

  /** Whether the text is there already: asking costs nothing, `text` may cost a stringify. */
  get hasText(): boolean {
    return this.#text !== undefined;
  }

  get text(): string {
    this.#text ??= JSON.stringify(this.#array);
    return this.#text;
  }

  get array(): readonly unknown[] {
    this.#array ??= Object.freeze(parseValues(this.#text as string));
    return this.#array;
  }

  /** Gives these values their own copy of their text: a slice pins the whole chunk of a child's output it was cut from. */
  detach(): void {
    // Shorter texts are copied by V8 when they are cut; a concatenation that is flattened is a copy.
    if (this.#text !== undefined && this.#text.length >= SLICE_CHARS_MIN) this.#text = ` ${this.#text}`.slice(1);
  }

  /** What these values weigh in a queue, in bytes: exact for text that is ASCII, a fair guess for arrays. */
  get bytes(): number {
    return this.#text === undefined ? 32 + 32 * (this.#array as readonly unknown[]).length : 32 + this.#text.length;
  }
}

/** Parses checked values text; the non-finite tokens that `JSON.parse` refuses become the JavaScript numbers. */
export function parseValues(text: string): unknown[] {
  try {
    return JSON.parse(text) as unknown[];
  } catch (error) {
    const patched = replaceNonFinite(text, (token) => `{"\\u0000nonfinite":"${token}"}`);
    if (patched === text) throw error;
    return JSON.parse(patched, reviveNonFinite) as unknown[];
  }
}

function reviveNonFinite(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('\u0000nonfinite' in value)) return value;
  return Number(value['\u0000nonfinite']);
}

/** The same text with null for every NaN, Infinity and -Infinity outside of strings. */
export function withoutNonFinite(text: string): string {
  return replaceNonFinite(text, () => 'null');
}

/** One pass over valid JSON. Strings are skipped by searching for their end: a pattern that matches them fails at some millions of characters. */
function replaceNonFinite(text: string, replacement: (token: string) => string): string {
  const next = /"|-?Infinity|NaN/g;
  let result = '';
  let copied = 0;
  for (let match = next.exec(text); match !== null; match = next.exec(text)) {
    if (match[0] === '"') {
      next.lastIndex = stringEnd(text, match.index);
      continue;
    }
    result += text.slice(copied, match.index) + replacement(match[0]);
    copied = next.lastIndex;
  }
  return copied === 0 ? text : result + text.slice(copied);
}

/** Position behind the string whose opening quote is at `start`. */
function stringEnd(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (text[at - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return at + 1;
  }
  return text.length;
}
