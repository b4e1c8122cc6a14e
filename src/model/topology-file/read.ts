/**
 * Small readers of trees whose form has been checked. Invariant: what does not have the expected form reads as undefined and
 * is never reported here, because the check of form has done so.
 */
import type { ConfigDraft, Spot } from '../draft.js';
import { type Entry, type MapTree, type Tree, toPlain } from './yaml-tree.js';

export function mapOf(tree: Tree | undefined): MapTree | undefined {
  return tree?.kind === 'map' ? tree : undefined;
}

/** The items of a list; none where there is no list. */
export function itemsOf(tree: Tree | undefined): readonly Tree[] {
  return tree?.kind === 'list' ? tree.items : [];
}

export function get(map: MapTree | undefined, key: string): Tree | undefined {
  return map?.entries.get(key)?.value;
}

export function entryOf(map: MapTree, key: string): Entry | undefined {
  return map.entries.get(key);
}

/** A scalar as it is written: numbers and booleans keep their spelling. Null and an empty value are no text. */
export function textOf(tree: Tree | undefined): Spot<string> | undefined {
  if (tree?.kind !== 'scalar' || (tree.value === null && !tree.substituted)) return undefined;
  return { value: tree.text, at: tree.at };
}

export function numberOf(tree: Tree | undefined): Spot<number> | undefined {
  return tree?.kind === 'scalar' && typeof tree.value === 'number' ? { value: tree.value, at: tree.at } : undefined;
}

export function flagOf(tree: Tree | undefined): boolean | undefined {
  return tree?.kind === 'scalar' && typeof tree.value === 'boolean' ? tree.value : undefined;
}

/** A list of texts; undefined when it is no list or when an item is no text. */
export function textsOf(tree: Tree | undefined): readonly Spot<string>[] | undefined {
  if (tree?.kind !== 'list') return undefined;
  const texts = tree.items.map(textOf);
  return texts.every((text) => text !== undefined) ? texts : undefined;
}

export function plainListOf(tree: Tree | undefined): readonly unknown[] | undefined {
  return tree?.kind === 'list' ? tree.items.map(toPlain) : undefined;
}

export function configOf(tree: Tree | undefined): Map<string, Spot<unknown>> {
  const entries = tree?.kind === 'map' ? [...tree.entries] : [];
  return new Map(entries.map(([key, entry]) => [key, { value: toPlain(entry.value), at: entry.value.at }]));
}

/** Names to texts, as environment variables are. */
export function textMapOf(tree: Tree | undefined): Readonly<Record<string, string>> {
  const entries = tree?.kind === 'map' ? [...tree.entries] : [];
  return Object.fromEntries(entries.flatMap(([key, entry]) => (entry.value.kind === 'scalar' ? [[key, entry.value.text]] : [])));
}

export function withConfig(config: ConfigDraft, more: Iterable<readonly [string, Spot<unknown>]>): ConfigDraft {
  return new Map([...config, ...more]);
}
