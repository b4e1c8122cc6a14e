/**
 * The cluster under misfortune: seeded simulations of the real daemons over a store, workers and networks that freeze, die, cut off and lag. Invariant: a seed that fails is printed with what
 * broke and how to see its whole trace. More seeds: `node dist/test/simulation/run.js --seeds 100000`.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { Fence, type FenceVerdict, type FrameAddress, type Refusal, type WorkerLaunch } from '../../src/membership/fence.js';
import type { FenceLike } from './sim-workers.js';
import { type SimulationOptions, type SimulationResult, simulate } from './simulate.js';

const RUN = fileURLToPath(new URL('run.js', import.meta.url));
const SEEDS = 1000;
/** Seeds within which what is broken must show. */
const SEEDS_TO_FAIL = 100;

t.setTimeout(300_000);

const EVERYTHING =
  'no frame of or for what is superseded is taken, no write of who does not lead or has old news, one worker a slot; then all comes right';

t.test(`${SEEDS} seeds: ${EVERYTHING}`, async (t) => {
  // Not in this process: promises cost twice as much under a test runner that follows each of them.
  const { status, stdout } = spawnSync(process.execPath, [RUN, '--seeds', String(SEEDS)], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] },
    maxBuffer: 2 ** 28,
  });
  t.equal(status, 0, status === 0 ? 'all held' : stdout.slice(-8000));
  const [, writes = 0, frames = 0, refused = 0] = (
    /(\d+) writes of topologies, (\d+) frames accepted, (\d+) refused/.exec(stdout) ?? []
  ).map(Number);
  t.ok(writes > 3 * SEEDS && frames > 50 * SEEDS && refused > SEEDS, stdout.trim().slice(-200));
});

t.test('a seed is a history: the same again to the last event', async (t) => {
  for (const seed of [7, 77, 777]) {
    const [one, other] = [await simulate({ seed, isTraced: true }), await simulate({ seed, isTraced: true })];
    t.ok(one.trace.length > 20);
    t.same(one, other);
  }
});

/** A fence that lets through what the real one refuses for one reason, or for any. */
class HoleInFence implements FenceLike {
  readonly #real: Fence;
  readonly #hole: Refusal | 'all';

  constructor(self: WorkerLaunch, hole: Refusal | 'all') {
    this.#real = new Fence(self);
    this.#hole = hole;
  }
  setPeers(incarnations: Iterable<string>): void {
    this.#real.setPeers(incarnations);
  }
  launchOf(incarnation: string): number | undefined {
    return this.#real.launchOf(incarnation);
  }
  judge(worker: WorkerLaunch): FenceVerdict {
    return this.#real.judge(worker);
  }
  judgeFrame(frame: FrameAddress): FenceVerdict {
    const verdict = this.#real.judgeFrame(frame);
    const isHole = verdict.kind === 'refuse' && (this.#hole === 'all' || verdict.why === this.#hole);
    return isHole ? { kind: 'accept', isSuccessor: false } : verdict;
  }
}

/** The first seed that fails, with what broke. */
async function firstToFail(options: Omit<SimulationOptions, 'seed'>, isMeant: RegExp): Promise<SimulationResult | undefined> {
  for (let seed = 1; seed <= SEEDS_TO_FAIL; seed++) {
    const result = await simulate({ ...options, seed });
    if (result.violations.some((violation) => isMeant.test(violation))) return result;
  }
  return undefined;
}

const holes: readonly (readonly [hole: Refusal | 'all', shows: RegExp])[] = [
  ['all', /accepted a frame/],
  ['misaddressed', /accepted a frame for/],
  ['superseded', /accepted a frame of .* after it heard of launch/],
  ['no-peer', /accepted a frame of .*, which generation \d+ does not name/],
];

for (const [hole, shows] of holes) {
  t.test(`without the check of incarnations (${hole}), the simulation fails within ${SEEDS_TO_FAIL} seeds`, async (t) => {
    const result = await firstToFail({ makeFence: (self) => new HoleInFence(self, hole) }, shows);
    t.ok(result, result === undefined ? 'none failed' : `seed ${result.seed}: ${result.violations[0]}`);
  });
}

t.test(`without the guard of versions, a leader that was deposed overwrites its successor within ${SEEDS_TO_FAIL} seeds`, async (t) => {
  const result = await firstToFail({ ignoresVersions: true }, /sets \/topologies\/.* which it read in version \d+, over version \d+/);
  t.ok(result, result === undefined ? 'none failed' : `seed ${result.seed}: ${result.violations[0]}`);
});
