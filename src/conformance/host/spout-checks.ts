/** Host checks of how a spout is driven. Cites ML-SP, ML-EM and ML-LC. */
import { fail, type HostCheck, pass, type Seen, show, skipped, unless } from './check.js';
import { keyOf, type Report, type ReportLine, type Run } from './report.js';

/** `topology.max.spout.pending` and `topology.message.timeout.secs` of the probe's topology. */
const PENDING_MAX = 3;
const TIMEOUT_MS = 5000;
/** How long a host may take over what it does at once, on a busy machine. */
const SLACK_MS = 2500;
const FALSY: readonly string[] = ['0', '""', 'false'];

export interface Emission {
  readonly emit: ReportLine;
  readonly verdict: ReportLine | undefined;
}

/** Ids compared without their type, so that one whose type was lost still finds its emit. */
function loose(exact: string | undefined): string {
  return (exact ?? '').replace(/^"(.*)"$/, '$1');
}

function isReliable(line: ReportLine): boolean {
  return (keyOf(line, 'id') ?? null) !== null;
}

function verdictsOf(run: Run): readonly ReportLine[] {
  return run.commands.filter((line) => ['ack', 'fail'].includes(keyOf(line, 'command') as string));
}

/** The emits of an id in their order, each with the verdict on it; verdicts are told apart by their order alone. */
export function emissionsOf(report: Report, exactId: string): readonly Emission[] {
  return report.of('spout').flatMap((run) => {
    const verdicts = verdictsOf(run).filter((line) => loose(line.exact?.id) === loose(exactId));
    return run.emits.filter((line) => line.exact?.id === exactId).map((emit, i) => ({ emit, verdict: verdicts[i] }));
  });
}

/** The verdicts on an id, in their order, as words. */
export function wordsOf(report: Report, exactId: string): readonly unknown[] {
  return emissionsOf(report, exactId).flatMap(({ verdict }) => (verdict === undefined ? [] : [keyOf(verdict, 'command')]));
}

function reached(report: Report, phase: string): boolean {
  return report.of('spout').some((run) => run.events('phase').some((line) => line['phase'] === phase));
}

/** All ids that were emitted, each once. */
function idsOf(report: Report): readonly string[] {
  return [...new Set(report.of('spout').flatMap((run) => run.emits.filter(isReliable).map((line) => line.exact?.id ?? '')))];
}

function verdictCounts(report: Report, ids: readonly string[]): Seen {
  if (!reached(report, 'done')) return skipped('the probe did not come to its end');
  const complaints = report.of('spout').flatMap((run) =>
    ids.flatMap((id) => {
      const emits = run.emits.filter((line) => isReliable(line) && line.exact?.id === id).length;
      const verdicts = verdictsOf(run).filter((line) => loose(line.exact?.id) === loose(id)).length;
      return emits === verdicts ? [] : [`the id ${id} was emitted ${emits} times and got ${verdicts} verdicts`];
    }),
  );
  return unless(complaints, `${ids.length} ids`);
}

/** Complaints about the moments at which a `next` came. */
function pendingAtNext(run: Run): { readonly complaints: string[]; readonly saturatedMs: number } {
  const complaints: string[] = [];
  let pending = 0;
  let fullSinceMs: number | undefined;
  let saturatedMs = 0;
  for (const line of run.lines) {
    const command = keyOf(line, 'command');
    if (line.dir === 'component' && command === 'emit' && isReliable(line)) pending++;
    else if (line.dir === 'host' && (command === 'ack' || command === 'fail')) pending--;
    else if (line.dir === 'host' && command === 'next' && pending >= PENDING_MAX)
      complaints.push(`next came while ${pending} emits had no verdict`);
    if (pending < PENDING_MAX) {
      if (fullSinceMs !== undefined) saturatedMs = Math.max(saturatedMs, line.at_ms - fullSinceMs);
      fullSinceMs = undefined;
    } else fullSinceMs ??= line.at_ms;
  }
  return { complaints, saturatedMs };
}

