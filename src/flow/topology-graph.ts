/**
 * What lies downstream of a component, and which components form a cycle. Invariant: inside a cycle nobody waits for a member of the same
 * cycle, or they would all wait for each other (design D9).
 */
import { subscriptionsOf, type Topology } from '../model/topology.js';

export interface TopologyGraph {
  /** Components whose congestion stops this one: for a spout everything downstream, for a bolt what it feeds outside of its cycles. */
  readonly waitsFor: ReadonlyMap<string, ReadonlySet<string>>;
  /** Whether a tuple from one component to another stays inside a cycle. */
  isInsideCycle(from: string, to: string): boolean;
}

export function createTopologyGraph(topology: Topology): TopologyGraph {
  const components = Object.values(topology.components);
  const direct = new Map<string, Set<string>>(components.map(({ id }) => [id, new Set<string>()]));
  for (const target of components) for (const input of subscriptionsOf(target)) direct.get(input.from)?.add(target.id);
  const reachable = new Map(components.map(({ id }) => [id, reach(direct, id)]));
  const isInsideCycle = (from: string, to: string): boolean => reachable.get(to)?.has(from) === true;
  const waitsFor = new Map<string, ReadonlySet<string>>();
  for (const { id, kind } of components) {
    const downstream = (kind === 'spout' ? reachable : direct).get(id) ?? new Set<string>();
    waitsFor.set(id, new Set([...downstream].filter((target) => !isInsideCycle(id, target))));
  }
  return { waitsFor, isInsideCycle };
}

/** Everything that can be reached in one step or more. */
function reach(direct: ReadonlyMap<string, ReadonlySet<string>>, from: string): Set<string> {
  const seen = new Set<string>();
  const open = [from];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (const next of direct.get(id) ?? []) {
      if (seen.has(next)) continue;
      seen.add(next);
      open.push(next);
    }
  }
  return seen;
}
