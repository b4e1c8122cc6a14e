// Squares numbers, in a process of its own. It could be written in any language.
import { BasicBolt } from '../../adapters/node/index.mjs';

class Square extends BasicBolt {
  process({ values: [number] }) {
    this.emit([number, number * number]);
  }
}

new Square().run();
