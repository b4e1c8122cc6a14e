// Emits the readings of a file of JSON lines: the station, and the whole reading as a nested value. What fails is emitted again.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { ReliableSpout } from '../../adapters/node/index.mjs';

class Readings extends ReliableSpout {
  number = 0;

  open(conf) {
    this.lines = createInterface({ input: createReadStream(conf['readings.file']) })[Symbol.asyncIterator]();
  }

  async nextTuple() {
    const { done, value } = await this.lines.next();
    if (done) return;
    const reading = JSON.parse(value);
    this.emit([reading.station, reading], { id: ++this.number });
  }
}

new Readings().run();
