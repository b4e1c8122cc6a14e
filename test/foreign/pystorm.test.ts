/**
 * Components written for pystorm and streamparse, from spout to acked tuple, unmodified. Invariant: the libraries are the ones that PyPI has, at pinned versions, in
 * an environment of their own.
 */
import t from 'tap';
import { shell, TopologyBuilder } from '../../src/index.js';
import { needs } from '../support/tools.js';
import { foreignLibrary, stage } from './libraries.js';
import { Collector, runForeign } from './run-foreign.js';

const skip = needs('python3', 'pystorm');

t.test("pystorm's reliable spout, bolts and batching bolt run unmodified", { skip, timeout: 90_000 }, async (t) => {
  const python = foreignLibrary('python');
  const collector = new Collector();
  const builder = new TopologyBuilder('pystorm').config({ 'topology.max.spout.pending': 1 });
  const streams = { default: ['sentence'], risky: ['sentence'], verdicts: ['kind', 'id'] };
  builder.setSpout('sentences', shell([python, 'pystorm_sentences.py'], { outputs: streams }));
  const splitStreams = { default: ['word'], picked: { fields: ['word', 'tasks'], direct: true } };
  builder.setBolt('split', shell([python, 'pystorm_split.py'], { outputs: splitStreams })).shuffleGrouping('sentences');
  builder.setBolt('fragile', shell([python, 'pystorm_fragile.py'], { outputs: ['sentence'] })).shuffleGrouping('sentences', 'risky');
  builder
    .setBolt('batch', shell([python, 'pystorm_batch.py'], { outputs: ['word', 'count'] }))
    .fieldsGrouping('split', ['word'])
    .addConfiguration('topology.tick.tuple.freq.secs', 0.05);
  const collect = builder.setBolt('collect', collector.bolt()).globalGrouping('sentences', 'verdicts');
  collect.globalGrouping('split').directGrouping('split', 'picked').globalGrouping('fragile').globalGrouping('batch');
  const { tuples, errors, errorTexts, logged, summary } = await runForeign(
    builder,
    stage(t),
    collector,
    () => String(collector.tuples['sentences:verdicts']?.at(-1)) === 'ack,the end',
  );

  t.same(tuples.split, [['the'], ['quick'], ['fox'], ['the'], ['end']], 'a bolt is anchored and acked for');
  const picked = [
    ['the', 2],
    ['quick', 2],
    ['fox', 2],
    ['the', 2],
    ['end', 2],
  ];
  t.same(tuples['split:picked'], picked, 'task ids are told, and a direct emit goes to the one that was named');
  const batches = [
    ['end', 1],
    ['fox', 1],
    ['quick', 1],
    ['the', 1],
    ['the', 1],
  ];
  t.same(tuples.batch?.toSorted(), batches, 'ticks end a batch, and all of it is acked');
  const verdicts = (tuples['sentences:verdicts'] ?? []).map((values) => values.join(' ')).filter((text) => text !== 'fail fragile');
  const replayed = [
    'ack the quick fox',
    'fail the broken fox',
    'fail the broken fox',
    'fail the broken fox',
    'ack the broken fox',
    'ack fragile',
    'ack the end',
  ];
  t.same(verdicts, replayed, 'the spout replays what failed, twice as it was told, and then takes it for acked');
  t.same(
    errors.split,
    ['PB_STDOUT_POLLUTED', 'PB_COMPONENT_ERROR', 'PB_COMPONENT_ERROR', 'PB_COMPONENT_ERROR'],
    'a print is told once; an exception is reported, and the bolt lives on',
  );
  t.match(errorTexts.split?.[1], /ValueError: cannot split this/, 'with its trace');
  t.same(errors.fragile, ['PB_COMPONENT_ERROR', 'PB_CHILD_EXITED 1'], 'a bolt that ends itself is started again');
  t.same(tuples.fragile, [['FRAGILE']], 'and goes on');
  t.same(Object.keys(errors).sort(), ['fragile', 'split'], 'nothing else went wrong');
  t.ok(
    logged.split?.some((line) => line.startsWith('warn ') && line.endsWith('logged the end')),
    'log messages keep their level',
  );
  const { acked, pending, unreplayed } = summary.roots;
  t.same({ acked, pending, unreplayed }, { acked: 3, pending: 0, unreplayed: 1 }, 'every root is accounted for');
});

t.test('a spout and a bolt of streamparse run unmodified', { skip, timeout: 90_000 }, async (t) => {
  const python = foreignLibrary('python');
  const collector = new Collector();
  const builder = new TopologyBuilder('streamparse');
  const run = (name: string): readonly string[] => [python, '-m', 'streamparse.run', `streamparse_words.${name}`];
  builder.setSpout('words', shell(run('WordSpout'), { outputs: ['word'] }));
  builder.setBolt('count', shell(run('WordCountBolt'), { outputs: ['word', 'count'] }), 2).fieldsGrouping('words', ['word']);
  builder.setBolt('collect', collector.bolt()).globalGrouping('count');
  const { tuples, errors, logged, summary } = await runForeign(builder, stage(t), collector, ({ roots }) => roots.acked === 6);

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
