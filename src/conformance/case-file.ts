/**
 * Conformance cases, which are data: multilang/cases/*.json, described in spec/conformance.md. Invariant: a case that is loaded has only keys that mean
 * something, ids that exist and steps that the engine knows, so that a slip of the pen is an error and not a check that always passes.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { MULTILANG, type Requirement } from './requirements.js';

export type Program = 'bolt' | 'plain-bolt' | 'spout';
export type Level = 'any' | 'adapter';

/** Changes to the handshake of a case. */
export interface HandshakeChange {
  /** `none`: the case begins with a silent host. */
  readonly send?: 'none' | 'bytes';
  readonly conf?: Readonly<Record<string, unknown>>;
  readonly context?: Readonly<Record<string, unknown>>;
  /** Further keys beside pidDir, conf and context. */
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly keys?: 'reversed';
  /** `missing`: the directory does not exist. */
  readonly pid_dir?: 'missing';
}

export type Step = Readonly<Record<string, unknown>>;

export interface ConformanceCase {
  readonly id: string;
  /** What a component that passes does, as a sentence. */
  readonly title: string;
  readonly kind: 'bolt' | 'spout' | 'both';
  readonly level: Level;
  /** At level adapter: the reference component that is spoken to. */
  readonly program?: Program;
  readonly requirements: readonly string[];
  /** What to do about a failure. */
  readonly advice: string;
  /** Default: fail if the first requirement is a MUST, non-strict if it is a SHOULD. */
  readonly severity?: 'fail' | 'non-strict';
  /** Checks without which this one says nothing: skipped when one of them fails. */
  readonly after?: readonly string[];
  readonly handshake?: HandshakeChange;
  /** Answers to emits that want task ids: at once, only by steps, or after further input (bolts). Default: auto. */
  readonly replies?: 'auto' | 'hold' | 'late';
  /** Ids of tuples: 64-bit numbers of either sign. */
  readonly ids?: 'wide';
  /** Whether a tick may follow when answers are late; default true. */
  readonly nudge?: boolean;
  /** Whether the component is left as it was, so that other cases may go on in the same process. */
  readonly shared?: boolean;
  /** Kinds of findings, in any conversation, that fail this case; it has no steps then. */
  readonly watch?: readonly string[];
  /** With watch: what must have been seen for the verdict to mean anything. */
  readonly needs?: { readonly seen: string; readonly reason: string };
  readonly steps?: readonly Step[];
}

/** Main key of each step, with the keys that may stand beside it. */
const STEP_KEYS: Readonly<Record<string, readonly string[]>> = {
  send: ['cut', 'repeat', 'unless_failed'],
  expect: ['times', 'within_ms', 'wire', 'without', 'as', 'say'],
  never: ['say'],
  answered: ['by'],
  synced: [],
  settle: [],
  turn: ['id', 'times', 'unless_failed', 'as'],
  works: [],
  close: [],
  exited: ['say'],
  stderr: ['say'],
  group_clean: [],
  pid_file: [],
  gap: ['at_least_ms', 'say'],
  skip_unless: ['reason'],
};
const CASE_KEYS = [
  ...['id', 'title', 'kind', 'level', 'program', 'requirements', 'advice', 'severity', 'after'],
  ...['handshake', 'replies', 'ids', 'nudge', 'shared', 'watch', 'needs', 'steps'],
];

/** All cases in the order of their files and of the cases in them. Throws an Error that names file, case and mistake. */
export function loadCases(requirements: ReadonlyMap<string, Requirement>): readonly ConformanceCase[] {
  const folder = new URL('cases/', MULTILANG);
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  const cases = files.sort().flatMap((file) => parseCases(file, readFileSync(new URL(file, folder), 'utf8'), requirements));
  const ids = new Set<string>();
  for (const { id } of cases) {
    if (ids.has(id)) throw new Error(`two conformance cases are called ${id}`);
    ids.add(id);
  }
  for (const item of cases) {
    const missing = dependenciesOf(item).find((id) => !ids.has(id));
    if (missing !== undefined) throw new Error(`case ${item.id} refers to the case ${missing}, which does not exist`);
  }
  return cases;
}

/** Cases that have to be judged before this one. */
export function dependenciesOf({ after = [], steps = [] }: ConformanceCase): readonly string[] {
  const named = steps.flatMap((step) => [step, ...(Array.isArray(step['send']) ? (step['send'] as Step[]) : [])]);
  const unless = named.map((item) => item['unless_failed']).filter((id) => typeof id === 'string');
  return [...after, ...unless];
}

function parseCases(file: string, text: string, requirements: ReadonlyMap<string, Requirement>): readonly ConformanceCase[] {
  const list = JSON.parse(text) as readonly ConformanceCase[];
  for (const item of list) {
    const mistake = mistakeOf(item, requirements);
    if (mistake !== undefined) throw new Error(`multilang/cases/${file}: case ${item.id}: ${mistake}`);
  }
  return list;
}

function mistakeOf(item: ConformanceCase, requirements: ReadonlyMap<string, Requirement>): string | undefined {
  const unknown = Object.keys(item).find((key) => !CASE_KEYS.includes(key));
  if (unknown !== undefined) return `the key ${unknown} means nothing`;
  if (!/^[a-z0-9-]+$/.test(item.id ?? '')) return 'an id is of lower-case letters, digits and hyphens';
  for (const key of ['title', 'advice', 'kind', 'level'] as const) if (typeof item[key] !== 'string') return `${key} is missing`;
  if (!Array.isArray(item.requirements) || item.requirements.length === 0) return 'a case cites at least one requirement';
  const uncited = item.requirements.find((id) => !requirements.has(id));
  if (uncited !== undefined) return `there is no requirement ${uncited}`;
  if ((item.level === 'adapter') !== (item.program !== undefined)) return 'program stands with level adapter, and only there';
  if ((item.watch === undefined) === (item.steps === undefined)) return 'a case has either steps or watch';
  if (item.shared === true && (item.handshake ?? item.replies ?? item.ids) !== undefined)
    return 'a case that shares a process begins like any other';
  for (const step of item.steps ?? []) {
    const main = Object.keys(STEP_KEYS).find((key) => key in step);
    if (main === undefined) return `no step is called ${Object.keys(step).join(', ')}`;
    const stranger = Object.keys(step).find((key) => key !== main && !STEP_KEYS[main]?.includes(key));
    if (stranger !== undefined) return `the step ${main} has no key ${stranger}`;
  }
  return undefined;
}
