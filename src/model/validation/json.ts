/**
 * Whether a value survives JSON. Invariant: what passes means the same after `JSON.parse(JSON.stringify(value))`.
 */
import { JSON_DEPTH_MAX } from '../limits.js';

/** Text, finite numbers, booleans, null, and lists and plain mappings of them; bounded in depth, so cycles do not pass. */
export function isJson(value: unknown, depth = 0): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || depth >= JSON_DEPTH_MAX) return false;
  if (Array.isArray(value)) return value.every((item) => isJson(item, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && Object.values(value).every((item) => isJson(item, depth + 1));
}
