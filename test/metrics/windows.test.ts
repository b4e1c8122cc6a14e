/** What is counted over Storm's windows, and the figures that many workers make together. */
import t from 'tap';
import { aggregate } from '../../src/metrics/aggregate.js';
import { LatencyHistogram } from '../../src/metrics/latency-histogram.js';
import { QuietWatch } from '../../src/metrics/quiet-watch.js';
import { ALL_TIME, RollingWindows, WINDOWS } from '../../src/metrics/rolling-windows.js';
import { isWorkerSnapshot, type TaskSnapshot, type WorkerSnapshot, windowsOf } from '../../src/metrics/snapshot.js';
import { TaskCounters } from '../../src/metrics/task-counters.js';

/** A counter that rises by one each second, sampled ten times a second. */
function counted(seconds: number): { readonly windows: RollingWindows; readonly nowMs: number; readonly values: readonly number[] } {
  const windows = new RollingWindows(0);
  for (let nowMs = 0; nowMs < seconds * 1000; nowMs += 1000) if (windows.isDue(nowMs)) windows.sample(nowMs, [nowMs / 1000]);
  return { windows, nowMs: seconds * 1000, values: [seconds] };
}

t.test('until a window is full it covers the time since the start', async (t) => {
  const { windows, nowMs, values } = counted(599);
  for (const window of WINDOWS) t.match(windows.over(window, nowMs, values), { values: [599], coveredMs: 599_000 }, window);
});

t.test('a full window slides by a twentieth of itself, and all time stays all time', async (t) => {
  const { windows, nowMs, values } = counted(100_000);
  for (const [window, leastSecs] of [
    ['600', 570],
    ['10800', 10_260],
    ['86400', 82_080],
  ] as const) {
    const { values: over, coveredMs } = windows.over(window, nowMs, values);
    t.ok((over[0] as number) >= leastSecs && (over[0] as number) <= Number(window), `${window}: ${over[0]}`);
    t.equal(coveredMs, (over[0] as number) * 1000, 'the rate is that of the time really covered');
  }
  t.match(windows.over(ALL_TIME, nowMs, values), { values: [100_000], coveredMs: 100_000_000 });
});

t.test('after a long sleep a window holds nothing older than itself but one sample', async (t) => {
  const { windows, values } = counted(1000);
  const nowMs = 5_000_000;
  windows.sample(nowMs, values);
  windows.sample(nowMs + 30_000, values);
  t.equal(windows.over('600', nowMs + 700_000, values).values[0], 0);
});

function task(changes: Partial<TaskSnapshot> & { readonly counters?: Partial<TaskCounters> }): TaskSnapshot {
  const { counters, ...rest } = changes;
  const all = Object.assign(new TaskCounters(), counters);
  return {
    task: 1,
    component: 'bolt',
    kind: 'bolt',
    isRunning: true,
    queued: 0,
    queuedBytes: 0,
    held: 0,
    pending: 0,
    roots: 0,
    timedOut: 0,
    abandoned: 0,
    restarts: 0,
    errors: 0,
    unreplayed: 0,
    completeLatency: all.completeLatency.data,
    windows: windowsOf(all, new RollingWindows(0), 10_000),
    ...rest,
  };
}

function worker(incarnation: string, changes: Partial<WorkerSnapshot>): WorkerSnapshot {
  return { snapshot: 1, incarnation, pid: 1, upMs: 10_000, memoryBytes: 1, isIdle: true, unroutable: 0, links: {}, tasks: [], ...changes };
}

