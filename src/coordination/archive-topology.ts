/**
 * A topology as the text of `topology.json`. Invariant: the text is itself a topology file, in its own keys and without variables, so that what comes back
 * has passed the same checks as any file; what would not come back the same is refused before it leaves.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { assertNever, PolyboltError } from '../model/errors.js';
import {
  type Compatibility,
  type Component,
  DEFAULT_STREAM,
  type Grouping,
  type Implementation,
  type Topology,
} from '../model/topology.js';
import { formatMistake, type LoadPorts, loadTopologyFile } from '../model/topology-file/load.js';

export const TOPOLOGY_FILE = 'topology.json';
export const RESOURCES_DIRECTORY = 'resources';

const NO_VARIABLES = { set: {}, env: {} };
/** Where a topology that is only being written down seems to lie. */
const NOWHERE = '/packed-topology';

/**
 * The text of `topology.json`: the same topology makes the same text. Throws PB_TOPOLOGY_INLINE, and PB_TOPOLOGY_INVALID for what a file cannot
 * say, such as a bad name or an integer that JSON cannot keep, and for modules that are not packed.
 *
 * @param isPacked whether a path of the archive is packed
 */
export function topologyText(topology: Topology, isPacked: (path: string) => boolean): string {
  const text = textOf(topology);
  const exists = (path: string): boolean => isPacked(relative(NOWHERE, path));
  const back = parseTopologyText(text, join(NOWHERE, TOPOLOGY_FILE), exists);
  if (textOf(back) === text) return text;
  throw new PolyboltError('PB_TOPOLOGY_INVALID', {
    message: `the topology ${topology.name} cannot be written down: it reads back as another one`,
    hint: 'look for text with unusual characters in its configuration and arguments',
    context: { topology: topology.name },
  });
}

/** The topology of an unpacked directory. Throws PB_TOPOLOGY_INVALID with all mistakes, PB_ARCHIVE_INVALID without the file. */
export function readTopologyDirectory(directory: string): Topology {
  const file = join(directory, TOPOLOGY_FILE);
  if (existsSync(file)) return parseTopologyText(readFileSync(file, 'utf8'), file, existsSync);
  throw new PolyboltError('PB_ARCHIVE_INVALID', {
    message: `there is no ${TOPOLOGY_FILE} in the packed topology`,
    hint: 'pack it with polybolt submit',
  });
}

function parseTopologyText(text: string, file: string, exists: LoadPorts['exists']): Topology {
  const readFile = (path: string): string => {
    if (path === file) return text;
    throw new Error('a packed topology includes no other files');
  };
  const result = loadTopologyFile(file, NO_VARIABLES, { readFile, exists });
  const top = dirname(file);
  const elsewhere = {
    code: 'PB_RESOURCES_MISSING' as const,
    message: 'the resources of a packed topology lie beside it',
    hint: 'resources: resources',
  };
  if ('topology' in result && result.topology.resources === join(top, RESOURCES_DIRECTORY)) return result.topology;
  const found = 'topology' in result ? [{ ...elsewhere, line: 1, column: 1 }] : result.mistakes;
  // Where the code was unpacked to is nobody's business but this machine's.
  const here = (text: string): string => text.replaceAll(join(top, '/'), '');
  const mistakes = found.map((mistake) => ({
    ...mistake,
    file: TOPOLOGY_FILE,
    message: here(mistake.message),
    hint: here(mistake.hint),
  }));
  const count = `${mistakes.length} ${mistakes.length === 1 ? 'mistake' : 'mistakes'}`;
  throw new PolyboltError('PB_TOPOLOGY_INVALID', {
    message: `the topology has ${count}:\n  ${mistakes.map(formatMistake).join('\n  ')}`,
    hint: 'polybolt check FILE finds them without a cluster',
    context: { mistakes },
  });
}

function textOf(topology: Topology): string {
  const components = Object.values(topology.components);
  const of = (kind: Component['kind']): readonly object[] => components.filter((each) => each.kind === kind).map(componentForm);
  const { name, config, components: _components, resources: _resources, ...rest } = topology;
  const form = { name, config, resources: RESOURCES_DIRECTORY, ...rest, spouts: of('spout'), bolts: of('bolt') };
  return `${JSON.stringify(form, (_key, value: unknown) => (typeof value === 'string' ? withoutVariables(value) : value), 1)}\n`;
}

/** `${name}` in a text that is final would be looked up again. */
function withoutVariables(text: string): string {
  return text.replace(/\$\{[^{}]*\}/g, (reference) => `$${reference}`);
}

function componentForm(component: Component): object {
  const { id, implementation, parallelism, tasks, outputs, config, environment, serializer, compat } = component;
  const streams = Object.entries(outputs).map(([stream, { fields, direct }]) => [stream, direct ? { fields, direct } : fields]);
  return {
    id,
    ...implementationForm(id, implementation),
    ...(implementation.type === 'shell' ? { environment, serializer, compat: compatForm(compat) } : {}),
    parallelism,
    tasks,
    outputs: Object.fromEntries(streams) as object,
    ...(component.kind === 'bolt'
      ? { inputs: component.inputs.map(({ from, stream, grouping }) => inputForm(from, stream, grouping)) }
      : {}),
    config,
  };
}

function implementationForm(id: string, implementation: Implementation): object {
  switch (implementation.type) {
    case 'shell': {
      const { command, cwd } = implementation;
      return { command, ...(cwd === undefined ? {} : { cwd }) };
    }
    case 'module': {
      const { path, exportName, args } = implementation;
      return { module: path, ...(exportName === undefined ? {} : { export: exportName }), ...(args === undefined ? {} : { args }) };
    }
    case 'inline':
      throw new PolyboltError('PB_TOPOLOGY_INLINE', {
        message: `the component ${id} is inline: it is an object of this process and cannot be sent to another`,
        hint: 'write it into a module and name it with module(), or make it a program of its own with shell()',
        context: { component: id },
      });
    default:
      return assertNever(implementation);
  }
}

function compatForm({ skipActivate, implicitSyncMs }: Compatibility): object {
  return {
    ...(skipActivate === undefined ? {} : { skip_activate: skipActivate }),
    ...(implicitSyncMs === undefined ? {} : { implicit_sync_ms: implicitSyncMs }),
  };
}

function inputForm(from: string, stream: string, grouping: Grouping): object {
  return { from, ...(stream === DEFAULT_STREAM ? {} : { stream }), grouping: groupingForm(grouping) };
}

function groupingForm(grouping: Grouping): string | object {
  switch (grouping.type) {
    case 'fields':
    case 'partial-key':
      return { type: grouping.type, fields: grouping.fields };
    case 'custom': {
      const { type, path, exportName, args } = grouping;
      return { type, module: path, ...(exportName === undefined ? {} : { export: exportName }), ...(args === undefined ? {} : { args }) };
    }
    default:
      return grouping.type;
  }
}
