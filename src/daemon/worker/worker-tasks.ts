/**
 * Builds the tasks of a worker: router, output, component host and executor of each. Invariant: the one place that knows how these fit together; nothing starts here.
 */

import { EdgeIds } from '../../acking/edge-ids.js';
import { ChildLimiter } from '../../component/child-limits.js';
import { ModuleBolt } from '../../component/module-bolt.js';
import { loadModule } from '../../component/module-loader.js';
import { ModuleSpout } from '../../component/module-spout.js';
import type { HostEvents, TaskIdentity } from '../../component/ports.js';
import { ShellBolt } from '../../component/shell-bolt.js';
import { ShellSpout, type SpoutEvents } from '../../component/shell-spout.js';
import { BoltTask } from '../../executor/bolt-task.js';
import type { RunQueue } from '../../executor/run-queue.js';
import { SpoutTask } from '../../executor/spout-task.js';
import type { Switchboard } from '../../executor/switchboard.js';
import { TaskOutput } from '../../executor/task-output.js';
import type { CongestionBoard } from '../../flow/congestion-board.js';
import { createTopologyGraph, type TopologyGraph } from '../../flow/topology-graph.js';
import type { CustomGrouping } from '../../grouping/custom.js';
import { createRouter, type Router, type Subscriber } from '../../grouping/router.js';
import { TaskCounters } from '../../metrics/task-counters.js';
import { tasksOfWorker } from '../../model/assignment.js';
import type { Bolt, Spout } from '../../model/component-api.js';
import { type Settings, settingsOf } from '../../model/config.js';
import { INBOX_AGE_SHARE, SPOUT_PENDING_MAX } from '../../model/limits.js';
import { ACKER_COMPONENT, tasksOf } from '../../model/task-table.js';
import { type BoltComponent, type Component, type Grouping, type SpoutComponent, subscriptionsOf } from '../../model/topology.js';
import { type Groupings, loadGroupings } from './custom-groupings.js';
import { ErrorReports } from './error-reports.js';
import { shellSettings, taskContext } from './task-settings.js';
import type { WorkerOptions } from './worker-options.js';

/** A pseudo task: while it is congested, nobody in the worker emits. */
export const STALL_TASK = 0;

export interface TaskSurroundings {
  readonly queue: RunQueue;
  readonly board: CongestionBoard;
  readonly switchboard: Switchboard;
}

export interface WorkerTasks {
  readonly bolts: readonly BoltTask[];
  readonly spouts: readonly SpoutTask[];
}

export async function buildTasks(options: WorkerOptions, surroundings: TaskSurroundings): Promise<WorkerTasks> {
  const builder = new TaskBuilder(options, surroundings, await loadGroupings(options.topology));
  const bolts: BoltTask[] = [];
  const spouts: SpoutTask[] = [];
  for (const [firstTask, lastTask] of options.worker.executors) {
    const component = options.topology.components[options.record.table.components[firstTask - 1] as string];
    if (component === undefined) continue; // An acker.
    const create = await factoryOf(component, options.topology.resources);
    for (let task = firstTask; task <= lastTask; task++) {
      if (component.kind === 'bolt') bolts.push(builder.bolt(component, task, create as () => Bolt));
      else spouts.push(builder.spout(component, task, create as () => Spout));
    }
  }
  return { bolts, spouts };
}

/** What makes instances of an in-process component. Throws PB_MODULE_MISSING and PB_MODULE_INVALID. */
export async function factoryOf(component: Component, resources: string): Promise<() => Spout | Bolt> {
  const { implementation, kind } = component;
  switch (implementation.type) {
    case 'inline':
      return implementation.create;
    case 'module': {
      const method = kind === 'bolt' ? 'execute' : 'nextTuple';
      const isValid = (instance: unknown): boolean => typeof (instance as Record<string, unknown> | null)?.[method] === 'function';
      return loadModule(resources, implementation.path, implementation.exportName, implementation.args ?? [], kind, isValid);
    }
    default:
      return () => {
        throw new Error('a shell component has no factory');
      };
  }
}