t.test('figures of many workers: sums, weighted means, and the capacity of the busiest task', async (t) => {
  const spout = new TaskCounters();
  for (const ms of [10, 20, 30]) spout.completeLatency.add(ms);
  spout.acked = 3;
  spout.emitted = 4;
  const figures = aggregate(
    [
      worker('1.0', {
        unroutable: 2,
        tasks: [
          task({ task: 9, component: 'spout', kind: 'spout', pending: 1, counters: spout }),
          task({
            task: 1,
            counters: { executed: 10, acked: 10, processMs: 100, executeMs: 5000, emitted: 10, transferred: 20 },
            queued: 3,
          }),
        ],
      }),
      worker('1.1', {
        unroutable: 1,
        tasks: [
          task({
            task: 2,
            isRunning: false,
            counters: { executed: 30, acked: 30, processMs: 60, executeMs: 1000, failed: 1 },
            held: 2,
            restarts: 1,
            errors: 4,
          }),
        ],
      }),
    ],
    '600',
  );
  t.match(figures, { window: '600', workers: 2, unroutable: 3, acked: 3, emitted: 14, transferred: 20, pending: 1 });
  t.match(figures.completeLatencyMs, { mean: 20 });
  t.ok(Math.abs(figures.completeLatencyMs.p99 - 30) < 3);
  t.same(figures.components, [
    {
      ...{ id: 'bolt', kind: 'bolt', tasks: 2, running: 1, emitted: 10, transferred: 20, executed: 40, acked: 40, failed: 1 },
      ...{ processLatencyMs: 4, executeLatencyMs: 150, completeLatencyMs: 0, capacity: 0.5 },
      ...{ queued: 3, held: 2, pending: 0, restarts: 1, errors: 4 },
    },
    {
      ...{ id: 'spout', kind: 'spout', tasks: 1, running: 1, emitted: 4, transferred: 0, executed: 0, acked: 3, failed: 0 },
      ...{ processLatencyMs: 0, executeLatencyMs: 0, completeLatencyMs: 20, capacity: 0 },
      ...{ queued: 0, held: 0, pending: 1, restarts: 0, errors: 0 },
    },
  ]);
  t.match(aggregate([]), { workers: 0, components: [], completeLatencyMs: { mean: 0, p50: 0, p99: 0 } });
});

t.test('a histogram travels as data and comes back the same; nonsense in it counts nothing', async (t) => {
  const [sent, got] = [new LatencyHistogram(), new LatencyHistogram()];
  for (const ms of [0, 0.5, 3, 3, 1e9]) sent.add(ms);
  got.merge(JSON.parse(JSON.stringify(sent.data)));
  t.same([got.count, got.sumMs, got.quantileMs(0.5)], [sent.count, sent.sumMs, sent.quantileMs(0.5)]);
  got.merge({ sumMs: 0, buckets: [-1, 5, 256, 5, 7] });
  t.equal(got.count, 5);
});

t.test('what is no snapshot of this version is told from one', async (t) => {
  t.ok(isWorkerSnapshot(JSON.parse(JSON.stringify(worker('1.0', {})))));
  for (const value of [undefined, null, 7, {}, { ...worker('1.0', {}), snapshot: 2 }, { snapshot: 1, tasks: 7, links: {} }])
    t.notOk(isWorkerSnapshot(value));
});

t.test('a topology is quiet when nothing moved for long enough and what was sent has been received', async (t) => {
  const watch = new QuietWatch(100);
  const pair = (sent: number, received: number, isIdle = true): WorkerSnapshot[] => [
    worker('1.0', { isIdle, links: { '1.1': { sent, received: 0 } } }),
    worker('1.1', { links: { '1.0': { sent: 0, received } } }),
  ];
  t.equal(watch.observe(0, pair(5, 4)), false, 'the clock starts');
  t.equal(watch.observe(200, pair(5, 4)), false, 'one is on its way');
  t.equal(watch.observe(210, pair(5, 5)), false, 'it has arrived: that is a movement');
  t.equal(watch.observe(309, pair(5, 5)), false);
  t.equal(watch.observe(310, pair(5, 5)), true);
  t.equal(watch.observe(320, pair(5, 5, false)), false, 'somebody is at work');
  t.equal(watch.observe(330, pair(5, 5)), false, 'and so the clock starts again');
  t.equal(watch.observe(440, [...pair(5, 5), undefined]), false, 'one does not answer');
  t.equal(watch.observe(441, []), false, 'nobody is there');
});

t.test('ticks, which are executed for ever, keep no topology from being quiet; what is emitted does', async (t) => {
  const watch = new QuietWatch(100);
  const at = (counters: Partial<TaskCounters>): WorkerSnapshot[] => [worker('1.0', { tasks: [task({ counters })] })];
  t.equal(watch.observe(0, at({ emitted: 1, executed: 1, acked: 1 })), false);
  t.equal(watch.observe(100, at({ emitted: 1, executed: 2, acked: 2 })), true);
  t.equal(watch.observe(200, at({ emitted: 2, executed: 3, acked: 3 })), false);
});

t.test('a link that lost something keeps nobody waiting for ever', async (t) => {
  const watch = new QuietWatch(100);
  const lost = [worker('1.0', { links: { '1.1': { sent: 5, received: 0 } } }), worker('1.1', {})];
  t.equal(watch.observe(0, lost), false);
  t.equal(watch.observe(4999, lost), false);
  t.equal(watch.observe(5000, lost), true);
});
