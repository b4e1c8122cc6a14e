#!/usr/bin/env node
/** The command `polybolt`. Invariant: a command's code is loaded only when it is called, so that help is instant; data goes to stdout, everything else to stderr. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { addClusterCommands } from './cluster-commands.js';
import { addDaemonCommands } from './daemon-commands.js';
import { EXIT, exitCodeOf } from './exit-codes.js';
import { addLocalCommands } from './local-commands.js';

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string };

const program = new Command('polybolt')
  .description('Runs Apache Storm topologies without a JVM: spouts and bolts in any language over the multilang protocol.')
  .version(version)
  .exitOverride()
  .showHelpAfterError('(polybolt --help, or polybolt COMMAND --help, says more)');

program.commandsGroup('On this machine:');
addLocalCommands(program);
program.commandsGroup('On a cluster:');
addClusterCommands(program);
program.commandsGroup('Daemons of a cluster:');
addDaemonCommands(program);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage;
  else {
    const { describeError } = await import('../model/errors.js');
    console.error(describeError(error));
    process.exitCode = exitCodeOf(error);
  }
}
