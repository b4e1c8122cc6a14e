#!/usr/bin/env python3
"""Counts words and emits each word with its count. Group its input by the word field, so that a word has one counter."""

from collections import Counter

from polybolt import BasicBolt


class Count(BasicBolt):
    def prepare(self, conf, context):
        self.counts = Counter()

    def process(self, tuple):
        word = tuple.values[0]
        self.counts[word] += 1
        self.emit([word, self.counts[word]])

    def process_tick(self, tuple):
        self.log_info('%d different words so far' % len(self.counts))


if __name__ == '__main__':
    Count().run()
