/**
 * Finds bolts that no tuple can ever reach. Invariant: cycles are fine, and a bolt whose inputs are known only in part is
 * given the benefit of the doubt.
 */
import type { ComponentDraft } from '../draft.js';
import type { Report } from './report.js';

export function checkReachability(components: ReadonlyMap<string, ComponentDraft>, report: Report): void {
  const listeners = new Map<string, string[]>();
  const reached = new Set<string>();
  for (const component of components.values()) {
    for (const { from } of component.inputs ?? []) {
      const known = listeners.get(from.value);
      if (known === undefined) listeners.set(from.value, [component.id.value]);
      else known.push(component.id.value);
    }
    const uncertain = component.inputs === undefined || component.inputs.some(({ from }) => !components.has(from.value));
    if (component.kind === 'spout' || uncertain) reached.add(component.id.value);
  }
  // A Set's iterator also visits what is added during the walk.
  for (const id of reached) for (const listener of listeners.get(id) ?? []) reached.add(listener);
  for (const { kind, id, inputs } of components.values()) {
    if (kind === 'spout' || reached.has(id.value)) continue;
    if (inputs?.length === 0)
      report('PB_BOLT_UNREACHABLE', id.at, `the bolt \`${id.value}\` has no inputs`, 'inputs: [{from: COMPONENT, grouping: shuffle}]');
    else report('PB_BOLT_UNREACHABLE', id.at, `no spout feeds the bolt \`${id.value}\`, directly or through other bolts`);
  }
}
