/**
 * From a topology file to a topology, or to everything that is wrong with it at once. Invariant: whatever the file holds, the
 * answer is one of the two; nothing is thrown for what an author did.
 */
import type { Position, Spot, TopologyDraft } from '../draft.js';
import type { ErrorCode } from '../error-codes.js';
import type { Config, Topology } from '../topology.js';
import { validateTopology } from '../validate.js';
import { draftOfFile } from './draft-of-file.js';
import { FileSet } from './includes.js';
import { Mistakes, type TopologyMistake } from './mistake.js';
import { Variables } from './variables.js';

export { formatMistake, type TopologyMistake } from './mistake.js';

export interface LoadOptions {
  /** Values of the file's variables, from --set. */
  readonly set: Readonly<Record<string, string>>;
  /** The environment that `${ENV-NAME}` reads. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Configuration that wins over the file's, from --config. */
  readonly config?: Config;
}

export interface LoadPorts {
  /** The text of a file; throws when it cannot be read. */
  readonly readFile: (path: string) => string;
  /** Whether a file or directory exists. */
  readonly exists: (path: string) => boolean;
}

export type LoadResult = { readonly topology: Topology } | { readonly mistakes: readonly TopologyMistake[] };

/** What a part that could not be read makes look wrong, and may be right. */
const FOLLOWS_FROM_UNREAD: ReadonlySet<ErrorCode> = new Set(['PB_COMPONENT_UNKNOWN', 'PB_TOPOLOGY_EMPTY', 'PB_BOLT_UNREACHABLE']);

/**
 * Loads a topology file.
 *
 * @param path the file; mistakes name it as it is given here
 * @returns the topology, or all mistakes in the order of the files and their lines
 */
export function loadTopologyFile(path: string, options: LoadOptions, ports: LoadPorts): LoadResult {
  const mistakes = new Mistakes();
  const variables = new Variables(options, mistakes);
  const files = new FileSet(ports, variables.substitute, mistakes);
  const tree = files.load(path);
  // A file that could not be read may use any variable and hold any component.
  if (files.complete) variables.reportUnused({ file: path, line: 1, column: 1 });
  if (tree === undefined) return { mistakes: mistakes.sorted(path) };
  const draft = withOverrides(draftOfFile(tree, path, mistakes), options.config ?? {}, path);
  const result = validateTopology(draft, ports);
  if ('mistakes' in result) mistakes.addAll(result.mistakes.filter(({ code }) => files.complete || !FOLLOWS_FROM_UNREAD.has(code)));
  if (mistakes.count > 0 || 'mistakes' in result) return { mistakes: mistakes.sorted(path) };
  return result;
}

/** Values from the command line stand at the start of the file, since they stand nowhere in it. */
function withOverrides(draft: TopologyDraft, config: Config, path: string): TopologyDraft {
  const at: Position = { file: path, line: 1, column: 1 };
  const overrides = Object.entries(config).map(([key, value]): [string, Spot<unknown>] => [key, { value, at }]);
  return { ...draft, config: new Map([...draft.config, ...overrides]) };
}
