/**
 * Storm's TopologyBuilder in TypeScript: spouts and bolts are set one by one, and bolts say what they listen to. Invariant:
 * nothing is judged before `build`, which tells all mistakes at once and goes through the same gate as a topology file.
 */
import { resolve } from 'node:path';
import { BoltDeclarer, ComponentDeclarer } from './component-declarer.js';
import type { ComponentImplementation } from './component-implementation.js';
import type { ValidationPorts } from './draft.js';
import { PolyboltError } from './errors.js';
import type { Config, Topology } from './topology.js';
import { validateTopology } from './validate.js';

export interface BuildOptions {
  /** Directory that is shipped to workers, that children run in and that modules are found in. Default: the current directory. */
  readonly resources?: string;
  /** Asks whether a file or directory exists; without it, nothing is looked for. */
  readonly exists?: ValidationPorts['exists'];
}

/**
 * Builds a topology in code.
 *
 * ```ts
 * const builder = new TopologyBuilder('word-count').config({ 'topology.message.timeout.secs': 30 });
 * builder.setSpout('sentences', shell(['python3', 'sentences.py'], { outputs: ['sentence'] }));
 * builder.setBolt('split', shell(['ruby', 'split.rb'], { outputs: ['word'] }), 2).shuffleGrouping('sentences');
 * builder.setBolt('count', inline(() => new Count(), { outputs: ['word', 'count'] }), 2).fieldsGrouping('split', ['word']);
 * const topology = builder.build({ resources: import.meta.dirname });
 * ```
 */
export class TopologyBuilder {
  readonly #name: string;
  readonly #config = new Map<string, unknown>();
  readonly #components: ComponentDeclarer[] = [];
  #prepare: readonly string[] | undefined;

  /** @param name the topology's name; no `/ . : \`, and no `__` at its beginning */
  constructor(name: string) {
    this.#name = name;
  }

  /** Adds configuration of the topology; a later value of a key wins. */
  config(config: Config): this {
    for (const [key, value] of Object.entries(config)) this.#config.set(key, value);
    return this;
  }

  /** What makes what the components need, run in the resources directory before any of them: program and arguments. */
  prepare(command: readonly string[]): this {
    this.#prepare = command;
    return this;
  }

  /**
   * Adds a spout.
   *
   * @param id its name, unique in the topology
   * @param implementation made by `shell`, `module` or `inline`
   * @param parallelism executors, at least 1
   */
  setSpout(id: string, implementation: ComponentImplementation, parallelism = 1): ComponentDeclarer {
    const declarer = new ComponentDeclarer('spout', id, implementation, parallelism);
    this.#components.push(declarer);
    return declarer;
  }

  /**
   * Adds a bolt; the groupings of what comes back say what it listens to.
   *
   * @param id its name, unique in the topology
   * @param implementation made by `shell`, `module` or `inline`
   * @param parallelism executors, at least 1
   */
  setBolt(id: string, implementation: ComponentImplementation, parallelism = 1): BoltDeclarer {
    const declarer = new BoltDeclarer('bolt', id, implementation, parallelism);
    this.#components.push(declarer);
    return declarer;
  }

  /**
   * Checks everything and makes the topology.
   *
   * @returns a frozen topology that owes nothing to this builder any more
   * @throws PolyboltError with the code of the first mistake; its message lists all of them, and so does `context.mistakes`
   */
  build(options: BuildOptions = {}): Topology {
    const draft = {
      name: { value: this.#name },
      config: new Map([...this.#config].map(([key, value]) => [key, { value }])),
      resources: { value: resolve(options.resources ?? '.') },
      ...(this.#prepare === undefined ? {} : { prepare: { value: this.#prepare } }),
      components: this.#components.map((component) => component.draft()),
    };
    const result = validateTopology(draft, { exists: options.exists ?? ((): boolean => true) });
    if ('topology' in result) return result.topology;
    const lines = result.mistakes.map(({ code, message, hint }) => `${code} ${message}${hint === '' ? '' : ` (${hint})`}`);
    const count = `${lines.length} ${lines.length === 1 ? 'mistake' : 'mistakes'}`;
    throw new PolyboltError(result.mistakes[0]?.code ?? 'PB_TOPOLOGY_EMPTY', {
      message: `the topology \`${this.#name}\` has ${count}:\n  ${lines.join('\n  ')}`,
      hint: 'correct them where the topology is built',
      context: { mistakes: result.mistakes.map(({ code, message, hint }) => ({ code, message, hint })) },
    });
  }
}
