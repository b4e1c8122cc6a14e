// A bolt that manages its tuples itself: it acks, fails and names anchors. Exactly one tuple is being processed at
// a time; an exception that leaves `process` ends the process, except for a value that JSON cannot hold.

import { Component, thenable } from './component.mjs';
import { EncodeError, encodeEmit, encodeValues, messageEnd } from './encode.mjs';
import { isTick, Tuple } from './tuple.mjs';

const noOptions = Object.freeze({});

export class Bolt extends Component {
  /** Called once, before the first tuple. */
  prepare(_conf, _context) {}

  /** Called for each tuple. When it gives a promise, the next tuple waits for it. */
  process(_tuple) {
    throw new Error(`${this.constructor.name} has no process(tuple) method`);
  }

  /** Called for each tick, which the library then acks. */
  processTick(_tuple) {}

  /**
   * @param {readonly unknown[]} values
   * @param {object} [options] stream, anchors, task, needTaskIds
   * @returns {TaskIds | undefined} a list if needTaskIds is true
   */
  emit(values, options = noOptions) {
    const message = encodeEmit(encodeAnchors(options.anchors), options, encodeValues(values));
    return this._send(message, options);
  }

  /** @param {Tuple | string} tuple */
  ack(tuple) {
    this._session.send(`{"command":"ack","id":${encodeId(tuple)}}${messageEnd}`);
  }

  /** @param {Tuple | string} tuple */
  fail(tuple) {
    this._session.send(`{"command":"fail","id":${encodeId(tuple)}}${messageEnd}`);
  }

  /** @internal */
  _begin(conf, context) {
    return this.prepare(conf, context);
  }

  /** @internal */
  _handle(tuple) {
    // Anything else is a command this library does not know.
    if (!(tuple instanceof Tuple)) return undefined;
    const tick = isTick(tuple);
    try {
      const promise = thenable(tick ? this.processTick(tuple) : this.process(tuple));
      if (promise === undefined) {
        if (tick) this.ack(tuple);
        return undefined;
      }
      return promise.then(
        () => {
          if (tick) this.ack(tuple);
        },
        (error) => this.#failed(tuple, error),
      );
    } catch (error) {
      return this.#failed(tuple, error);
    }
  }

  #failed(tuple, error) {
    if (!(error instanceof EncodeError)) throw error;
    this.reportError(error);
    this.fail(tuple);
  }
}

// What ids look like in fact; such a text needs no escaping, and the test costs a third of JSON.stringify.
const plainId = /^[-\w]*$/;

/** @returns {string} the id as JSON */
export function encodeId(tuple) {
  const id = typeof tuple === 'object' ? tuple.id : tuple;
  return typeof id === 'string' && plainId.test(id) ? `"${id}"` : JSON.stringify(id);
}

/** @returns {string} `"anchors":[…],`, or nothing when there are none */
export function encodeAnchors(anchors) {
  if (anchors === undefined || anchors === null) return '';
  if (!Array.isArray(anchors)) return `"anchors":[${encodeId(anchors)}],`;
  return anchors.length === 0 ? '' : `"anchors":[${anchors.map(encodeId).join(',')}],`;
}
