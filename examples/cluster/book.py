#!/usr/bin/env python3
"""Writes each word that arrives into a book of its own, before it acks it: `words-<task>-<pid>`, a line, a position, a word."""

import os

from polybolt import BasicBolt


class Book(BasicBolt):
    def prepare(self, conf, context):
        name = 'words-%d-%d' % (context['taskid'], os.getpid())
        self.book = open(os.path.join(conf['ledger.directory'], name), 'a', buffering=1)

    def process(self, tuple):
        line, position, word, _count = tuple.values
        self.book.write('%d %d %s\n' % (line, position, word))


if __name__ == '__main__':
    Book().run()
