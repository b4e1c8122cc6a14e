// A spout that emits the lines of the text file named by the configuration key `input`, once, without ids: a line
// that fails is lost. For lines that must not be lost see reliable-lines.mjs.

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { Spout } from 'polybolt-component';

class Lines extends Spout {
  open(conf) {
    this.lines = createInterface({ input: createReadStream(conf.input) })[Symbol.asyncIterator]();
  }

  async nextTuple() {
    const { done, value } = await this.lines.next();
    if (!done) this.emit([value]);
  }
}

new Lines().run();