export const SPOUT_CHECKS: readonly HostCheck[] = [
  {
    id: 'spout-activate-first',
    title: 'a spout is activated before its first next',
    requirements: ['ML-SP-06'],
    look: (report) =>
      unless(
        report
          .of('spout')
          .flatMap(({ commands: [first] }) =>
            first === undefined || keyOf(first, 'command') === 'activate' ? [] : [`the first command was ${show(first.frame)}`],
          ),
        'activate came first',
      ),
  },
  {
    id: 'spout-turns',
    title: 'a spout gets no command before it has ended the one before with sync',
    requirements: ['ML-SP-02'],
    look: (report) =>
      unless(
        report.of('spout').flatMap((run) => {
          const early: string[] = [];
          let isInTurn = false;
          for (const line of run.lines) {
            const command = keyOf(line, 'command');
            if (line.dir === 'component' && command === 'sync') isInTurn = false;
            if (line.dir !== 'host' || command === undefined) continue;
            if (isInTurn) early.push(`${show(line.frame)} came before the sync of the command before it`);
            isInTurn = true;
          }
          return early;
        }),
        'each command waited for its turn',
      ),
  },
  {
    id: 'spout-commands',
    title: 'a spout gets the five commands and replies, and neither heartbeats nor ticks',
    requirements: ['ML-SP-01', 'ML-HB-07', 'ML-TK-05'],
    look: (report) =>
      unless(
        report.of('spout').flatMap((run) =>
          run.fromHost
            .filter((line) => line !== run.handshake && !Array.isArray(line.frame))
            .filter((line) => {
              const command = keyOf(line, 'command') as string;
              if (['ack', 'fail'].includes(command)) return line.exact?.id === undefined;
              return !['next', 'activate', 'deactivate'].includes(command) || keyOf(line, 'id') !== '';
            })
            .map((line) => `it got ${show(line.frame)}`),
        ),
        'nothing else came',
      ),
  },
  {
    id: 'spout-max-pending',
    title: 'next pauses while topology.max.spout.pending emits have no verdict',
    requirements: ['ML-SP-13'],
    look: (report) => {
      const all = report.of('spout').map(pendingAtNext);
      const saturatedMs = Math.round(Math.max(0, ...all.map((each) => each.saturatedMs)));
      const complaints = all.flatMap((each) => each.complaints);
      if (complaints.length === 0 && saturatedMs < 300) return skipped('there never were three emits without a verdict for long');
      return unless(complaints, `it paused for ${saturatedMs} ms`);
    },
  },
  {
    id: 'verdict-once',
    title: 'each reliable emit gets exactly one verdict',
    requirements: ['ML-SP-09'],
    look: (report) =>
      verdictCounts(
        report,
        idsOf(report).filter((id) => !FALSY.includes(id)),
      ),
  },
  {
    id: 'verdict-falsy-ids',
    title: 'the ids 0, "" and false count as ids',
    requirements: ['ML-SP-11'],
    look: (report) => verdictCounts(report, FALSY),
  },
  {
    id: 'verdict-id-type',
    title: 'an id comes back with the type and value it was emitted with',
    requirements: ['ML-SP-10'],
    look: (report) =>
      unless(
        report.of('spout').flatMap((run) => {
          const emitted = new Set(run.emits.map((line) => line.exact?.id));
          return verdictsOf(run)
            .filter((line) => keyOf(line, 'id') !== null && !emitted.has(line.exact?.id))
            .map((line) => `a verdict came for ${line.exact?.id ?? 'nothing'}, which was never emitted`);
        }),
        'strings, numbers, booleans, a list and an object',
      ),
  },
  {
    id: 'verdict-unreliable',
    title: 'emits without an id, or with null, get no verdict',
    requirements: ['ML-SP-11'],
    look: (report) =>
      unless(
        report.of('spout').flatMap((run) =>
          verdictsOf(run)
            .filter((line) => keyOf(line, 'id') === null)
            .map((line) => `${show(line.frame)} came`),
        ),
        'none came',
      ),
  },
  {
    id: 'verdict-true',
    title: 'what the bolt acked is acked, and what it failed is failed',
    requirements: ['ML-SP-09'],
    look: (report) => {
      if (wordsOf(report, '"f"').length === 0) return skipped('no verdict came on the tuple that the bolt failed');
      const acked = ['"s-1"', '7', '1.5', '"b"'].filter((id) => wordsOf(report, id)[0] === 'fail');
      if (acked.length > 0) return fail(`the id ${acked[0]} was failed, although its tuple was acked`);
      return wordsOf(report, '"f"')[0] === 'fail' ? pass('both came') : fail('the id "f" was acked, although its tuple was failed');
    },
  },
  {
    id: 'emit-in-verdict',
    title: 'what a spout emits under ack and fail is taken',
    requirements: ['ML-SP-04'],
    look: (report) => {
      const given = report
        .of('spout')
        .flatMap((run) => run.emits)
        .filter((line) => line.exact?.tuple === '["again", 1, null]');
      if (given.length === 0) return skipped('no ack came under which it could have emitted');
      const taken = report
        .of('bolt')
        .flatMap((run) => run.tuples)
        .some((line) => line.exact?.tuple === '["again", 1, null]');
      return taken ? pass('it reached the bolt') : fail('what was emitted under ack never reached the bolt');
    },
  },
  {
    id: 'timeout',
    title: 'an emit that nobody acks fails after the message timeout',
    requirements: ['ML-SP-12'],
    look: (report) => {
      const [late] = emissionsOf(report, '"late"');
      if (late === undefined) return skipped('the probe did not come so far');
      if (late.verdict === undefined) return fail('no verdict ever came');
      if (keyOf(late.verdict, 'command') === 'ack') return fail('it was acked, although the bolt kept it');
      const waitedMs = Math.round(late.verdict.at_ms - late.emit.at_ms);
      if (waitedMs < TIMEOUT_MS * 0.9) return fail(`it failed after ${waitedMs} ms, of ${TIMEOUT_MS} ms that it has`);
      return waitedMs <= 2 * TIMEOUT_MS + SLACK_MS
        ? pass(`it failed after ${waitedMs} ms of ${TIMEOUT_MS}`)
        : fail(`it failed only after ${waitedMs} ms, twice ${TIMEOUT_MS} ms being the limit`);
    },
  },
  {
    id: 'backpressure',
    title: 'next pauses while the bolt downstream does not read',
    requirements: ['ML-SP-14'],
    look: (report) => {
      const [flooded] = report.of('spout').flatMap((run) => run.events('flooded'));
      if (flooded === undefined) return skipped('the probe did not come so far');
      const { sent, pause_ms: pauseMs } = flooded as unknown as { sent: number; pause_ms: number };
      return pauseMs >= 500
        ? pass(`after ${sent} tuples it paused for ${pauseMs} ms`)
        : fail(`${sent} tuples were asked for without a pause`);
    },
  },
  {
    id: 'deactivate-before-end',
    title: 'a spout is deactivated before its stdin is closed',
    requirements: ['ML-LC-17', 'ML-SP-07'],
    look: (report) => {
      const run = report.last('spout');
      if (run === undefined || !reached(report, 'done')) return skipped('the probe did not come to its end');
      const commands = run.commands.map((line) => keyOf(line, 'command'));
      const at = commands.lastIndexOf('deactivate');
      if (at < 0) return fail('it never was');
      return commands.slice(at).includes('next') ? fail('a next came after it') : pass('deactivate came last, but for verdicts');
    },
  },
];
