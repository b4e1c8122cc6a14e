// Counts words and emits each word with its count so far. Give it its input by a fields grouping on the word.

import { BasicBolt } from 'polybolt-component';

class Count extends BasicBolt {
  counts = new Map();

  process(tuple) {
    const [word] = tuple.values;
    const count = (this.counts.get(word) ?? 0) + 1;
    this.counts.set(word, count);
    this.emit([word, count]);
  }

  // With topology.tick.tuple.freq.secs set, says now and then how far it has come.
  processTick() {
    this.info(`${this.counts.size} different words so far`);
  }
}

new Count().run();
