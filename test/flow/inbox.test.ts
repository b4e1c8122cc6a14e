import t from 'tap';
import { Inbox } from '../../src/flow/inbox.js';
import { INBOX_BYTES_MAX, INBOX_HARD_FACTOR, INBOX_TUPLES_MAX } from '../../src/model/limits.js';
import { Tuple, type TupleSource } from '../../src/model/tuple.js';
import { Values } from '../../src/model/values.js';

const SOURCE: TupleSource = { component: 'c', stream: 'default', task: 1, fields: [], head: '' };

/** A tuple that weighs so many bytes in a queue: 32 and one for each character. */
function tuple(bytes: number, mark = 'x'): Tuple {
  return new Tuple(SOURCE, Values.fromText(`["${mark.padEnd(bytes - 32 - 4, '.')}"]`));
}

function inboxOf(options: { ageMaxMs?: number; bytesMax?: number; tuplesMax?: number } = {}): { inbox: Inbox; heard: boolean[] } {
  const heard: boolean[] = [];
  const inbox = new Inbox({
    ageMaxMs: 1000,
    bytesMax: 1000,
    tuplesMax: 10,
    ...options,
    onCongestion: (congested) => heard.push(congested),
  });
  return { inbox, heard };
}

function push(inbox: Inbox, count: number, bytes: number, nowMs = 0): void {
  for (let i = 0; i < count; i++) inbox.push(tuple(bytes, String(i)), nowMs);
}

function take(inbox: Inbox, count: number): void {
  for (let i = 0; i < count; i++) inbox.take();
}

t.test('tuples leave in the order they came', async (t) => {
  const { inbox } = inboxOf();
  const tuples = [tuple(40), tuple(41), tuple(42)];
  for (const each of tuples) inbox.push(each, 5);
  t.same([inbox.size, inbox.bytes], [3, 123]);
  t.same(
    [inbox.take(), inbox.take(), inbox.take(), inbox.take()].map((each) => tuples.indexOf(each as Tuple)),
    [0, 1, 2, -1],
  );
  t.same([inbox.size, inbox.bytes, tuples[0]?.arrivedAtMs, tuples[2]?.bytes], [0, 0, 5, 42]);
});

t.test('order, number and bytes hold while the queue is compacted again and again', async (t) => {
  const { inbox } = inboxOf({ bytesMax: Number.MAX_SAFE_INTEGER, tuplesMax: Number.MAX_SAFE_INTEGER });
  const wrong: number[] = [];
  let pushed = 0;
  let taken = 0;
  // Fills and empties in waves of changing height, some of which reach the bottom.
  for (const [more, less] of [
    [5000, 3000],
    [10, 1500],
    [4000, 4400],
    [100, 200],
    [3000, 1100],
    [1, 1901],
    [2000, 2000],
    [5, 1],
  ] as const) {
    for (let i = 0; i < more; i++) {
      const next = tuple(40);
      next.sequence = pushed++;
      inbox.push(next, 0);
    }
    for (let i = 0; i < less; i++) if (inbox.take()?.sequence !== taken++) wrong.push(taken);
    if (inbox.size !== pushed - taken || inbox.bytes !== 40 * (pushed - taken)) wrong.push(-taken);
  }
  t.same([wrong, inbox.size], [[], pushed - taken]);
});

t.test('it is congested above its bound of tuples and free again at half of it', async (t) => {
  const { inbox, heard } = inboxOf({ tuplesMax: 10, bytesMax: 1e9 });
  push(inbox, 10, 40);
  t.same([inbox.congested, heard], [false, []]);
  push(inbox, 3, 40);
  t.same([inbox.congested, heard], [true, [true]]);
  take(inbox, 7);
  t.same([inbox.size, inbox.congested, heard], [6, true, [true]]);
  take(inbox, 1);
  t.same([inbox.size, inbox.congested, heard], [5, false, [true, false]]);
});

t.test('it is congested above its bound of bytes and free again at half of it', async (t) => {
  const { inbox, heard } = inboxOf({ tuplesMax: 1e9, bytesMax: 1000 });
  push(inbox, 10, 100);
  t.same([inbox.bytes, heard], [1000, []]);
  push(inbox, 1, 100);
  t.same(heard, [true]);
  take(inbox, 5);
  t.same([inbox.bytes, heard], [600, [true]]);
  take(inbox, 1);
  t.same([inbox.bytes, heard], [500, [true, false]]);
});

t.test('one tuple larger than the bound passes through', async (t) => {
  const { inbox, heard } = inboxOf({ bytesMax: 1000 });
  push(inbox, 1, 5000);
  t.same([heard, inbox.isFull], [[true], true]);
  take(inbox, 1);
  t.same([heard, inbox.isFull], [[true, false], false]);
});

t.test('both bounds have to be down to half', async (t) => {
  const { inbox, heard } = inboxOf({ tuplesMax: 10, bytesMax: 1000 });
  push(inbox, 10, 40);
  push(inbox, 1, 800);
  t.same(heard, [true]);
  take(inbox, 10);
  t.same([inbox.size, inbox.bytes, heard], [1, 800, [true]], 'few tuples, many bytes');
  take(inbox, 1);
  t.same(heard, [true, false]);
});

