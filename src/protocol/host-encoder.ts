/**
 * Encodes what the host says to a component. Invariant: every message is one line of JSON and a line `end`, because some
 * libraries read exactly two lines. Implements ML-FR, ML-HS, ML-SP and ML-BO on the way out.
 *
 * Hot path: a tuple is its id between two constant texts and its values, which are not touched: one concatenation.
 */

/** The constant part of a tuple message between its id and its values. Computed once for a source task and stream. */
export function tupleHead(component: string, stream: string, task: number): string {
  return `","comp":${JSON.stringify(component)},"stream":${JSON.stringify(stream)},"task":${task},"tuple":`;
}

/** @param head from `tupleHead`; @param values one JSON array on one line */
export function encodeTuple(id: number, head: string, values: string): string {
  return `{"id":"${id}${head}${values}}\nend\n`;
}

/** A heartbeat; a bolt answers it with `sync`. `comp` is null, as Storm writes it. */
export function encodeHeartbeat(id: string): string {
  return `{"id":"${id}","comp":null,"stream":"__heartbeat","task":-1,"tuple":[]}\nend\n`;
}

/** The answer to an emit: the tasks that its tuple went to. */
export function encodeTaskIds(tasks: readonly number[]): string {
  return tasks.length === 0 ? '[]\nend\n' : `[${tasks.join(',')}]\nend\n`;
}

export type SpoutCommand = 'next' | 'activate' | 'deactivate';

/** A command to a spout without a message id; the id is empty, as Storm writes it. */
export function encodeSpoutCommand(command: SpoutCommand): string {
  return `{"command":"${command}","id":""}\nend\n`;
}

/** A verdict on a message of a spout. @param idText the message id, exactly as the spout wrote it */
export function encodeVerdict(verdict: 'ack' | 'fail', idText: string): string {
  return `{"command":"${verdict}","id":${idText}}\nend\n`;
}

/** The first message to any component. */
export function encodeHandshake(handshake: { readonly pidDir: string; readonly conf: unknown; readonly context: unknown }): string {
  return `${JSON.stringify(handshake)}\nend\n`;
}
