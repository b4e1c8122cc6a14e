/** Loads the topology file that a command was given. Invariant: what is wrong is printed in full, and the caller only has to exit. */
import { existsSync, readFileSync } from 'node:fs';
import type { Topology } from '../model/topology.js';
import { loadTopologyFile, type TopologyMistake } from '../model/topology-file/load.js';
import { configOf } from './options.js';

export interface TopologyOptions {
  readonly set?: Readonly<Record<string, string>>;
  readonly config?: Readonly<Record<string, string>>;
}

/** @param onRead hears of each file that is read, also of one that turns out not to be there */
export function loadTopology(
  file: string,
  options: TopologyOptions,
  onRead: (path: string) => void = () => {},
): { readonly topology: Topology } | { readonly mistakes: readonly TopologyMistake[] } {
  // Not what a parent process may have left there: a path relative to the caller's directory can be written as "${ENV-PWD}/…".
  const env = { ...process.env, PWD: process.cwd() };
  const readFile = (path: string): string => {
    onRead(path);
    return readFileSync(path, 'utf8');
  };
  return loadTopologyFile(file, { set: options.set ?? {}, env, config: configOf(options.config ?? {}) }, { readFile, exists: existsSync });
}
