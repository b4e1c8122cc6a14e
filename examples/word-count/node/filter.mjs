// filter.sh in JavaScript, for where there is no POSIX shell.
import { BasicBolt } from '../../../adapters/node/index.mjs';

class Filter extends BasicBolt {
  process({ values }) {
    if (/[A-Za-z]/.test(values[0])) this.emit(values);
  }
}

new Filter().run();
