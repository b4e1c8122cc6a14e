// The same with ids: a line that fails, or is not processed in time, is emitted again by the library until it is
// acked. Bound how many are on their way by topology.max.spout.pending.

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { ReliableSpout } from 'polybolt-component';

class ReliableLines extends ReliableSpout {
  number = 0;

  open(conf) {
    this.lines = createInterface({ input: createReadStream(conf.input) })[Symbol.asyncIterator]();
  }

  async nextTuple() {
    const { done, value } = await this.lines.next();
    if (!done) this.emit([value], { id: ++this.number });
  }

  fail(id) {
    this.warn(`line ${id} failed, ${this.pendingCount} lines are pending`);
  }
}

new ReliableLines().run();
