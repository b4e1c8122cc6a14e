/**
 * Checks a file's tree against the schema, in the words of the file. Invariant: one mistake of the author makes one mistake
 * here; what the schema says about `config` is left to `validation/config-values.ts`, which also sees the builder's.
 */
import type { ErrorObject } from 'ajv';
import type { ErrorCode } from '../error-codes.js';
import { validateTopologyFile } from '../generated/topology.validate.js';
import { closest, didYouMean } from '../suggest.js';
import type { Mistakes } from './mistake.js';
import type { Entry, MapTree, Tree } from './yaml-tree.js';

/** Puts every mistake of form on record. Keys that are clearly misspelt are renamed, so that nothing is reported twice. */
export function checkShape(tree: Tree, mistakes: Mistakes): void {
  const misspelt = errorsOf(tree).filter((error) => error.keyword === 'additionalProperties');
  for (const error of misspelt) reportUnknownKey(error, tree, mistakes);
  for (const error of misspelt.length === 0 ? errorsOf(tree) : errorsOf(tree).filter((each) => each.keyword !== 'additionalProperties')) {
    report(error, tree, mistakes);
  }
}

function errorsOf(tree: Tree): readonly ErrorObject[] {
  if (validateTopologyFile(formOf(tree))) return [];
  return (validateTopologyFile.errors ?? []).filter((error) => !isInsideConfig(segmentsOf(error)));
}

/** The plain data of a tree, but that a variable's `null` counts as text: outside of `config` nothing may be null. */
function formOf(tree: Tree): unknown {
  if (tree.kind === 'scalar') return tree.value === null && tree.substituted ? tree.text : tree.value;
  if (tree.kind === 'list') return tree.items.map(formOf);
  return Object.fromEntries([...tree.entries].map(([key, entry]) => [key, formOf(entry.value)]));
}

function reportUnknownKey(error: ErrorObject, tree: Tree, mistakes: Mistakes): void {
  const map = nodeAt(tree, segmentsOf(error)) as MapTree;
  const key = (error.params as { additionalProperty: string }).additionalProperty;
  const entry = map.entries.get(key) as Entry;
  const known = Object.keys((error.parentSchema as { properties?: object }).properties ?? {}).filter((name) => !map.entries.has(name));
  mistakes.add('PB_KEY_UNKNOWN', entry.keyAt, `${whole(error, tree)} has no key \`${key}\``, didYouMean(key, known, 'it may have'));
  const meant = closest(key, known);
  map.entries.delete(key);
  if (meant !== undefined) map.entries.set(meant, entry);
}

function report(error: ErrorObject, tree: Tree, mistakes: Mistakes): void {
  const segments = segmentsOf(error);
  const node = nodeAt(tree, segments);
  const at = node?.at ?? tree.at;
  const what = segments.length === 0 ? 'the file' : `\`${pathOf(segments)}\``;
  const code = codeFor(segments);
  const say = (message: string, hint = ''): void => mistakes.add(code, at, `${what} ${message}`, hint);
  switch (error.keyword) {
    case 'required': {
      const key = (error.params as { missingProperty: string }).missingProperty;
      mistakes.add('PB_KEY_MISSING', at, `${whole(error, tree)} needs the key \`${key}\``, descriptionOf(error, key));
      break;
    }
    case 'type':
      say(`must be ${typeWords(error)}, not ${shown(node)}`, isNothing(node) ? 'is something missing behind the colon?' : '');
      break;
    case 'enum': {
      const allowed = (error.params as { allowedValues: readonly string[] }).allowedValues;
      say(`cannot be ${shown(node)}`, didYouMean(node?.kind === 'scalar' ? node.text : '', allowed, 'it may be'));
      break;
    }
    case 'minimum':
    case 'maximum': {
      const { comparison, limit } = error.params as { comparison: string; limit: number };
      say(`must be ${comparison === '>=' ? 'at least' : 'at most'} ${limit}, not ${shown(node)}`);
      break;
    }
    case 'minItems':
      say('must not be empty');
      break;
    default:
      say(error.message ?? 'is not as the schema wants it');
  }
}

function isNothing(node: Tree | undefined): boolean {
  return node?.kind === 'scalar' && node.value === null;
}

function isInsideConfig(segments: readonly string[]): boolean {
  return segments[0] === 'config' ? segments.length > 1 : keyOfComponent(segments) === 'config' && segments.length > 3;
}

function codeFor(segments: readonly string[]): ErrorCode {
  switch (segments[0] === 'config' || segments[0] === 'prepare' ? segments[0] : keyOfComponent(segments)) {
    case 'parallelism':
    case 'tasks':
    case 'numTasks':
      return 'PB_PARALLELISM_INVALID';
    case 'command':
    case 'prepare':
      return 'PB_COMMAND_INVALID';
    case 'config':
      return 'PB_CONFIG_INVALID';
    default:
      return 'PB_TOPOLOGY_SHAPE';
  }
}

/** `parallelism` of `/bolts/3/parallelism`. */
function keyOfComponent(segments: readonly string[]): string | undefined {
  return segments[0] === 'spouts' || segments[0] === 'bolts' ? segments[2] : undefined;
}

function segmentsOf(error: ErrorObject): string[] {
  return error.instancePath
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function nodeAt(tree: Tree, segments: readonly string[]): Tree | undefined {
  let node: Tree | undefined = tree;
  for (const segment of segments) {
    if (node?.kind === 'map') node = node.entries.get(segment)?.value;
    else if (node?.kind === 'list') node = node.items[Number(segment)];
    else return undefined;
  }
  return node;
}

/** `bolts[1].inputs[0]`. */
function pathOf(segments: readonly string[]): string {
  return segments.map((segment, index) => (/^\d+$/.test(segment) ? `[${segment}]` : index === 0 ? segment : `.${segment}`)).join('');
}

/** The thing that a key is missing from, by its id where it has one. */
function whole(error: ErrorObject, tree: Tree): string {
  const segments = segmentsOf(error);
  if (segments.length === 0) return 'the file';
  const node = nodeAt(tree, segments);
  const id = node?.kind === 'map' ? node.entries.get('id')?.value : undefined;
  return id?.kind === 'scalar' ? `\`${pathOf(segments)}\` (${id.text})` : `\`${pathOf(segments)}\``;
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  object: 'a mapping',
  array: 'a list',
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  null: 'null',
};

function typeWords(error: ErrorObject): string {
  const type = (error.params as { type: string | readonly string[] }).type;
  const types = typeof type === 'string' ? type.split(',') : type;
  if (types.length === 3 && types.includes('string') && types.includes('number')) return 'text';
  return types.map((each) => TYPE_WORDS[each] ?? each).join(' or ');
}

function descriptionOf(error: ErrorObject, key: string): string {
  const properties = (error.parentSchema as { properties?: Record<string, { description?: string }> }).properties;
  const description = properties?.[key]?.description;
  return description === undefined ? '' : description.charAt(0).toLowerCase() + description.slice(1).replace(/\.$/, '');
}

function shown(node: Tree | undefined): string {
  if (node === undefined) return 'nothing';
  if (node.kind === 'list') return 'a list';
  if (node.kind === 'map') return 'a mapping';
  if (typeof node.value === 'string') return `the text ${JSON.stringify(node.text)}`;
  return isNothing(node) ? 'nothing' : node.text;
}
