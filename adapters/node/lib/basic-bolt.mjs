// A bolt that needs no care: what it emits is anchored to the tuple it is processing, which is acked when
// `process` is done and failed when it raises. Every tuple is acked or failed exactly once, and the process lives on.

import { Bolt, encodeId } from './bolt.mjs';
import { thenable } from './component.mjs';
import { encodeEmit, encodeValues, messageEnd } from './encode.mjs';
import { isTick, Tuple } from './tuple.mjs';

export class BasicBolt extends Bolt {
  #tuple;
  #encodedId = '';
  #prefix = '';
  #isSettled = true;

  /**
   * @param {readonly unknown[]} values
   * @param {object} [options] stream, task, needTaskIds; anchors, to name others than the current tuple
   */
  emit(values, options) {
    // Nothing may be anchored to a tuple that is done with.
    if (this.#isSettled || options?.anchors !== undefined) return super.emit(values, options);
    if (options === undefined) {
      // Hot path: all before the values is the same for each emit from one tuple.
      this._session.send(`${this.#prefix}${encodeValues(values)}}${messageEnd}`);
      return undefined;
    }
    const message = encodeEmit(`"anchors":[${this.#encodedId}],`, options, encodeValues(values));
    return this._send(message, options);
  }

  /** Acks a tuple; the current one, when acked here, is not acked again by the library. */
  ack(tuple = this.#tuple) {
    if (this.#isCurrent(tuple)) this.#settle('ack');
    else super.ack(tuple);
  }

  /** Fails a tuple without an error; the current one, when failed here, is not acked by the library. */
  fail(tuple = this.#tuple) {
    if (this.#isCurrent(tuple)) this.#settle('fail');
    else super.fail(tuple);
  }

  #isCurrent(tuple) {
    return this.#tuple !== undefined && (tuple === this.#tuple || tuple === this.#tuple.id);
  }

  // Once: a host ends a component that acks a tuple twice.
  #settle(command) {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this._session.send(`{"command":"${command}","id":${this.#encodedId}}${messageEnd}`);
  }

  /** @internal */
  _handle(tuple) {
    if (!(tuple instanceof Tuple)) return undefined;
    const id = encodeId(tuple);
    this.#tuple = tuple;
    this.#encodedId = id;
    this.#prefix = `{"command":"emit","anchors":[${id}],"need_task_ids":false,"tuple":`;
    this.#isSettled = false;
    try {
      const promise = thenable(isTick(tuple) ? this.processTick(tuple) : this.process(tuple));
      if (promise === undefined) return this.#done('ack');
      return promise.then(
        () => this.#done('ack'),
        (error) => this.#failed(error),
      );
    } catch (error) {
      return this.#failed(error);
    }
  }

  #failed(error) {
    this.reportError(error);
    this.#done('fail');
  }

  #done(command) {
    this.#settle(command);
    this.#tuple = undefined;
  }
}
