/**
 * A YAML file as a tree of values that know their place. Invariant: every node of a tree can say where it stands, also after
 * includes, aliases and variables; nothing but plain data comes out of a file (YAML 1.2 core: no tags that make objects).
 */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  type Document as YamlDocument,
  type Node as YamlNode,
} from 'yaml';
import type { Position } from '../draft.js';
import { JSON_DEPTH_MAX, TOPOLOGY_FILE_VALUES_MAX } from '../limits.js';
import { mask, unmask } from './mask.js';
import type { Mistakes } from './mistake.js';

/** One mistake of syntax makes the parser stumble many times; more than so many of a file are not reported. */
const SYNTAX_MISTAKES_MAX = 10;

export type Tree = MapTree | ListTree | ScalarTree;

export interface MapTree {
  readonly kind: 'map';
  readonly at: Position;
  readonly entries: Map<string, Entry>;
}

export interface Entry {
  readonly keyAt: Position;
  readonly value: Tree;
}

export interface ListTree {
  readonly kind: 'list';
  readonly at: Position;
  readonly items: readonly Tree[];
}

export interface ScalarTree {
  readonly kind: 'scalar';
  readonly at: Position;
  readonly value: string | number | boolean | null;
  /** The scalar as it is written, without quotes: `1.0` stays `1.0`. */
  readonly text: string;
  /** Whether a variable gave it its value. */
  readonly substituted: boolean;
}

/** Fills a scalar's variables; returns undefined when there are none. `place` finds a piece of the scalar in the file. */
export type Substitute = (text: string, plain: boolean, at: Position, place: (piece: string) => Position) => Tree | undefined;

/** Parses a file; undefined when it holds nothing or cannot be read as YAML, with the mistakes on record. */
export function parseTree(text: string, file: string, substitute: Substitute, mistakes: Mistakes): Tree | undefined {
  const lines = new LineCounter();
  const document = parseGuarded(text, lines);
  if (document === undefined) {
    mistakes.add('PB_YAML_SYNTAX', { file, line: 1, column: 1 }, 'the file is nested too deeply to be read');
    return undefined;
  }
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  for (const problem of [...document.errors, ...document.warnings].slice(0, SYNTAX_MISTAKES_MAX)) {
    mistakes.add('PB_YAML_SYNTAX', position(problem.pos[0]), messageFor(problem.code, problem.message), hintFor(problem.code));
  }
  if (document.errors.length > 0 || document.contents === null) return undefined;
  const converter = new Converter(text, position, substitute, mistakes);
  const tree = converter.convert(document.contents as YamlNode);
  return converter.whole ? tree : undefined;
}

