// A spout on Storm's storm.js as it was written before there was activate: it answers next, ack and fail.
const { Spout } = require('./storm');

class NoActivate extends Spout {
  nextTuple(done) {
    this.emitted = this.emitted || 0;
    if (this.emitted === 3) return done();
    this.emit({ tuple: [this.emitted], id: this.emitted++ }, () => done());
  }

  ack(_id, done) {
    done();
  }

  fail(_id, done) {
    done();
  }
}

new NoActivate().run();
