/**
 * The order of one session's operations. Invariant: writes run one by one, in the order of the calls, each after all reads called before it and before
 * all called after it; reads between two writes run together, as their requests stay in order on the wire.
 */
import { PolyboltError } from '../model/errors.js';
import { STORE_OPERATIONS_MAX } from '../model/limits.js';

export class ZooKeeperLane {
  #lastWrite: Promise<unknown> = Promise.resolve();
  #reads: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** @throws PB_STORE_UNREACHABLE when too many operations wait already */
  async read<T>(operation: () => Promise<T>): Promise<T> {
    this.#enter();
    const result = this.#lastWrite.then(operation);
    const settled = this.#settled(result);
    this.#reads = Promise.all([this.#reads, settled]);
    return result;
  }

  /** @throws PB_STORE_UNREACHABLE when too many operations wait already */
  async write<T>(operation: () => Promise<T>): Promise<T> {
    this.#enter();
    const result = Promise.all([this.#lastWrite, this.#reads]).then(operation);
    this.#lastWrite = this.#settled(result);
    this.#reads = Promise.resolve();
    return result;
  }

  #enter(): void {
    if (this.#waiting >= STORE_OPERATIONS_MAX) {
      throw new PolyboltError('PB_STORE_UNREACHABLE', {
        message: `${this.#waiting} operations wait for the store already.`,
        hint: 'See whether ZooKeeper is up and reachable.',
      });
    }
    this.#waiting++;
  }

  #settled(result: Promise<unknown>): Promise<void> {
    const leave = (): void => {
      this.#waiting--;
    };
    return result.then(leave, leave);
  }
}
