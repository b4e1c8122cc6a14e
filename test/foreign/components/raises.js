// A bolt on Storm's storm.js that throws, which ends it: nothing in that library catches it.
const { BasicBolt } = require('./storm');

class Raises extends BasicBolt {
  process(tup, done) {
    if (tup.values[0] === 'bad') throw new Error('cannot take this');
    this.emit({ tuple: tup.values, anchorTupleId: tup.id }, () => done());
  }
}

new Raises().run();
