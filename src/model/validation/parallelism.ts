/**
 * Executors and tasks. Invariant: a component has at least one executor and at least as many tasks, both capped by
 * `topology.max.task.parallelism` as in Storm, and all tasks of a topology, ackers included, can be numbered.
 */
import { settingsOf } from '../config.js';
import type { ComponentDraft, Spot } from '../draft.js';
import { TASKS_MAX } from '../limits.js';
import type { Component, Config, Topology } from '../topology.js';
import type { Report } from './report.js';

/** @param config the component's configuration over the topology's */
export function checkParallelism(
  component: ComponentDraft,
  config: Config,
  report: Report,
): { readonly parallelism: number; readonly tasks: number } {
  const id = component.id.value;
  const check = (count: Spot<number> | undefined, what: string): number | undefined => {
    if (count === undefined || (Number.isInteger(count.value) && count.value >= 1)) return count?.value;
    report('PB_PARALLELISM_INVALID', count.at, `\`${id}\` cannot have ${count.value} ${what}`, 'a whole number from 1');
    return undefined;
  };
  const executors = check(component.parallelism, 'executors') ?? 1;
  const fromConfig = config['topology.tasks'];
  const tasks = check(component.tasks, 'tasks') ?? (typeof fromConfig === 'number' ? fromConfig : executors);
  if (tasks < executors) {
    const at = component.tasks?.at ?? component.parallelism?.at ?? component.id.at;
    report(
      'PB_PARALLELISM_INVALID',
      at,
      `\`${id}\` has ${tasks} tasks for ${executors} executors`,
      'every executor runs at least one task',
    );
  }
  const cap = settingsOf(config).maxTaskParallelism ?? Number.POSITIVE_INFINITY;
  return { parallelism: Math.min(executors, tasks, cap), tasks: Math.min(tasks, cap) };
}

export function checkTaskCount(topology: Topology, at: Spot<unknown>['at'], report: Report): void {
  const { ackerExecutors, workers } = settingsOf(topology.config);
  const components: readonly Component[] = Object.values(topology.components);
  const total = components.reduce((sum, { tasks }) => sum + tasks, 0) + (ackerExecutors ?? workers);
  if (total > TASKS_MAX)
    report('PB_TOPOLOGY_TOO_LARGE', at, `the topology has ${total} tasks, ackers included; at most ${TASKS_MAX} are allowed`);
}
