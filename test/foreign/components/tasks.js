// A bolt on Storm's storm.js that emits before its first input, reads the task ids of an emit, and emits direct to one of them.
const { BasicBolt } = require('./storm');

class Tasks extends BasicBolt {
  initialize(_conf, _context, done) {
    this.emit({ tuple: ['from initialize'], stream: 'opened' }, () => {});
    done();
  }

  process(tup, done) {
    this.emit({ tuple: tup.values, anchorTupleId: tup.id }, (ids) => {
      this.emitDirect({ tuple: [tup.values[0], ids.length], stream: 'picked', task: Math.max(...ids), anchorTupleId: [tup.id] });
      done();
    });
  }
}

new Tasks().run();
