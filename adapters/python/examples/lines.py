#!/usr/bin/env python3
"""Emits the lines of a text file, once and without ids: what is lost on the way stays lost. Usage: lines.py FILE"""

import sys

from polybolt import Spout


class Lines(Spout):
    # Several a call save turns between the host and us.
    LINES_A_CALL = 20

    def open(self, conf, context):
        self.file = open(sys.argv[1], encoding='utf-8', errors='replace')

    def next_tuple(self):
        for _ in range(self.LINES_A_CALL):
            line = self.file.readline()
            if not line:
                return
            self.emit([line.rstrip('\r\n')])

    def close(self):
        self.file.close()


if __name__ == '__main__':
    Lines().run()
