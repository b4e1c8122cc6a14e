#!/usr/bin/env python3
"""Emits lines at a steady rate and keeps books about them: `emitted` and `acked`, one line number each time.

Started anew, wherever that is, it reads the books and emits every line that has not been acked: so a line outlives the
process, the worker and the machine that emitted it first. The numbers behind a line in `acked` are the time in ms. A file
`stop` beside the books ends it: what is on its way is still written down.
"""

import os
import time

from polybolt import ReliableSpout

TEXT = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'poem.txt')


class Lines(ReliableSpout):
    def open(self, conf, context):
        directory = conf['ledger.directory']
        self.rate = float(conf['ledger.rate'])
        with open(TEXT, encoding='utf-8') as file:
            self.text = [line.strip() for line in file if line.strip()]
        acked = set(numbers_in(os.path.join(directory, 'acked')))
        self.left = (number for number in range(1, int(conf['ledger.roots']) + 1) if number not in acked)
        self.stop = os.path.join(directory, 'stop')
        self.emitted_book = append(directory, 'emitted')
        self.acked_book = append(directory, 'acked')
        self.started = time.monotonic()
        self.sent = 0

    def next_tuple(self):
        if os.path.exists(self.stop):
            return
        due = int((time.monotonic() - self.started) * self.rate) - self.sent
        # After a pause the rate is kept, not made up for.
        if due > self.rate:
            self.started += due / self.rate - 1
            due = int(self.rate)
        for number in take(self.left, min(due, 50)):
            self.sent += 1
            # Written down first: what is emitted and forgotten would not be missed.
            self.emitted_book.write('%d\n' % number)
            self.emit([number, self.text[number % len(self.text)]], id=number)

    def ack(self, id):
        self.acked_book.write('%d %d\n' % (id, time.time() * 1000))


def take(iterator, count):
    for _ in range(count):
        try:
            yield next(iterator)
        except StopIteration:
            return


def append(directory, name):
    return open(os.path.join(directory, name), 'a', buffering=1)


def numbers_in(path):
    """The first number of each whole line; a process that was killed may have left half a line."""
    if not os.path.exists(path):
        return
    with open(path) as file:
        for line in file:
            if line.endswith('\n') and line.split()[:1]:
                yield int(line.split()[0])


if __name__ == '__main__':
    Lines().run()
