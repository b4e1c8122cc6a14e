#!/usr/bin/env python3
"""The reference spout of the conformance kit: it emits ["spout", i] with id i, and again what failed.

Configuration: reference.count (10), reference.batch (1), reference.unreliable (false), reference.throw (false).
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))

from polybolt import ReliableSpout  # noqa: E402


class ReferenceSpout(ReliableSpout):
    def open(self, conf, context):
        self.count = conf.get('reference.count', 10)
        self.batch = conf.get('reference.batch', 1)
        self.unreliable = conf.get('reference.unreliable', False)
        self.throw = conf.get('reference.throw', False)
        self.emitted = 0

    def next_tuple(self):
        if self.throw:
            raise RuntimeError('the reference spout was told to throw')
        for i in range(self.emitted, min(self.emitted + self.batch, self.count)):
            self.emit(['spout', i], id=None if self.unreliable else i)
            self.emitted += 1

    def ack(self, id):
        self.log_debug('acked %s' % id)

    def fail(self, id):
        self.log_debug('failed %s' % id)


ReferenceSpout().run()
