"""Emits the lines of a file, and again each line that failed. Usage: lines.py FILE"""

import sys

from polybolt import ReliableSpout


class Lines(ReliableSpout):
    def open(self, conf, context):
        self.lines = enumerate(open(sys.argv[1], encoding='utf-8', errors='replace'), 1)

    def next_tuple(self):
        number, line = next(self.lines, (None, None))
        if number is not None:
            self.emit([line.rstrip('\n')], id=number)


if __name__ == '__main__':
    Lines().run()
