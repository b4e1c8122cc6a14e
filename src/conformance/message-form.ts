/** The form of each command, key by key. Invariant: what passes here passes `polybolt:component-message`; the words are for people. Judges ML-EM-01, ML-LG-01 and ML-LG-06. */
import type { Finding } from './codec.js';
import { quote } from './quote.js';

type Fields = Readonly<Record<string, unknown>>;

export function formFindings(fields: Fields, kind: 'bolt' | 'spout'): readonly Finding[] {
  switch (fields['command']) {
    case 'emit':
      return [...emitProblems(fields, kind)].map((detail) => ({ kind: 'emit-form', detail }));
    case 'log':
      return [...logProblems(fields)].map((detail) => ({ kind: 'log-form', detail }));
    case 'error':
      return typeof fields['msg'] === 'string'
        ? []
        : [{ kind: 'log-form', detail: `error whose msg is ${shown(fields['msg'])} and not a string` }];
    case 'metrics':
      return [...metricsProblems(fields)].map((detail) => ({ kind: 'metrics-form', detail }));
    default:
      return [];
  }
}

function* emitProblems(fields: Fields, kind: 'bolt' | 'spout'): Generator<string> {
  const { tuple, stream, task, need_task_ids: need, anchors } = fields;
  if (!Array.isArray(tuple)) yield `emit whose tuple is ${shown(tuple)} and not an array`;
  if (!isNothing(stream) && typeof stream !== 'string') yield `emit whose stream is ${shown(stream)} and not a string`;
  if (!isNothing(task) && !Number.isInteger(task)) yield `emit whose task is ${shown(task)} and not an integer`;
  if (!isNothing(need) && typeof need !== 'boolean') yield `emit whose need_task_ids is ${shown(need)} and not true or false`;
  const isIds =
    isNothing(anchors) || typeof anchors === 'string' || (Array.isArray(anchors) && anchors.every((id) => typeof id === 'string'));
  if (kind === 'bolt' && !isIds) yield `emit whose anchors are ${shown(anchors)} and not a list of the ids that tuples had`;
}

function* logProblems({ msg, level }: Fields): Generator<string> {
  if (typeof msg !== 'string') yield `log whose msg is ${shown(msg)} and not a string`;
  if (!isNothing(level) && !Number.isInteger(level)) yield `log whose level is ${shown(level)} and not a number from 0 to 4`;
}

function* metricsProblems({ name, params }: Fields): Generator<string> {
  if (typeof name !== 'string' || name === '') yield `metrics whose name is ${shown(name)} and not a string that says something`;
  if (params === undefined) yield 'metrics without params';
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null;
}

function shown(value: unknown): string {
  return value === undefined ? 'missing' : quote(JSON.stringify(value));
}
