#!/usr/bin/env python3
"""Emits the lines of a text, each with an id, and again each that failed or was not processed in time.

The configuration says which text: `word-count.input` names a file; when it is empty, it is this repository's LICENSE and
spec/*.md. Of several tasks each takes every n-th line.
"""

import os
from glob import glob
from itertools import count, islice

from polybolt import ReliableSpout

HERE = os.path.dirname(os.path.abspath(__file__))
REPOSITORY = os.path.join(HERE, '..', '..')

# Several lines a call save turns between the host and us. The library keeps what is pending, so memory stays bounded by
# topology.max.spout.pending plus this.
LINES_A_CALL = 20


class Sentences(ReliableSpout):
    def open(self, conf, context):
        tasks = sorted(int(task) for task, component in context['task->component'].items() if component == context['componentid'])
        lines = read_lines(files_of(conf))
        self.sentences = zip(count(tasks.index(context['taskid']) + 1, len(tasks)), islice(lines, tasks.index(context['taskid']), None, len(tasks)))

    def next_tuple(self):
        for number, line in islice(self.sentences, LINES_A_CALL):
            self.emit([line.rstrip('\r\n')], id=number)

    def fail(self, id):
        self.log_debug('line %s failed and is emitted again' % id)


def files_of(conf):
    name = conf['word-count.input']
    if name:
        return [os.path.join(conf['word-count.directory'], name)]
    return [os.path.join(REPOSITORY, 'LICENSE'), *sorted(glob(os.path.join(REPOSITORY, 'spec', '*.md')))]


def read_lines(files):
    for name in files:
        with open(name, encoding='utf-8', errors='replace', newline='\n') as file:
            yield from file


if __name__ == '__main__':
    Sentences().run()
