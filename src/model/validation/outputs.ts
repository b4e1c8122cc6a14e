/**
 * The streams that a component declares. Invariant: names are unique, and so are the fields of each.
 */
import type { ComponentDraft } from '../draft.js';
import { FIELDS_MAX, STREAMS_MAX } from '../limits.js';
import type { StreamDeclaration } from '../topology.js';
import { checkField, checkId } from './names.js';
import type { Report } from './report.js';

/** @returns the declared streams by name, in a record that inherits nothing: a stream may be called `constructor`. */
export function checkOutputs(component: ComponentDraft, report: Report): Readonly<Record<string, StreamDeclaration>> {
  const streams: Record<string, StreamDeclaration> = Object.create(null) as Record<string, StreamDeclaration>;
  const outputs = component.outputs ?? [];
  const id = component.id.value;
  if (outputs.length > STREAMS_MAX) {
    report('PB_TOPOLOGY_TOO_LARGE', component.id.at, `\`${id}\` declares ${outputs.length} streams; at most ${STREAMS_MAX} are allowed`);
  }
  for (const { name, fields, direct } of outputs) {
    checkId(name, 'stream', report);
    if (name.value in streams) report('PB_STREAM_DUPLICATE', name.at, `\`${id}\` declares the stream \`${name.value}\` twice`);
    const seen = new Set<string>();
    for (const field of fields ?? []) {
      checkField(field, report);
      if (seen.has(field.value))
        report('PB_FIELD_DUPLICATE', field.at, `the stream \`${name.value}\` of \`${id}\` has the field \`${field.value}\` twice`);
      seen.add(field.value);
    }
    if (seen.size > FIELDS_MAX) {
      report(
        'PB_TOPOLOGY_TOO_LARGE',
        name.at,
        `the stream \`${name.value}\` of \`${id}\` has ${seen.size} fields; at most ${FIELDS_MAX} are allowed`,
      );
    }
    streams[name.value] = { fields: [...seen], direct };
  }
  return streams;
}
