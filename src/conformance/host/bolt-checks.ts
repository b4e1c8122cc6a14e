/** Host checks of what reaches a bolt, and of what becomes of its emits. Cites ML-BO, ML-EM, ML-HB and ML-TK. */
import { fail, type HostCheck, pass, type Seen, show, skipped, unless } from './check.js';
import { keyOf, orderOf, type Report, type ReportLine, type Run } from './report.js';
import { emissionsOf, wordsOf } from './spout-checks.js';

const INT64 = 2n ** 63n;

function boltRuns(report: Report): readonly Run[] {
  return [...report.of('bolt'), ...report.of('sink')];
}

function isHeartbeat(line: ReportLine): boolean {
  return keyOf(line, 'stream') === '__heartbeat';
}

function isTick(line: ReportLine): boolean {
  return keyOf(line, 'stream') === '__tick';
}

export function tuplesOf(report: Report, order: string): readonly ReportLine[] {
  return boltRuns(report).flatMap((run) => run.tuples.filter((line) => orderOf(line) === order));
}

export function eventOf(report: Report, name: string): ReportLine | undefined {
  return report.of('bolt').flatMap((run) => run.events(name))[0];
}

function taskOfSink(report: Report): number | undefined {
  const context = report.last('sink')?.handshake;
  return context === undefined ? undefined : (keyOf(context, 'context') as { taskid?: number }).taskid;
}

function isIdOfTuple(id: unknown): boolean {
  return typeof id === 'string' && /^(0|-?[1-9]\d*)$/.test(id) && BigInt(id) < INT64 && BigInt(id) >= -INT64;
}

function heartbeatsIdle(report: Report): Seen {
  const [late] = emissionsOf(report, '"late"');
  const untilMs = late?.verdict?.at_ms;
  if (late === undefined || untilMs === undefined) return skipped('the probe did not come so far');
  const seconds = (untilMs - late.emit.at_ms) / 1000;
  const count = report
    .of('bolt')
    .flatMap((run) => run.tuples)
    .filter((line) => isHeartbeat(line) && line.at_ms >= late.emit.at_ms && line.at_ms <= untilMs).length;
  const seen = `${count} in ${seconds.toFixed(1)} s without work`;
  return count >= seconds / 2 && count <= 2 * seconds + 2 ? pass(seen) : fail(`${seen}, of one a second`);
}

/** Verdicts on the two trees that go beyond the bolt. */
function trees(report: Report): Seen {
  const [failed] = wordsOf(report, '"t1"');
  const [held] = emissionsOf(report, '"t2"');
  if (failed === undefined || held?.verdict === undefined) return skipped('the probe did not come so far');
  if (failed !== 'fail') return fail('a spout tuple was acked although the sink had failed a tuple of its tree');
  const hold = report.of('sink').flatMap((run) => {
    const tuple = run.tuples.find((line) => orderOf(line) === 'sink-hold');
    return run.fromComponent.filter(
      (line) => tuple !== undefined && line.n > tuple.n && keyOf(line, 'command') === 'ack' && keyOf(line, 'id') === keyOf(tuple, 'id'),
    );
  })[0];
  if (hold === undefined || held.verdict.at_ms < hold.at_ms)
    return fail('a spout tuple was acked before the sink had acked the last tuple of its tree');
  return pass('both trees ended with their last tuple');
}

