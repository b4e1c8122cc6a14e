/**
 * Flux's shell components, `FluxShellSpout` and `FluxShellBolt`, as drafts. Invariant: what would need a JVM is reported with
 * what to write instead, never skipped in silence.
 */
import type { Position, Spot, StreamDraft } from '../draft.js';
import { didYouMean } from '../suggest.js';
import { DEFAULT_STREAM, type Implementation } from '../topology.js';
import type { FluxValues } from './flux-values.js';
import type { Mistakes } from './mistake.js';
import { flagOf, get, itemsOf, mapOf, textMapOf, textOf, textsOf } from './read.js';
import { type MapTree, type Tree, toPlain } from './yaml-tree.js';

const SHELL_CLASSES = {
  spout: 'org.apache.storm.flux.wrappers.spouts.FluxShellSpout',
  bolt: 'org.apache.storm.flux.wrappers.bolts.FluxShellBolt',
} as const;
const METHODS = ['setDefaultStream', 'setNamedStream', 'addComponentConfig', 'changeChildCWD', 'setEnv'] as const;

/** What `className`, `constructorArgs` and `configMethods` say about a component. */
export interface FluxComponent {
  readonly implementation: Spot<Implementation> | undefined;
  readonly outputs: readonly StreamDraft[] | undefined;
  readonly config: readonly (readonly [string, Spot<unknown>])[];
  readonly environment: Readonly<Record<string, string>>;
}

const NOTHING: FluxComponent = { implementation: undefined, outputs: undefined, config: [], environment: {} };

/** Reads a component that has a `className`. */
export function fluxComponentOf(component: MapTree, kind: 'spout' | 'bolt', values: FluxValues, mistakes: Mistakes): FluxComponent {
  const className = textOf(get(component, 'className'));
  if (className === undefined) return NOTHING;
  if (className.value !== SHELL_CLASSES[kind]) return unsupportedClass(className, kind, mistakes);
  let whole = true;
  for (const key of ['properties', 'factory', 'factoryArgs']) {
    const entry = component.entries.get(key);
    if (entry === undefined) continue;
    mistakes.add(
      'PB_FLUX_UNSUPPORTED',
      entry.keyAt,
      `\`${key}\` of a shell component needs a JVM`,
      'use constructorArgs and configMethods',
    );
    whole = false;
  }
  const args = itemsOf(get(component, 'constructorArgs')).map((arg) => values.resolve(arg));
  const command = commandOf(component, args, className.at as Position, mistakes);
  const calls = new Calls(values, mistakes);
  const fields = args.length > 1 ? fieldsOf(args[1], mistakes) : undefined;
  if (args.length > 1) calls.declare({ value: DEFAULT_STREAM, at: args[1]?.at }, fields);
  for (const call of itemsOf(get(component, 'configMethods'))) calls.run(call);
  return {
    implementation: command === undefined || !whole ? undefined : { value: { type: 'shell', command }, at: className.at },
    outputs: calls.streams,
    config: calls.config,
    environment: calls.environment,
  };
}

function unsupportedClass(className: Spot<string>, kind: 'spout' | 'bolt', mistakes: Mistakes): FluxComponent {
  const swapped = Object.values(SHELL_CLASSES).includes(className.value as never);
  const hint =
    swapped || /FluxShell/i.test(className.value)
      ? `a ${kind}'s class is ${SHELL_CLASSES[kind]}`
      : `run it as a program with \`command:\`, or as TypeScript with \`module:\``;
  mistakes.add(
    'PB_FLUX_UNSUPPORTED',
    className.at as Position,
    `the ${kind} class ${className.value} ${swapped ? `is not for a ${kind}` : 'needs a JVM'}`,
    hint,
  );
  return NOTHING;
}

