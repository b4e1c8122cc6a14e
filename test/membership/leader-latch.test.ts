import t from 'tap';
import {
  candidateId,
  candidatePrefix,
  type LatchEvent,
  type LatchState,
  leadingCandidate,
  startLatch,
  stepLatch,
} from '../../src/membership/leader-latch.js';

/** Steps from a connected start; returns the last state and the effects of the last event. */
function after(...events: readonly LatchEvent[]): { readonly state: LatchState; readonly effects: readonly unknown[] } {
  return events.reduce(({ state }, event) => stepLatch(state, event), startLatch(true));
}

const FOUND_FIRST: LatchEvent = { kind: 'found', candidates: ['b-0000000003', 'a-0000000007'], owned: ['b-0000000003'] };
const LOST: LatchEvent = { kind: 'connection', isConnected: false };
const BACK: LatchEvent = { kind: 'connection', isConnected: true };

t.test('a candidate looks for its own before it creates one, and reads again before it leads', async (t) => {
  t.same(startLatch(true).effects, [{ kind: 'read' }]);
  const none: LatchEvent = { kind: 'found', candidates: ['x-0000000001'], owned: [] };
  t.same(after(none).effects, [{ kind: 'create' }]);
  t.same(after(none, { kind: 'created' }).effects, [{ kind: 'read' }]);
  const leading = after(none, { kind: 'created' }, FOUND_FIRST);
  t.equal(leading.state.leads, true);
  t.same(leading.effects, [{ kind: 'watch', names: ['b-0000000003'] }], 'its own, so that it notices when that is taken away');
});

t.test('who is not the lowest watches the one right before it, by number and not by name', async (t) => {
  const candidates = ['z-0000000001', 'b-0000000010', 'a-0000000012', 'c-0000000009'];
  const waiting = after({ kind: 'found', candidates, owned: ['a-0000000012'] });
  t.equal(waiting.state.leads, false);
  t.same(waiting.effects, [{ kind: 'watch', names: ['a-0000000012', 'b-0000000010'] }]);
  t.equal(leadingCandidate(candidates), 'z-0000000001');
  t.equal(leadingCandidate([]), undefined);
  t.equal(candidateId(`${candidatePrefix('host-1')}0000000004`), 'host-1');
});

t.test('two candidates of one session, left by lost answers, become one: the lower', async (t) => {
  const { state, effects } = after({
    kind: 'found',
    candidates: ['a-0000000004', 'a-0000000002'],
    owned: ['a-0000000004', 'a-0000000002'],
  });
  t.equal(state.leads, true);
  t.same(effects, [
    { kind: 'watch', names: ['a-0000000002'] },
    { kind: 'remove', names: ['a-0000000004'] },
  ]);
});

t.test('whose candidate is gone leads no more, and stands anew', async (t) => {
  const gone = after(FOUND_FIRST, { kind: 'changed' }, { kind: 'found', candidates: ['a-0000000007'], owned: [] });
  t.equal(gone.state.leads, false);
  t.same(gone.effects, [{ kind: 'create' }]);
});

t.test('nobody leads while disconnected, and whoever is back reads before it leads again', async (t) => {
  t.equal(startLatch(false).effects.length, 0);
  const lost = after(FOUND_FIRST, LOST);
  t.equal(lost.state.leads, false);
  t.same(after(FOUND_FIRST, LOST, { kind: 'changed' }).effects, [], 'nothing is read meanwhile');
  const back = after(FOUND_FIRST, LOST, BACK);
  t.equal(back.state.leads, false);
  t.same(back.effects, [{ kind: 'read' }]);
  t.equal(stepLatch(back.state, FOUND_FIRST).state.leads, true);
});

t.test('what a reading finds counts only if nothing has changed since it began', async (t) => {
  const changed = after({ kind: 'changed' }, FOUND_FIRST);
  t.equal(changed.state.leads, false);
  t.same(changed.effects, [{ kind: 'read' }]);
  const interrupted = after(LOST, FOUND_FIRST);
  t.equal(interrupted.state.leads, false);
  const reconnected = after(LOST, BACK, FOUND_FIRST);
  t.equal(reconnected.state.leads, false, 'the reading began before the loss');
  t.same(reconnected.effects, [{ kind: 'read' }]);
});

t.test('a reading or creation that fails is tried again later, and nobody leads on what is in doubt', async (t) => {
  const failed = after(FOUND_FIRST, { kind: 'changed' }, { kind: 'failed' });
  t.equal(failed.state.leads, false);
  t.same(failed.effects, [{ kind: 'retry' }]);
  t.same(stepLatch(failed.state, { kind: 'changed' }).effects, [{ kind: 'read' }]);
});

t.test('an ended session leads never again', async (t) => {
  const { state } = after(FOUND_FIRST, { kind: 'ended' });
  t.equal(state.leads, false);
  for (const event of [BACK, FOUND_FIRST, { kind: 'created' }, { kind: 'changed' }, { kind: 'closed' }] as const) {
    const next = stepLatch(state, event);
    t.equal(next.state.leads, false);
    t.same(next.effects, []);
  }
});

t.test('who gives up leads no more at once, and takes away whatever candidates it has, now or when it is connected again', async (t) => {
  const closed = after(FOUND_FIRST, { kind: 'closed' });
  t.equal(closed.state.leads, false);
  t.same(closed.effects, [{ kind: 'read' }]);
  t.same(stepLatch(closed.state, FOUND_FIRST).effects, [
    { kind: 'watch', names: [] },
    { kind: 'remove', names: ['b-0000000003'] },
  ]);
  const duringCreation = after({ kind: 'found', candidates: [], owned: [] }, { kind: 'closed' }, { kind: 'created' });
  t.same(duringCreation.effects, [{ kind: 'read' }]);
  t.same(after(FOUND_FIRST, LOST, { kind: 'closed' }).effects, []);
  t.same(after(FOUND_FIRST, LOST, { kind: 'closed' }, BACK).effects, [{ kind: 'read' }]);
});
