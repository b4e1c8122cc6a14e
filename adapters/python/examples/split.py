#!/usr/bin/env python3
"""Splits sentences into words. A basic bolt: what it emits is anchored to the sentence, which is acked after it."""

import re

from polybolt import BasicBolt

WORD = re.compile('[A-Za-z]+')


class Split(BasicBolt):
    def process(self, tuple):
        for word in WORD.findall(tuple.values[0]):
            self.emit([word.lower()])


if __name__ == '__main__':
    Split().run()
