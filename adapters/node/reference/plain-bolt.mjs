// The reference plain bolt of the conformance kit: acks, fails and names anchors itself. The commands are those of
// the table in adapters/README.md, the same in every language.

import { Bolt } from '../index.mjs';

class ReferencePlainBolt extends Bolt {
  held = [];

  process(tuple) {
    const [command, text] = tuple.values;
    switch (command) {
      case 'echo':
        this.emit(tuple.values, { anchors: tuple });
        break;
      case 'hold':
        this.held.push(tuple);
        return;
      case 'join':
        this.emit(['join', this.held.length], { anchors: [...this.held, tuple] });
        this.ackHeld();
        break;
      case 'release':
        this.ackHeld();
        break;
      case 'unanchored':
        this.emit(tuple.values);
        break;
      case 'unencodable':
        this.emit(['unencodable', 2n ** 70n], { anchors: tuple });
        break;
      case 'throw':
        throw new Error(text);
    }
    this.ack(tuple);
  }

  ackHeld() {
    for (const tuple of this.held) this.ack(tuple);
    this.held = [];
  }
}

new ReferencePlainBolt().run();
