/**
 * What a message of a component says, whatever form it has. Invariant: two messages that the protocol holds equal give the same JSON: keys in one order,
 * defaults left out, a single anchor as a list.
 */
import type { WireMessage } from './codec.js';

/** The value by which a message of a spout is known to it; undefined for an unreliable emit. */
export function idOfEmit(message: WireMessage): string | undefined {
  const { value } = message;
  const isEmit = isObject(value) && value['command'] === 'emit';
  return isEmit && (value['id'] ?? null) !== null ? plain(value['id']) : undefined;
}

/**
 * What counts in a replay. The pid is the process's own, and the text of an error holds its paths and lines: neither is compared. Numbers in the text of
 * a log are often times, and count as alike.
 * @param rename the recorded id for one of this run
 */
export function whatIsSaid(message: WireMessage, rename: (id: string) => string): string {
  const { value } = message;
  if (!isObject(value)) return plain(value);
  const { command } = value;
  switch (command) {
    case 'emit': {
      const { stream, task, need_task_ids: need, anchors, id, tuple } = value;
      return plain({
        command,
        stream: stream ?? 'default',
        ...(task ? { task } : { need_task_ids: need ?? true }),
        anchors: typeof anchors === 'string' ? [anchors] : (anchors ?? []),
        ...((id ?? null) === null ? {} : { id: rename(plain(id)) }),
        tuple,
      });
    }
    case 'log':
      return plain({ command, level: value['level'] ?? 2, msg: String(value['msg']).replaceAll(/\d+/g, '0') });
    case 'error':
      return plain({ command });
    case undefined:
      return plain('pid' in value ? { pid: typeof value['pid'] } : value);
    default:
      return plain(value);
  }
}

/** JSON with the keys of objects in one order. */
export function plain(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    isObject(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
