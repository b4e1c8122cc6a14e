/**
 * Components written for the libraries that Apache Storm ships, from spout to acked tuple: on Storm's own storm.py, storm.rb and storm.js, and, the same files, on our
 * drop-in modules of those names. Invariant: both give the same results; where they differ, the difference is in the table.
 */
import t, { type Test } from 'tap';
import { shell, TopologyBuilder } from '../../src/index.js';
import { needs } from '../support/tools.js';
import { type Library, stage } from './libraries.js';
import { Collector, type Outcome, runForeign } from './run-foreign.js';

interface Case {
  readonly library: Library;
  readonly file: string;
  readonly command: string;
  /** Errors of the bolt that prints, and of the bolt that raises. */
  readonly printErrors: readonly string[];
  readonly raiseErrors: readonly string[];
  readonly restarts: number;
}

const POLLUTED = ['PB_STDOUT_POLLUTED'];
const CASES: readonly Case[] = [
  { library: 'storm', file: 'py', command: 'python3', printErrors: POLLUTED, raiseErrors: ['PB_COMPONENT_ERROR'], restarts: 0 },
  { library: 'drop-in', file: 'py', command: 'python3', printErrors: [], raiseErrors: ['PB_COMPONENT_ERROR'], restarts: 0 },
  {
    library: 'storm',
    file: 'rb',
    command: 'ruby',
    printErrors: POLLUTED,
    raiseErrors: ['PB_COMPONENT_ERROR', 'PB_CHILD_EXITED 0'],
    restarts: 1,
  },
  {
    library: 'drop-in',
    file: 'rb',
    command: 'ruby',
    printErrors: [],
    raiseErrors: ['PB_COMPONENT_ERROR', 'PB_CHILD_EXITED 1'],
    restarts: 1,
  },
  { library: 'storm', file: 'js', command: 'node', printErrors: POLLUTED, raiseErrors: ['PB_CHILD_EXITED 1'], restarts: 1 },
  {
    library: 'drop-in',
    file: 'js',
    command: 'node',
    printErrors: [],
    raiseErrors: ['PB_COMPONENT_ERROR', 'PB_CHILD_EXITED 1'],
    restarts: 1,
  },
];

function run(t: Test, { library, file, command }: Case): Promise<Outcome> {
  const component = (name: string, outputs: Parameters<typeof shell>[1]): ReturnType<typeof shell> =>
    shell([command, `${name}.${file}`], outputs);
  const collector = new Collector();
  const builder = new TopologyBuilder(`foreign-${library}-${file}`);
  const streams = { default: ['sentence'], risky: ['sentence'], verdicts: ['kind', 'id'], opened: ['text'] };
  builder.setSpout('sentences', component('sentences', { outputs: streams }));
  builder.setBolt('split', component('split', { outputs: ['word'] })).shuffleGrouping('sentences');
  const taskStreams = { default: ['word'], opened: ['text'], picked: { fields: ['word', 'count'], direct: true } };
  builder.setBolt('tasks', component('tasks', { outputs: taskStreams })).shuffleGrouping('split');
  builder.setBolt('chatty', component('chatty', { outputs: ['word'] })).shuffleGrouping('split');
  builder.setBolt('raises', component('raises', { outputs: ['sentence'] })).shuffleGrouping('sentences', 'risky');
  const collect = builder.setBolt('collect', collector.bolt());
  for (const source of ['split', 'chatty', 'raises']) collect.globalGrouping(source);
  for (const source of ['sentences', 'tasks']) collect.globalGrouping(source, 'opened');
  collect.globalGrouping('sentences', 'verdicts');
  builder.setBolt('copies', collector.bolt(true), 2).allGrouping('tasks').directGrouping('tasks', 'picked');
  return runForeign(builder, stage(t, library), collector, () => collector.tuples['sentences:verdicts']?.length === 6);
}

const WORDS = [['the'], ['quick'], ['fox'], ['fail'], ['once']];

for (const which of CASES) {
  const { library, file, command } = which;
  const title = `components for storm.${file} run unmodified on ${library === 'storm' ? "Storm's own" : 'the drop-in'}`;
  const tools = [command, ...(library === 'storm' ? ['storm-libraries'] : [])];
  t.test(title, { skip: needs(...tools), timeout: 90_000 }, async (t) => {
    const { tuples, errors, logged, summary } = await run(t, which);

    t.same(tuples['sentences:opened'], [['from initialize']], 'a spout emits before its first command');
    t.same(tuples['tasks:opened'], [['from initialize']], 'a bolt emits before its first input');
    t.same(tuples.split, WORDS, 'a bolt anchors, acks and fails');
    const verdicts = [
      ['ack', 0],
      ['fail', 'two'],
      ['ack', 'two'],
      ['ack', [3]],
      ['fail', { four: 4 }],
      ['ack', 5],
    ];
    t.same(tuples['sentences:verdicts'], verdicts, 'a spout hears acks and fails with its ids as they were, and may emit while it does');
    t.same(tuples['tasks>0'], WORDS, 'an emit goes to every task of an all grouping');
    t.same(tuples['tasks>1'], WORDS, 'and to the other');
    t.same(tuples['tasks:picked>0'], undefined, 'a direct emit goes to no other task');
    t.same(
      tuples['tasks:picked>1'],
      WORDS.map(([word]) => [word, 2]),
      'task ids are told, and a direct emit goes to the one that was named',
    );
    t.same(tuples.chatty, WORDS, 'a bolt that prints on stdout works');
    t.same(errors.chatty ?? [], which.printErrors, 'and is told once, if its prints get as far as the host');
    t.same(
      logged.chatty,
      WORDS.map(([word]) => `warn logged ${word}`),
      'log messages keep their level',
    );
    t.same(tuples.raises, [['good'], ['good again']], 'an exception costs its tuple and nothing else');
    t.same(errors.raises, which.raiseErrors, 'and is reported as the library does');

    t.same(
      Object.keys(errors).sort(),
      which.printErrors.length > 0 ? ['chatty', 'raises'] : ['raises'],
      'there is no other error, also not at the end',
    );
    const restarts = Object.fromEntries(summary.components.map((component) => [component.id, component.restarts]));
    t.same(restarts, { sentences: 0, split: 0, tasks: 0, chatty: 0, raises: which.restarts, collect: 0, copies: 0 });
    const { emitted, acked, failed, abandoned, pending, unreplayed, unanchored } = summary.roots;
    const roots = { emitted: 6, acked: 4, failed: 2, abandoned: 0, pending: 0, unreplayed: 1, unanchored: 7 };
    t.same({ emitted, acked, failed, abandoned, pending, unreplayed, unanchored }, roots, 'every root is accounted for');
  });
}
