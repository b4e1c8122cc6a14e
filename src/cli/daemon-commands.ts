/** Commands that run a daemon of a cluster, and make its keys. Invariant: only words are here; what a command does is loaded when it is called. */
import type { Command } from 'commander';
import { count, level, list, pairs } from './arguments.js';

export function addDaemonCommands(program: Command): void {
  program
    .command('nimbus')
    .description('run a nimbus: takes topologies, places them on supervisors, moves them when something dies')
    .option('--config-file <file>', 'configuration of the daemon (YAML; default: POLYBOLT_CONFIG_FILE)')
    .option('--config <key=value>', 'configuration that wins over the file; may be given again', pairs)
    .option('--log <level>', 'lowest level to log: debug, info, warn, error (default: info)', level)
    .action(async (options: Record<string, unknown>) => {
      const { nimbusCommand } = await import('./commands/nimbus.js');
      process.exitCode = await nimbusCommand(options);
    });

  program
    .command('supervisor')
    .description('run a supervisor: starts and stops the workers that nimbus places on this machine')
    .option('--slots <count>', 'number of slots, on ports from the first of supervisor.slots.ports', count)
    .option('--config-file <file>', 'configuration of the daemon (YAML; default: POLYBOLT_CONFIG_FILE)')
    .option('--config <key=value>', 'configuration that wins over the file; may be given again', pairs)
    .option('--log <level>', 'lowest level to log: debug, info, warn, error (default: info)', level)
    .action(async (options: Record<string, unknown>) => {
      const { supervisorCommand } = await import('./commands/supervisor.js');
      process.exitCode = await supervisorCommand(options);
    });

  const keys = program.command('keys').description('make certificates and tokens for a cluster of more than one machine');

  keys
    .command('init')
    .description('make a CA, a certificate for daemons and two tokens')
    .argument('[dir]', 'where to (default: polybolt-keys)')
    .option('--host <name>', 'name or address of a machine of the cluster, as others reach it; may be given again', list)
    .option('--force', 'replace what is there')
    .action(async (directory: string | undefined, options: Record<string, unknown>) => {
      const { keysInitCommand } = await import('./commands/keys.js');
      process.exitCode = await keysInitCommand(directory, options);
    });

  keys
    .command('add')
    .description('make a certificate of the same CA for a machine that came later')
    .argument('<host...>', 'names and addresses of the machine; the first names the files')
    .option('--dir <dir>', 'where the CA is (default: polybolt-keys)')
    .option('--force', 'replace what is there')
    .action(async (hosts: readonly string[], options: Record<string, unknown>) => {
      const { keysAddCommand } = await import('./commands/keys.js');
      process.exitCode = await keysAddCommand(hosts, options);
    });
}