export const BOLT_CHECKS: readonly HostCheck[] = [
  {
    id: 'tuple-form',
    title: 'a tuple has comp, stream, task and its values, besides an id',
    requirements: ['ML-BO-01'],
    look: (report) => {
      const tuples = boltRuns(report).flatMap((run) => run.tuples.filter((line) => !isHeartbeat(line) && !isTick(line)));
      if (tuples.length === 0) return fail('no tuple came');
      const sources: Readonly<Record<string, string>> = { bolt: 'probe-spout', sink: 'probe-bolt' };
      const odd = tuples.filter((line) => {
        const arity = line.role === 'bolt' ? 3 : 2;
        const tuple = keyOf(line, 'tuple');
        const isSource = keyOf(line, 'comp') === sources[line.role] && typeof keyOf(line, 'stream') === 'string';
        return !isSource || !Number.isInteger(keyOf(line, 'task')) || !Array.isArray(tuple) || tuple.length !== arity;
      });
      return unless(
        odd.map((line) => `it got ${show(line.frame)}`),
        `${tuples.length} tuples`,
      );
    },
  },
  {
    id: 'tuple-ids',
    title: 'ids of tuples are strings of 64-bit integers, none used twice by one process',
    requirements: ['ML-BO-02'],
    look: (report) =>
      unless(
        boltRuns(report).flatMap((run) => {
          const ids = run.tuples.map((line) => keyOf(line, 'id'));
          const odd = ids.find((id) => !isIdOfTuple(id));
          if (odd !== undefined) return [`the ${run.role} got the id ${show(odd)}`];
          const twice = ids.find((id, at) => ids.indexOf(id) !== at);
          return twice === undefined ? [] : [`the ${run.role} got the id ${show(twice)} twice`];
        }),
        'heartbeats and ticks among them',
      ),
  },
  {
    id: 'values-exact',
    title: 'values arrive as they were emitted',
    requirements: ['ML-EM-20'],
    look: (report) => {
      const [emit] = report
        .of('spout')
        .flatMap((run) => run.emits)
        .filter((line) => orderOf(line) === 'values');
      const came = tuplesOf(report, 'values');
      if (emit === undefined || came.length === 0) return skipped('the probe did not come so far');
      const expected = emit.exact?.tuple;
      return unless(
        came.filter((line) => line.exact?.tuple !== expected).map((line) => `it got ${String(line.exact?.tuple)} for ${String(expected)}`),
        'numbers, text and nested values',
      );
    },
  },
  {
    id: 'tuple-order',
    title: 'tuples of one task to another arrive in the order they were emitted, each once',
    requirements: ['ML-BO-04'],
    look: (report) => {
      const flood = eventOf(report, 'flood');
      if (flood === undefined) return skipped('the probe did not come so far');
      const { received, sent, in_order: inOrder } = flood;
      return inOrder === true && received === sent
        ? pass(`${String(sent)} tuples`)
        : fail(`of ${String(sent)} tuples ${String(received)} came, ${inOrder === true ? 'in' : 'out of'} order`);
    },
  },
  {
    id: 'replies-at-once',
    title: 'a component that waits for its task ids gets them, before it sends anything else',
    requirements: ['ML-EM-09', 'ML-EM-04'],
    look: (report) => {
      const replies = [...report.of('spout'), ...report.of('bolt')].flatMap((run) =>
        run.events('reply').map((line) => ({ role: run.role, reply: line['reply'] })),
      );
      if (replies.length === 0) return skipped('the probe did not come so far');
      return unless(
        replies.filter(({ reply }) => !Array.isArray(reply)).map(({ role }) => `the ${role} waited in vain`),
        `${replies.length} waits`,
      );
    },
  },
  {
    id: 'replies-in-order',
    title: 'replies come in the order of the emits and name the tasks, empty if nobody listens',
    requirements: ['ML-EM-04'],
    look: (report) => {
      const all = eventOf(report, 'replies');
      if (all === undefined) return skipped('the probe did not come so far');
      const sink = taskOfSink(report);
      const expected = JSON.stringify([[sink], [], [sink]]);
      const came = JSON.stringify(all['replies']);
      return came === expected ? pass(came) : fail(`${came} came, ${expected} was expected`);
    },
  },
  {
    id: 'replies-declined',
    title: 'direct emits, and emits that want no task ids, get no reply',
    requirements: ['ML-EM-05'],
    look: (report) => {
      const all = eventOf(report, 'replies');
      if (all === undefined) return skipped('the probe did not come so far');
      const { surplus } = all;
      return Array.isArray(surplus) && surplus.length > 0 ? fail(`${show(surplus)} came`) : pass('none came');
    },
  },
  {
    id: 'emits-delivered',
    title: 'emits reach who listens: by stream, direct, and with anchors of every form',
    requirements: ['ML-EM-03', 'ML-EM-02', 'ML-EM-10'],
    look: (report) => {
      if (eventOf(report, 'replies') === undefined) return skipped('the probe did not come so far');
      const streams = { a: 'out', c: 'out', e: 'out', h: 'out', f: 'straight', g: 'straight' };
      return unless(
        Object.entries(streams).flatMap(([order, stream]) => {
          const came = report.of('sink').flatMap((run) => run.tuples.filter((line) => orderOf(line) === order));
          if (came.length !== 1) return [`the emit "${order}" came ${came.length} times`];
          return keyOf(came[0] as ReportLine, 'stream') === stream
            ? []
            : [`the emit "${order}" came on ${show(keyOf(came[0] as ReportLine, 'stream'))}`];
        }),
        'all six came',
      );
    },
  },
  { id: 'trees', title: 'a spout tuple ends with the last tuple of its tree', requirements: ['ML-EM-22', 'ML-SP-09'], look: trees },
  {
    id: 'heartbeat-form',
    title: 'a heartbeat has the form of a tuple without component and values',
    requirements: ['ML-HB-02'],
    look: (report) => {
      const all = boltRuns(report).flatMap((run) => run.tuples.filter(isHeartbeat));
      if (all.length === 0) return skipped('no heartbeat came');
      return unless(
        all
          .filter((line) => keyOf(line, 'comp') !== null || keyOf(line, 'task') !== -1 || line.exact?.tuple !== '[]')
          .map((line) => `it got ${show(line.frame)}`),
        `${all.length} heartbeats`,
      );
    },
  },
  { id: 'heartbeats-idle', title: 'a bolt without work gets a heartbeat a second', requirements: ['ML-HB-01'], look: heartbeatsIdle },
  {
    id: 'heartbeats-busy',
    title: 'a bolt that works gets heartbeats all the same',
    requirements: ['ML-HB-01'],
    look: (report) => {
      const run = report.of('bolt').find((each) => each.events('busy').length > 0);
      const busy = run?.events('busy')[0];
      if (run === undefined || busy === undefined) return skipped('the probe did not come so far');
      const next = run.tuples.find((line) => isHeartbeat(line) && line.n > busy.n);
      const waitedMs = next === undefined ? Number.POSITIVE_INFINITY : Math.round(next.at_ms - busy.at_ms);
      return waitedMs <= 2500 ? pass(`one came ${waitedMs} ms after it read again`) : fail('none came for 2500 ms after it read again');
    },
  },
  {
    id: 'ticks',
    title: 'a bolt that is configured for ticks gets them, and no other',
    requirements: ['ML-TK-01', 'ML-TK-02'],
    look: (report) => {
      const ticks = report.of('bolt').flatMap((run) => run.tuples.filter(isTick));
      if (report.of('sink').some((run) => run.tuples.some(isTick))) return fail('the sink got a tick, which has none configured');
      if (ticks.length < 2) return fail(`${ticks.length} came`);
      return unless(
        ticks
          .filter((line) => keyOf(line, 'comp') !== '__system' || keyOf(line, 'task') !== -1 || Number(orderOf(line)) !== 2)
          .map((line) => `it got ${show(line.frame)}`),
        `${ticks.length} ticks`,
      );
    },
  },
];
