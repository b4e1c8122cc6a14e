/** What commander makes of the words of a command line. Invariant: a word that is wrong is refused with the form that would be right. */
import { InvalidArgumentError } from 'commander';
import { parseCount, parseDurationMs, parseLevel, parsePair, parseWindow } from './options.js';

/** Gathers `name=value` options into one object. */
export function pairs(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { ...before, ...argument(() => parsePair(text)) };
}

/** Gathers `name=number` options into one object. */
export function counts(text: string, before: Readonly<Record<string, number>> = {}): Record<string, number> {
  const [name, value] = Object.entries(argument(() => parsePair(text)))[0] as [string, string];
  return { ...before, [name]: count(value) };
}

export function duration(text: string): number {
  return argument(() => parseDurationMs(text));
}

/** Seconds, also written as a duration. */
export function seconds(text: string): number {
  return duration(text) / 1000;
}

export function level(text: string): string {
  return argument(() => parseLevel(text));
}

export function count(text: string): number {
  return argument(() => parseCount(text));
}

export function window(text: string): string {
  return argument(() => parseWindow(text));
}

export function list(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

function argument<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}
