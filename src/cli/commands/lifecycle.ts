/** `polybolt activate`, `deactivate`, `rebalance` and `kill`. Invariant: what is printed is what the cluster answered, not what was asked for. */

import type { NimbusClient } from '../../daemon/client/nimbus-client.js';
import type { TopologyAnswer } from '../../daemon/nimbus/nimbus-api.js';
import { PolyboltError } from '../../model/errors.js';
import { print, printJson, statusWord, withCluster } from '../cluster.js';
import { EXIT } from '../exit-codes.js';
import type { ClusterOptions } from '../project-file.js';
import { timeSpan } from '../table.js';

export interface KillCommandOptions extends ClusterOptions {
  readonly waitSecs?: number;
}

export interface RebalanceCommandOptions extends ClusterOptions {
  readonly waitSecs?: number;
  readonly numWorkers?: number;
  readonly executor?: Readonly<Record<string, number>>;
}

export async function activateCommand(name: string, options: ClusterOptions): Promise<number> {
  return change(options, (client) => client.activate(name));
}

export async function deactivateCommand(name: string, options: ClusterOptions): Promise<number> {
  return change(options, (client) => client.deactivate(name));
}

export async function killCommand(name: string, options: KillCommandOptions): Promise<number> {
  const { waitSecs } = options;
  return change(options, (client) => client.kill(name, waitSecs === undefined ? {} : { waitSecs }));
}

export async function rebalanceCommand(name: string, options: RebalanceCommandOptions): Promise<number> {
  const { waitSecs, numWorkers: workers, executor: executors } = options;
  if (workers === 0) throw new PolyboltError('PB_USAGE', { message: 'a topology cannot have 0 workers', hint: '-n takes a number from 1' });
  const request = {
    ...(waitSecs === undefined ? {} : { waitSecs }),
    ...(workers === undefined ? {} : { workers }),
    ...(executors === undefined ? {} : { executors }),
  };
  return change(options, (client) => client.rebalance(name, request));
}

async function change(options: ClusterOptions, act: (client: NimbusClient) => Promise<TopologyAnswer>): Promise<number> {
  return withCluster(options, async (client) => {
    const topology = await act(client);
    if (options.json === true) printJson(topology);
    else print(sentence(topology));
    return EXIT.done;
  });
}

function sentence(topology: TopologyAnswer): string {
  const { name, status, pending } = topology;
  if (pending === null) return status === 'killed' ? `${name} is gone` : `${name} is ${statusWord(topology)}`;
  const rest = timeSpan(pending.waitMs / 1000);
  const then = pending.kind === 'kill' ? 'it is removed' : 'it is spread anew';
  return `${name} is ${statusWord(topology)}: its spouts are still, and in ${rest} ${then}`;
}
