// Turns readings into degrees Celsius. A unit that it does not know throws: the error is shown, and the reading fails.
import { BasicBolt } from '../../adapters/node/index.mjs';

const CELSIUS_OF = {
  C: (degrees) => degrees,
  F: (degrees) => ((degrees - 32) * 5) / 9,
  K: (degrees) => degrees - 273.15,
};

class Celsius extends BasicBolt {
  process({ values: [station, { degrees, unit }] }) {
    const convert = CELSIUS_OF[unit];
    if (convert === undefined) throw new Error(`${station} measures in "${unit}", expected one of ${Object.keys(CELSIUS_OF).join(', ')}`);
    this.emit([station, Math.round(convert(degrees) * 100) / 100]);
  }
}

new Celsius().run();
