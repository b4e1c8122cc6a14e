/** When a child's output is left to collect. */
import t from 'tap';
import { ReadRhythm } from '../../src/flow/read-rhythm.js';
import {
  READ_REST_AGAIN_MS_MAX,
  READ_REST_AGAIN_MS_MIN,
  READ_REST_GAIN_MIN,
  READ_REST_MS,
  READ_SMALL_BYTES_MAX,
  READS_BEFORE_REST,
} from '../../src/model/limits.js';

/** Reads of so many bytes, one every `everyMs`; returns how many reads it took until a rest, or undefined when none came. */
function untilRest(rhythm: ReadRhythm, bytes: number, fromMs: number, everyMs: number): number | undefined {
  for (let read = 1; read <= 100; read++) if (rhythm.restAfter(bytes, fromMs + read * everyMs)) return read;
  return undefined;
}

t.test('the bounds are what the figures were measured with', async (t) => {
  t.same(
    [READS_BEFORE_REST, READ_SMALL_BYTES_MAX, READ_REST_MS, READ_REST_GAIN_MIN, READ_REST_AGAIN_MS_MIN, READ_REST_AGAIN_MS_MAX],
    [16, 512, 1, 4, 100, 10_000],
  );
});

t.test('the sixteenth small read in quick succession is followed by a rest, and no sooner', async (t) => {
  t.equal(untilRest(new ReadRhythm(), 50, 0, 0.05), 16);
  t.equal(untilRest(new ReadRhythm(), 512, 0, 0.05), 16);
});

t.test('large reads and slow ones are never followed by a rest', async (t) => {
  t.equal(untilRest(new ReadRhythm(), 513, 0, 0.05), undefined);
  t.equal(untilRest(new ReadRhythm(), 50, 0, 0.2), undefined);
});

t.test('a large read starts the count anew', async (t) => {
  const rhythm = new ReadRhythm();
  for (let read = 0; read < 15; read++) rhythm.restAfter(50, 1);
  rhythm.restAfter(4096, 1);
  t.equal(untilRest(rhythm, 50, 1, 0.05), 16);
});

t.test('rests go on while four times the usual read collects', async (t) => {
  const rhythm = new ReadRhythm();
  untilRest(rhythm, 50, 0, 0.05);
  t.same([rhythm.restAfter(200, 2), rhythm.restAfter(5000, 3), rhythm.restAfter(200, 4)], [true, true, true]);
});

t.test('a child that waits for us is read at once, for twice as long each time', async (t) => {
  const rhythm = new ReadRhythm();
  untilRest(rhythm, 50, 0, 0.05);
  t.equal(rhythm.restAfter(199, 10), false);
  t.equal(untilRest(rhythm, 50, 10, 0.05), undefined);
  t.equal(untilRest(rhythm, 50, 104, 0.05), undefined, 'until 110');
  t.equal(untilRest(rhythm, 50, 113, 0.05), 16);
  t.equal(rhythm.restAfter(50, 130), false);
  t.equal(untilRest(rhythm, 50, 324, 0.05), undefined, 'until 330');
  t.equal(untilRest(rhythm, 50, 333, 0.05), 16);
});

t.test('the time between two vain rests has a bound', async (t) => {
  const rhythm = new ReadRhythm();
  let nowMs = 0;
  for (let vain = 0; vain < 20; vain++) {
    t.equal(untilRest(rhythm, 50, nowMs, 0.05), 16);
    t.equal(rhythm.restAfter(50, nowMs + 1), false);
    nowMs += 1 + READ_REST_AGAIN_MS_MAX;
  }
});

t.test('a pause after rests that were worth it costs nothing but a new count', async (t) => {
  const rhythm = new ReadRhythm();
  untilRest(rhythm, 50, 0, 0.05);
  t.same([rhythm.restAfter(5000, 2), rhythm.restAfter(33, 3)], [true, false]);
  t.equal(untilRest(rhythm, 50, 3, 0.05), 16);
});
