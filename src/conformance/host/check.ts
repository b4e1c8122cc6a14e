/** What a check of a host is. Invariant: a check looks at the report alone, and says what it saw also when all is well. */
import type { Report } from './report.js';

export interface Seen {
  readonly outcome: 'pass' | 'fail' | 'skipped';
  /** What the host did, as a clause. */
  readonly seen: string;
}

export interface HostCheck {
  readonly id: string;
  readonly title: string;
  /** The first is the one that a failure is blamed on. */
  readonly requirements: readonly string[];
  look(report: Report): Seen;
}

export function pass(seen: string): Seen {
  return { outcome: 'pass', seen };
}

export function fail(seen: string): Seen {
  return { outcome: 'fail', seen };
}

/** The probe never came to where this shows. */
export function skipped(seen: string): Seen {
  return { outcome: 'skipped', seen };
}

/** Fails with the first complaint, passes with what was seen if there is none. */
export function unless(complaints: readonly string[], seen: string): Seen {
  const [first] = complaints;
  if (first === undefined) return pass(seen);
  return fail(complaints.length === 1 ? first : `${first}; and ${complaints.length - 1} more of the like`);
}

export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length <= 120 ? text : `${text.slice(0, 120)}…`;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether two values are the same JSON, whatever the order of keys. */
export function isSame(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) && Array.isArray(other)) return one.length === other.length && one.every((item, i) => isSame(item, other[i]));
  if (!isObject(one) || !isObject(other)) return one === other;
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => key in other && isSame(one[key], other[key]));
}
