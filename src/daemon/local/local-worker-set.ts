/**
 * The workers of a local cluster: who runs now, and what each has counted. Invariant: a worker is here from its launch to its exit; what one in a process of its own has counted
 * is as old as the last answer, and stays when it does not answer.
 */
import { QuietWatch } from '../../metrics/quiet-watch.js';
import { isWorkerSnapshot, type WorkerSnapshot } from '../../metrics/snapshot.js';
import type { Topology } from '../../model/topology.js';
import type { AdoptedWorker, WorkerEvents, WorkerHandle, WorkerLauncher, WorkerSpec } from '../worker-handle.js';
import { InlineWorker } from './inline-launcher.js';

interface Running {
  readonly handle: WorkerHandle;
  last: WorkerSnapshot | undefined;
}

/** How often workers in other processes are asked. */
const REFRESH_MS = 250;

export class LocalWorkers implements WorkerLauncher {
  readonly #launcher: WorkerLauncher;
  readonly #running = new Map<string, Set<Running>>();
  #refreshing: NodeJS.Timeout | undefined;

  constructor(launcher: WorkerLauncher) {
    this.#launcher = launcher;
  }

  leftRunning(): Promise<readonly AdoptedWorker[]> {
    return this.#launcher.leftRunning();
  }

  launch(spec: WorkerSpec, events: WorkerEvents): WorkerHandle {
    const { id } = spec.record;
    const handle = this.#launcher.launch(spec, {
      ...events,
      onBeat: (isUp) => events.onBeat(isUp),
      onError: (error) => events.onError(error),
      onExit: (reason) => {
        this.#workersOf(id).delete(running);
        events.onExit(reason);
      },
    });
    const running: Running = { handle, last: undefined };
    this.#running.set(id, this.#workersOf(id).add(running));
    if (!(handle instanceof InlineWorker)) this.#refreshing ??= setInterval(() => void this.#refreshAll(), REFRESH_MS);
    return handle;
  }

  snapshots(topologyId: string): readonly WorkerSnapshot[] {
    return [...this.#workersOf(topologyId)]
      .map(({ handle, last }) => (handle instanceof InlineWorker ? handle.read() : last))
      .filter((snapshot) => snapshot !== undefined);
  }

  /** Whether a topology has been quiet for so long, each time it is asked. @param idOf its id, where it is there */
  watch(quietMs: number, idOf: () => string | undefined): (nowMs: number) => Promise<boolean> {
    const quiet = new QuietWatch(quietMs);
    // While this process had no turn, its workers had none either, or their words are yet to be read: that was no quiet.
    const stepMsMax = quietMs > 0 ? quietMs / 3 : Number.POSITIVE_INFINITY;
    let seenAtMs: number | undefined;
    let watchedMs = 0;
    return async (nowMs) => {
      watchedMs += Math.min(nowMs - (seenAtMs ?? nowMs), stepMsMax);
      seenAtMs = nowMs;
      return quiet.observe(watchedMs, await Promise.all([...this.#workersOf(idOf() ?? '')].map(refresh)));
    };
  }

  /** See `Worker.restart`. */
  async restart(topologyId: string, components: readonly string[], topology: Topology): Promise<void> {
    for (const { handle } of [...this.#workersOf(topologyId)]) await handle.restart?.(components, topology);
  }

  /** Ends the workers of a topology gently. */
  async stop(topologyId: string): Promise<void> {
    await Promise.all([...this.#workersOf(topologyId)].map(({ handle }) => handle.stop()));
  }

  /** Ends all workers at once; whether they are gone, their events tell. */
  killAll(): void {
    for (const workers of this.#running.values()) for (const { handle } of workers) void handle.kill();
  }

  close(): void {
    clearInterval(this.#refreshing);
  }

  async #refreshAll(): Promise<void> {
    for (const workers of this.#running.values()) await Promise.all([...workers].map(refresh));
  }

  #workersOf(topologyId: string): Set<Running> {
    return this.#running.get(topologyId) ?? new Set();
  }
}

async function refresh(running: Running): Promise<WorkerSnapshot | undefined> {
  const answer = await running.handle.snapshot();
  if (!isWorkerSnapshot(answer)) return undefined;
  running.last = answer;
  return answer;
}
