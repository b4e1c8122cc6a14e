/** How the bound of tuples of an inbox follows the speed of its task. Design D9. */
import t from 'tap';
import { Inbox } from '../../src/flow/inbox.js';
import { INBOX_TUPLES_FIRST, INBOX_TUPLES_MIN } from '../../src/model/limits.js';
import { Tuple } from '../../src/model/tuple.js';
import { Values } from '../../src/model/values.js';

const SOURCE = { component: 'a', stream: 'default', task: 1, fields: ['x'], head: '' };

/** Fills an inbox until it is congested and empties it at so many ms a tuple; returns how many it took each time. */
function rounds(count: number, msPerTuple: number, ageMaxMs: number): number[] {
  let nowMs = 0;
  let isCongested = false;
  const inbox = new Inbox({ ageMaxMs, tuplesFirst: INBOX_TUPLES_FIRST, onCongestion: (congested) => (isCongested = congested) });
  return Array.from({ length: count }, () => {
    while (!isCongested) inbox.push(new Tuple(SOURCE, Values.fromText('[1]')), nowMs);
    const taken = inbox.size;
    while (isCongested) {
      nowMs += msPerTuple;
      inbox.pulse(nowMs);
      if (isCongested) inbox.take();
    }
    while (inbox.take() !== undefined) nowMs += msPerTuple;
    inbox.pulse(nowMs);
    return taken;
  });
}

t.test('a quick task earns a larger inbox, up to the bound', async (t) => {
  t.equal(INBOX_TUPLES_FIRST, 128);
  t.same(rounds(6, 0.01, 7500), [129, 257, 513, 1025, 2049, 2049]);
});

t.test('a slow task is never given more than it can do in the time that a tuple may wait', async (t) => {
  // 45 ms a tuple: 128 of them wait 5.8 s of 7.5 s at most.
  t.same(rounds(3, 45, 7500), [129, 129, 129]);
});

t.test('a task that is too slow for its inbox loses half of it at a time, down to the least', async (t) => {
  t.equal(INBOX_TUPLES_MIN, 8);
  t.same(rounds(6, 2000, 7500), [129, 65, 33, 17, 9, 9]);
});
