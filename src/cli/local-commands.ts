/** Commands that need no cluster: run, judge and record on this machine. Invariant: only words are here; what a command does is loaded when it is called. */
import type { Command } from 'commander';
import { count, duration, level, list, pairs } from './arguments.js';

export function addLocalCommands(program: Command): void {
  withRunOptions(program.command('run').description('run a topology on this machine, in the foreground')).action(
    async (file: string, options: Record<string, unknown>) => {
      const { runCommand } = await import('./commands/run.js');
      process.exitCode = await runCommand(file, options);
    },
  );

  withRunOptions(
    program.command('dev').description('run a topology, watch its directory and restart the components whose files change'),
  ).action(async (file: string, options: Record<string, unknown>) => {
    const { devCommand } = await import('./commands/dev.js');
    process.exitCode = await devCommand(file, options);
  });

  program
    .command('check')
    .description('say everything that is wrong with a topology file')
    .argument('<file>', 'topology file (YAML)')
    .option('--set <name=value>', 'value of a ${variable} in the file; may be given again', pairs)
    .option('--config <key=value>', 'configuration that wins over the file; may be given again', pairs)
    .option('--json', 'one JSON line for each mistake, or one that describes the topology')
    .action(async (file: string, options: Record<string, unknown>) => {
      const { checkCommand } = await import('./commands/check.js');
      process.exitCode = checkCommand(file, options);
    });

  program
    .command('conform')
    .description('judge a component by the multilang protocol')
    .argument('<command...>', 'the component, after --; at level adapter {} stands for bolt, plain-bolt and spout')
    .option('--kind <kind>', 'bolt, spout, or auto to find out (default: auto)')
    .option(
      '--level <level>',
      'any: what every component must do; adapter: also what a library promises, by its reference components (default: any)',
    )
    .option('--serializer <name>', 'json or msgpack (default: json)')
    .option('--input <file>', 'tuples for a bolt that wants special ones: one JSON array of values a line')
    .option('--case <glob>', 'only the checks whose names match; may be given again', list)
    .option('--strict', 'what works, but not as written, fails too')
    .option('--timeout <duration>', 'how long to wait for what is expected (default: 5s)', duration)
    .option('--expected-failures <file>', 'failures that are known, one `CHECK: reason` a line')
    .option('--reporter <name>', 'pretty, tap or json (default: pretty)')
    .action(async (command: readonly string[], options: Record<string, unknown>) => {
      const { conformCommand } = await import('./commands/conform.js');
      process.exitCode = await conformCommand(command, options);
    });

  program
    .command('conform-host')
    .description('judge a host of the multilang protocol: write out a probe for it to run, then judge what the probe found')
    .option('--component-dir <dir>', 'write the probe and its topologies (Flux YAML, JSON and MessagePack) there')
    .option('--report <file>', 'judge the findings that a run of the probe left')
    .option('--reporter <name>', 'pretty or json (default: pretty)')
    .action(async (options: Record<string, unknown>) => {
      const { conformHostCommand } = await import('./commands/conform-host.js');
      process.exitCode = conformHostCommand(options);
    });

  program
    .command('replay')
    .description('feed a component the input of a recorded conversation and show the first difference in what it says')
    .argument('<transcript>', 'a file of polybolt run --record, or of multilang/transcripts')
    .argument('<command...>', 'the component, after --')
    .option('--timeout <duration>', 'how long to wait for each message (default: 10s)', duration)
    .action(async (transcript: string, command: readonly string[], options: Record<string, unknown>) => {
      const { replayCommand } = await import('./commands/replay.js');
      process.exitCode = await replayCommand(transcript, command, options);
    });

  program
    .command('doctor')
    .description('look at this machine and say what would keep topologies from running')
    .option('--json', 'one JSON line for each check')
    .action(async (options: Record<string, unknown>) => {
      const { doctorCommand } = await import('./commands/doctor.js');
      process.exitCode = doctorCommand(options);
    });
}

function withRunOptions(command: Command): Command {
  return command
    .argument('<file>', 'topology file (YAML)')
    .option('--set <name=value>', 'value of a ${variable} in the file; may be given again', pairs)
    .option('--config <key=value>', 'configuration that wins over the file; may be given again', pairs)
    .option('--for <duration>', 'stop after so long: 500ms, 30s, 5m', duration)
    .option('--until-idle <duration>', 'stop when for so long nothing was emitted and nothing is pending, queued or held', duration)
    .option('--print <component[:stream]>', 'write each tuple a component emits to stdout as one JSON line; may be given again', list)
    .option('--drain <duration>', 'how long the end waits for tuples on their way (default: the message timeout)', duration)
    .option(
      '--log <level>',
      'lowest level to log: debug, info, warn, error; on a terminal log lines take the place of the table (default: info)',
      level,
    )
    .option('--record <dir>', 'write every conversation with a component as a transcript: COMPONENT-TASK-PID.ndjson')
    .option('--workers <count>', 'run in so many worker processes, with WebSockets between them, instead of in this one', count)
    .option('--json', 'end with one JSON summary line on stdout');
}
