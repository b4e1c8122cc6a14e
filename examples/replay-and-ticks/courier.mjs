// A plain bolt: it says itself what it acks and fails. Its memory of attempts is what makes the second one succeed.
import { Bolt } from '../../adapters/node/index.mjs';

class Courier extends Bolt {
  attempts = new Map();

  process(tuple) {
    const [order, amount] = tuple.values;
    const attempt = (this.attempts.get(order) ?? 0) + 1;
    this.attempts.set(order, attempt);
    if (attempt === 1 && order % 3 === 0) {
      // Nothing is wrong that a person must know of: the order just has to come again.
      this.fail(tuple);
      return;
    }
    if (attempt === 1 && order % 7 === 0) {
      this.reportError(new Error(`nobody was at home for order ${order}`));
      this.fail(tuple);
      return;
    }
    this.emit([order, amount, attempt], { anchors: tuple });
    // After an order that ends in 5 the courier fails too, although the ledger has it already: at least once is not exactly once.
    if (attempt === 1 && order % 10 === 5) this.fail(tuple);
    else this.ack(tuple);
  }
}

new Courier().run();
