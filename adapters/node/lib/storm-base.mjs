// What Storm's storm.js has in its class Storm: the conversation with the host, under the names, arguments and state
// of Storm 2.x, on this package's reading, writing and guard. All that Storm lets a component replace can be replaced.

import fs from 'node:fs';
import { inspect } from 'node:util';
import { FrameSplitter } from './frames.mjs';
import { guard } from './guard.mjs';
import { Input } from './input.mjs';
import { Output, writeAll, writeStderr } from './output.mjs';

function Storm() {
  this.messagePart = '';
  this.taskIdsCallbacks = [];
  this.isFirstMessage = true;
  this.separator = '\nend\n';
  this.logLevels = { trace: 0, debug: 1, info: 2, warn: 3, error: 4 };
}

// One process is one component, so what `run` opens belongs to the module: components may replace every property
// of theirs. Before `run`, messages wait here.
const connection = {
  outputFd: 1,
  output: new Output((text) => writeAll(connection.outputFd, text)),
  // True while a chunk is being handled; after it all is flushed together.
  isHandling: false,
  isFlushScheduled: false,
  // Messages that came while `initialize` had not yet called `done`.
  early: [],
  isInitialized: false,
  hasEnded: false,
  // How often user code was given a `done` that it has not yet called.
  undone: 0,
};

Storm.prototype.sendMsgToParent = function (msg) {
  connection.output.append(JSON.stringify(msg) + this.separator);
  if (msg.command === 'log' || msg.command === 'error' || msg.pid !== undefined) connection.output.flush();
  else if (!connection.isHandling) scheduleFlush();
};

function scheduleFlush() {
  if (connection.isFlushScheduled) return;
  connection.isFlushScheduled = true;
  setImmediate(() => {
    connection.isFlushScheduled = false;
    connection.output.flush();
  });
}

Storm.prototype.sync = function () {
  this.sendMsgToParent({ command: 'sync' });
};

Storm.prototype.sendPid = function (heartbeatdir) {
  this.sendMsgToParent({ pid: process.pid });
  if (!heartbeatdir) return;
  try {
    fs.writeFileSync(`${heartbeatdir}/${process.pid}`, '');
  } catch (error) {
    writeStderr(`The pid file cannot be created in pidDir ${heartbeatdir}: ${error.message}\n`);
  }
};

Storm.prototype.sendToLogging = function (args, logLevel) {
  const texts = Object.values(args).map((arg) => (typeof arg === 'string' ? arg : JSON.stringify(arg)));
  this.sendMsgToParent({ command: 'log', msg: texts.join(' '), level: logLevel });
};

Storm.prototype.logTrace = function (...args) {
  this.sendToLogging(args, this.logLevels.trace);
};

Storm.prototype.logDebug = function (...args) {
  this.sendToLogging(args, this.logLevels.debug);
};

Storm.prototype.logInfo = function (...args) {
  this.sendToLogging(args, this.logLevels.info);
};

Storm.prototype.logWarn = function (...args) {
  this.sendToLogging(args, this.logLevels.warn);
};

Storm.prototype.logError = function (...args) {
  this.sendToLogging(args, this.logLevels.error);
};

Storm.prototype.log = Storm.prototype.logInfo;

// Storm's own sends the pid when `initialize` is done, and the host sends nothing more before it has the pid. Here
// the pid goes first, so that a slow start does not look like a dead one, and messages wait for `done` instead.
Storm.prototype.initSetupInfo = function (setupInfo) {
  this.sendPid(setupInfo.pidDir);
  const done = expectDone(() => {
    connection.isInitialized = true;
    for (const message of connection.early) this.handleNewMessage(message);
    connection.early = [];
  });
  this.initialize(setupInfo.conf, setupInfo.context, done);
};

