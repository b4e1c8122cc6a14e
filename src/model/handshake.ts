/**
 * The `context` and `conf` that a component gets in the handshake. Invariant: the same keys and forms as Storm's
 * TopologyContext.toJSONString (storm-client, task/TopologyContext.java), and no secrets in `conf`. Implements ML-HS.
 */
import { CONFIG_DEFAULTS } from './config.js';
import type { TaskTable } from './task-table.js';
import { type Component, type Config, type Grouping, subscriptionsOf, type Topology } from './topology.js';

/** Keys of the configuration whose values never reach a component. */
const SECRET_KEY = /password|secret|token|credential|private\.?key|auth\.payload/i;

export function handshakeConf(topology: Topology, component: Component): Config {
  const merged: Record<string, unknown> = {
    ...CONFIG_DEFAULTS,
    ...topology.config,
    ...component.config,
    'topology.name': topology.name,
  };
  for (const key of Object.keys(merged)) if (SECRET_KEY.test(key)) delete merged[key];
  return merged;
}

interface GroupingJson {
  readonly type: string;
  readonly fields?: readonly string[];
}

export function handshakeContext(topology: Topology, table: TaskTable, task: number): Record<string, unknown> {
  const id = table.components[task - 1] as string;
  const component = topology.components[id] as Component;
  const streams = Object.keys(component.outputs);
  const inputs = subscriptionsOf(component);
  return {
    taskid: task,
    componentid: id,
    'task->component': Object.fromEntries(table.components.map((name, index) => [String(index + 1), name])),
    streams,
    'stream->outputfields': Object.fromEntries(streams.map((stream) => [stream, component.outputs[stream]?.fields])),
    'stream->target->grouping': Object.fromEntries(streams.map((stream) => [stream, targetsOf(topology, id, stream)])),
    'source->stream->grouping': bySource(inputs, (input) => groupingJson(input.grouping)),
    'source->stream->fields': bySource(inputs, (input) => topology.components[input.from]?.outputs[input.stream]?.fields),
  };
}

function targetsOf(topology: Topology, source: string, stream: string): Record<string, GroupingJson> {
  const targets: Record<string, GroupingJson> = {};
  for (const target of Object.values(topology.components)) {
    for (const input of subscriptionsOf(target)) {
      if (input.from === source && input.stream === stream) targets[target.id] = groupingJson(input.grouping);
    }
  }
  return targets;
}

function bySource<T>(
  inputs: ReturnType<typeof subscriptionsOf>,
  value: (input: ReturnType<typeof subscriptionsOf>[number]) => T,
): Record<string, Record<string, T>> {
  const sources: Record<string, Record<string, T>> = {};
  for (const input of inputs) {
    const streams = sources[input.from] ?? {};
    streams[input.stream] = value(input);
    sources[input.from] = streams;
  }
  return sources;
}

/** Storm names groupings after its thrift fields; a global grouping is a fields grouping without fields there. */
function groupingJson(grouping: Grouping): GroupingJson {
  switch (grouping.type) {
    case 'fields':
      return { type: 'FIELDS', fields: grouping.fields };
    case 'global':
      return { type: 'FIELDS', fields: [] };
    case 'local-or-shuffle':
      return { type: 'LOCAL_OR_SHUFFLE' };
    case 'partial-key':
    case 'custom':
      return { type: 'CUSTOM_SERIALIZED' };
    default:
      return { type: grouping.type.toUpperCase() };
  }
}
