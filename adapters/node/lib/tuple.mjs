// A tuple as a bolt receives it. Its fields are what the host sent; nothing is changed after construction.

export class Tuple {
  /**
   * @param {string} id names the tuple in acks, fails and anchors
   * @param {string} component the id of the component that emitted it
   * @param {string} stream the stream it was emitted to
   * @param {number} task the id of the task that emitted it
   * @param {any[]} values
   */
  constructor(id, component, stream, task, values) {
    this.id = id;
    this.component = component;
    this.stream = stream;
    this.task = task;
    this.values = values;
  }
}

/** @param {Tuple} tuple */
export function isTick(tuple) {
  return tuple.stream === '__tick' && tuple.component === '__system';
}

/** @param {Tuple} tuple */
export function isHeartbeat(tuple) {
  return tuple.stream === '__heartbeat';
}