Storm.prototype.startReadingInput = function () {
  const { inputFd, outputFd } = guard();
  connection.outputFd = outputFd;
  process.on('exit', () => connection.output.flush());
  if (process.listenerCount('uncaughtException') === 0) {
    process.on('uncaughtException', (error) => {
      const trace = inspect(error);
      this.sendMsgToParent({ command: 'error', msg: trace });
      writeStderr(`${trace}\n`);
      process.exit(1);
    });
  }
  const splitter = new FrameSplitter();
  const handle = (messages) => {
    connection.isHandling = true;
    try {
      for (const message of messages) {
        this.handleNewMessage(message);
        connection.output.tupleDone();
      }
    } finally {
      // Also after an exception, which a component may survive by a handler of its own.
      connection.isHandling = false;
      connection.output.flush();
    }
  };
  const input = new Input(
    inputFd,
    (chunk) => handle(splitter.push(chunk)),
    () => {
      handle(splitter.end());
      connection.hasEnded = true;
      endWhenDone();
    },
  );
  input.start();
};

// After the end of input the process ends as soon as `done` has been called for all that was taken; where it never
// is, Node ends by itself when no work is left, as it does with Storm's own library.
function endWhenDone() {
  if (!connection.hasEnded || connection.undone > 0) return;
  connection.output.flush();
  process.exit(0);
}

/** @returns a `done` to hand to user code; `call` gets its argument, once: hosts punish a second sync or ack */
function expectDone(call) {
  let isCalled = false;
  connection.undone++;
  return (argument) => {
    if (isCalled) return;
    isCalled = true;
    connection.undone--;
    call(argument);
    // Later, because user code may have more to say after it has called done.
    if (connection.hasEnded) setImmediate(endWhenDone);
  };
}

/**
 * Cuts a text into the whole messages it holds; the rest waits in `messagePart`. Kept for components that call it.
 */
Storm.prototype.handleNewChunk = function (chunk) {
  if (!chunk || chunk.length === 0) return [];
  const parts = (this.messagePart + chunk).split(this.separator);
  this.messagePart = parts.pop();
  return parts.filter((part) => part.length > 0);
};

Storm.prototype.isTaskIds = (msg) => Array.isArray(msg);

Storm.prototype.handleNewMessage = function (msg) {
  // An empty message is passed over, as Storm's own library does.
  if (msg.trim() === '') return;
  // Task ids do not wait: `initialize` itself may have emitted.
  if (!this.isFirstMessage && !connection.isInitialized && !msg.trimStart().startsWith('[')) {
    connection.early.push(msg);
    return;
  }
  let parsedMsg;
  try {
    parsedMsg = JSON.parse(msg);
  } catch (error) {
    connection.output.flush();
    const begins = Buffer.from(msg).subarray(0, 200).toString();
    writeStderr(`The host sent a message that is not JSON (${error.message}). It begins: ${begins}\n`);
    process.exit(1);
  }
  if (this.isFirstMessage) {
    this.isFirstMessage = false;
    this.initSetupInfo(parsedMsg);
  } else if (this.isTaskIds(parsedMsg)) {
    this.handleNewTaskId(parsedMsg);
  } else {
    this.handleNewCommand(parsedMsg);
  }
};

Storm.prototype.handleNewTaskId = function (taskIds) {
  // The host answers emits in their order.
  const callback = this.taskIdsCallbacks.shift();
  if (!callback) throw new Error('Task ids came from the host, but no emit is waiting for them');
  callback(taskIds);
};

/**
 * @param messageDetails tuple, and optionally stream; for bolts anchorTupleId (an id or a list of ids), for spouts id
 * @param onTaskIds called with the list of task ids when the host has answered
 */
Storm.prototype.emit = function (messageDetails, onTaskIds) {
  if (messageDetails.task) throw new Error('emit does not take a task: use emitDirect');
  if (!onTaskIds) throw new Error('emit needs a callback for the task ids as its second argument');
  this.__emit(messageDetails);
  // Only what was sent is answered: an emit that could not be encoded has thrown above.
  this.taskIdsCallbacks.push(onTaskIds);
};

/** As emit, to the one task that `task` names; there is no answer. */
Storm.prototype.emitDirect = function (commandDetails) {
  if (!commandDetails.task) throw new Error('emitDirect needs the id of a task in task');
  this.__emit(commandDetails);
};

Storm.prototype.initialize = (_conf, _context, done) => {
  done();
};

Storm.prototype.run = function () {
  this.startReadingInput();
};

export { expectDone, Storm };
