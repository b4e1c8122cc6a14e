/** Loads the topology file that a command was given. Invariant: what is wrong is printed in full, and the caller only has to exit. */
import { existsSync, readFileSync } from 'node:fs';
import type { Topology } from '../model/topology.js';
import { loadTopologyFile, type TopologyMistake } from '../model/topology-file/load.js';
import { configOf } from './options.js';

export interface TopologyOptions {
  readonly set?: Readonly<Record<string, string>>;
  readonly config?: Readonly<Record<string, string>>;
}

export function loadTopology(
  file: string,
  options: TopologyOptions,
): { readonly topology: Topology } | { readonly mistakes: readonly TopologyMistake[] } {
  // Not what a parent process may have left there: a path relative to the caller's directory can be written as "${ENV-PWD}/…".
  const env = { ...process.env, PWD: process.cwd() };
  return loadTopologyFile(
    file,
    { set: options.set ?? {}, env, config: configOf(options.config ?? {}) },
    { readFile: (path) => readFileSync(path, 'utf8'), exists: existsSync },
  );
}
