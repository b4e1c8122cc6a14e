/**
 * Runs a topology of foreign components to its end and tells everything that can be seen of it. Invariant: each tuple that a component emits to somebody is
 * listed once, in the order in which that component emitted it.
 */
import { type Bolt, inline, LocalCluster, type PolyboltError, type TopologyBuilder, type TopologySummary } from '../../src/index.js';

const TIMEOUT_MS = 60_000;

/** Tuples by `component` or `component:stream`; errors by component: code and the facts that tests look at. */
export interface Outcome {
  readonly tuples: Readonly<Record<string, readonly (readonly unknown[])[]>>;
  readonly errors: Readonly<Record<string, readonly string[]>>;
  readonly errorTexts: Readonly<Record<string, readonly string[]>>;
  readonly logged: Readonly<Record<string, readonly string[]>>;
  readonly summary: TopologySummary;
}

type Lists<T> = Record<string, T[]>;

function add<T>(lists: Lists<T>, key: string, item: T): void {
  const list = lists[key];
  if (list === undefined) lists[key] = [item];
  else list.push(item);
}

export class Collector {
  readonly tuples: Lists<readonly unknown[]> = {};

  /** A bolt that takes note of its inputs. With `byTask`, under the position of the task that got them too. */
  bolt(byTask = false): ReturnType<typeof inline> {
    return inline((): Bolt => {
      let position = 0;
      return {
        prepare: (context) => {
          position = context.taskIndex;
        },
        execute: (tuple, collector) => {
          const source = tuple.stream === 'default' ? tuple.component : `${tuple.component}:${tuple.stream}`;
          add(this.tuples, byTask ? `${source}>${position}` : source, tuple.values);
          collector.ack(tuple);
        },
      };
    });
  }
}

/**
 * Runs until it is done and nothing moves any more, and shuts down.
 *
 * @param isDone looks at what there is so far; silence alone may only mean that the machine is slow
 */
export async function runForeign(
  builder: TopologyBuilder,
  resources: string,
  { tuples }: Collector,
  isDone: (summary: TopologySummary) => boolean,
): Promise<Outcome> {
  const errors: Lists<string> = {};
  const errorTexts: Lists<string> = {};
  const logged: Lists<string> = {};
  const log =
    (level: string) =>
    (event: string, fields: Readonly<Record<string, unknown>> = {}): void => {
      if (event === 'component.log') add(logged, String(fields.component), `${level} ${String(fields.message)}`);
    };
  const cluster = await LocalCluster.start({
    log: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
    onError: (component, error) => {
      add(errors, component, codeOf(error));
      add(errorTexts, component, error.message);
    },
    onFatal: (error) => add(errors, 'fatal', codeOf(error)),
  });
  try {
    const topology = builder.build({ resources });
    await cluster.submit(topology);
    const deadlineMs = performance.now() + TIMEOUT_MS;
    do await cluster.untilIdle(topology.name, 40, deadlineMs - performance.now());
    while (!isDone(cluster.summary(topology.name)) && performance.now() < deadlineMs);
    const summary = cluster.summary(topology.name);
    await cluster.shutdown();
    return { tuples, errors, errorTexts, logged, summary };
  } finally {
    await cluster.killNow();
  }
}

/** Code of an error, with how the child exited where that is what it is about. */
function codeOf({ code, context }: PolyboltError): string {
  return code === 'PB_CHILD_EXITED' ? `${code} ${String(context.exit)}` : code;
}