t.test('it is congested when its oldest tuple is older than the bound, and free when the oldest is half as old', async (t) => {
  const { inbox, heard } = inboxOf({ ageMaxMs: 1000 });
  push(inbox, 1, 40, 0);
  push(inbox, 1, 40, 900);
  inbox.pulse(1000);
  t.same(heard, []);
  inbox.pulse(1001);
  t.same(heard, [true]);
  inbox.pulse(1300);
  inbox.take();
  t.same(heard, [true, false], 'the second one is 400 ms old');
});

t.test('a tuple that is taken late does not free the inbox while the next one is as old', async (t) => {
  const { inbox, heard } = inboxOf({ ageMaxMs: 1000 });
  push(inbox, 1, 40, 0);
  push(inbox, 2, 40, 600);
  inbox.pulse(5000);
  inbox.take();
  t.same(heard, [true], 'the next one is 4400 ms old');
  inbox.pulse(5100);
  t.same(heard, [true]);
  inbox.take();
  inbox.take();
  t.same(heard, [true, false], 'nothing is left that could be old');
});

t.test('a burst that is taken at once frees the inbox without waiting for a pulse', async (t) => {
  const { inbox, heard } = inboxOf({ tuplesMax: 10, ageMaxMs: 1000 });
  push(inbox, 11, 40, 70_000);
  take(inbox, 6);
  t.same(heard, [true, false]);
});

t.test('an empty inbox is never too old', async (t) => {
  const { inbox, heard } = inboxOf({ ageMaxMs: 1000 });
  inbox.pulse(1e12);
  t.same(heard, []);
});

t.test('without message timeouts age never counts', async (t) => {
  const { inbox, heard } = inboxOf({ ageMaxMs: Infinity, tuplesMax: 10 });
  push(inbox, 11, 40, 0);
  inbox.pulse(1e12);
  take(inbox, 6);
  t.same(heard, [true, false]);
});

t.test('it says so once for each change, however often it is asked', async (t) => {
  const { inbox, heard } = inboxOf({ tuplesMax: 2 });
  for (let i = 0; i < 3; i++) {
    push(inbox, 5, 40, i);
    inbox.pulse(i);
    take(inbox, 5);
    inbox.pulse(i);
  }
  t.same(heard, [true, false, true, false, true, false]);
});

t.test('the hard bound is INBOX_HARD_FACTOR times the soft one, of tuples or of bytes', async (t) => {
  t.equal(INBOX_HARD_FACTOR, 4);
  const tuples = inboxOf({ tuplesMax: 10, bytesMax: 1e9 }).inbox;
  push(tuples, 40, 40);
  t.equal(tuples.isFull, false);
  push(tuples, 1, 40);
  t.equal(tuples.isFull, true);
  const bytes = inboxOf({ tuplesMax: 1e9, bytesMax: 1000 }).inbox;
  push(bytes, 40, 100);
  t.equal(bytes.isFull, false);
  push(bytes, 1, 33);
  t.equal(bytes.isFull, true);
});

t.test('by default the bounds are INBOX_TUPLES_MAX and INBOX_BYTES_MAX', async (t) => {
  t.same([INBOX_TUPLES_MAX, INBOX_BYTES_MAX], [2_048, 8_388_608]);
  const heard: string[] = [];
  const onCongestion = (): unknown => heard.push('congested');
  const tuples = new Inbox({ ageMaxMs: 1000, onCongestion });
  push(tuples, 2_048, 40);
  t.same(heard, []);
  push(tuples, 1, 40);
  t.same(heard, ['congested']);
  const bytes = new Inbox({ ageMaxMs: 1000, onCongestion });
  push(bytes, 8, 1_048_576);
  t.same(heard, ['congested']);
  push(bytes, 1, 40);
  t.same(heard, ['congested', 'congested']);
});

t.test('what stays behind after a turn is given a copy of its text, each tuple once', async (t) => {
  const { inbox } = inboxOf({ bytesMax: 1e9, tuplesMax: 1e9 });
  const detached: number[] = [];
  const add = (count: number, first: number): void => {
    for (let i = first; i < first + count; i++) {
      const next = tuple(60);
      next.values.detach = () => void detached.push(i);
      inbox.push(next, 0);
    }
  };
  const settled = (): number[] => {
    inbox.settle();
    return detached.splice(0);
  };
  add(3, 0);
  inbox.take();
  t.same(settled(), [1, 2]);
  t.same(settled(), []);
  add(2, 3);
  t.same(settled(), [3, 4]);
  // The queue is compacted on the way, and emptied in the end.
  add(3000, 5);
  settled();
  take(inbox, 2000);
  add(1, 3005);
  t.same(settled(), [3005]);
  inbox.drain(() => {});
  add(1, 3006);
  t.same(settled(), [3006]);
});

t.test('to drain hands over everything in order, and leaves the inbox free', async (t) => {
  const { inbox, heard } = inboxOf({ tuplesMax: 10 });
  push(inbox, 25, 40);
  const drained: unknown[] = [];
  inbox.drain(({ values }) => drained.push(Number.parseInt((values.array as string[])[0] as string, 10)));
  t.same(
    drained,
    Array.from({ length: 25 }, (_, i) => i),
  );
  t.same([inbox.size, inbox.bytes, heard], [0, 0, [true, false]]);
});
