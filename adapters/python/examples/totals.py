#!/usr/bin/env python3
"""Adds up [key, amount] tuples a batch at a time: one emit a key and batch, anchored to all tuples of the batch."""

from polybolt import BatchingBolt


class Totals(BatchingBolt):
    batch_size = 50

    def prepare(self, conf, context):
        self.totals = {}

    def group_key(self, tuple):
        return tuple.values[0]

    def process_batch(self, key, tuples):
        self.totals[key] = self.totals.get(key, 0) + sum(tuple.values[1] for tuple in tuples)
        self.emit([key, self.totals[key]])


if __name__ == '__main__':
    Totals().run()
