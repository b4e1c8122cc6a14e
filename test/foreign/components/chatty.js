// A bolt on Storm's storm.js that prints on the standard output, which belongs to the protocol, and logs.
const { BasicBolt } = require('./storm');

class Chatty extends BasicBolt {
  process(tup, done) {
    console.log(`printed ${tup.values[0]}`);
    this.logWarn(`logged ${tup.values[0]}`);
    this.emit({ tuple: tup.values, anchorTupleId: tup.id }, () => done());
  }
}

new Chatty().run();
