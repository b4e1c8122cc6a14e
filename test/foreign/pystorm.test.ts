/**
 * Components written for pystorm and streamparse, from spout to acked tuple, unmodified. Invariant: the libraries are the ones that PyPI has, at pinned versions, in
 * an environment of their own.
 */
import t from 'tap';
import { shell, TopologyBuilder } from '../../src/index.js';
import { needs } from '../support/tools.js';
import { foreignLibraries, stage } from './libraries.js';
import { Collector, runForeign } from './run-foreign.js';

const skip = needs('python3', 'pystorm');

t.test("pystorm's reliable spout, bolts and batching bolt run unmodified", { skip, timeout: 90_000 }, async (t) => {
  const { python } = foreignLibraries();
  const collector = new Collector();
  const builder = new TopologyBuilder('pystorm');
  builder.setSpout('sentences', shell([python, 'pystorm_sentences.py'], { outputs: { default: ['sentence'], verdicts: ['kind', 'id'] } }));
  const splitStreams = { default: ['word'], picked: { fields: ['word', 'tasks'], direct: true } };
  builder.setBolt('split', shell([python, 'pystorm_split.py'], { outputs: splitStreams })).shuffleGrouping('sentences');
  builder.setBolt('fragile', shell([python, 'pystorm_fragile.py'], { outputs: ['sentence'] })).shuffleGrouping('sentences');
  builder
    .setBolt('batch', shell([python, 'pystorm_batch.py'], { outputs: ['word', 'count'] }))
    .fieldsGrouping('split', ['word'])
    .addConfiguration('topology.tick.tuple.freq.secs', 0.1);
  const collect = builder.setBolt('collect', collector.bolt()).globalGrouping('sentences', 'verdicts');
  collect.globalGrouping('fragile').globalGrouping('batch').directGrouping('split', 'picked');
  const { tuples, errors, errorTexts, logged, summary } = await runForeign(builder, stage(t), collector);

  const counts = new Map<unknown, number>();
  for (const [word, count] of tuples.batch ?? []) counts.set(word, (counts.get(word) ?? 0) + Number(count));
  t.same(
    [...counts].sort(),
    [
      ['end', 1],
      ['fox', 1],
      ['quick', 1],
      ['the', 2],
    ],
    'ticks make batches, and a batch is acked as one',
  );
  t.same(
    tuples['split:picked'],
    [
      ['the', 1],
      ['quick', 1],
      ['fox', 1],
      ['the', 1],
      ['end', 1],
    ],
    'task ids and direct emits',
  );
  const verdicts = [
    ['ack', 'the end'],
    ['ack', 'the quick fox'],
    ['fail', 'the broken fox'],
    ['fail', 'the broken fox'],
  ];
  t.same(tuples['sentences:verdicts']?.toSorted(), verdicts, 'the spout replays what failed, once as it was told');
  t.match(errorTexts.split, [/cannot split this/, /cannot split this/], 'an exception is reported with its trace');
  t.same(errors.split, ['PB_COMPONENT_ERROR', 'PB_COMPONENT_ERROR'], 'and the bolt lives on');
  const crashes = ['PB_COMPONENT_ERROR', 'PB_CHILD_EXITED 1', 'PB_COMPONENT_ERROR', 'PB_CHILD_EXITED 1'];
  t.same(errors.fragile, crashes, 'where it ends itself instead, it is started again');
  t.same(Object.keys(errors).sort(), ['fragile', 'split'], 'nothing else went wrong');
  t.ok(
    logged.split?.some((line) => line.startsWith('info ') && line.endsWith('printed the end')),
    'prints become log messages',
  );
  t.ok(
    logged.split?.some((line) => line.startsWith('warn ') && line.endsWith('logged the end')),
    'log messages keep their level',
  );
  const { emitted, acked, failed, pending, unreplayed } = summary.roots;
  t.same({ emitted, acked, failed, pending, unreplayed }, { emitted: 4, acked: 2, failed: 2, pending: 0, unreplayed: 1 });
});

t.test('a spout and a bolt of streamparse run unmodified', { skip, timeout: 90_000 }, async (t) => {
  const { python } = foreignLibraries();
  const collector = new Collector();
  const builder = new TopologyBuilder('streamparse');
  const run = (name: string): readonly string[] => [python, '-m', 'streamparse.run', `streamparse_words.${name}`];
  builder.setSpout('words', shell(run('WordSpout'), { outputs: ['word'] }));
  builder.setBolt('count', shell(run('WordCountBolt'), { outputs: ['word', 'count'] }), 2).fieldsGrouping('words', ['word']);
  builder.setBolt('collect', collector.bolt()).globalGrouping('count');
  const { tuples, errors, logged, summary } = await runForeign(builder, stage(t), collector);

  t.same(tuples.count?.toSorted(), [
    ['cat', 1],
    ['cat', 2],
    ['dog', 1],
    ['dog', 2],
    ['dog', 3],
    ['zebra', 1],
  ]);
  t.same(errors, {});
  t.equal(logged.count?.filter((line) => line.includes('counted ')).length, 6);
  t.match(summary.roots, { emitted: 6, acked: 6, failed: 0, pending: 0 });
});
