/**
 * The only gate to a `Topology`: takes a draft from the file loader or the builder. Invariant: what comes out is valid, deeply
 * frozen and, but for inline implementations, JSON; what does not comes with every mistake at once.
 */
import { isAbsolute } from 'node:path';
import type { ComponentDraft, Mistake, Spot, TopologyDraft, ValidationPorts } from './draft.js';
import { assertNever } from './errors.js';
import { COMPONENTS_MAX } from './limits.js';
import type { Component, Config, Implementation, Topology } from './topology.js';
import { checkConfig } from './validation/config-values.js';
import { checkCommand, checkImplementation, moduleCheck } from './validation/implementation.js';
import { checkInputs } from './validation/inputs.js';
import { isJson } from './validation/json.js';
import { checkId, checkTopologyName } from './validation/names.js';
import { checkOutputs } from './validation/outputs.js';
import { checkParallelism, checkTaskCount } from './validation/parallelism.js';
import { checkReachability } from './validation/reachability.js';
import { type Report, reportInto } from './validation/report.js';

export type ValidationResult = { readonly topology: Topology } | { readonly mistakes: readonly Mistake[] };

/**
 * Checks a draft.
 *
 * @returns a frozen topology, or all mistakes in no particular order, each with the place that the draft gave
 */
export function validateTopology(draft: TopologyDraft, ports: ValidationPorts): ValidationResult {
  const mistakes: Mistake[] = [];
  const report = reportInto(mistakes);
  if (draft.name !== undefined) checkTopologyName(draft.name, report);
  const config = checkConfig(draft.config, '', report);
  const resources = checkResources(draft.resources, ports, report);
  const drafts = checkIds(draft, report);
  const checkModule = moduleCheck(resources, ports, report);
  // No prototype: a component may be called `constructor`, and a child may emit to a stream called so.
  const components = Object.create(null) as Record<string, Component>;
  for (const component of drafts.values()) {
    checkImplementation(component, resources, checkModule, ports, report);
    const base = baseOf(component, config, report);
    if (component.kind === 'spout') checkHasNoInputs(component, report);
    const inputs = component.kind === 'spout' ? undefined : checkInputs(component, drafts, checkModule, report);
    if (base === undefined) continue;
    components[component.id.value] = inputs === undefined ? { kind: 'spout', ...base } : { kind: 'bolt', ...base, inputs };
  }
  checkReachability(drafts, report);
  if (draft.prepare !== undefined) checkCommand(draft.prepare, 'the prepare command', report);
  const prepare = Array.isArray(draft.prepare?.value) ? { prepare: [...draft.prepare.value] } : {};
  const topology: Topology = { name: draft.name?.value ?? '', config, components, resources: draft.resources.value, ...prepare };
  checkTaskCount(topology, draft.at, report);
  const complete = draft.name !== undefined && Object.keys(components).length === drafts.size;
  return mistakes.length > 0 || !complete ? { mistakes } : { topology: deepFreeze(topology) };
}

/** The drafts by id, the first of each; also sees to their number and that there is a spout. */
function checkIds({ components, at }: TopologyDraft, report: Report): ReadonlyMap<string, ComponentDraft> {
  const byId = new Map<string, ComponentDraft>();
  for (const component of components) {
    const { id } = component;
    const first = byId.get(id.value);
    checkId(id, 'component', report);
    if (first === undefined) byId.set(id.value, component);
    else
      report(
        'PB_ID_DUPLICATE',
        id.at,
        `two components are called \`${id.value}\``,
        first.id.at === undefined ? '' : `the other is in line ${first.id.at.line}`,
      );
  }
  if (!components.some((component) => component.kind === 'spout')) {
    report(
      'PB_TOPOLOGY_EMPTY',
      at,
      'the topology has no spout, so that nothing would ever flow',
      'spouts: [{id: …, command: […], outputs: […]}]',
    );
  }
  if (components.length > COMPONENTS_MAX) {
    report('PB_TOPOLOGY_TOO_LARGE', at, `the topology has ${components.length} components; at most ${COMPONENTS_MAX} are allowed`);
  }
  return byId;
}

/** The directory, when it exists. */
function checkResources({ value, at }: Spot<string>, ports: ValidationPorts, report: Report): string | undefined {
  if (isAbsolute(value) && ports.exists(value)) return value;
  report(
    'PB_RESOURCES_MISSING',
    at,
    `the resources directory ${value} does not exist`,
    'it is shipped to workers, and components run in it',
  );
  return undefined;
}

function checkHasNoInputs({ id, inputs }: ComponentDraft, report: Report): void {
  const first = inputs?.[0];
  if (first !== undefined)
    report('PB_SPOUT_HAS_INPUTS', first.from.at, `the spout \`${id.value}\` listens to \`${first.from.value}\``, 'make it a bolt');
}

/** What spouts and bolts have in common; undefined when the draft does not say how the component comes to life. */
function baseOf(draft: ComponentDraft, topologyConfig: Config, report: Report): Omit<Component & { kind: 'spout' }, 'kind'> | undefined {
  const config = checkConfig(draft.config, ` of \`${draft.id.value}\``, report);
  const outputs = checkOutputs(draft, report);
  const counts = checkParallelism(draft, { ...topologyConfig, ...config }, report);
  if (draft.implementation === undefined) return undefined;
  return {
    id: draft.id.value,
    implementation: copyOf(draft.implementation.value),
    ...counts,
    outputs,
    config,
    environment: { ...draft.environment },
    serializer: draft.serializer,
    compat: { ...draft.compat },
  };
}

/** A copy, so that freezing the topology leaves the builder's values alone; what is not JSON has been reported. */
function copyOf(implementation: Implementation): Implementation {
  switch (implementation.type) {
    case 'shell':
      return { ...implementation, command: [...implementation.command] };
    case 'module':
      return implementation.args === undefined || !isJson(implementation.args)
        ? { ...implementation }
        : { ...implementation, args: structuredClone(implementation.args) };
    case 'inline':
      return { ...implementation };
    default:
      return assertNever(implementation);
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) deepFreeze(part);
  return value;
}
