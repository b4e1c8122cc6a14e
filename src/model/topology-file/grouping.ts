/**
 * Who listens to whom, as written: `inputs:` of a bolt and Flux's `streams:`. Invariant: both make the same drafts; whether a
 * grouping exists and fits its stream is for `validation/inputs.ts` to say.
 */
import type { GroupingDraft, InputDraft, Position, Spot } from '../draft.js';
import { DEFAULT_STREAM } from '../topology.js';
import type { Mistakes } from './mistake.js';
import { entryOf, get, mapOf, plainListOf, textOf, textsOf } from './read.js';
import type { MapTree, Tree } from './yaml-tree.js';

/** An item of `inputs:`, or undefined when its form is wrong. */
export function inputOf(item: Tree, mistakes: Mistakes): InputDraft | undefined {
  const input = mapOf(item);
  const from = textOf(get(input, 'from'));
  if (input === undefined || from === undefined) return undefined;
  const grouping = get(input, 'grouping');
  if (get(input, 'stream') !== undefined) excludes(mapOf(grouping), 'streamId', 'stream', mistakes);
  return { from, stream: streamOf(get(input, 'stream'), grouping, from), grouping: groupingOf(grouping, input, mistakes) };
}

/** A Flux stream: its target and what the target listens to. */
export function streamInputOf(item: Tree, mistakes: Mistakes): { readonly to: Spot<string>; readonly input: InputDraft } | undefined {
  const stream = mapOf(item);
  const from = textOf(get(stream, 'from'));
  const to = textOf(get(stream, 'to'));
  if (stream === undefined || from === undefined || to === undefined) return undefined;
  const grouping = get(stream, 'grouping');
  return { to, input: { from, stream: streamOf(undefined, grouping, from), grouping: groupingOf(grouping, undefined, mistakes) } };
}

function streamOf(named: Tree | undefined, grouping: Tree | undefined, from: Spot<string>): Spot<string> {
  return textOf(named) ?? textOf(get(mapOf(grouping), 'streamId')) ?? { value: DEFAULT_STREAM, at: from.at };
}

/** `beside` is the input that may say `fields:` next to a grouping that is one word. */
function groupingOf(grouping: Tree | undefined, beside: MapTree | undefined, mistakes: Mistakes): GroupingDraft | undefined {
  if (grouping === undefined || grouping.kind === 'list') return undefined;
  const fieldsBeside = get(beside, 'fields');
  const type = grouping.kind === 'scalar' ? textOf(grouping) : textOf(get(grouping, 'type'));
  if (type === undefined) return undefined;
  if (grouping.kind === 'scalar') return { type, ...fieldsPart(fieldsBeside) };
  if (/^custom$/i.test(type.value)) return customOf(grouping, type, mistakes);
  excludes(grouping, 'args', 'fields', mistakes, grouping.entries.has('fields'));
  if (fieldsBeside !== undefined) for (const key of ['fields', 'args']) excludes(grouping, key, 'fields of the input', mistakes);
  for (const key of ['module', 'export', 'customClass']) excludes(grouping, key, `the type ${type.value}`, mistakes);
  return { type, ...fieldsPart(get(grouping, 'fields') ?? get(grouping, 'args') ?? fieldsBeside) };
}

function customOf(grouping: MapTree, type: Spot<string>, mistakes: Mistakes): GroupingDraft {
  const customClass = entryOf(grouping, 'customClass');
  if (customClass !== undefined) {
    mistakes.add(
      'PB_FLUX_UNSUPPORTED',
      customClass.keyAt,
      'the customClass of a grouping needs a JVM',
      'write the grouping in TypeScript and name it with `module:`',
    );
  }
  const module = textOf(get(grouping, 'module'));
  const exportName = textOf(get(grouping, 'export'))?.value;
  const args = plainListOf(get(grouping, 'args'));
  return {
    type,
    // A custom class stands for a module, so that the missing module is not a second mistake.
    module: module ?? (customClass === undefined ? undefined : { value: '', at: type.at }),
    ...(grouping.entries.has('fields') ? fieldsPart(get(grouping, 'fields')) : {}),
    ...(exportName === undefined ? {} : { exportName }),
    ...(args === undefined ? {} : { args }),
  };
}

/** Without the key there are no fields; with a malformed list they are there and unknown, and that is on record. */
function fieldsPart(tree: Tree | undefined): { readonly fields?: readonly Spot<string>[] | undefined } {
  return tree === undefined ? {} : { fields: textsOf(tree) };
}

function excludes(map: MapTree | undefined, key: string, other: string, mistakes: Mistakes, when = true): void {
  const entry = map?.entries.get(key);
  if (entry === undefined || !when) return;
  mistakes.add(
    'PB_KEY_CONFLICT',
    entry.keyAt as Position,
    `\`${key}\` and ${/ /.test(other) ? other : `\`${other}\``} exclude each other`,
    'keep one of them',
  );
}
