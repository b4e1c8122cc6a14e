// split.rb in JavaScript, for where there is no Ruby.
import { BasicBolt } from '../../../adapters/node/index.mjs';

class Split extends BasicBolt {
  // Matched before it is lower-cased: the lower case of some letters outside of ASCII is in it.
  process({ values: [sentence] }) {
    for (const word of sentence.match(/[A-Za-z]+/g) ?? []) this.emit([word.toLowerCase()]);
  }
}

new Split().run();
