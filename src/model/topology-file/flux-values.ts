/**
 * Flux's beans, as far as they hold plain values: `ref` and `reflist` in the arguments of a shell component are replaced by
 * the text, number, list or map that the bean stands for. Invariant: a bean that needs a JVM is reported where it is defined,
 * and only when a shell component refers to it.
 */
import type { Position } from '../draft.js';
import { didYouMean } from '../suggest.js';
import type { Mistakes } from './mistake.js';
import { get, itemsOf, mapOf, textOf } from './read.js';
import type { Entry, MapTree, Tree } from './yaml-tree.js';

const BOXES = /^java\.lang\.(?:String|Integer|Long|Short|Byte|Double|Float|Boolean)$/;
const LISTS = /^java\.util\.(?:ArrayList|LinkedList|Vector)$/;
const MAPS = /^java\.util\.(?:HashMap|LinkedHashMap|TreeMap|Properties)$/;
/** Beans that refer to beans that refer to beans. */
const REFERENCE_DEPTH_MAX = 32;

export class FluxValues {
  readonly #beans = new Map<string, MapTree>();
  readonly #mistakes: Mistakes;

  constructor(components: Tree | undefined, mistakes: Mistakes) {
    this.#mistakes = mistakes;
    for (const item of itemsOf(components)) {
      const bean = mapOf(item);
      const id = textOf(get(bean, 'id'));
      if (bean === undefined || id === undefined) continue;
      if (this.#beans.has(id.value)) mistakes.add('PB_ID_DUPLICATE', id.at as Position, `two beans are called \`${id.value}\``);
      else this.#beans.set(id.value, bean);
    }
  }

  /** An argument with its references replaced; undefined when one of them leads nowhere, with the mistake on record. */
  resolve(argument: Tree, depth = 0): Tree | undefined {
    const ref = onlyKey(argument, 'ref');
    if (ref !== undefined) return this.#bean(ref, depth);
    const reflist = onlyKey(argument, 'reflist');
    if (reflist !== undefined)
      return this.#all(
        itemsOf(reflist).map((id) => this.#bean(id, depth)),
        argument.at,
      );
    if (argument.kind === 'list')
      return this.#all(
        argument.items.map((item) => this.resolve(item, depth)),
        argument.at,
      );
    return argument;
  }

  #all(items: readonly (Tree | undefined)[], at: Position): Tree | undefined {
    return items.every((item) => item !== undefined) ? { kind: 'list', at, items } : undefined;
  }

  #bean(reference: Tree, depth: number): Tree | undefined {
    const id = textOf(reference);
    if (id === undefined) return this.#dangling(reference.at, 'a reference must name a bean', '');
    const bean = this.#beans.get(id.value);
    if (bean === undefined) {
      const hint = didYouMean(id.value, this.#beans.keys(), 'there are') || 'beans are defined under `components:`';
      return this.#dangling(reference.at, `no bean is called \`${id.value}\``, hint);
    }
    if (depth >= REFERENCE_DEPTH_MAX) return this.#dangling(reference.at, `the bean \`${id.value}\` refers to itself`, '');
    return this.#valueOf(id.value, bean, depth + 1);
  }

  #dangling(at: Position, message: string, hint: string): undefined {
    this.#mistakes.add('PB_FLUX_REFERENCE', at, message, hint);
    return undefined;
  }

  #valueOf(id: string, bean: MapTree, depth: number): Tree | undefined {
    const className = textOf(get(bean, 'className'))?.value ?? '';
    const simple = !bean.entries.has('properties') && !bean.entries.has('factory');
    const args = itemsOf(get(bean, 'constructorArgs'));
    const first = args[0] === undefined ? undefined : this.resolve(args[0], depth);
    if (args[0] !== undefined && first === undefined) return undefined;
    if (simple && BOXES.test(className) && first !== undefined) return first;
    if (simple && LISTS.test(className)) return this.#list(bean, first, depth);
    if (simple && MAPS.test(className)) return this.#map(bean, first, depth);
    const at = get(bean, 'className')?.at ?? bean.at;
    const hint = 'only texts, numbers, lists and maps of java.lang and java.util can be referred to; write the value where it is used';
    this.#mistakes.add('PB_FLUX_UNSUPPORTED', at, `the bean \`${id}\` of class ${className} needs a JVM`, hint);
    return undefined;
  }

  #list(bean: MapTree, first: Tree | undefined, depth: number): Tree | undefined {
    const added = this.#calls(bean, 'add', depth).map((args) => args?.[0]);
    return this.#all([...itemsOf(first), ...added], bean.at);
  }

  #map(bean: MapTree, first: Tree | undefined, depth: number): Tree {
    const entries = new Map<string, Entry>(first?.kind === 'map' ? first.entries : []);
    for (const args of this.#calls(bean, 'put', depth)) {
      const key = textOf(args?.[0]);
      const value = args?.[1];
      if (key !== undefined && value !== undefined) entries.set(key.value, { keyAt: key.at as Position, value });
    }
    return { kind: 'map', at: bean.at, entries };
  }

  #calls(bean: MapTree, method: string, depth: number): readonly (readonly Tree[] | undefined)[] {
    return itemsOf(get(bean, 'configMethods')).map((call) => {
      if (textOf(get(mapOf(call), 'name'))?.value !== method) return undefined;
      return itemsOf(get(mapOf(call), 'args')).flatMap((arg) => this.resolve(arg, depth) ?? []);
    });
  }
}

/** The value of a mapping's only key, if it is this one. */
function onlyKey(tree: Tree, key: string): Tree | undefined {
  return tree.kind === 'map' && tree.entries.size === 1 ? tree.entries.get(key)?.value : undefined;
}
