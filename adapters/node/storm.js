// storm.js for Polybolt: what components written for Apache Storm 2.x require as './storm', unmodified. One file,
// no dependencies. It is joined from lib/*.mjs by tools/amalgamate.mjs: change those, not this.

// biome-ignore lint/suspicious/noRedundantUseStrict: this is a script to Node, whatever its name says.
'use strict';

const fs = require('node:fs');
const net = require('node:net');
const { Readable } = require('node:stream');
const { inspect } = require('node:util');

// Collects messages for the host and writes them in few, large writes. What was appended is written in order,
// whole and before the process ends: every write is synchronous, so a host that stops reading stops this
// process too, and with it the taking of input.

const flushAtBytes = 64 * 1024;
const flushAfterMs = 2;

class Output {
  #write;
  #now;
  #waiting = '';
  #flushedAtMs;

  /**
   * @param {(text: string) => void} write writes all of it, or throws
   * @param {() => number} now milliseconds on a monotonic clock
   */
  constructor(write, now = () => performance.now()) {
    this.#write = write;
    this.#now = now;
    this.#flushedAtMs = now();
  }

  get isWaiting() {
    return this.#waiting !== '';
  }

  /** @param {string} text one or more whole messages with their terminators */
  append(text) {
    this.#waiting += text;
    if (this.#waiting.length >= flushAtBytes) this.flush();
  }

  /** Says that a tuple is done. Writes when the last write is long enough ago. */
  tupleDone() {
    if (this.#waiting !== '' && this.#now() - this.#flushedAtMs >= flushAfterMs) this.flush();
  }

  flush() {
    if (this.#waiting === '') return;
    const text = this.#waiting;
    // Emptied first: a write that fails ends the process, and the exit hook must not write the same again.
    this.#waiting = '';
    this.#write(text);
    this.#flushedAtMs = this.#now();
  }
}

/**
 * Writes a text to a descriptor, however many writes that takes. When nobody reads any more, the process ends
 * with status 1 and in silence: there is nobody left to tell.
 * @param {number} fd
 * @param {string} text
 */
function writeAll(fd, text) {
  const bytes = Buffer.from(text);
  let written = 0;
  let naps = 0;
  while (written < bytes.length) {
    try {
      written += fs.writeSync(fd, bytes, written);
      naps = 0;
    } catch (error) {
      if (error.code === 'EAGAIN') {
        nap(naps++);
      } else {
        if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') {
          writeStderr(`The host's pipe cannot be written: ${error.message}\n`);
        }
        process.exit(1);
      }
    }
  }
}

/** Writes a text to stderr before it returns, as a process that is about to exit must. */
function writeStderr(text) {
  try {
    fs.writeSync(2, text);
  } catch {
    // Stderr is closed or full: there is nowhere left to say so.
  }
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/**
 * Sleeps for a moment, longer as the wait goes on: from 20 µs to 1 ms. For descriptors that do not block, which
 * Node has no way to wait for in synchronous code.
 * @param {number} naps how often it has slept in this wait
 */
function nap(naps) {
  Atomics.wait(sleeper, 0, 0, Math.min(1, 0.02 * (naps + 1)));
}

// Reads the host's bytes in chunks of up to 64 KiB. Chunks are delivered in order, from the event loop or, when
// asked, at once by a blocking read; never both at a time, because everything happens on one thread.

const chunkBytes = 64 * 1024;

class Input {
  #fd;
  #socket;
  #paused = false;
  #buffer = Buffer.allocUnsafeSlow(chunkBytes);
  #onChunk;
  #onEnd;

  /**
   * @param {number} fd
   * @param {(chunk: Buffer) => void} onChunk the chunk's memory is used again after the call
   * @param {() => void} onEnd
   */
  constructor(fd, onChunk, onEnd) {
    this.#fd = fd;
    this.#onChunk = onChunk;
    this.#onEnd = onEnd;
  }

  start() {
    const stat = fs.fstatSync(this.#fd);
    if (!stat.isFIFO() && !stat.isSocket()) {
      // A file, a terminal or /dev/null: reading it does not wait, or waits for a person.
      setImmediate(() => this.#pump());
      return;
    }
    this.#socket = new net.Socket({
      fd: this.#fd,
      readable: true,
      writable: false,
      onread: {
        buffer: this.#buffer,
        callback: (bytes) => {
          this.#onChunk(this.#buffer.subarray(0, bytes));
          return true;
        },
      },
    });
    this.#socket.on('end', this.#onEnd);
    // A host that died with our output unread resets the connection: as good as an end.
    this.#socket.on('error', this.#onEnd);
    this.#socket.resume();
  }

  pause() {
    this.#paused = true;
    this.#socket?.pause();
  }

  resume() {
    if (!this.#paused) return;
    this.#paused = false;
    if (this.#socket) this.#socket.resume();
    else setImmediate(() => this.#pump());
  }

  /**
   * Waits for the next chunk, blocking the thread.
   * @returns {Buffer | undefined} its own memory; undefined at the end of input
   */
  readBlocking() {
    // Not the shared buffer: the event loop's chunk may still be in use further up the stack.
    const buffer = Buffer.allocUnsafe(chunkBytes);
    for (let naps = 0; ; naps++) {
      try {
        const bytes = fs.readSync(this.#fd, buffer);
        return bytes === 0 ? undefined : buffer.subarray(0, bytes);
      } catch (error) {
        if (error.code === 'ECONNRESET') return undefined;
        if (error.code !== 'EAGAIN') throw error;
        nap(naps);
      }
    }
  }

  #pump() {
    if (this.#paused) return;
    const chunk = this.readBlocking();
    if (chunk === undefined) {
      this.#onEnd();
      return;
    }
    this.#onChunk(chunk);
    setImmediate(() => this.#pump());
  }
}

// Cuts the byte stream from the host into message texts. A message ends at a line that holds only `end`;
// lines may end in LF or CRLF. Whatever way the bytes are cut into chunks, the same texts come out, and each
// byte is looked at a bounded number of times, so that a large tuple costs time in proportion to its size.

const firstCapacityBytes = 128 * 1024;
/** A buffer that one large message has blown up past this size is let go once it is empty again. */
const keptCapacityBytes = 1024 * 1024;
const newline = 10;
const carriageReturn = 13;

class FrameSplitter {
  // What is held always begins with the newline that ended the line before (at the very start: an imagined
  // one), so that an `end` line is found by the same search wherever it stands.
  #held = Buffer.allocUnsafe(firstCapacityBytes);
  #heldBytes = 1;

  constructor() {
    this.#held[0] = newline;
  }

  /**
   * Takes the next bytes of the stream.
   * @param {Uint8Array} chunk copied; the caller may use its memory again
   * @returns {string[]} the texts of all messages that are now whole, in order, without their `end` lines
   */
  push(chunk) {
    // The longest terminator that can lie across the seam is `\nend\r\n`, so six bytes are looked at again.
    const from = Math.max(0, this.#heldBytes - 6);
    this.#append(chunk);
    const wholeBytes = this.#lastTerminatorEnd(from);
    if (wholeBytes === 0) return [];
    const text = this.#held.utf8Slice(0, wholeBytes);
    this.#drop(wholeBytes - 1);
    return split(text);
  }

  /**
   * Says that the stream has ended. A last `end` line counts although its newline is missing.
   * @returns {string[]}
   */
  end() {
    return this.push(Buffer.from('\n'));
  }

  #append(chunk) {
    const neededBytes = this.#heldBytes + chunk.length;
    if (neededBytes > this.#held.length) {
      const grown = Buffer.allocUnsafe(Math.max(neededBytes, this.#held.length * 2));
      this.#held.copy(grown, 0, 0, this.#heldBytes);
      this.#held = grown;
    }
    this.#held.set(chunk, this.#heldBytes);
    this.#heldBytes = neededBytes;
  }

  #lastTerminatorEnd(from) {
    const fresh = this.#held.subarray(from, this.#heldBytes);
    const plain = fresh.lastIndexOf('\nend\n');
    const plainEnd = plain < 0 ? 0 : plain + 5;
    // A CRLF terminator matters only if it stands after the last plain one; that rest is short.
    const crlf = fresh.subarray(Math.max(0, plainEnd - 1)).lastIndexOf('\nend\r\n');
    const end = crlf < 0 ? plainEnd : Math.max(0, plainEnd - 1) + crlf + 6;
    return end === 0 ? 0 : from + end;
  }

  #drop(bytes) {
    const restBytes = this.#heldBytes - bytes;
    if (this.#held.length > keptCapacityBytes && restBytes <= firstCapacityBytes) {
      const small = Buffer.allocUnsafe(firstCapacityBytes);
      this.#held.copy(small, 0, bytes, this.#heldBytes);
      this.#held = small;
    } else {
      this.#held.copyWithin(0, bytes, this.#heldBytes);
    }
    this.#heldBytes = restBytes;
  }
}

// Hot path: about 30 ns a message. `text` begins with a newline and ends with a terminator.
function split(text) {
  const texts = [];
  let lineBreak = 0;
  let search = 0;
  for (;;) {
    const at = text.indexOf('\nend', search);
    if (at < 0) return texts;
    const next = text.charCodeAt(at + 4);
    if (next === newline || (next === carriageReturn && text.charCodeAt(at + 5) === newline)) {
      texts.push(text.slice(lineBreak + 1, at));
      lineBreak = next === newline ? at + 4 : at + 5;
      search = lineBreak;
    } else {
      search = at + 4;
    }
  }
}

// Keeps prints off the protocol. Node has no dup2, but on Linux a pipe can be opened a second time through /proc,
// and an open takes the lowest free number: so the protocol moves to private descriptors, descriptor 0 becomes
// /dev/null and descriptor 1 a copy of stderr, for child processes and native code too. Where the host's pipes
// cannot be opened again (sockets, files, other systems), the streams of this process are redirected, no more.

/** @returns {{inputFd: number, outputFd: number}} where the protocol is from now on */
function guard() {
  const inputFd = reopen(0, fs.constants.O_RDONLY);
  const outputFd = reopen(1, fs.constants.O_WRONLY);
  if (inputFd !== 0) occupy(0, '/dev/null', fs.constants.O_RDONLY);
  if (outputFd !== 1) putStderrInPlaceOfStdout();
  redirectStreams(inputFd === 0);
  return { inputFd, outputFd };
}

function reopen(fd, flag) {
  const path = `/proc/self/fd/${fd}`;
  let both;
  try {
    if (process.platform !== 'linux' || !fs.fstatSync(fd).isFIFO()) return fd;
    // Opening one end of a pipe waits until somebody has the other. If the host is already gone that would be
    // for ever, so for this moment we hold both ends ourselves.
    both = fs.openSync(path, fs.constants.O_RDWR);
    return fs.openSync(path, flag);
  } catch {
    // Another user's pipe, or no /proc: the descriptor is used where it is.
    return fd;
  } finally {
    if (both !== undefined) fs.closeSync(both);
  }
}

function occupy(fd, path, flag) {
  fs.closeSync(fd);
  fs.openSync(path, flag);
}

function putStderrInPlaceOfStdout() {
  const write = fs.constants.O_WRONLY | fs.constants.O_APPEND;
  try {
    occupy(1, '/proc/self/fd/2', write);
  } catch {
    // Stderr is a socket, which cannot be opened again. Native prints are dropped; console goes on below.
    fs.openSync('/dev/null', fs.constants.O_WRONLY);
    return;
  }
  // Two openings of one file have two positions and would write over each other, unless both append.
  if (fs.fstatSync(2).isFile()) occupy(2, '/proc/self/fd/1', write);
}

function redirectStreams(stdinIsProtocol) {
  // The object itself is changed, because console and imports may hold it already.
  process.stdout.write = (...args) => process.stderr.write(...args);
  if (stdinIsProtocol) {
    Object.defineProperty(process, 'stdin', { configurable: true, enumerable: true, value: Readable.from([]) });
  }
}

// What Storm's storm.js has in its class Storm: the conversation with the host, under the names, arguments and state
// of Storm 2.x, on this package's reading, writing and guard. All that Storm lets a component replace can be replaced.

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

// The bolt, the spout and the tuple of the storm.js that Apache Storm 2.x ships. `tools/amalgamate.mjs` joins this file
// and what it rests on into storm.js, one file to copy beside a component. Unlike elsewhere here, `process` runs for
// many tuples at once, as components for Storm expect.

function Tuple(id, component, stream, task, values) {
  this.id = id;
  this.component = component;
  this.stream = stream;
  this.task = task;
  this.values = values;
}

Tuple.prototype.isTickTuple = function () {
  return this.task === -1 && this.stream === '__tick';
};

Tuple.prototype.isHeartbeatTuple = function () {
  return this.task === -1 && this.stream === '__heartbeat';
};

function BasicBolt() {
  Storm.call(this);
  this.anchorTuple = null;
}

BasicBolt.prototype = Object.create(Storm.prototype);
BasicBolt.prototype.constructor = BasicBolt;

BasicBolt.prototype.__emit = function ({ tuple, stream, task, anchorTupleId }) {
  const anchors = Array.isArray(anchorTupleId) ? anchorTupleId : anchorTupleId ? [anchorTupleId] : [];
  this.sendMsgToParent({ command: 'emit', anchors, stream, task, tuple });
};

BasicBolt.prototype.handleNewCommand = function (command) {
  const tup = new Tuple(command.id, command.comp, command.stream, command.task, command.tuple);
  if (tup.isHeartbeatTuple()) {
    this.sync();
    return;
  }
  const done = expectDone((err) => {
    if (err) this.fail(tup, err);
    else this.ack(tup);
  });
  this.process(tup, done);
};

/** To be implemented: works on one tuple, then calls done(), or done(error) to fail it. */
BasicBolt.prototype.process = (_tuple, _done) => {};

BasicBolt.prototype.ack = function (tup) {
  this.sendMsgToParent({ command: 'ack', id: tup.id });
};

BasicBolt.prototype.fail = function (tup, _err) {
  this.sendMsgToParent({ command: 'fail', id: tup.id });
};

function Spout() {
  Storm.call(this);
}

Spout.prototype = Object.create(Storm.prototype);
Spout.prototype.constructor = Spout;

// Storm's own defaults never call done, and the host then waits for the sync for ever. Without a `done` among their
// parameters, methods are taken to be done when they return: see `handleNewCommand`.
Spout.prototype.activate = () => {};
Spout.prototype.deactivate = () => {};
Spout.prototype.ack = (_id) => {};
Spout.prototype.fail = (_id) => {};
Spout.prototype.nextTuple = () => {};

Spout.prototype.handleNewCommand = function (command) {
  const sync = expectDone(() => this.sync());
  switch (command.command) {
    case 'activate':
      return callDone(this, this.activate, [], sync);
    case 'deactivate':
      return callDone(this, this.deactivate, [], sync);
    case 'next':
      return callDone(this, this.nextTuple, [], sync);
    case 'ack':
      return callDone(this, this.ack, [command.id], sync);
    case 'fail':
      return callDone(this, this.fail, [command.id], sync);
  }
};

function callDone(component, method, args, done) {
  method.call(component, ...args, done);
  // A method that has no parameter for `done` cannot call it later.
  if (method.length <= args.length) done();
}

Spout.prototype.__emit = function ({ tuple, id, stream, task }) {
  this.sendMsgToParent({ command: 'emit', id, stream, task, tuple });
};

module.exports = { BasicBolt, Spout, Storm, Tuple };
