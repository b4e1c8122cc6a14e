// The sum of the squares of the first numbers, as a topology that is built in code: a spout and a bolt inside this process, and between
// them a bolt that is a program of its own. Nothing here is special to examples: `polybolt` is the package as any program imports it.
import { BasicBolt, type InputTuple, inline, type Spout, type SpoutCollector, shell, type Topology, TopologyBuilder } from 'polybolt';

/** Emits 1, 2, 3 and so on, each with itself as id, and again what failed. */
class Numbers implements Spout {
  readonly #last: number;
  readonly #failed: number[] = [];
  #next = 1;

  constructor(last: number) {
    this.#last = last;
  }

  nextTuple(collector: SpoutCollector): void {
    const number = this.#failed.pop() ?? (this.#next <= this.#last ? this.#next++ : undefined);
    if (number !== undefined) collector.emit([number], { id: number });
  }

  fail(id: unknown): void {
    this.#failed.push(id as number);
  }
}

class Sum extends BasicBolt {
  readonly #onSum: (sum: number) => void;
  #sum = 0;

  constructor(onSum: (sum: number) => void) {
    super();
    this.#onSum = onSum;
  }

  process(tuple: InputTuple): void {
    this.#sum += tuple.get('square') as number;
    this.#onSum(this.#sum);
  }
}

/**
 * @param resources the directory of `square.mjs`
 * @param last the last number that is squared
 * @param onSum hears of the sum each time that it grows
 */
export function buildSquares(resources: string, last: number, onSum: (sum: number) => void): Topology {
  const builder = new TopologyBuilder('squares').config({ 'topology.message.timeout.secs': 30, 'topology.max.spout.pending': 500 });
  builder.setSpout(
    'numbers',
    inline(() => new Numbers(last), { outputs: ['number'] }),
  );
  builder.setBolt('square', shell(['node', 'square.mjs'], { outputs: ['number', 'square'] }), 2).shuffleGrouping('numbers');
  builder
    .setBolt(
      'sum',
      inline(() => new Sum(onSum)),
    )
    .globalGrouping('square');
  return builder.build({ resources });
}
