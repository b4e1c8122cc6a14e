// A spout: asked for tuples by the host, told of their fate. Every command is answered by exactly one `sync`,
// after all that was emitted in answer to it.

import { Component, thenable } from './component.mjs';
import { EncodeError, encodeEmit, encodeValue, encodeValues } from './encode.mjs';
import { syncMessage } from './session.mjs';
import { Tuple } from './tuple.mjs';

const noOptions = Object.freeze({});

export class Spout extends Component {
  /** Called once, before the first command. */
  open(_conf, _context) {}

  /** Called when the host wants tuples; emitting none is an answer too. */
  nextTuple() {
    throw new Error(`${this.constructor.name} has no nextTuple() method`);
  }

  /** Called when all that came of the tuple with this id has been processed. */
  ack(_id) {}

  /** Called when the tuple with this id, or something that came of it, failed or took too long. */
  fail(_id) {}

  activate() {}

  deactivate() {}

  /**
   * @param {readonly unknown[]} values
   * @param {object} [options] id (its fate is told to ack or fail), stream, task, needTaskIds
   * @returns {TaskIds | undefined} a list if needTaskIds is true
   */
  emit(values, options = noOptions) {
    const id = options.id === undefined || options.id === null ? undefined : encodeValue(options.id, 'id');
    const origin = id === undefined ? '' : `"id":${id},`;
    const encoded = encodeValues(values);
    const message = encodeEmit(origin, options, encoded);
    const ids = this._send(message, options);
    if (id !== undefined) {
      // When it is emitted again, nobody waits for the task ids.
      const asks = options.needTaskIds === true;
      this._remember(id, asks ? encodeEmit(origin, { ...options, needTaskIds: false }, encoded) : message);
    }
    return ids;
  }

  /** @internal a reliable spout keeps what it emits */
  _remember(_id, _message) {}

  /** @internal */
  _begin(conf, context) {
    return this.open(conf, context);
  }

  /** @internal */
  _handle(message) {
    if (message instanceof Tuple || typeof message.command !== 'string') return undefined;
    try {
      const promise = thenable(this._obey(message));
      if (promise === undefined) return this.#done();
      return promise.then(
        () => this.#done(),
        (error) => this.#failed(error),
      );
    } catch (error) {
      return this.#failed(error);
    }
  }

  /** @internal */
  _obey(message) {
    switch (message.command) {
      case 'next':
        return this.nextTuple();
      case 'ack':
        return this.ack(message.id);
      case 'fail':
        return this.fail(message.id);
      case 'activate':
        return this.activate();
      case 'deactivate':
        return this.deactivate();
      default:
        // A command of some later protocol: nothing to do, but a host waits for the sync.
        return undefined;
    }
  }

  #failed(error) {
    if (!(error instanceof EncodeError)) throw error;
    this.reportError(error);
    this.#done();
  }

  #done() {
    this._session.send(syncMessage);
  }
}
