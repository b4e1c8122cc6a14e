/** The scheduler that a nimbus uses: Storm's even one, or the user's own from a module. Invariant: what is no scheduler is refused when the daemon starts, not when a topology comes. */
import { loadModule } from '../../component/module-loader.js';
import { PolyboltError } from '../../model/errors.js';
import { scheduleEvenly } from '../../scheduling/even-scheduler.js';
import type { Scheduler } from '../../scheduling/scheduler.js';

/** What a scheduler module exports: an object with this method, or a class or function that makes one. */
interface SchedulerModule {
  schedule: Scheduler;
}

/**
 * Throws PB_SCHEDULER_INVALID.
 * @param path of the module, relative to `directory`; undefined for the even scheduler
 */
export async function loadScheduler(path: string | undefined, directory: string): Promise<Scheduler> {
  if (path === undefined) return scheduleEvenly;
  const isValid = (instance: unknown): boolean => typeof (instance as Partial<SchedulerModule> | null)?.schedule === 'function';
  try {
    const create = await loadModule<SchedulerModule>(directory, path, undefined, [], 'scheduler', isValid);
    const scheduler = create();
    return (input) => scheduler.schedule(input);
  } catch (error) {
    throw new PolyboltError('PB_SCHEDULER_INVALID', {
      message: `storm.scheduler is ${path}, and that is no scheduler: ${error instanceof Error ? error.message : String(error)}`,
      hint: 'let the module export an object, or a class, with a method schedule(input) that returns placements; or take storm.scheduler away',
      context: { path, directory },
      cause: error,
    });
  }
}
