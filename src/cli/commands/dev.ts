/**
 * `polybolt dev FILE`: `run` that watches the topology's directory and restarts what has changed. Invariant: it ends only when it is told to; whatever is wrong is said, and the next
 * edit is another chance.
 */
import { formatMistake } from '../../model/topology-file/load.js';
import { DevSession } from '../dev-session.js';
import { EXIT } from '../exit-codes.js';
import { loadTopology } from '../load-topology.js';
import { prepareLocally } from '../prepare.js';
import { TuplePrinter } from '../print-tuples.js';
import { Run, type RunOptions, withWorkers } from './run.js';

export async function devCommand(file: string, given: RunOptions): Promise<number> {
  const options = withWorkers(given);
  const read = new Set<string>();
  const result = loadTopology(file, options, (path) => read.add(path));
  if ('mistakes' in result) {
    for (const mistake of result.mistakes) console.error(formatMistake(mistake));
    return EXIT.invalidTopology;
  }
  const unprepared = await prepareLocally(result.topology);
  if (unprepared !== undefined) return unprepared;
  const printer = new TuplePrinter(options.print ?? [], result.topology, (text) => process.stdout.write(text));
  return new Run(result.topology, options, printer, new DevSession(file, options, result.topology, read)).run();
}
