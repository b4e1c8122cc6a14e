/**
 * Which components of a topology a file belongs to. Invariant: a file that nobody names belongs rather to too many than to too few, since a component that runs on with old
 * code is worse than one that restarts for nothing.
 */
import { basename, extname, resolve, sep } from 'node:path';
import type { Component, Topology } from '../model/topology.js';
import { type FilePort, reachedFrom } from './imports.js';

type Family = 'js' | 'py' | 'rb' | 'go' | 'sh' | 'pl' | 'php' | 'lua';

const FAMILY_OF_EXTENSION: Readonly<Record<string, Family>> = {
  '.js': 'js',
  '.mjs': 'js',
  '.cjs': 'js',
  '.ts': 'js',
  '.mts': 'js',
  '.cts': 'js',
  '.jsx': 'js',
  '.tsx': 'js',
  '.py': 'py',
  '.pyi': 'py',
  '.rb': 'rb',
  '.go': 'go',
  '.sh': 'sh',
  '.bash': 'sh',
  '.pl': 'pl',
  '.pm': 'pl',
  '.php': 'php',
  '.lua': 'lua',
};

const FAMILY_OF_PROGRAM: readonly (readonly [program: RegExp, family: Family])[] = [
  [/^(?:python|pypy)[\d.]*$/, 'py'],
  [/^(?:node|tsx|bun|deno)$/, 'js'],
  [/^(?:ruby|bundle)[\d.]*$/, 'rb'],
  [/^go$/, 'go'],
  [/^(?:ba|da|z|k)?sh$/, 'sh'],
  [/^perl$/, 'pl'],
  [/^php$/, 'php'],
  [/^lua(?:jit)?[\d.]*$/, 'lua'],
];

/**
 * The ids of the components that a changed file concerns: those that name it in their command, as their module, or reach it from there by relative imports; else those
 * that name a directory it lies in; else those that run files of its kind; else all.
 * @param file absolute path, below or beside the resources of the topology
 */
export function ownersOf(file: string, topology: Topology, files: FilePort): readonly string[] {
  const components = Object.values(topology.components);
  const named = new Map(components.map((component) => [component, namedBy(component, topology.resources)]));
  const ids = (owns: (component: Component, paths: readonly string[]) => boolean): readonly string[] =>
    components.filter((component) => owns(component, named.get(component) ?? [])).map(({ id }) => id);
  const attempts = [
    () => ids((_, paths) => reachedFrom(paths, files).has(file)),
    () => ids((_, paths) => paths.some((path) => path !== topology.resources && file.startsWith(path + sep))),
    () => ids((component) => familiesOf(component).has(FAMILY_OF_EXTENSION[extname(file)])),
  ];
  for (const attempt of attempts) {
    const owners = attempt();
    if (owners.length > 0) return owners;
  }
  return components.map(({ id }) => id);
}

/** Paths that a component's command or module names, whether anything is there or not. */
function namedBy({ implementation }: Component, resources: string): string[] {
  if (implementation.type === 'inline') return [];
  if (implementation.type === 'module') return [resolve(resources, implementation.path)];
  const { command, cwd } = implementation;
  const directory = cwd === undefined ? resources : resolve(resources, cwd);
  return command.flatMap((argument, index) => {
    if (command[index - 1] === '-m') {
      const path = resolve(directory, ...argument.split('.'));
      return [`${path}.py`, path];
    }
    const value = argument.startsWith('-') ? argument.slice(argument.indexOf('=') + 1) : argument;
    return value === '' || value.startsWith('-') ? [] : [resolve(directory, value)];
  });
}

function familiesOf({ implementation }: Component): ReadonlySet<Family | undefined> {
  const families = new Set<Family | undefined>();
  if (implementation.type === 'module') families.add('js');
  if (implementation.type === 'shell') {
    const program = basename(implementation.command[0] ?? '');
    families.add(FAMILY_OF_PROGRAM.find(([pattern]) => pattern.test(program))?.[1]);
    for (const argument of implementation.command) families.add(FAMILY_OF_EXTENSION[extname(argument)]);
  }
  families.delete(undefined);
  return families;
}
