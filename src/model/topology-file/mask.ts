/**
 * Hides `${…}` from the YAML parser, so that it may stand unquoted anywhere a scalar may, also in `[a, ${b}]`, where braces
 * and brackets would otherwise end the scalar. Invariant: masking changes no length and no line, so positions stay true.
 */

/** What YAML might take for its own; each becomes one of Unicode's noncharacters, which no text contains. */
const SPECIAL = '{}[],:#';
const MASK_START = 0xfdd0;
const MASKED = /[\ufdd0-\ufdd6]/g;

export function mask(text: string): string {
  return text.replace(/\$\{[^{}\n]*\}/g, (reference) =>
    reference.replace(/[{}[\],:#]/g, (char) => String.fromCharCode(MASK_START + SPECIAL.indexOf(char))),
  );
}

export function unmask(text: string): string {
  return text.replace(MASKED, (char) => SPECIAL[char.charCodeAt(0) - MASK_START] as string);
}