function commandOf(
  component: MapTree,
  args: readonly (Tree | undefined)[],
  at: Position,
  mistakes: Mistakes,
): readonly string[] | undefined {
  const hint = 'constructorArgs of a shell component are [[command, arguments…], [fields…]]';
  if (args.length === 0) {
    if (get(component, 'constructorArgs')?.kind !== 'list' && component.entries.has('constructorArgs')) return undefined;
    mistakes.add('PB_KEY_MISSING', at, 'a shell component needs constructorArgs with its command', hint);
    return undefined;
  }
  if (args[0] === undefined) return undefined;
  const command = textsOf(args[0]);
  if (command === undefined || command.length === 0 || args.length > 2) {
    mistakes.add(
      'PB_COMMAND_INVALID',
      args[0].at,
      command === undefined || command.length === 0 ? 'the command must be a list of texts' : 'a shell component takes two arguments',
      hint,
    );
    return undefined;
  }
  return command.map((part) => part.value);
}

function fieldsOf(tree: Tree | undefined, mistakes: Mistakes): readonly Spot<string>[] | undefined {
  const fields = textsOf(tree);
  if (tree !== undefined && fields === undefined)
    mistakes.add('PB_TOPOLOGY_SHAPE', tree.at, 'the fields of a stream must be a list of texts');
  return fields;
}

/** Plays back `configMethods`. */
class Calls {
  readonly streams: StreamDraft[] = [];
  readonly config: (readonly [string, Spot<unknown>])[] = [];
  environment: Readonly<Record<string, string>> = {};

  constructor(
    readonly values: FluxValues,
    readonly mistakes: Mistakes,
  ) {}

  declare(name: Spot<string>, fields: readonly Spot<string>[] | undefined): void {
    this.streams.push({ name, fields, direct: false });
  }

  run(call: Tree): void {
    const name = textOf(get(mapOf(call), 'name'));
    if (name === undefined) return;
    const args = itemsOf(get(mapOf(call), 'args')).map((arg) => this.values.resolve(arg));
    const at = name.at as Position;
    switch (name.value) {
      case 'setDefaultStream':
        this.#stream({ value: DEFAULT_STREAM, at }, args, 0, at);
        break;
      case 'setNamedStream':
        this.#stream(textOf(args[0]), args, 1, at);
        break;
      case 'addComponentConfig':
        this.#addConfig(textOf(args[0]), args, at);
        break;
      case 'setEnv':
        if (args[0]?.kind === 'map') this.environment = textMapOf(args[0]);
        else this.#wrong(at, 'setEnv takes a mapping', args);
        break;
      case 'changeChildCWD':
        this.#changeDirectory(args, at);
        break;
      default: {
        const hint = didYouMean(name.value, METHODS, 'there are');
        this.mistakes.add('PB_FLUX_UNSUPPORTED', at, `the method ${name.value} of a shell component needs a JVM`, hint);
      }
    }
  }

  #stream(name: Spot<string> | undefined, args: readonly (Tree | undefined)[], index: number, at: Position): void {
    if (name === undefined || args.length !== index + 1) {
      this.#wrong(
        at,
        index === 0 ? 'setDefaultStream takes a list of fields' : 'setNamedStream takes the name of a stream and its fields',
        args,
      );
    } else this.declare(name, fieldsOf(args[index], this.mistakes));
  }

  #addConfig(key: Spot<string> | undefined, args: readonly (Tree | undefined)[], at: Position): void {
    const value = args[1];
    if (key === undefined || args.length !== 2) this.#wrong(at, 'addComponentConfig takes a key and a value', args);
    else if (value !== undefined) this.config.push([key.value, { value: toPlain(value), at: value.at }]);
  }

  /** Components run in the resources directory, as in Storm with `true`, which is the default there too. */
  #changeDirectory(args: readonly (Tree | undefined)[], at: Position): void {
    if (flagOf(args[0]) === undefined) this.#wrong(at, 'changeChildCWD takes true or false', args);
    else if (flagOf(args[0]) === false) {
      this.mistakes.add(
        'PB_FLUX_UNSUPPORTED',
        at,
        "changeChildCWD false means the directory of a JVM's worker",
        'name the directory with `cwd:`',
      );
    }
  }

  /** An argument that is undefined was reported when its reference led nowhere. */
  #wrong(at: Position, message: string, args: readonly (Tree | undefined)[]): void {
    if (args.every((arg) => arg !== undefined)) this.mistakes.add('PB_TOPOLOGY_SHAPE', at, message);
  }
}
