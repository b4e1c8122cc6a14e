/** Loads the modules of a topology's custom groupings. Invariant: each is loaded once, and every emitting task gets an instance of its own. */
import { loadModule } from '../../component/module-loader.js';
import type { CustomGrouping } from '../../grouping/custom.js';
import { type Grouping, subscriptionsOf, type Topology } from '../../model/topology.js';

type Custom = Extract<Grouping, { type: 'custom' }>;

/** Makes an instance for one emitting task. */
export type Groupings = (grouping: Custom) => CustomGrouping;

/** Throws PB_MODULE_MISSING and PB_MODULE_INVALID. */
export async function loadGroupings(topology: Topology): Promise<Groupings> {
  const factories = new Map<Custom, () => CustomGrouping>();
  for (const component of Object.values(topology.components)) {
    for (const { grouping } of subscriptionsOf(component)) {
      if (grouping.type !== 'custom') continue;
      const isValid = (instance: unknown): boolean => typeof (instance as Partial<CustomGrouping> | null)?.chooseTasks === 'function';
      const { path, exportName, args } = grouping;
      factories.set(grouping, await loadModule(topology.resources, path, exportName, args ?? [], 'custom grouping', isValid));
    }
  }
  return (grouping) => (factories.get(grouping) as () => CustomGrouping)();
}
