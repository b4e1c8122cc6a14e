// Keeps sum and number of each station's temperatures and emits the mean so far.
import { BasicBolt } from '../../adapters/node/index.mjs';

class Means extends BasicBolt {
  totals = new Map();

  process({ values: [station, celsius] }) {
    const total = this.totals.get(station) ?? { sum: 0, readings: 0 };
    total.sum += celsius;
    total.readings++;
    this.totals.set(station, total);
    this.emit([station, Math.round((total.sum / total.readings) * 10) / 10, total.readings]);
  }
}

new Means().run();
