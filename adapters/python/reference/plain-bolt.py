#!/usr/bin/env python3
"""The reference plain bolt of the conformance kit: it acks and fails itself, and does as the first value orders.

The orders are those of adapters/README.md, the same in every language.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))

from polybolt import Bolt  # noqa: E402


class ReferencePlainBolt(Bolt):
    def prepare(self, conf, context):
        self.held = []

    def process(self, tuple):
        order = tuple.values[0]
        method = getattr(self, 'do_' + order, None)
        if method is None:
            raise ValueError('the reference plain bolt knows no order %r' % order)
        method(tuple, *tuple.values[1:])

    def do_echo(self, tuple, *_rest):
        self.emit(tuple.values, anchors=[tuple])
        self.ack(tuple)

    def do_hold(self, tuple):
        self.held.append(tuple)

    def do_join(self, tuple):
        self.emit(['join', len(self.held)], anchors=self.held + [tuple])
        self.release(tuple)

    def do_release(self, tuple):
        self.release(tuple)

    def do_unanchored(self, tuple, *_rest):
        self.emit(tuple.values)
        self.ack(tuple)

    def do_unencodable(self, tuple):
        self.emit([object()], anchors=[tuple])

    def do_throw(self, tuple, text):
        raise RuntimeError(text)

    def release(self, tuple):
        for held in self.held + [tuple]:
            self.ack(held)
        self.held = []


ReferencePlainBolt().run()
