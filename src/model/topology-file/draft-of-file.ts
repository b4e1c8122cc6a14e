/**
 * The draft of a whole file: components, with Flux's `streams:` turned into inputs of their targets. Invariant: after this
 * nothing knows any more whether a topology was written in Flux's keys or in ours.
 */
import { dirname, resolve } from 'node:path';
import type { ComponentDraft, InputDraft, Position, TopologyDraft } from '../draft.js';
import { didYouMean } from '../suggest.js';
import { componentOf } from './component.js';
import { FluxValues } from './flux-values.js';
import { streamInputOf } from './grouping.js';
import type { Mistakes } from './mistake.js';
import { configOf, get, itemsOf, textOf, textsOf } from './read.js';
import type { MapTree } from './yaml-tree.js';

/** @param path the file, for the directory that components run in when the file does not name one */
export function draftOfFile(tree: MapTree, path: string, mistakes: Mistakes): TopologyDraft {
  reportJvmParts(tree, mistakes);
  const values = new FluxValues(get(tree, 'components'), mistakes);
  const written = (['spouts', 'bolts'] as const).flatMap((key) =>
    itemsOf(get(tree, key)).flatMap((item) => componentOf(item, key === 'spouts' ? 'spout' : 'bolt', values, mistakes) ?? []),
  );
  const resources = textOf(get(tree, 'resources'));
  const name = textOf(get(tree, 'name'));
  if (!tree.entries.has('name')) {
    mistakes.add('PB_KEY_MISSING', { file: path, line: 1, column: 1 }, 'the topology needs the key `name`', 'name: word-count');
  }
  return {
    name,
    config: configOf(get(tree, 'config')),
    resources: {
      value: resolve(dirname(resources?.at?.file ?? path), resources?.value ?? '.'),
      at: resources?.at,
    },
    prepare: prepareOf(tree),
    components: directStreams(withStreams(written, tree, mistakes), tree),
    at: { file: path, line: 1, column: 1 },
  };
}

function prepareOf(tree: MapTree): TopologyDraft['prepare'] {
  const prepare = get(tree, 'prepare');
  const command = textsOf(prepare);
  return command === undefined ? undefined : { value: command.map((part) => part.value), at: prepare?.at };
}

function reportJvmParts(tree: MapTree, mistakes: Mistakes): void {
  const parts = {
    topologySource: 'list the spouts and bolts here instead',
    workerHooks: 'do in prepare or open of a component what the hook does',
  };
  for (const [key, hint] of Object.entries(parts)) {
    const entry = tree.entries.get(key);
    if (entry !== undefined) mistakes.add('PB_FLUX_UNSUPPORTED', entry.keyAt, `\`${key}\` needs a JVM`, hint);
  }
}

/** Gives the bolts what `streams:` says that they listen to. */
function withStreams(components: readonly ComponentDraft[], tree: MapTree, mistakes: Mistakes): readonly ComponentDraft[] {
  const more = new Map<string, InputDraft[]>();
  const ids = new Set(components.map((component) => component.id.value));
  let whole = true;
  for (const item of itemsOf(get(tree, 'streams'))) {
    const stream = streamInputOf(item, mistakes);
    if (stream === undefined) {
      whole = false;
      continue;
    }
    const { to, input } = stream;
    if (!ids.has(to.value)) {
      mistakes.add(
        'PB_COMPONENT_UNKNOWN',
        to.at as Position,
        `a stream leads to \`${to.value}\`, which does not exist`,
        didYouMean(to.value, ids, 'there are'),
      );
      whole = false;
    }
    const inputs = more.get(to.value);
    if (inputs === undefined) more.set(to.value, [input]);
    else inputs.push(input);
  }
  return components.map((component) => {
    const inputs = [...(component.inputs ?? []), ...(more.get(component.id.value) ?? [])];
    // When a stream leads nowhere, a bolt without inputs may be the one that it was meant for.
    const unknown = component.inputs === undefined || (component.kind === 'bolt' && inputs.length === 0 && !whole);
    return { ...component, inputs: unknown ? undefined : inputs };
  });
}

/**
 * Flux's wrappers cannot declare a stream as direct; in Storm it is enough that its listeners group directly. So a stream of
 * a wrapper is direct when somebody listens to it directly.
 */
function directStreams(components: readonly ComponentDraft[], tree: MapTree): readonly ComponentDraft[] {
  const wrapped = new Set(
    [...itemsOf(get(tree, 'spouts')), ...itemsOf(get(tree, 'bolts'))].flatMap((item) =>
      item.kind === 'map' && item.entries.has('className') ? [textOf(get(item, 'id'))?.value] : [],
    ),
  );
  const direct = new Set(
    components
      .flatMap((component) => component.inputs ?? [])
      .filter((input) => /^direct$/i.test(input.grouping?.type.value ?? ''))
      .map((input) => JSON.stringify([input.from.value, input.stream.value])),
  );
  return components.map((component) => {
    if (!wrapped.has(component.id.value) || component.outputs === undefined) return component;
    const outputs = component.outputs.map((stream) => ({
      ...stream,
      direct: direct.has(JSON.stringify([component.id.value, stream.name.value])),
    }));
    return { ...component, outputs };
  });
}
