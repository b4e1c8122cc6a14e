/**
 * What a bolt may do to a host that has to live through it: floods on every pipe, storms of words, slowness. Invariant: the bolt lives too; each row is one program in
 * `test/fixtures/children`.
 */
import { suite } from './rows.js';

const LIVES = { codes: [], restarts: 0 };
const IMPATIENT = { 'topology.subprocess.timeout.secs': 2 };

suite([
  {
    title: 'ML-LC-18: what a bolt writes after the end of its stdin still counts',
    run: 'writes_after_eof.py',
    baits: ['a', 'b', 'keep'],
    endsEarly: true,
    ...LIVES,
    check: (run, test) => {
      test.same(run.errors, [], 'an exit that was asked for is no error');
    },
  },
  {
    title: 'ML-LC-04: 100 MB of stderr are drained while stdout is full',
    run: 'stderr_flood.py',
    readerWaitsForNote: true,
    ...LIVES,
    check: (run, test) => {
      test.equal(run.note, '100 MB written');
      test.ok(run.stderr.length < 1000, 'the log is bounded');
      test.equal(run.summary.components.find(({ id }) => id === 'hostile')?.emitted, 2000);
    },
  },
  {
    title: 'ML-HB-05: a bolt that takes 45 ms a tuple lives with a subprocess timeout of 2 s, and no root times out',
    run: 'slow.py',
    config: IMPATIENT,
    baits: Array.from({ length: 100 }, (_, number) => `bait ${number}`),
    ...LIVES,
  },
  { title: 'ML-BO-12: two hundred thousand emits before an ack do no harm', run: 'floods_emits.py', ...LIVES },
  { title: 'ML-BO-11: a hundred thousand syncs that nobody waits for do no harm', run: 'sync_storm.py', ...LIVES },
  {
    title: 'ML-LG-04, ML-LG-05: ten thousand errors are throttled, and the component lives',
    run: 'error_storm.py',
    codes: ['PB_COMPONENT_ERROR'],
    says: /^trouble 0$/,
    restarts: 0,
    check: (run, test) => {
      test.equal(run.errors.length, 5, 'five are shown');
      test.equal(run.summary.components.find(({ id }) => id === 'hostile')?.errors, 10_000, 'all are counted');
    },
  },
]);
