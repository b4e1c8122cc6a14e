/**
 * Spout libraries that forget to answer: what the user is told, and that the switch which the error names is the cure. Invariant: no switch is needed for our
 * drop-ins.
 */
import t from 'tap';
import { LocalCluster, type PolyboltError, shell, TopologyBuilder } from '../../src/index.js';
import type { Compatibility } from '../../src/model/topology.js';
import { needs } from '../support/tools.js';
import { type Library, stage } from './libraries.js';
import { Collector, runForeign } from './run-foreign.js';

interface Working {
  readonly spout: string;
  readonly library: Library;
  readonly compat: Compatibility;
}

const WORKING: readonly Working[] = [
  { spout: 'no-activate.js', library: 'storm', compat: { skipActivate: true } },
  { spout: 'no-activate.js', library: 'storm', compat: { implicitSyncMs: 30 } },
  { spout: 'only-next.js', library: 'storm', compat: { implicitSyncMs: 30 } },
  { spout: 'only-next.js', library: 'storm', compat: { skipActivate: true, implicitSyncMs: 30 } },
  { spout: 'no-activate.js', library: 'drop-in', compat: {} },
  { spout: 'only-next.js', library: 'drop-in', compat: {} },
];

for (const { spout, library, compat } of WORKING) {
  const beside = library === 'storm' ? "Storm's own storm.js" : 'the drop-in storm.js';
  const skip = needs(...(library === 'storm' ? ['storm-libraries'] : []));
  t.test(`ML-SP-18, ML-SP-19: ${spout} on ${beside} works with ${JSON.stringify(compat)}`, { skip, timeout: 90_000 }, async (t) => {
    const collector = new Collector();
    const builder = new TopologyBuilder('quirk');
    builder.setSpout('numbers', shell(['node', spout], { outputs: ['number'], compat }));
    builder.setBolt('collect', collector.bolt()).globalGrouping('numbers');
    const { tuples, errors, summary } = await runForeign(builder, stage(t, library), collector, ({ roots }) => roots.acked === 3);
    t.same(tuples.numbers, [[0], [1], [2]]);
    t.same(errors, {});
    t.match(summary.roots, { emitted: 3, acked: 3, failed: 0, pending: 0 });
  });
}

interface Quirk {
  readonly spout: readonly string[];
  readonly compat: Compatibility;
  readonly code: string;
  readonly message: RegExp;
  readonly hint: RegExp;
}

const QUIRKS: Readonly<Record<string, Quirk>> = {
  'a spout that never answers activate': {
    spout: ['node', 'no-activate.js'],
    compat: {},
    code: 'PB_CHILD_HUNG',
    message: /^the component did not answer the command "activate" with sync/,
    hint: /set compat: \{ skip_activate: true \} for this component/,
  },
  'a spout that never answers ack': {
    spout: ['node', 'only-next.js'],
    compat: { skipActivate: true },
    code: 'PB_CHILD_HUNG',
    message: /^the component did not answer the command "ack" with sync/,
    hint: /set compat: \{ implicit_sync_ms: 50 \} for this component/,
  },
  'a spout that dies of activate': {
    spout: ['node', 'dies-of-activate.js'],
    compat: {},
    code: 'PB_CHILD_EXITED',
    message: /^the component exited with code 1 without being asked to/,
    hint: /does not know activate, set compat: \{ skip_activate: true \} for this component/,
  },
};

for (const [title, { spout, compat, code, message, hint }] of Object.entries(QUIRKS)) {
  t.test(`ML-LC-20: ${title}: the error names the switch`, { skip: needs('storm-libraries'), timeout: 90_000 }, async (t) => {
    let tell: (error: PolyboltError) => void = () => {};
    const told = new Promise<PolyboltError>((resolve) => {
      tell = resolve;
    });
    const cluster = await LocalCluster.start({ onError: (_component, error) => tell(error) });
    t.teardown(() => cluster.killNow());
    const builder = new TopologyBuilder('quirk').config({ 'topology.subprocess.timeout.secs': 1 });
    builder.setSpout('numbers', shell(spout, { outputs: ['number'], compat }));
    builder.setBolt('collect', new Collector().bolt()).globalGrouping('numbers');
    await cluster.submit(builder.build({ resources: stage(t, 'storm') }));

    const error = await told;
    t.equal(error.code, code);
    t.match(error.message, message);
    t.match(error.hint, hint);
    t.equal(error.context.component, 'numbers');
  });
}
