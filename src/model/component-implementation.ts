/**
 * What the builder is given for a component: how it comes to life and what it emits. Invariant: everything that belongs to one
 * way of coming to life is said in its helper, so that a working directory cannot be given to a module.
 */
import type { Bolt, Spout } from './component-api.js';
import type { Compatibility, Implementation } from './topology.js';

/** Fields of the default stream, or streams by name: their fields, or fields and whether emits on it are direct. */
export type Outputs = readonly string[] | Readonly<Record<string, readonly string[] | OutputStream>>;

export interface OutputStream {
  readonly fields: readonly string[];
  /** Emits on the stream name their target task. Default: false. */
  readonly direct?: boolean;
}

export interface OutputOptions {
  /** Default: the component emits nothing. */
  readonly outputs?: Outputs;
}

export interface ShellOptions extends OutputOptions {
  /** Working directory, relative to the resources directory, which is the default. */
  readonly cwd?: string;
  /** Added to the child's environment; `PATH` is appended to, other names replace. */
  readonly environment?: Readonly<Record<string, string>>;
  /** How messages are written. Default: json. */
  readonly serializer?: 'json' | 'msgpack';
  readonly compat?: Compatibility;
}

export interface ModuleOptions extends OutputOptions {
  /** Name of the export. Default: `default`. */
  readonly export?: string;
  /** Arguments of the component, as JSON. */
  readonly args?: readonly unknown[];
}

/** Made by `shell`, `module` and `inline`; goes to `setSpout` and `setBolt`. */
export interface ComponentImplementation {
  readonly implementation: Implementation;
  readonly options: ShellOptions;
}

/**
 * A child process that speaks multilang over stdin and stdout.
 *
 * @param command program and arguments; never a shell line
 */
export function shell(command: readonly string[], options: ShellOptions = {}): ComponentImplementation {
  const { cwd } = options;
  // Copied where it is a list; what is not is for `build` to complain about.
  const argv = Array.isArray(command) ? [...command] : command;
  return { implementation: { type: 'shell', command: argv, ...(cwd === undefined ? {} : { cwd }) }, options };
}

/**
 * A TypeScript or JavaScript module inside the worker.
 *
 * @param path of the module, relative to the resources directory
 */
export function module(path: string, options: ModuleOptions = {}): ComponentImplementation {
  const { export: exportName, args, outputs } = options;
  const rest = { ...(exportName === undefined ? {} : { exportName }), ...(args === undefined ? {} : { args }) };
  return { implementation: { type: 'module', path, ...rest }, options: outputs === undefined ? {} : { outputs } };
}

/**
 * A component made by a function of this process: local mode only.
 *
 * @param create called once for each task
 */
export function inline(create: () => Spout | Bolt, options: OutputOptions = {}): ComponentImplementation {
  return { implementation: { type: 'inline', create }, options };
}
