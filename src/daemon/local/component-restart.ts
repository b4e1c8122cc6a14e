/**
 * Restarts components inside a worker on a person's wish. Invariant: all tasks of what is restarted take over together or none does; a component whose new incarnation cannot
 * be started goes on as it was.
 */
import { forgetModules } from '../../component/module-loader.js';
import type { Successor } from '../../component/ports.js';
import type { BoltTask } from '../../executor/bolt-task.js';
import { SpoutTask } from '../../executor/spout-task.js';
import { settingsOf } from '../../model/config.js';
import { PolyboltError } from '../../model/errors.js';
import type { Component } from '../../model/topology.js';
import { shellSettings, taskContext } from '../worker/task-settings.js';
import type { WorkerOptions } from '../worker/worker-options.js';
import { factoryOf } from '../worker/worker-tasks.js';

/** How long a spout's roots may take to be acked before it is replaced; what is still pending then is abandoned with it. */
const SETTLE_MS = 5000;

/**
 * Starts all given tasks of one component anew, by what `options.topology` says of it now, which may differ from before in its command, module, environment and
 * configuration. Throws the PolyboltError of the first task that could not be started; then the old ones go on.
 */
export async function restartComponent(options: WorkerOptions, id: string, tasks: readonly (BoltTask | SpoutTask)[]): Promise<void> {
  const component = options.topology.components[id];
  if (component === undefined || tasks.length === 0) return;
  const successorOf = await successors(options, component);
  const tried = await Promise.allSettled(tasks.map((task) => task.host.replace(successorOf(task.task))));
  const ready = tried.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const failed = tried.find((each) => each.status === 'rejected');
  if (failed !== undefined) {
    await Promise.all(ready.map((replacement) => replacement.discard()));
    throw failed.reason;
  }
  const spouts = tasks.filter((task) => task instanceof SpoutTask);
  await Promise.all(spouts.map((spout) => spout.hold(SETTLE_MS)));
  for (const replacement of ready) replacement.takeOver();
  for (const spout of spouts) spout.release();
}

async function successors(options: WorkerOptions, component: Component): Promise<(task: number) => Successor> {
  const { topology } = options;
  const { implementation } = component;
  if (implementation.type === 'shell') {
    const settings = settingsOf({ ...topology.config, ...component.config });
    return (task) => ({ type: 'shell', settings: shellSettings(options, component, implementation, task, settings) });
  }
  if (implementation.type === 'inline') {
    throw new PolyboltError('PB_MODULE_INVALID', {
      message: `the component "${component.id}" was made by a program and is in no file that could be read again`,
      hint: 'start the program anew',
    });
  }
  forgetModules(topology.resources);
  const create = await factoryOf(component, topology.resources);
  return (task) => ({ type: 'module', create, context: taskContext(options, component, task) });
}