class TaskBuilder {
  readonly #options: WorkerOptions;
  readonly #surroundings: TaskSurroundings;
  readonly #groupings: Groupings;
  readonly #graph: TopologyGraph;
  readonly #ids: EdgeIds;
  readonly #errors: ErrorReports;
  readonly #limiter: ChildLimiter;
  readonly #localTasks: ReadonlySet<number>;
  #hasAcked = false;

  constructor(options: WorkerOptions, surroundings: TaskSurroundings, groupings: Groupings) {
    this.#options = options;
    this.#surroundings = surroundings;
    this.#groupings = groupings;
    this.#graph = createTopologyGraph(options.topology);
    this.#errors = new ErrorReports(options.ports.now, options.events.onError);
    this.#limiter = new ChildLimiter(options.ports.log);
    this.#ids = new EdgeIds(options.ports.fillRandom);
    this.#localTasks = new Set(tasksOfWorker(options.worker));
  }

  bolt(component: BoltComponent, task: number, create: () => Bolt): BoltTask {
    const { queue, board } = this.#surroundings;
    const settings = this.#settings(component);
    const counters = new TaskCounters();
    const output = this.#output(component, task, counters);
    const bolt = new BoltTask({
      task,
      component: component.id,
      counters,
      queue,
      board,
      waitsFor: this.#waitsFor(component.id),
      inboxTuplesMax: settings.inboxTuplesMax,
      ageMaxMs: settings.messageTimeoutsEnabled ? settings.messageTimeoutMs * INBOX_AGE_SHARE : Number.POSITIVE_INFINITY,
      tickFrequencyMs: settings.tickFrequencyMs,
      isModule: component.implementation.type !== 'shell',
      fail: (tuple) => output.fail(tuple),
      onError: (error) => this.#errors.add({ component: component.id, task, settings, counters }, error),
    });
    const events = this.#hostEvents(component, task, settings, counters, bolt);
    const identity = this.#identity(component.id, task);
    if (component.implementation.type === 'shell') {
      const shell = shellSettings(this.#options, component, component.implementation, task, settings);
      const { shellBoltMaxPending: pendingMax, nonFiniteAsNull } = settings;
      bolt.attach(new ShellBolt(identity, { ...shell, pendingMax, nonFiniteAsNull }, this.#shellPorts(settings), output, events));
    } else {
      const { childRestartsMax: restartsMax, shutdownGraceMs } = settings;
      bolt.attach(
        new ModuleBolt(identity, { create, restartsMax, shutdownGraceMs }, taskContext(this.#options, component, task), output, events),
      );
    }
    return bolt;
  }

  spout(component: SpoutComponent, task: number, create: () => Spout): SpoutTask {
    const { queue, board } = this.#surroundings;
    const settings = this.#settings(component);
    const counters = new TaskCounters();
    const output = this.#output(component, task, counters);
    const spout = new SpoutTask({
      task,
      component: component.id,
      counters,
      queue,
      board,
      waitsFor: this.#waitsFor(component.id),
      pendingMax: settings.maxSpoutPending ?? SPOUT_PENDING_MAX,
      ackerTask: this.#ackerOf(task),
      firstRoot: Math.floor(this.#options.ports.random() * 0x7fffffff),
      onAcked: () => this.#onAcked(),
    });
    output.attachSpout(spout);
    const events: SpoutEvents = {
      ...this.#hostEvents(component, task, settings, counters, spout),
      onRefused: (messageId) => spout.onRefused(messageId),
      onLost: () => spout.onLost(),
    };
    const identity = this.#identity(component.id, task);
    if (component.implementation.type === 'shell') {
      const shell = shellSettings(this.#options, component, component.implementation, task, settings);
      spout.attach(new ShellSpout(identity, { ...shell, compat: component.compat }, this.#shellPorts(settings), output, events));
    } else {
      const { childRestartsMax: restartsMax, shutdownGraceMs } = settings;
      spout.attach(
        new ModuleSpout(identity, { create, restartsMax, shutdownGraceMs }, taskContext(this.#options, component, task), output, events),
      );
    }
    return spout;
  }

  #settings(component: Component): Settings {
    return settingsOf({ ...this.#options.topology.config, ...component.config });
  }

  #identity(component: string, task: number): TaskIdentity {
    return { topology: this.#options.topology.name, component, task, log: this.#options.ports.log };
  }

  #output(component: Component, task: number, counters: TaskCounters): TaskOutput {
    const { ports, record } = this.#options;
    const { components } = record.table;
    const { switchboard } = this.#surroundings;
    return new TaskOutput({
      component: component.id,
      task,
      router: this.#router(component),
      delivery: switchboard,
      roots: switchboard,
      ids: this.#ids,
      counters,
      hasTask: (other) => other >= 1 && other <= components.length && components[other - 1] !== ACKER_COMPONENT,
      nowOf: this.#surroundings.queue,
      observer: ports.observerOf(component.id),
    });
  }

  #router(component: Component): Router {
    const { topology, record, ports } = this.#options;
    const { table } = record;
    const streams = Object.entries(component.outputs).map(([name, { fields, direct }]) => {
      const subscribers: Subscriber[] = [];
      for (const target of Object.values(topology.components)) {
        for (const { from, stream, grouping } of subscriptionsOf(target)) {
          if (from !== component.id || stream !== name) continue;
          const targets = tasksOf(table, target.id);
          const localTargets = targets.filter((task) => this.#localTasks.has(task));
          subscribers.push({ component: target.id, grouping, targets, localTargets, custom: this.#custom(grouping) });
        }
      }
      return { name, fields, direct, subscribers };
    });
    const { board } = this.#surroundings;
    return createRouter({ component: component.id, streams, random: ports.random, isCongested: (task) => board.isCongested(task) });
  }

  #custom(grouping: Grouping): CustomGrouping | undefined {
    return grouping.type === 'custom' ? this.#groupings(grouping) : undefined;
  }

  /** Tasks of the components whose congestion stops this one, and the one that stands for the whole worker. */
  #waitsFor(component: string): number[] {
    const downstream = [...(this.#graph.waitsFor.get(component) ?? [])];
    return [STALL_TASK, ...downstream.flatMap((id) => [...tasksOf(this.#options.record.table, id)])];
  }

  /** A root's acker sits in its spout's worker where there is one: init and verdict are then local calls. */
  #ackerOf(task: number): number {
    const all = tasksOf(this.#options.record.table, ACKER_COMPONENT);
    const local = all.filter((acker) => this.#localTasks.has(acker));
    const ackers = local.length > 0 ? local : all;
    return ackers.length === 0 ? 0 : (ackers[task % ackers.length] as number);
  }

  #shellPorts({ childMemoryMb: memoryMb, childProcessesMax: processesMax }: Settings): ConstructorParameters<typeof ShellBolt>[2] {
    const { shell } = this.#options.ports;
    const spawn = this.#limiter.limit(shell.spawn, { memoryMb, processesMax });
    return { ...shell, spawn, now: () => this.#surroundings.queue.touch() };
  }

  #hostEvents(component: Component, task: number, settings: Settings, counters: TaskCounters, runnable: BoltTask | SpoutTask): HostEvents {
    const { queue } = this.#surroundings;
    const { log } = this.#options.ports;
    const { events } = this.#options;
    return {
      onReady: () => queue.add(runnable),
      onDirty: () => queue.addDirty(runnable),
      onError: (error) => this.#errors.add({ component: component.id, task, settings, counters }, error),
      onRestart: () => {
        counters.restarts++;
        log.warn('child.restarting', { component: component.id, task });
      },
      onFatal: (error) => events.onFatal(error),
      onLog: (level, message) => log[level === 'trace' ? 'debug' : level]('component.log', { component: component.id, task, message }),
      onMetrics: (name, params) => log.debug('component.metric', { component: component.id, task, name, params }),
    };
  }

  #onAcked(): void {
    if (this.#hasAcked) return;
    this.#hasAcked = true;
    this.#options.events.onFirstAck();
  }
}
