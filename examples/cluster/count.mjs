/** Counts words, inside the worker. A worker that is started anew counts from nothing: what is exact in this example is the book, not the counts. */
export default class Count {
  #counts = new Map();

  execute(tuple, collector) {
    const [line, position, word] = tuple.values;
    const count = (this.#counts.get(word) ?? 0) + 1;
    this.#counts.set(word, count);
    collector.emit([line, position, word, count], { anchors: tuple });
    collector.ack(tuple);
  }
}
