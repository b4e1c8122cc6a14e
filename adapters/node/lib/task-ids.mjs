// The ids of the tasks that a tuple went to, as a list that is filled only when somebody looks into it: await it,
// or read it like an array, which then waits for the host there and then.

export class TaskIds {
  #ids;
  #session;
  #waiters = [];

  /**
   * @param {{awaitIds(): void, readUntil(done: () => boolean): void}} session
   * @param {number[]} [ids] when they are known already
   */
  constructor(session, ids) {
    this.#session = session;
    this.#ids = ids;
  }

  /** For the session: the host's answer has come. */
  fill(ids) {
    this.#ids = ids;
    for (const resolve of this.#waiters) resolve(ids);
    this.#waiters = [];
  }

  /** Whether an `await` is waiting for the answer. */
  get isAwaited() {
    return this.#waiters.length > 0;
  }

  /**
   * Waits for the host's answer, blocking the thread; what else the host says meanwhile is kept in order.
   * @returns {number[]}
   */
  read() {
    if (this.#ids === undefined) this.#session.readUntil(() => this.#ids !== undefined);
    return this.#ids;
  }

  // A promise is made only when somebody awaits: an unread list costs nothing.
  // biome-ignore lint/suspicious/noThenProperty: it is meant to be awaited.
  then(onFulfilled, onRejected) {
    const promise =
      this.#ids === undefined
        ? new Promise((resolve) => {
            this.#waiters.push(resolve);
            this.#session.awaitIds();
          })
        : Promise.resolve(this.#ids);
    return promise.then(onFulfilled, onRejected);
  }

  get length() {
    return this.read().length;
  }

  at(index) {
    return this.read().at(index);
  }

  [Symbol.iterator]() {
    return this.read()[Symbol.iterator]();
  }

  toJSON() {
    return this.read();
  }
}
