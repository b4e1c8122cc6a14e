#!/usr/bin/env python3
"""Takes lines apart into words, lower-cased."""

import re

from polybolt import BasicBolt


class Split(BasicBolt):
    def process(self, tuple):
        line, text = tuple.values
        for position, word in enumerate(re.findall('[A-Za-z]+', text)):
            self.emit([line, position, word.lower()])


if __name__ == '__main__':
    Split().run()
