/** `polybolt list`: the topologies of a cluster, one line each. */
import { ageOf, print, printJson, statusWord, withCluster } from '../cluster.js';
import { EXIT } from '../exit-codes.js';
import type { ClusterOptions } from '../project-file.js';
import { number, tableOf } from '../table.js';

const COLUMNS = [
  { title: 'name' },
  { title: 'status' },
  { title: 'workers', isNumber: true },
  { title: 'executors', isNumber: true },
  { title: 'tasks', isNumber: true },
  { title: 'up for', isNumber: true },
  { title: 'id' },
];

export async function listCommand(options: ClusterOptions): Promise<number> {
  return withCluster(options, async (client) => {
    const topologies = await client.topologies();
    if (options.json === true) for (const topology of topologies) printJson(topology);
    else if (topologies.length === 0) console.error('polybolt: no topology is on the cluster');
    else {
      const rows = topologies.map((topology) => {
        const { name, id, workers, workersWanted, executors, tasks } = topology;
        return [name, statusWord(topology), `${workers}/${workersWanted}`, number(executors), number(tasks), ageOf(topology), id];
      });
      print(tableOf(COLUMNS, rows));
    }
    return EXIT.done;
  });
}
