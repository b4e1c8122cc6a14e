/** What a worker's tasks have counted, with their windows. Invariant: samples are taken on the pulse, so a tuple costs nothing more than its counters. */
import type { BoltTask } from '../../executor/bolt-task.js';
import type { SpoutTask } from '../../executor/spout-task.js';
import type { Switchboard } from '../../executor/switchboard.js';
import { RollingWindows } from '../../metrics/rolling-windows.js';
import { type TaskSnapshot, type WorkerSnapshot, windowedCounters, windowsOf } from '../../metrics/snapshot.js';

export class WorkerMetrics {
  readonly #startedAtMs: number;
  readonly #windows = new Map<BoltTask | SpoutTask, RollingWindows>();

  constructor(nowMs: number) {
    this.#startedAtMs = nowMs;
  }

  pulse(tasks: readonly (BoltTask | SpoutTask)[], nowMs: number): void {
    for (const task of tasks) {
      const windows = this.#windowsOf(task);
      if (windows.isDue(nowMs)) windows.sample(nowMs, windowedCounters(task.counters));
    }
  }

  snapshot(
    worker: {
      readonly incarnation: string;
      readonly isIdle: boolean;
      readonly bolts: readonly BoltTask[];
      readonly spouts: readonly SpoutTask[];
      readonly switchboard: Switchboard;
    },
    nowMs: number,
  ): WorkerSnapshot {
    const { incarnation, isIdle, bolts, spouts, switchboard } = worker;
    return {
      snapshot: 1,
      incarnation,
      pid: process.pid,
      upMs: Math.round(nowMs - this.#startedAtMs),
      memoryBytes: process.memoryUsage.rss(),
      isIdle,
      unroutable: switchboard.unroutable,
      links: Object.fromEntries([...switchboard.links].map(([peer, { sent, received }]) => [peer, { sent, received }])),
      tasks: [...spouts.map((spout) => this.#spout(spout, nowMs)), ...bolts.map((bolt) => this.#bolt(bolt, nowMs))],
    };
  }

  #spout(spout: SpoutTask, nowMs: number): TaskSnapshot {
    const unreplayed = spout.failedIds.size;
    return {
      ...this.#common(spout, nowMs),
      kind: 'spout',
      queued: 0,
      queuedBytes: 0,
      held: 0,
      pending: spout.pending.size,
      unreplayed: Number.isFinite(unreplayed) ? unreplayed : null,
    };
  }

  #bolt(bolt: BoltTask, nowMs: number): TaskSnapshot {
    const { inbox, host } = bolt;
    return {
      ...this.#common(bolt, nowMs),
      kind: 'bolt',
      queued: inbox.size,
      queuedBytes: inbox.bytes,
      held: host.heldCount,
      pending: 0,
      unreplayed: 0,
    };
  }

  #common(
    task: BoltTask | SpoutTask,
    nowMs: number,
  ): Omit<TaskSnapshot, 'kind' | 'queued' | 'queuedBytes' | 'held' | 'pending' | 'unreplayed'> {
    const { counters } = task;
    return {
      task: task.task,
      component: task.component,
      isRunning: task.host.isRunning,
      roots: counters.roots,
      timedOut: counters.timedOut,
      abandoned: counters.abandoned,
      restarts: counters.restarts,
      errors: counters.errors,
      completeLatency: counters.completeLatency.data,
      windows: windowsOf(counters, this.#windowsOf(task), nowMs),
    };
  }

  #windowsOf(task: BoltTask | SpoutTask): RollingWindows {
    let windows = this.#windows.get(task);
    if (windows === undefined) {
      windows = new RollingWindows(this.#startedAtMs);
      this.#windows.set(task, windows);
    }
    return windows;
  }
}
