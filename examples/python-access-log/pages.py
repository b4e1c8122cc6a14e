"""Adds up requests by page, a batch at a time: one emit for each page of a batch, anchored to all of its requests."""

from polybolt import BatchingBolt


class Pages(BatchingBolt):
    batch_size = 100

    def prepare(self, conf, context):
        self.totals = {}

    def group_key(self, tuple):
        return tuple.values[0]

    def process_batch(self, page, tuples):
        requests, size, slowest = self.totals.get(page, (0, 0, 0))
        requests += len(tuples)
        size += sum(tuple.values[1] for tuple in tuples)
        slowest = max(slowest, *(tuple.values[2] for tuple in tuples))
        self.totals[page] = requests, size, slowest
        self.emit([page, requests, size, slowest])


if __name__ == '__main__':
    Pages().run()
