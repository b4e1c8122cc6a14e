/** Direct grouping: the emitter names the task, so there is nothing to choose; see `StreamRouter.allowsDirect`. */
import type { Values } from '../model/values.js';
import type { Grouper } from './grouper.js';

export class DirectGrouper implements Grouper {
  route(_values: Values, _out: number[]): void {}
}
