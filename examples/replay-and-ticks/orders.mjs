// A reliable spout: the library keeps each order until it is acked, and emits it again under the same id when it failed or when
// topology.message.timeout.secs have passed without a word.
import { ReliableSpout } from '../../adapters/node/index.mjs';

class Orders extends ReliableSpout {
  order = 0;

  nextTuple() {
    if (this.order === this.conf['orders.count']) return;
    this.order++;
    this.emit([this.order, this.order * 10], { id: this.order });
  }

  ack(order) {
    this.debug(`order ${order} has arrived`);
  }

  fail(order) {
    this.info(`order ${order} failed and is emitted again`);
  }
}

new Orders().run();
