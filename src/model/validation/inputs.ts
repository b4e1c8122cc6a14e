/**
 * What a bolt listens to: sources, streams and groupings. Invariant: a subscription that passes can be routed by the runtime
 * without another check: its source and stream exist, its fields are the stream's, and direct goes with direct only.
 */
import type { ComponentDraft, GroupingDraft, InputDraft, StreamDraft } from '../draft.js';
import { didYouMean } from '../suggest.js';
import { DEFAULT_STREAM, type Grouping, type Subscription } from '../topology.js';
import type { CheckFile } from './implementation.js';
import { isJson } from './json.js';
import type { Report } from './report.js';

const GROUPINGS = ['shuffle', 'local-or-shuffle', 'fields', 'partial-key', 'global', 'all', 'none', 'direct', 'custom'] as const;
type GroupingType = (typeof GROUPINGS)[number];

/** Checks the inputs of a bolt; the valid ones come back. */
export function checkInputs(
  bolt: ComponentDraft,
  components: ReadonlyMap<string, ComponentDraft>,
  checkFile: CheckFile,
  report: Report,
): readonly Subscription[] {
  const seen = new Set<string>();
  return (bolt.inputs ?? []).flatMap((input) => {
    const { from, stream } = input;
    const key = JSON.stringify([from.value, stream.value]);
    if (seen.has(key)) {
      const hint = 'a bolt listens to a stream once, with one grouping';
      report(
        'PB_STREAM_DUPLICATE',
        from.at,
        `\`${bolt.id.value}\` listens to the stream \`${stream.value}\` of \`${from.value}\` twice`,
        hint,
      );
    }
    seen.add(key);
    const source = components.get(from.value);
    if (source === undefined) reportUnknownSource(bolt, input, components, report);
    const declared = source === undefined ? undefined : declarationOf(source, input, report);
    const grouping = input.grouping === undefined ? undefined : checkGrouping(input.grouping, declared, input, checkFile, report);
    return grouping === undefined ? [] : [{ from: from.value, stream: stream.value, grouping }];
  });
}

function reportUnknownSource(
  bolt: ComponentDraft,
  { from }: InputDraft,
  components: ReadonlyMap<string, ComponentDraft>,
  report: Report,
): void {
  const others = [...components.keys()].filter((id) => id !== bolt.id.value);
  const hint = from.value.startsWith('__')
    ? 'the streams of the runtime cannot be listened to; ticks come to every bolt that has topology.tick.tuple.freq.secs'
    : didYouMean(from.value, others, 'there are');
  report('PB_COMPONENT_UNKNOWN', from.at, `\`${bolt.id.value}\` listens to \`${from.value}\`, which does not exist`, hint);
}

/** The stream that an input means; undefined when it is not declared, or when the source's outputs are not known. */
function declarationOf(source: ComponentDraft, { from, stream }: InputDraft, report: Report): StreamDraft | undefined {
  const declared = source.outputs?.find((each) => each.name.value === stream.value);
  if (declared !== undefined || source.outputs === undefined) return declared;
  const names = source.outputs.map((each) => each.name.value);
  const hint =
    names.length === 0
      ? `give \`${source.id.value}\` outputs, for example \`outputs: [field]\``
      : didYouMean(stream.value, names, stream.value === DEFAULT_STREAM ? 'name one with `stream:`; there are' : 'there are');
  report('PB_STREAM_UNKNOWN', stream.at ?? from.at, `\`${from.value}\` declares no stream \`${stream.value}\``, hint);
  return undefined;
}

function checkGrouping(
  draft: GroupingDraft,
  stream: StreamDraft | undefined,
  { from, stream: name }: InputDraft,
  checkFile: CheckFile,
  report: Report,
): Grouping | undefined {
  const type = draft.type.value.toLowerCase().replaceAll('_', '-') as GroupingType;
  const invalid = (message: string, hint = ''): void => report('PB_GROUPING_INVALID', draft.type.at, message, hint);
  if (!GROUPINGS.includes(type)) {
    report('PB_GROUPING_UNKNOWN', draft.type.at, `there is no grouping \`${draft.type.value}\``, didYouMean(type, GROUPINGS, 'there are'));
    return undefined;
  }
  const where = `the stream \`${name.value}\` of \`${from.value}\``;
  if (stream !== undefined && stream.direct !== (type === 'direct')) {
    if (stream.direct)
      invalid(`${where} is direct and cannot be grouped by ${type}`, 'use the grouping direct: the emitter names the task');
    else
      invalid(
        `${where} is not direct, so that nothing would name the task`,
        'declare it as `{fields: […], direct: true}`, or choose another grouping',
      );
  }
  if (type === 'custom') return checkCustom(draft, checkFile, invalid);
  if (draft.module !== undefined) invalid(`the grouping ${type} takes no module`);
  if (type === 'fields' || type === 'partial-key') return checkFields(type, draft, stream, where, invalid, report);
  if ('fields' in draft && (draft.fields === undefined || draft.fields.length > 0)) {
    invalid(`the grouping ${type} takes no fields`, 'did you mean the grouping `fields`?');
  }
  return { type };
}

function checkFields(
  type: 'fields' | 'partial-key',
  draft: GroupingDraft,
  stream: StreamDraft | undefined,
  where: string,
  invalid: (message: string, hint?: string) => void,
  report: Report,
): Grouping | undefined {
  const known = stream?.fields?.map((field) => field.value);
  if (draft.fields === undefined || draft.fields.length === 0) {
    const hint = known === undefined ? 'fields: [name]' : `the stream has ${known.map((field) => `\`${field}\``).join(', ')}`;
    if (!('fields' in draft) || draft.fields !== undefined) invalid(`the grouping ${type} needs the fields to group by`, hint);
    return undefined;
  }
  for (const field of draft.fields) {
    if (known === undefined || known.includes(field.value)) continue;
    report(
      'PB_FIELD_UNKNOWN',
      field.at ?? draft.type.at,
      `${where} has no field \`${field.value}\``,
      didYouMean(field.value, known, 'it has'),
    );
  }
  return { type, fields: draft.fields.map((field) => field.value) };
}

function checkCustom(draft: GroupingDraft, checkFile: CheckFile, invalid: (message: string, hint?: string) => void): Grouping | undefined {
  if (draft.fields !== undefined) invalid('the grouping custom takes no fields', 'hand them over in `args:`');
  if (draft.module === undefined) {
    invalid('the grouping custom needs the module that it is written in', '{type: custom, module: ./grouping.ts}');
    return undefined;
  }
  // An empty path stands for a module that was reported in another way.
  if (draft.module.value === '') return undefined;
  checkFile(draft.module, 'the module of a custom grouping');
  if (!isJson(draft.args ?? [])) invalid('the args of a custom grouping are not JSON');
  return {
    type: 'custom',
    path: draft.module.value,
    ...(draft.exportName === undefined ? {} : { exportName: draft.exportName }),
    ...(draft.args === undefined ? {} : { args: isJson(draft.args) ? structuredClone(draft.args) : [] }),
  };
}
