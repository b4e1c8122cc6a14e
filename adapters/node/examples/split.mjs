// Splits sentences into words. A basic bolt: words are anchored to their sentence, which is acked at the end.

import { BasicBolt } from 'polybolt-component';

class Split extends BasicBolt {
  process(tuple) {
    for (const word of tuple.values[0].toLowerCase().match(/[a-z]+/g) ?? []) this.emit([word]);
  }
}

new Split().run();
