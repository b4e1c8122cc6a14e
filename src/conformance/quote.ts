/** How the judge shows bytes to a person. Invariant: one line, bounded, control characters visible. */
const SHOWN_CHARS_MAX = 160;

/** The text in quotes as JSON would write it, cut in the middle of nowhere when it is long. */
export function quote(text: string, charsMax: number = SHOWN_CHARS_MAX): string {
  return JSON.stringify(shorten(text, charsMax));
}

/** At most so many characters, with a note of how many there were. */
export function shorten(text: string, charsMax: number = SHOWN_CHARS_MAX): string {
  return text.length <= charsMax ? text : `${text.slice(0, charsMax)}… (${text.length} characters)`;
}

/** A command line that a POSIX shell reads back as these words. */
export function shellWords(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./{}-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ');
}
