// count/main.go in JavaScript, for where there is no Go.
import { BasicBolt } from '../../../adapters/node/index.mjs';

class Count extends BasicBolt {
  counts = new Map();

  process({ values: [word] }) {
    const count = (this.counts.get(word) ?? 0) + 1;
    this.counts.set(word, count);
    this.emit([word, count]);
  }
}

new Count().run();
