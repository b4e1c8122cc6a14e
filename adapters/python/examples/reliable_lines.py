#!/usr/bin/env python3
"""Emits the lines of a text file, and again each line that failed. Usage: reliable_lines.py FILE"""

import sys

from polybolt import ReliableSpout


class ReliableLines(ReliableSpout):
    def open(self, conf, context):
        self.file = open(sys.argv[1], encoding='utf-8', errors='replace')
        self.number = 0

    def next_tuple(self):
        line = self.file.readline()
        if line:
            self.number += 1
            self.emit([line.rstrip('\r\n')], id=self.number)

    def fail(self, id):
        self.log_warn('line %s failed and is emitted again' % id)

    def close(self):
        self.file.close()


if __name__ == '__main__':
    ReliableLines().run()
