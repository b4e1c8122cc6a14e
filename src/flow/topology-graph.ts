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
  const cycles = cyclesOf(direct);
  const isInsideCycle = (from: string, to: string): boolean => cycles.has(from) && cycles.get(from) === cycles.get(to);
  const waitsFor = new Map<string, ReadonlySet<string>>();
  for (const { id, kind } of components) {
    const downstream = kind === 'spout' ? reach(direct, id) : (direct.get(id) ?? new Set<string>());
    waitsFor.set(id, new Set([...downstream].filter((target) => !isInsideCycle(id, target))));
  }
  return { waitsFor, isInsideCycle };
}

type Edges = ReadonlyMap<string, ReadonlySet<string>>;

/** Everything that can be reached in one step or more. */
function reach(edges: Edges, from: string): Set<string> {
  const seen = new Set<string>();
  const open = [from];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (const next of edges.get(id) ?? []) {
      if (seen.has(next)) continue;
      seen.add(next);
      open.push(next);
    }
  }
  return seen;
}

/**
 * By component, a number that it shares with the members of its cycles and with nobody else: the strongly connected components, found in
 * linear time (Kosaraju, Sharir), so that a topology of thousands costs no more than its edges.
 */
function cyclesOf(edges: Edges): ReadonlyMap<string, number> {
  const reverse = new Map<string, Set<string>>([...edges.keys()].map((id) => [id, new Set<string>()]));
  for (const [from, targets] of edges) for (const to of targets) reverse.get(to)?.add(from);
  const cycles = new Map<string, number>();
  for (const root of finishOrder(edges).reverse()) {
    if (cycles.has(root)) continue;
    const cycle = cycles.size;
    const open = [root];
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      if (cycles.has(id)) continue;
      cycles.set(id, cycle);
      open.push(...(reverse.get(id) ?? []));
    }
  }
  return cycles;
}

/** Every component, after all that a depth-first walk finds behind it. */
function finishOrder(edges: Edges): string[] {
  const order: string[] = [];
  const seen = new Set<string>();
  for (const root of edges.keys()) {
    if (seen.has(root)) continue;
    seen.add(root);
    const path = [{ id: root, rest: (edges.get(root) ?? new Set<string>()).values() }];
    for (let step = path.at(-1); step !== undefined; step = path.at(-1)) {
      const next = step.rest.next();
      if (next.done === true) order.push((path.pop() as { id: string }).id);
      else if (!seen.has(next.value)) {
        seen.add(next.value);
        path.push({ id: next.value, rest: (edges.get(next.value) ?? new Set<string>()).values() });
      }
    }
  }
  return order;
}
