// The bolt, the spout and the tuple of the storm.js that Apache Storm 2.x ships. `tools/amalgamate.mjs` joins this file
// and what it rests on into storm.js, one file to copy beside a component. Unlike elsewhere here, `process` runs for
// many tuples at once, as components for Storm expect.

import { expectDone, Storm } from './storm-base.mjs';

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

export { BasicBolt, Spout, Storm, Tuple };
