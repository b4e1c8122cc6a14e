/**
 * What it takes to get from one reading of a topology file to the next. Invariant: components are restarted in place only where tasks, streams and everything that an executor
 * was built from stay as they are; anything else is another topology.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Component, Config, Topology } from '../model/topology.js';
import { subscriptionsOf } from '../model/topology.js';

export type TopologyChange =
  | { readonly kind: 'none' }
  /** These run something else now. */
  | { readonly kind: 'restart'; readonly components: readonly string[] }
  /** @property why for people, to be read after "because" */
  | { readonly kind: 'resubmit'; readonly why: string };

export function topologyChange(before: Topology, after: Topology): TopologyChange {
  const why = otherShape(before, after);
  if (why !== undefined) return { kind: 'resubmit', why };
  const components = Object.values(after.components).filter((component) => {
    const { implementation, environment, config } = before.components[component.id] as Component;
    return !isDeepStrictEqual([implementation, environment, config], [component.implementation, component.environment, component.config]);
  });
  return components.length === 0 ? { kind: 'none' } : { kind: 'restart', components: components.map(({ id }) => id) };
}

function otherShape(before: Topology, after: Topology): string | undefined {
  if (before.name !== after.name) return `it is named "${after.name}" now`;
  if (before.resources !== after.resources) return 'its resources are elsewhere now';
  if (!isDeepStrictEqual(before.config, after.config)) return 'its config: has changed';
  const [ids, idsAfter] = [Object.keys(before.components), Object.keys(after.components)];
  const gone = ids.filter((id) => !(id in after.components));
  const added = idsAfter.filter((id) => !(id in before.components));
  if (gone.length > 0) return `${gone.join(', ')} ${gone.length === 1 ? 'is' : 'are'} gone from it`;
  if (added.length > 0) return `${added.join(', ')} ${added.length === 1 ? 'is' : 'are'} new in it`;
  if (!isDeepStrictEqual(ids, idsAfter)) return 'its components stand in another order, which numbers their tasks';
  for (const id of ids) {
    const what = otherPart(before.components[id] as Component, after.components[id] as Component);
    if (what !== undefined) return `${what} of ${id} has changed`;
  }
  return undefined;
}

/** The part of a component that its executors were built from and that differs. */
function otherPart(before: Component, after: Component): string | undefined {
  const parts: readonly (readonly [name: string, of: (component: Component) => unknown])[] = [
    ['the kind', ({ kind }) => kind],
    ['the kind of implementation', ({ implementation }) => implementation.type],
    ['the parallelism', ({ parallelism, tasks }) => [parallelism, tasks]],
    ['an output', ({ outputs }) => Object.entries(outputs)],
    ['an input', (component) => subscriptionsOf(component)],
    ['the serializer', ({ serializer }) => serializer],
    ['compat:', ({ compat }) => compat],
    ['the config of the runtime', ({ config }) => runtimeConfig(config)],
  ];
  return parts.find(([, of]) => !isDeepStrictEqual(of(before), of(after)))?.[0];
}

/** Keys that the runtime itself reads; the others are the component's own. */
function runtimeConfig(config: Config): Config {
  return Object.fromEntries(Object.entries(config).filter(([key]) => /^(?:topology|polybolt|supervisor)\./.test(key)));
}
