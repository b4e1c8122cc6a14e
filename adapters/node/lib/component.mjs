// What bolts and spouts have in common: running, logging, errors and metrics. Nothing happens before `run()`:
// a component can be constructed and tested without a host.

import { inspect } from 'node:util';
import { encodeValue, messageEnd } from './encode.mjs';
import { guard } from './guard.mjs';
import { Input } from './input.mjs';
import { Output, writeAll } from './output.mjs';
import { Session } from './session.mjs';
import { TaskIds } from './task-ids.mjs';

const levels = ['trace', 'debug', 'info', 'warn', 'error'];

export class Component {
  /** The topology's configuration as the host sent it. */
  conf = {};
  /** The host's description of the topology and of this task's place in it. */
  context = {};
  #session;

  /** Runs the component until the host ends its input. Call it once, last. */
  run() {
    if (this.#session) throw new Error('run() was called twice; a component runs once');
    const { inputFd, outputFd } = guard();
    const output = new Output((text) => writeAll(outputFd, text));
    this.#session = new Session(output, (onChunk, onEnd) => new Input(inputFd, onChunk, onEnd), {
      begin: (conf, context) => {
        this.conf = conf;
        this.context = context;
        return thenable(this._begin(conf, context));
      },
      handle: (message) => this._handle(message),
      close: () => this.close(),
    });
    // User code may call process.exit itself; what it has emitted until then still counts.
    process.on('exit', () => output.flush());
    if (process.listenerCount('uncaughtException') === 0) {
      process.on('uncaughtException', (error) => this.#session.crash(error));
    }
    this.#session.start();
  }

  /** Called at the end of input, before the process ends. */
  close() {}

  /**
   * @param {unknown} message a text; anything else is shown as console.log shows it
   * @param {number | string} [level] 0 to 4, or the name of a level
   */
  log(message, level = 'info') {
    const number = typeof level === 'string' ? levels.indexOf(level) : level;
    if (levels[number] === undefined) {
      throw new RangeError(`No log level ${inspect(level)}: use 0 to 4 or ${levels.join(', ')}`);
    }
    const text = typeof message === 'string' ? message : inspect(message);
    this._session.sendNow(`{"command":"log","msg":${JSON.stringify(text)},"level":${number}}${messageEnd}`);
  }

  trace(message) {
    this.log(message, 0);
  }

  debug(message) {
    this.log(message, 1);
  }

  info(message) {
    this.log(message, 2);
  }

  warn(message) {
    this.log(message, 3);
  }

  error(message) {
    this.log(message, 4);
  }

  /** @param {unknown} error an Error, sent with its trace, or a text */
  reportError(error) {
    this._session.reportError(error);
  }

  /**
   * @param {string} name
   * @param {unknown} params any value that JSON holds
   */
  reportMetric(name, params) {
    const encoded = encodeValue(params, 'params');
    this._session.send(`{"command":"metrics","name":${JSON.stringify(String(name))},"params":${encoded}}${messageEnd}`);
  }

  /** @internal sends an emit that was encoded with the same options */
  _send(message, options) {
    const session = this._session;
    session.send(message);
    if (options.needTaskIds !== true) return undefined;
    // A direct emit is never answered: its author has named the only task.
    return options.task ? new TaskIds(session, [options.task]) : session.askForTaskIds();
  }

  /** @internal the conversation with the host, for the classes built on this one */
  get _session() {
    if (!this.#session) throw new Error('The component has no host yet: call run() first');
    return this.#session;
  }
}

/**
 * @param {any} result what user code returned
 * @returns {PromiseLike<unknown> | undefined} the result if it has to be waited for
 */
export function thenable(result) {
  return typeof result?.then === 'function' ? result : undefined;
}
