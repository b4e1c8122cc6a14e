/** `polybolt submit FILE`: packs a topology and hands it to a cluster. Invariant: what is wrong with the file is said here, all of it, before anything is sent. */
import { formatMistake } from '../../model/topology-file/load.js';
import { print, printJson, withCluster } from '../cluster.js';
import { EXIT } from '../exit-codes.js';
import { loadTopology, type TopologyOptions } from '../load-topology.js';
import type { ClusterOptions } from '../project-file.js';

export interface SubmitCommandOptions extends ClusterOptions, TopologyOptions {
  readonly name?: string;
  readonly inactive?: boolean;
  readonly wait?: boolean;
  /** In ms. */
  readonly timeout?: number;
}

export async function submitCommand(file: string, options: SubmitCommandOptions): Promise<number> {
  const { name, inactive = false, wait = false, timeout, json = false } = options;
  const loaded = loadTopology(file, options);
  if ('mistakes' in loaded) {
    for (const mistake of loaded.mistakes) {
      if (json) printJson(mistake);
      console.error(formatMistake(mistake));
    }
    return EXIT.invalidTopology;
  }
  return withCluster(options, async (client, signal) => {
    const submitted = await client.submit(loaded.topology, { ...(name === undefined ? {} : { name }), inactive, signal });
    if (json) printJson(submitted);
    else print(`submitted ${submitted.name} as ${submitted.id}`);
    if (!wait) return EXIT.done;
    const startedMs = performance.now();
    await client.waitUntilUp(submitted.name, {
      signal,
      ...(timeout === undefined ? {} : { timeoutMs: timeout }),
      onProgress: (text) => console.error(`polybolt: ${text}`),
    });
    console.error(`polybolt: ${submitted.name} is up after ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
    return EXIT.done;
  });
}
