/**
 * Spouts and bolts of a file as drafts, whether they are written with `command:`, `module:` or Flux's `className:`.
 * Invariant: exactly one of the three says how the component comes to life, and keys of one never ride along with another.
 */
import type { ComponentDraft, Position, Spot, StreamDraft } from '../draft.js';
import { type Compatibility, DEFAULT_STREAM, type Implementation } from '../topology.js';
import { type FluxComponent, fluxComponentOf } from './flux-component.js';
import type { FluxValues } from './flux-values.js';
import { inputOf } from './grouping.js';
import type { Mistakes } from './mistake.js';
import { configOf, flagOf, get, itemsOf, mapOf, numberOf, plainListOf, textMapOf, textOf, textsOf, withConfig } from './read.js';
import type { MapTree, Tree } from './yaml-tree.js';

const CHILD_KEYS = ['cwd', 'environment', 'serializer', 'compat'];
const MODULE_KEYS = ['export', 'args'];
const FLUX_KEYS = ['constructorArgs', 'configMethods', 'properties', 'factory', 'factoryArgs'];
/** Flux's resource hints and the keys of Storm's configuration that they stand for. */
const LOADS = {
  cpuLoad: 'topology.component.cpu.pcore.percent',
  onHeapMemoryLoad: 'topology.component.resources.onheap.memory.mb',
  offHeapMemoryLoad: 'topology.component.resources.offheap.memory.mb',
} as const;

/** The draft of one item of `spouts:` or `bolts:`; undefined when it has no id to speak of it by. */
export function componentOf(item: Tree, kind: 'spout' | 'bolt', values: FluxValues, mistakes: Mistakes): ComponentDraft | undefined {
  const component = mapOf(item);
  const id = textOf(get(component, 'id'));
  if (component === undefined || id === undefined) return undefined;
  const way = wayOf(component, id, mistakes);
  const flux = way === 'className' ? fluxComponentOf(component, kind, values, mistakes) : undefined;
  const outputs = get(component, 'outputs');
  const tasks = component.entries.get('numTasks');
  if (tasks !== undefined && component.entries.has('tasks')) conflict(mistakes, tasks.keyAt, '`numTasks` and `tasks` say the same');
  return {
    kind,
    id,
    implementation: flux === undefined ? implementationOf(component, way) : fluxImplementation(flux, component),
    ...spots({ parallelism: numberOf(get(component, 'parallelism')), tasks: numberOf(get(component, 'tasks') ?? tasks?.value) }),
    // A key that is there and wrong leaves the outputs unknown; without one a component has none.
    outputs: flux === undefined ? streamsOf(outputs) : flux.outputs,
    inputs: inputsOf(component, mistakes),
    config: withConfig(new Map(flux?.config ?? []), [...loadsOf(component), ...configOf(get(component, 'config'))]),
    environment: { ...flux?.environment, ...textMapOf(get(component, 'environment')) },
    serializer: textOf(get(component, 'serializer'))?.value === 'msgpack' ? 'msgpack' : 'json',
    compat: compatOf(mapOf(get(component, 'compat'))),
  };
}

type Way = 'command' | 'module' | 'className';

/** Which key says how the component comes to life; complains about none, about two, and about keys of the others. */
function wayOf(component: MapTree, id: Spot<string>, mistakes: Mistakes): Way | undefined {
  const ways = (['command', 'module', 'className'] as const).filter((key) => component.entries.has(key));
  const [way, second] = ways;
  const what = `the component \`${id.value}\``;
  if (way === undefined) {
    mistakes.add(
      'PB_KEY_MISSING',
      component.at,
      `${what} needs the key \`command\` or \`module\``,
      'command: [program, arguments…], or module: ./file.ts',
    );
    return undefined;
  }
  if (second !== undefined) {
    const entry = component.entries.get(second);
    conflict(mistakes, entry?.keyAt ?? component.at, `${what} has both \`${way}\` and \`${second}\``);
    return way;
  }
  const foreign = {
    command: [...MODULE_KEYS, ...FLUX_KEYS],
    module: [...CHILD_KEYS, ...FLUX_KEYS],
    className: [...MODULE_KEYS, 'outputs'],
  }[way];
  for (const key of foreign) {
    const entry = component.entries.get(key);
    if (entry !== undefined) conflict(mistakes, entry.keyAt, `\`${key}\` means nothing beside \`${way}\` in ${what}`);
  }
  return way;
}

function conflict(mistakes: Mistakes, at: Position, message: string): void {
  mistakes.add('PB_KEY_CONFLICT', at, message, 'keep one of them');
}

function implementationOf(component: MapTree, way: Way | undefined): Spot<Implementation> | undefined {
  if (way === 'command') {
    const command = textsOf(get(component, 'command'));
    if (command === undefined) return undefined;
    const at = get(component, 'command')?.at;
    return { value: { type: 'shell', command: command.map((part) => part.value), ...cwdOf(component) }, at };
  }
  const path = textOf(get(component, 'module'));
  if (way !== 'module' || path === undefined) return undefined;
  const exportName = textOf(get(component, 'export'))?.value;
  const args = plainListOf(get(component, 'args'));
  const rest = { ...(exportName === undefined ? {} : { exportName }), ...(args === undefined ? {} : { args }) };
  return { value: { type: 'module', path: path.value, ...rest }, at: path.at };
}

function fluxImplementation({ implementation }: FluxComponent, component: MapTree): Spot<Implementation> | undefined {
  return implementation === undefined ? undefined : { value: { ...implementation.value, ...cwdOf(component) }, at: implementation.at };
}

function cwdOf(component: MapTree): { readonly cwd?: string } {
  const cwd = textOf(get(component, 'cwd'))?.value;
  return cwd === undefined ? {} : { cwd };
}

function streamsOf(outputs: Tree | undefined): readonly StreamDraft[] | undefined {
  if (outputs === undefined) return [];
  if (outputs.kind === 'scalar') return undefined;
  if (outputs.kind === 'list') return [{ name: { value: DEFAULT_STREAM, at: outputs.at }, fields: textsOf(outputs), direct: false }];
  return [...outputs.entries].map(([name, { keyAt, value }]) => {
    const fields = value.kind === 'map' ? get(value, 'fields') : value;
    return { name: { value: name, at: keyAt }, fields: textsOf(fields), direct: flagOf(get(mapOf(value), 'direct')) ?? false };
  });
}

function inputsOf(component: MapTree, mistakes: Mistakes): ComponentDraft['inputs'] {
  const inputs = get(component, 'inputs');
  if (inputs !== undefined && inputs.kind !== 'list') return undefined;
  const drafts = itemsOf(inputs).map((item) => inputOf(item, mistakes));
  return drafts.every((draft) => draft !== undefined) ? drafts : undefined;
}

function loadsOf(component: MapTree): readonly (readonly [string, Spot<unknown>])[] {
  return Object.entries(LOADS).flatMap(([key, configKey]) => {
    const load = numberOf(get(component, key));
    return load === undefined ? [] : [[configKey, load] as const];
  });
}

function compatOf(compat: MapTree | undefined): Compatibility {
  const skipActivate = flagOf(get(compat, 'skip_activate'));
  const implicitSyncMs = numberOf(get(compat, 'implicit_sync_ms'))?.value;
  return { ...(skipActivate === undefined ? {} : { skipActivate }), ...(implicitSyncMs === undefined ? {} : { implicitSyncMs }) };
}

function spots<T extends Record<string, Spot<number> | undefined>>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}
