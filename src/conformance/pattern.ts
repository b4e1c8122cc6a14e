/**
 * Patterns and placeholders of conformance cases: data that says which messages are meant, and how to write messages that refer to earlier ones.
 * Invariant: an object matches when each key that the pattern names matches; other keys do not matter (ML-FR-12).
 */
import { isDeepStrictEqual } from 'node:util';
import { RawJson } from './codec.js';

/** The JSON text that a name of the conversation stands for; undefined for a name that is not known. */
export type Resolve = (name: string) => string | undefined;

const OPERATORS = ['$any', '$absent', '$present', '$type', '$contains', '$matches', '$oneOf', '$length'] as const;
type Operator = (typeof OPERATORS)[number];

/**
 * @param value undefined where the message has no such key
 * @param resolve names that begin with `$` in the pattern
 */
export function matches(pattern: unknown, value: unknown, resolve: Resolve): boolean {
  if (typeof pattern === 'string') return isDeepStrictEqual(literal(pattern, resolve), value);
  if (typeof pattern !== 'object' || pattern === null) return isDeepStrictEqual(pattern, value);
  if (Array.isArray(pattern)) {
    return Array.isArray(value) && value.length === pattern.length && pattern.every((item, index) => matches(item, value[index], resolve));
  }
  const [first] = Object.entries(pattern);
  if (first !== undefined && isOperator(first[0])) return operate(first[0], first[1], value, resolve);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.entries(pattern).every(([key, item]) => matches(item, (value as Record<string, unknown>)[key], resolve));
}

/** The message with every `$name` in it replaced by what it stands for, ready to be encoded. */
export function fillIn(template: unknown, resolve: Resolve): unknown {
  if (typeof template === 'string') return template.startsWith('$') ? rawOf(template, resolve) : template;
  if (Array.isArray(template)) return template.map((item) => fillIn(item, resolve));
  if (typeof template !== 'object' || template === null) return template;
  return Object.fromEntries(Object.entries(template).map(([key, item]) => [key, fillIn(item, resolve)]));
}

function rawOf(text: string, resolve: Resolve): unknown {
  if (text.startsWith('$$')) return text.slice(1);
  const json = resolve(text.slice(1));
  if (json === undefined) throw new Error(`the case uses ${text}, which nothing before it defines`);
  return new RawJson(json);
}

function literal(text: string, resolve: Resolve): unknown {
  const filled = text.startsWith('$') ? rawOf(text, resolve) : text;
  return filled instanceof RawJson ? JSON.parse(filled.text) : filled;
}

function isOperator(key: string): key is Operator {
  return (OPERATORS as readonly string[]).includes(key);
}

function operate(operator: Operator, argument: unknown, value: unknown, resolve: Resolve): boolean {
  switch (operator) {
    case '$any':
      return value !== undefined;
    case '$absent':
      return value === undefined;
    case '$present':
      return value !== undefined && value !== null;
    case '$type':
      return argument === 'integer' ? Number.isInteger(value) : typeof value === argument;
    case '$contains':
      return typeof value === 'string' && value.includes(String(argument));
    case '$matches':
      return typeof value === 'string' && new RegExp(String(argument), 'u').test(value);
    case '$oneOf':
      return (argument as readonly unknown[]).some((item) => matches(item, value, resolve));
    case '$length':
      return (typeof value === 'string' || Array.isArray(value)) && value.length === argument;
  }
}
