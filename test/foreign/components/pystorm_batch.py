# pystorm's batching bolt: words are held, and counted at a tick.
from pystorm import BatchingBolt


class Count(BatchingBolt):
    def group_key(self, tup):
        return tup.values.word

    def process_batch(self, key, tups):
        self.emit([key, len(tups)])


Count().run()
