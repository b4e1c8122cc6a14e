/** `polybolt check FILE`: everything that is wrong with a topology file, at once. */
import { createTaskTable } from '../../model/task-table.js';
import { formatMistake } from '../../model/topology-file/load.js';
import { EXIT } from '../exit-codes.js';
import { loadTopology, type TopologyOptions } from '../load-topology.js';

export function checkCommand(file: string, options: TopologyOptions & { readonly json?: boolean }): number {
  const result = loadTopology(file, options);
  if ('mistakes' in result) {
    for (const mistake of result.mistakes) console.log(options.json === true ? JSON.stringify(mistake) : formatMistake(mistake));
    const count = result.mistakes.length;
    if (options.json !== true) console.error(`${count} ${count === 1 ? 'mistake' : 'mistakes'} in ${file}`);
    return EXIT.invalidTopology;
  }
  const { topology } = result;
  const table = createTaskTable(topology);
  const components = Object.values(topology.components).map(({ id, kind, tasks, parallelism }) => ({
    id,
    kind,
    tasks,
    executors: parallelism,
  }));
  if (options.json === true) console.log(JSON.stringify({ topology: topology.name, tasks: table.components.length, components }));
  else {
    const spouts = components.filter(({ kind }) => kind === 'spout').length;
    console.log(
      `${file}: topology ${topology.name} is valid: ${spouts} spouts, ${components.length - spouts} bolts, ${table.components.length} tasks`,
    );
  }
  return EXIT.done;
}
