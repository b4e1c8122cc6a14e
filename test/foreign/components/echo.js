// A basic bolt on Storm's storm.js that takes whatever comes, ticks too: it emits the values anchored, waits for the task ids and logs.
const { BasicBolt } = require('./storm');

class Echo extends BasicBolt {
  initialize(_conf, _context, done) {
    this.logInfo('about to start');
    done();
  }

  process(tup, done) {
    this.emit({ tuple: tup.values, anchorTupleId: tup.id }, (ids) => {
      this.logInfo(`echoed to ${ids.length} tasks`);
      done();
    });
  }
}

new Echo().run();
