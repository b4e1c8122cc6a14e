// A bolt on Storm's storm.js that works asynchronously: many tuples are on their way at once, each done when its last emit is answered.
const { BasicBolt } = require('./storm');

class Split extends BasicBolt {
  process(tup, done) {
    setImmediate(() => this.split(tup, done));
  }

  split(tup, done) {
    const [sentence] = tup.values;
    if (sentence === 'fail once' && !this.failed) {
      this.failed = true;
      return done(new Error('as the sentence says'));
    }
    const words = sentence.split(' ');
    let answers = 0;
    for (const word of words) {
      this.emit({ tuple: [word], anchorTupleId: tup.id }, () => {
        if (++answers === words.length) done();
      });
    }
  }
}

new Split().run();
