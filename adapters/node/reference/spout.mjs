// The reference spout of the conformance kit: counts up, and emits again what failed. Its configuration is
// described in adapters/README.md, the same in every language.

import { ReliableSpout } from '../index.mjs';

class ReferenceSpout extends ReliableSpout {
  next = 0;

  open(conf) {
    this.count = conf['reference.count'] ?? 10;
    this.batch = conf['reference.batch'] ?? 1;
    this.isUnreliable = conf['reference.unreliable'] === true;
    this.mustThrow = conf['reference.throw'] === true;
  }

  nextTuple() {
    if (this.mustThrow) throw new Error('reference.throw is set');
    for (let left = this.batch; left > 0 && this.next < this.count; left--) {
      const id = this.next++;
      this.emit(['spout', id], this.isUnreliable ? {} : { id });
    }
  }

  ack(id) {
    this.debug(`acked ${id}`);
  }

  fail(id) {
    this.debug(`failed ${id}`);
  }
}

new ReferenceSpout().run();
