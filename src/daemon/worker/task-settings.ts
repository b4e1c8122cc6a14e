/** What one task is told of its surroundings: a child by command, environment and handshake, a module by its context. Invariant: both tell the same. */
import { resolve } from 'node:path';
import { childEnvironment } from '../../component/child-environment.js';
import type { ShellSettings } from '../../component/incarnation-ports.js';
import type { TaskContext } from '../../model/component-api.js';
import type { Settings } from '../../model/config.js';
import { handshakeConf, handshakeContext } from '../../model/handshake.js';
import { tasksOf } from '../../model/task-table.js';
import type { Component, Implementation } from '../../model/topology.js';
import { codecOf } from '../../protocol/codec.js';
import type { WorkerOptions } from './worker-options.js';

type ShellImplementation = Extract<Implementation, { type: 'shell' }>;

/** How the child of a task is started and treated. */
export function shellSettings(
  { topology, record, ports }: WorkerOptions,
  component: Component,
  { command, cwd }: ShellImplementation,
  task: number,
  settings: Settings,
): ShellSettings & { readonly restartsMax: number } {
  return {
    command: {
      argv: command,
      cwd: cwd === undefined ? topology.resources : resolve(topology.resources, cwd),
      env: childEnvironment(ports.environment, settings.environment, component.environment),
    },
    codec: codecOf(component.serializer),
    handshake: { pidDir: ports.pidDir, conf: handshakeConf(topology, component), context: handshakeContext(topology, record.table, task) },
    handshakeTimeoutMs: settings.handshakeTimeoutMs,
    subprocessTimeoutMs: settings.subprocessTimeoutMs,
    shutdownGraceMs: settings.shutdownGraceMs,
    restartsMax: settings.childRestartsMax,
  };
}

/** Where an in-process component finds itself. */
export function taskContext({ topology, record: { table } }: WorkerOptions, component: Component, task: number): TaskContext {
  return {
    topology: topology.name,
    component: component.id,
    task,
    taskIndex: tasksOf(table, component.id).indexOf(task),
    config: handshakeConf(topology, component),
    resources: topology.resources,
    taskToComponent: Object.fromEntries(table.components.map((name, index) => [String(index + 1), name])),
  };
}
