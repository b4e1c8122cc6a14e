/**
 * The variables of a topology file: `${name}` from --set, `${ENV-NAME}` from the environment, `${list[0]}`, `${name:-default}`;
 * `$${` stays as `${`. Invariant: a value only ever fills the scalar that it stands in; it can never add a key or a component.
 *
 * A plain scalar that is exactly one variable takes the type that YAML gives to the value (`parallelism: ${n}` is a number),
 * or becomes a list of scalars where the value is a JSON array of them. In quotes, or beside other text, it is always text.
 */
import { parseDocument } from 'yaml';
import type { Position } from '../draft.js';
import { didYouMean } from '../suggest.js';
import type { Mistakes } from './mistake.js';
import { checkedScalar, type Tree } from './yaml-tree.js';

const REFERENCE = /(\$?)\$\{([^{}]*)\}/g;
const NAME = /^(ENV-)?([A-Za-z_][A-Za-z0-9_.-]*)(?:\[(\d+)\])?(?::-(.*))?$/s;

export interface VariableSources {
  readonly set: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string | undefined>>;
}

type Place = (piece: string) => Position;

export class Variables {
  readonly #set: ReadonlyMap<string, string>;
  readonly #env: VariableSources['env'];
  readonly #mistakes: Mistakes;
  readonly #used = new Set<string>();
  /** Names that the files ask for, with or without a value. */
  readonly #asked = new Set<string>();

  constructor(sources: VariableSources, mistakes: Mistakes) {
    this.#set = new Map(Object.entries(sources.set));
    this.#env = sources.env;
    this.#mistakes = mistakes;
  }

  /** The tree that a scalar stands for, or undefined when it holds no variable. See `Substitute`. */
  readonly substitute = (text: string, plain: boolean, at: Position, place: Place): Tree | undefined => {
    if (!text.includes('${')) return undefined;
    const filled = text.replace(REFERENCE, (whole: string, dollar: string, body: string) => {
      if (dollar !== '') return whole.slice(1);
      return this.#value(body, place(whole)) ?? '';
    });
    const alone = plain && /^\$\{[^{}]*\}$/.test(text);
    return alone ? typed(filled, at, this.#mistakes) : scalar(filled, filled, at);
  };

  /** Says which --set values no file asked for; to be called when all files are read. */
  reportUnused(at: Position): void {
    for (const name of this.#set.keys()) {
      if (this.#used.has(name)) continue;
      const hint = didYouMean(name, this.#asked, 'the file has') || `the file has no variables; write \${${name}} where the value belongs`;
      this.#mistakes.add('PB_VARIABLE_UNUSED', at, `--set ${name}=… sets a variable that the file does not use`, hint);
    }
  }

  #value(body: string, at: Position): string | undefined {
    const match = NAME.exec(body);
    if (match === null) {
      this.#mistakes.add('PB_VARIABLE_UNDEFINED', at, `\${${body}} is not the name of a variable`, 'write $${…} to keep the text as it is');
      return undefined;
    }
    const [, env, name = '', index, fallback] = match;
    const value = env === undefined ? this.#fromSet(name) : this.#env[name];
    if (value === undefined) return fallback ?? this.#undefined(body, env, name, at);
    return index === undefined ? value : (elementOf(value, Number(index)) ?? fallback ?? this.#noElement(name, value, Number(index), at));
  }

  #fromSet(name: string): string | undefined {
    this.#asked.add(name);
    this.#used.add(name);
    return this.#set.get(name);
  }

  #undefined(body: string, env: string | undefined, name: string, at: Position): undefined {
    if (env !== undefined) {
      const near = didYouMean(name, Object.keys(this.#env), '');
      const hint = near.startsWith('did') ? near : `set ${name} in the environment, or write \${${body}:-default}`;
      this.#mistakes.add('PB_VARIABLE_UNDEFINED', at, `the environment has no variable ${name}`, hint);
      return undefined;
    }
    const near = didYouMean(name, [...this.#set.keys()], '');
    const hint = near.startsWith('did')
      ? near
      : `give --set ${name}=VALUE, or write \${${body}:-default}, or $\${${body}} to keep the text`;
    this.#mistakes.add('PB_VARIABLE_UNDEFINED', at, `the variable \${${body}} has no value`, hint);
    return undefined;
  }

  #noElement(name: string, value: string, index: number, at: Position): undefined {
    const length = listOf(value)?.length;
    const what = length === undefined ? 'is not a list' : `has ${length} elements`;
    this.#mistakes.add(
      'PB_VARIABLE_UNDEFINED',
      at,
      `the variable ${name} has no element ${index}: its value ${what}`,
      'elements count from 0; write a list as ["a", "b"]',
    );
    return undefined;
  }
}

/** What an unquoted variable becomes: YAML's own scalar types, or a list of scalars; empty stays empty text. */
function typed(value: string, at: Position, mistakes: Mistakes): Tree {
  const list = jsonListOf(value);
  if (list !== undefined) {
    return {
      kind: 'list',
      at,
      items: list.map((item) =>
        typeof item === 'string' ? scalar(item, item, at) : checkedScalar(item, String(item), at, mistakes, true),
      ),
    };
  }
  if (!/^(?:[-+.]?[0-9.]|true$|True$|TRUE$|false$|False$|FALSE$|null$|Null$|NULL$|~$)/.test(value)) return scalar(value, value, at);
  const parsed: unknown = parseDocument(value, { schema: 'core', version: '1.2', logLevel: 'silent' }).toJS();
  if (typeof parsed === 'number' || typeof parsed === 'boolean' || parsed === null) return checkedScalar(parsed, value, at, mistakes, true);
  return scalar(value, value, at);
}

function scalar(value: string, text: string, at: Position): Tree {
  return { kind: 'scalar', at, value, text, substituted: true };
}

function elementOf(value: string, index: number): string | undefined {
  return listOf(value)?.[index];
}

/** Lists are written as JSON, or as Flux has them: brackets, commas, quotes if you like. */
function listOf(value: string): readonly string[] | undefined {
  const json = jsonListOf(value);
  if (json !== undefined) return json.map(String);
  const inner = /^\s*\[(.*)\]\s*$/s.exec(value)?.[1];
  return inner?.split(',').map((item) => item.trim().replace(/^(["'])(.*)\1$/s, '$2'));
}

function jsonListOf(value: string): readonly (string | number | boolean | null)[] | undefined {
  if (!/^\s*\[/.test(value)) return undefined;
  try {
    const list = JSON.parse(value) as unknown;
    return Array.isArray(list) && list.every((item) => item === null || typeof item !== 'object') ? list : undefined;
  } catch {
    // Not JSON, so not a list: it stays the text that it is.
    return undefined;
  }
}
