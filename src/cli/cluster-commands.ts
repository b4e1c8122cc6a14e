/** Commands that speak with a cluster, in Storm's words and flags. Invariant: only words are here; what a command does is loaded when it is called. */
import type { Command } from 'commander';
import { count, counts, duration, pairs, seconds, window } from './arguments.js';

type Options = Record<string, unknown>;

export function addClusterCommands(program: Command): void {
  const add = (words: string, description: string): Command =>
    program
      .command(words)
      .description(description)
      .option(
        '--nimbus <url>',
        'nimbuses to ask, with commas between them (default: POLYBOLT_NIMBUS, polybolt.yaml, http://127.0.0.1:6627)',
      )
      .option('--token-file <file>', 'file with the client token (default: POLYBOLT_TOKEN_FILE, polybolt.yaml)')
      .option('--ca <file>', 'certificate of the authority of the cluster (default: POLYBOLT_CA, polybolt.yaml)')
      .option('--json', 'results as JSON, one line each');

  add('submit', 'submit a topology: its file and the directory that its components run in')
    .argument('<file>', 'topology file (YAML)')
    .option('--name <name>', 'name of the topology instead of that in the file')
    .option('--inactive', 'its spouts wait for polybolt activate')
    .option('--wait', 'wait until all of its workers are up, or say why they are not')
    .option('--timeout <duration>', 'how long --wait waits (default: 2m)', duration)
    .option('--set <name=value>', 'value of a ${variable} in the file; may be given again', pairs)
    .option('--config <key=value>', 'configuration that wins over the file; may be given again', pairs)
    .action(async (file: string, options: Options) => {
      const { submitCommand } = await import('./commands/submit.js');
      process.exitCode = await submitCommand(file, options);
    });

  add('list', 'list the topologies of the cluster').action(async (options: Options) => {
    const { listCommand } = await import('./commands/list.js');
    process.exitCode = await listCommand(options);
  });

  add('show', 'show a topology: status, workers, and what its components have done')
    .argument('<name>', 'name of the topology')
    .option('--window <window>', 'count over the last 10m, 3h, 1d, or all (default: all)', window)
    .action(async (name: string, options: Options) => {
      const { showCommand } = await import('./commands/show.js');
      process.exitCode = await showCommand(name, options);
    });

  add('activate', 'let the spouts of a topology emit')
    .argument('<name>', 'name of the topology')
    .action(async (name: string, options: Options) => {
      const { activateCommand } = await import('./commands/lifecycle.js');
      process.exitCode = await activateCommand(name, options);
    });

  add('deactivate', 'keep the spouts of a topology from emitting')
    .argument('<name>', 'name of the topology')
    .action(async (name: string, options: Options) => {
      const { deactivateCommand } = await import('./commands/lifecycle.js');
      process.exitCode = await deactivateCommand(name, options);
    });

  add('rebalance', 'spread a topology over the cluster anew, with other numbers if you like')
    .argument('<name>', 'name of the topology')
    .option('-w, --wait-secs <secs>', 'how long its spouts are still before (default: its message timeout)', seconds)
    .option('-n, --num-workers <count>', 'number of workers', count)
    .option('-e, --executor <component=count>', 'number of executors of a component; may be given again', counts)
    .action(async (name: string, options: Options) => {
      const { rebalanceCommand } = await import('./commands/lifecycle.js');
      process.exitCode = await rebalanceCommand(name, options);
    });

  add('kill', 'end a topology: its spouts fall still, and after a while it is gone')
    .argument('<name>', 'name of the topology')
    .option('-w, --wait-secs <secs>', 'how long what is on its way may take to arrive (default: its message timeout)', seconds)
    .action(async (name: string, options: Options) => {
      const { killCommand } = await import('./commands/lifecycle.js');
      process.exitCode = await killCommand(name, options);
    });

  add('logs', 'print what the workers of a topology have logged')
    .argument('<name>', 'name of the topology')
    .argument('[component]', 'only what this component said or did')
    .option('-f, --follow', 'go on with what is logged from now on')
    .option('--lines <count>', 'last lines of each worker (default: 100)', count)
    .action(async (name: string, component: string | undefined, options: Options) => {
      const { logsCommand } = await import('./commands/logs.js');
      process.exitCode = await logsCommand(name, component, options);
    });

  add('errors', 'print the last errors of the components of a topology')
    .argument('<name>', 'name of the topology')
    .action(async (name: string, options: Options) => {
      const { errorsCommand } = await import('./commands/errors.js');
      process.exitCode = await errorsCommand(name, options);
    });
}
