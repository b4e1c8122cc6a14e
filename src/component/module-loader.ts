/**
 * Loads the TypeScript and JavaScript modules of a topology. Invariant: a module is imported from where it lies, so its relative imports and
 * `node_modules` are its own; on a Node that cannot strip types itself, swc's stripper does, from the first `.ts` module on.
 */
import { existsSync } from 'node:fs';
import { createRequire, register } from 'node:module';
import { resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PolyboltError } from '../model/errors.js';

const REVISION = 'polybolt-revision';

let canLoadTypeScript = 'typescript' in process.features && Boolean(process.features.typescript);
let hasHooks = false;
/** How often modules have been forgotten. */
let revision = 0;

/**
 * Has every module loaded from now on read from disk again, with what it imports by a relative path; what was made of the old ones stays as it is. Node keeps
 * old modules for ever, so this is for `polybolt dev`.
 */
export function forgetModules(directory: string): void {
  revision++;
  const { cache } = createRequire(import.meta.url);
  for (const file of Object.keys(cache)) {
    if (file.startsWith(directory + sep) && !file.includes(`${sep}node_modules${sep}`)) delete cache[file];
  }
}

function addHooks(): void {
  if (!hasHooks) register(new URL('./type-stripping.js', import.meta.url));
  hasHooks = true;
}

/**
 * Imports a module and returns a factory for what it exports: a class is constructed with `args`, a function is called with them, anything else is taken as it is.
 * Throws PB_MODULE_MISSING and PB_MODULE_INVALID.
 * @param path relative to `directory`
 * @param isValid whether an instance is what is wanted here; `wanted` says it in words
 */
export async function loadModule<T>(
  directory: string,
  path: string,
  exportName: string | undefined,
  args: readonly unknown[],
  wanted: string,
  isValid: (instance: unknown) => boolean,
): Promise<() => T> {
  const file = resolve(directory, path);
  if (!existsSync(file)) {
    throw new PolyboltError('PB_MODULE_MISSING', {
      message: `the module ${path} does not exist in ${directory}`,
      hint: 'mend module: or resources: in the topology file',
    });
  }
  if (revision > 0 || (/\.[cm]?ts$/.test(file) && !canLoadTypeScript)) {
    addHooks();
    canLoadTypeScript = true;
  }
  let exported: Record<string, unknown>;
  try {
    const url = pathToFileURL(file);
    if (revision > 0) url.searchParams.set(REVISION, String(revision));
    exported = (await import(url.href)) as Record<string, unknown>;
  } catch (error) {
    throw new PolyboltError('PB_MODULE_INVALID', {
      message: `the module ${path} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`,
      hint: 'import it by hand with node to see the whole trace',
      context: { file, trace: error instanceof Error ? (error.stack ?? '') : '' },
      cause: error,
    });
  }
  const name = exportName ?? pickExport(exported);
  const value = name === undefined ? undefined : exported[name];
  const create = factoryOf(value, args);
  if (create === undefined || !isValid(tryOut(create, path))) {
    throw new PolyboltError('PB_MODULE_INVALID', {
      message: `the module ${path} exports no ${wanted}${exportName === undefined ? '' : ` as "${exportName}"`}; it exports ${Object.keys(exported).join(', ') || 'nothing'}`,
      hint: `export default a class with the methods of a ${wanted}, or name the export with export:`,
      context: { file },
    });
  }
  return create as () => T;
}

function tryOut(create: () => unknown, path: string): unknown {
  try {
    return create();
  } catch (error) {
    throw new PolyboltError('PB_MODULE_INVALID', {
      message: `the module ${path} throws when its component is made: ${error instanceof Error ? error.message : String(error)}`,
      hint: 'a constructor only takes its arguments; open files and connections in open or prepare',
      context: { trace: error instanceof Error ? (error.stack ?? '') : '' },
      cause: error,
    });
  }
}

/** The default export, or the only one. */
function pickExport(exported: Record<string, unknown>): string | undefined {
  if ('default' in exported) return 'default';
  const names = Object.keys(exported);
  return names.length === 1 ? names[0] : undefined;
}

function factoryOf(value: unknown, args: readonly unknown[]): (() => unknown) | undefined {
  if (typeof value === 'function') {
    const isClass = /^class\b/.test(Function.prototype.toString.call(value));
    return isClass
      ? () => new (value as new (...a: readonly unknown[]) => unknown)(...args)
      : () => (value as (...a: readonly unknown[]) => unknown)(...args);
  }
  return typeof value === 'object' && value !== null ? () => value : undefined;
}
