// Adds up what was delivered and tells at ticks. An order that comes twice is counted once: the sums are exact because its number
// is remembered, not because it comes only once.
import { BasicBolt } from '../../adapters/node/index.mjs';

class Ledger extends BasicBolt {
  delivered = new Set();
  amount = 0;
  twice = 0;
  isNews = false;

  process({ values: [order, amount] }) {
    this.isNews = true;
    if (this.delivered.has(order)) {
      this.twice++;
      return;
    }
    this.delivered.add(order);
    this.amount += amount;
  }

  processTick() {
    if (!this.isNews) return;
    this.isNews = false;
    this.emit([this.delivered.size, this.amount, this.twice]);
  }
}

new Ledger().run();
