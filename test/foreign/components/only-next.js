// A spout on Storm's storm.js that implements nextTuple and nothing else. The library's own activate, deactivate, ack and fail never call done.
const { Spout } = require('./storm');

class OnlyNext extends Spout {
  nextTuple(done) {
    this.emitted = this.emitted || 0;
    if (this.emitted === 3) return done();
    this.emit({ tuple: [this.emitted], id: this.emitted++ }, () => done());
  }
}

new OnlyNext().run();