/** The parser recurses, so that a file of nothing but brackets can exhaust the stack. */
function parseGuarded(text: string, lineCounter: LineCounter): YamlDocument | undefined {
  try {
    return parseDocument(mask(text), { lineCounter, prettyErrors: false, schema: 'core', version: '1.2', logLevel: 'error' });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

class Converter {
  /** Whether every value is in the tree; what is built from half a file would look wrong all over. */
  whole = true;
  readonly #anchors = new Map<string, YamlNode>();
  #values = 0;
  #depth = 0;
  /** How many aliases are being followed at the moment; anchors inside of them are known already. */
  #following = 0;

  constructor(
    readonly text: string,
    readonly position: (offset: number) => Position,
    readonly substitute: Substitute,
    readonly mistakes: Mistakes,
  ) {}

  convert(node: YamlNode | null, fallback?: Position): Tree | undefined {
    const at = node?.range == null ? (fallback ?? this.position(0)) : this.position(node.range[0]);
    if (!this.#mayGoOn(at)) return undefined;
    this.#depth += 1;
    const tree = this.#convertOne(node, at);
    this.#depth -= 1;
    return tree;
  }

  #convertOne(node: YamlNode | null, at: Position): Tree | undefined {
    if (node === null) return { kind: 'scalar', at, value: null, text: '', substituted: false };
    if (isAlias(node)) return this.#follow(node.source, at);
    if (node.anchor !== undefined && this.#following === 0) this.#anchors.set(node.anchor, node);
    if (isMap(node)) return { kind: 'map', at, entries: this.#entries(node.items as Pair[], at) };
    if (isSeq(node)) return { kind: 'list', at, items: node.items.flatMap((item) => this.convert(item as YamlNode | null, at) ?? []) };
    if (isScalar(node)) return this.#scalar(node.value, node.source, node.type === 'PLAIN', node.range ?? [0, 0], at);
    return undefined;
  }

  #follow(anchor: string, at: Position): Tree | undefined {
    const target = this.#anchors.get(anchor);
    if (target === undefined) {
      this.whole = false;
      this.mistakes.add('PB_YAML_SYNTAX', at, `the alias *${anchor} has no anchor before it`);
      return undefined;
    }
    this.#following += 1;
    const tree = this.convert(target);
    this.#following -= 1;
    return tree;
  }

  #mayGoOn(at: Position): boolean {
    if (this.#depth >= JSON_DEPTH_MAX) {
      this.whole = false;
      this.mistakes.add(
        'PB_YAML_SYNTAX',
        at,
        `the file is nested deeper than ${JSON_DEPTH_MAX} levels`,
        'an alias inside of its own anchor never ends',
      );
      return false;
    }
    this.#values += 1;
    if (this.#values === TOPOLOGY_FILE_VALUES_MAX + 1) this.#tooLarge(at);
    return this.#values <= TOPOLOGY_FILE_VALUES_MAX;
  }

  /** A `<<` key takes over what the mapping does not say itself, as in the YAML that Flux reads. */
  #entries(pairs: readonly Pair[], at: Position): Map<string, Entry> {
    const entries = new Map<string, Entry>();
    const merged: MapTree[] = [];
    for (const pair of pairs) {
      const key = pair.key as YamlNode | null;
      const keyAt = key?.range == null ? at : this.position(key.range[0]);
      const name = isScalar(key) ? unmask(key.source ?? String(key.value)) : undefined;
      const value = this.convert(pair.value as YamlNode | null, keyAt);
      if (name === undefined)
        this.mistakes.add('PB_TOPOLOGY_SHAPE', keyAt, 'a key must be text', 'write `key: value`, or quote braces and brackets');
      else if (name === '<<' && isScalar(key) && key.type === 'PLAIN') merged.push(...mapsOf(value));
      else if (value !== undefined) entries.set(name, { keyAt, value });
    }
    for (const [name, entry] of merged.flatMap((map) => [...map.entries])) if (!entries.has(name)) entries.set(name, entry);
    return entries;
  }

  #scalar(value: unknown, source: string | undefined, plain: boolean, range: readonly number[], at: Position): Tree {
    if (typeof value === 'string') {
      const content = unmask(value);
      const start = range[0] as number;
      const place = (piece: string): Position => {
        const offset = this.text.slice(start, range[1]).indexOf(piece);
        return offset < 0 ? at : this.position(start + offset);
      };
      return this.substitute(content, plain, at, place) ?? { kind: 'scalar', at, value: content, text: content, substituted: false };
    }
    return checkedScalar(value as number | boolean | null, source ?? String(value), at, this.mistakes);
  }

  #tooLarge(at: Position): void {
    this.whole = false;
    const message = `the file holds more than ${TOPOLOGY_FILE_VALUES_MAX} values once its aliases are followed`;
    this.mistakes.add('PB_TOPOLOGY_TOO_LARGE', at, message, 'aliases inside of aliases multiply');
  }
}

/** A scalar that is no text; numbers that JSON cannot hold exactly are a mistake, since components get JSON. */
export function checkedScalar(
  value: number | boolean | null,
  text: string,
  at: Position,
  mistakes: Mistakes,
  substituted = false,
): ScalarTree {
  if (
    typeof value === 'number' &&
    (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value) && /^[-+]?\d+$/.test(text)))
  ) {
    mistakes.add('PB_TOPOLOGY_SHAPE', at, `the number ${text} cannot be kept exactly`, 'put it in quotes to keep it as text');
    return { kind: 'scalar', at, value: 0, text, substituted };
  }
  return { kind: 'scalar', at, value, text, substituted };
}

/** The plain data of a tree. */
export function toPlain(tree: Tree): unknown {
  if (tree.kind === 'scalar') return tree.value;
  if (tree.kind === 'list') return tree.items.map(toPlain);
  // fromEntries makes `__proto__` an ordinary key.
  return Object.fromEntries([...tree.entries].map(([key, entry]) => [key, toPlain(entry.value)]));
}

function mapsOf(value: Tree | undefined): MapTree[] {
  if (value?.kind === 'map') return [value];
  return value?.kind === 'list' ? value.items.flatMap(mapsOf) : [];
}

/** The parser's own words, but where they are addressed to programmers. */
function messageFor(code: string, message: string): string {
  if (code === 'MULTIPLE_DOCS') return 'the file holds more than one document';
  const text = unmask(message).replace(/\s+/g, ' ').trim();
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function hintFor(code: string): string {
  switch (code) {
    case 'DUPLICATE_KEY':
      return 'the same key stands twice in one mapping; keep one of them';
    case 'TAB_AS_INDENT':
      return 'indent with spaces';
    case 'TAG_RESOLVE_FAILED':
      return 'tags such as !name make nothing here; leave it out';
    case 'MULTIPLE_DOCS':
      return 'a file holds one topology; remove what follows ---';
    case 'MULTILINE_IMPLICIT_KEY':
    case 'BLOCK_AS_IMPLICIT_KEY':
      return 'is an indentation off, or a quote not closed?';
    default:
      return '';
  }
}
