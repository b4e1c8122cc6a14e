/** Host checks of how a component is treated that is late, noisy, deaf or dead. Cites ML-BO, ML-LG and ML-LC. */
import { eventOf, tuplesOf } from './bolt-checks.js';
import { fail, type HostCheck, pass, show, skipped } from './check.js';
import { keyOf, orderOf, type Report } from './report.js';
import { emissionsOf, wordsOf } from './spout-checks.js';

const TIMEOUT_MS = 5000;

/** Whether a tuple of this order was answered by the process that got it, and that process was spoken to afterwards. */
function wentOn(report: Report, order: string): boolean {
  return report.of('bolt').some((run) => {
    const tuple = run.tuples.find((line) => orderOf(line) === order);
    const ack =
      tuple === undefined ? undefined : run.fromComponent.find((line) => line.n > tuple.n && keyOf(line, 'id') === keyOf(tuple, 'id'));
    return ack !== undefined && run.fromHost.some((line) => line.n > ack.n);
  });
}

export const PROCESS_CHECKS: readonly HostCheck[] = [
  {
    id: 'late-ack',
    title: 'an ack after the message timeout does no harm',
    requirements: ['ML-BO-06'],
    look: (report) => {
      if (tuplesOf(report, 'release').length === 0) return skipped('the probe did not come so far');
      return wentOn(report, 'late') ? pass('the process went on') : fail('the process was ended');
    },
  },
  {
    id: 'log-and-error',
    title: 'logs and errors of a component fail nothing and end nothing',
    requirements: ['ML-LG-04', 'ML-LG-02'],
    look: (report) => {
      const [word] = wordsOf(report, '"log"');
      if (word === undefined) return skipped('the probe did not come so far');
      if (word !== 'ack') return fail('the tuple was failed under which they were sent');
      return wentOn(report, 'log-error') ? pass('five logs and an error') : fail('the process was ended');
    },
  },
  {
    id: 'stderr-drained',
    title: 'stderr is read at all times',
    requirements: ['ML-LC-04'],
    look: (report) => {
      const stderr = eventOf(report, 'stderr');
      if (stderr === undefined)
        return tuplesOf(report, 'stderr').length === 0
          ? skipped('the probe did not come so far')
          : fail('the bolt never got rid of its text');
      return stderr['written'] === stderr['bytes']
        ? pass(`${String(stderr['bytes'])} bytes`)
        : fail(`${String(stderr['written'])} of ${String(stderr['bytes'])} bytes were read`);
    },
  },
  {
    id: 'reads-while-unread',
    title: 'a component that does not read is read all the same',
    requirements: ['ML-LC-19'],
    look: (report) => {
      const hearing = eventOf(report, 'hearing');
      if (hearing === undefined)
        return eventOf(report, 'deaf') === undefined
          ? skipped('the probe did not come so far')
          : fail('the process was ended while it did not read');
      return hearing['written'] === hearing['bytes']
        ? pass(`${String(hearing['bytes'])} bytes`)
        : fail(`${String(hearing['written'])} of ${String(hearing['bytes'])} bytes were read`);
    },
  },
  {
    id: 'restart',
    title: 'a component that exits, with status 0 too, is started again',
    requirements: ['ML-LC-13', 'ML-LC-08'],
    look: (report) => {
      if (eventOf(report, 'die') === undefined) return skipped('the probe did not come so far');
      const died = report.of('bolt').findIndex((run) => run.events('die').length > 0);
      const next = report.of('bolt')[died + 1];
      return next?.handshake === undefined ? fail('it was not') : pass('with a handshake of its own');
    },
  },
  {
    id: 'held-failed',
    title: 'what a component held when it ended is failed at once',
    requirements: ['ML-LC-11'],
    look: (report) => {
      const [died] = emissionsOf(report, '"die"');
      if (died === undefined || eventOf(report, 'die') === undefined) return skipped('the probe did not come so far');
      if (died.verdict === undefined || keyOf(died.verdict, 'command') !== 'fail')
        return fail(`its spout tuple got ${show(died.verdict?.frame)}`);
      const waitedMs = Math.round(died.verdict.at_ms - died.emit.at_ms);
      return waitedMs < TIMEOUT_MS * 0.8
        ? pass(`after ${waitedMs} ms`)
        : fail(`it failed after ${waitedMs} ms, by the message timeout of ${TIMEOUT_MS}`);
    },
  },
];
