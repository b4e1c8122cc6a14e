/**
 * Which task ids a topology has and which executor runs each. Invariant: fixed at submission and never shifted later (design D6);
 * components are sorted by name, system ones included, and numbered from 1, as Storm does.
 */
import { settingsOf } from './config.js';
import type { Topology } from './topology.js';

/** The component that ackers run as. */
export const ACKER_COMPONENT = '__acker';

/** A run of consecutive tasks of one component that share a thread of control. Both ends inclusive. */
export interface ExecutorRange {
  readonly component: string;
  readonly firstTask: number;
  readonly lastTask: number;
}

export interface TaskTable {
  /** Component of each task: index 0 is task 1. */
  readonly components: readonly string[];
  readonly executors: readonly ExecutorRange[];
}

/**
 * Numbers the tasks of a topology for so many workers. Acker executors: `topology.acker.executors`, or one for each worker
 * when that is null.
 */
export function createTaskTable(topology: Topology): TaskTable {
  const settings = settingsOf(topology.config);
  const ackers = settings.ackerExecutors ?? settings.workers;
  const sizes: [component: string, tasks: number, executors: number][] = Object.values(topology.components).map((component) => [
    component.id,
    component.tasks,
    Math.min(component.parallelism, component.tasks),
  ]);
  if (ackers > 0) sizes.push([ACKER_COMPONENT, ackers, ackers]);
  sizes.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));

  const components: string[] = [];
  const executors: ExecutorRange[] = [];
  for (const [component, taskCount, executorCount] of sizes) {
    for (let executor = 0; executor < executorCount; executor++) {
      // The first executors take one task more when the tasks do not divide evenly, as Storm does.
      const taken = Math.floor(taskCount / executorCount) + (executor < taskCount % executorCount ? 1 : 0);
      executors.push({ component, firstTask: components.length + 1, lastTask: components.length + taken });
      for (let i = 0; i < taken; i++) components.push(component);
    }
  }
  return { components, executors };
}

/** Task ids of a component, ascending. */
export function tasksOf(table: TaskTable, component: string): readonly number[] {
  const tasks: number[] = [];
  for (let i = 0; i < table.components.length; i++) if (table.components[i] === component) tasks.push(i + 1);
  return tasks;
}
