/**
 * The rules that every emit is held to, whoever makes it. Invariant: an emit that breaks one changes nothing downstream and names the rule.
 * Implements ML-EM.
 */
import { PolyboltError } from '../model/errors.js';
import type { ComponentOutput, OutputStream } from './ports.js';

/** The stream an emit may go to, or the error that refuses it. */
export function checkEmit(output: ComponentOutput, name: string, arity: number, task: number): OutputStream | PolyboltError {
  const stream = output.stream(name);
  if (stream === undefined) {
    return new PolyboltError('PB_STREAM_UNDECLARED', {
      message: `an emit names the stream "${name}", which the component does not declare`,
      hint: 'declare the stream under outputs: in the topology file, or mend the name',
      context: { stream: name },
    });
  }
  if (arity !== stream.arity) {
    return new PolyboltError('PB_ARITY_WRONG', {
      message: `an emit to stream "${name}" has ${arity} values where the stream declares ${stream.arity} fields`,
      hint: 'emit one value for each declared field',
      context: { stream: name },
    });
  }
  if (stream.direct !== task > 0) {
    return new PolyboltError('PB_DIRECT_MISMATCH', {
      message: stream.direct
        ? `a plain emit to stream "${name}", which is declared direct`
        : `a direct emit to task ${task} on stream "${name}", which is not declared direct`,
      hint: stream.direct ? 'name the target task in the emit' : 'declare the stream as direct: true, or emit without a task',
      context: { stream: name },
    });
  }
  if (task > 0 && !output.hasTask(task)) {
    return new PolyboltError('PB_TASK_UNKNOWN', {
      message: `a direct emit names task ${task}, which does not exist`,
      hint: 'take task ids from the "task->component" map of the handshake',
      context: { stream: name },
    });
  }
  return stream;
}
