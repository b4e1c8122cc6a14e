// A reliable spout on Storm's storm.js. It emits one step at a time, the next when the last has its verdict, and tells every verdict on a stream.
const { Spout } = require('./storm');

class Sentences extends Spout {
  initialize(_conf, _context, done) {
    this.steps = [
      [0, 'the quick fox', 'default'],
      ['two', 'fail once', 'default'],
      [[3], 'good', 'risky'],
      [{ four: 4 }, 'bad', 'risky'],
      [5, 'good again', 'risky'],
    ];
    this.emit({ tuple: ['from initialize'], stream: 'opened' }, () => {});
    done();
  }

  activate(done) {
    done();
  }

  deactivate(done) {
    done();
  }

  nextTuple(done) {
    if (this.waiting || !(this.replay || this.steps.length > 0)) return done();
    this.step = this.replay || this.steps.shift();
    this.replay = undefined;
    this.waiting = true;
    const [id, text, stream] = this.step;
    this.emit({ tuple: [text], id, stream }, () => done());
  }

  ack(id, done) {
    this.verdict('ack', id, done);
  }

  fail(id, done) {
    if (id === 'two') this.replay = this.step;
    this.verdict('fail', id, done);
  }

  verdict(kind, id, done) {
    this.waiting = false;
    this.emit({ tuple: [kind, id], stream: 'verdicts' }, () => done());
  }
}

new Sentences().run();
