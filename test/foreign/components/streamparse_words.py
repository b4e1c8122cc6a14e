# A spout and a bolt as a streamparse project has them; started by `streamparse.run`.
from collections import Counter

from streamparse import Bolt, Spout


class WordSpout(Spout):
    outputs = ['word']

    def initialize(self, stormconf, context):
        self.words = iter(['dog', 'cat', 'zebra', 'dog', 'cat', 'dog'])
        self.sent = 0

    def next_tuple(self):
        word = next(self.words, None)
        if word is not None:
            self.sent += 1
            self.emit([word], tup_id=self.sent)


class WordCountBolt(Bolt):
    outputs = ['word', 'count']

    def initialize(self, conf, ctx):
        self.counter = Counter()

    def process(self, tup):
        word = tup.values[0]
        self.counter[word] += 1
        self.logger.info('counted %s', word)
        self.emit([word, self.counter[word]])
