#!/usr/bin/env python3
"""The reference basic bolt of the conformance kit: it does what the first value of each tuple orders.

The orders are those of adapters/README.md, the same in every language.
"""

import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))

from polybolt import BasicBolt  # noqa: E402


class ReferenceBolt(BasicBolt):
    def prepare(self, conf, context):
        self.conf = conf
        self.ticks = 0

    def process_tick(self, tuple):
        self.ticks += 1

    def process(self, tuple):
        order, arguments = tuple.values[0], tuple.values[1:]
        method = getattr(self, 'do_' + order, None)
        if method is None:
            raise ValueError('the reference bolt knows no order %r' % order)
        method(tuple, *arguments)

    def do_echo(self, tuple, *_rest):
        self.emit(tuple.values)

    def do_fail(self, tuple):
        self.fail(tuple)

    def do_throw(self, tuple, text):
        raise RuntimeError(text)

    def do_unencodable(self, tuple):
        self.emit([object()])

    def do_emit_direct(self, tuple, task, *rest):
        self.emit(list(rest), direct_task=task)

    def do_emit_many(self, tuple, n):
        for i in range(n):
            self.emit(['emit_many', i])

    def do_emit_stream(self, tuple, stream, *rest):
        self.emit(list(rest), stream=stream)

    def do_task_ids(self, tuple, *rest):
        task_ids = self.emit(list(rest), need_task_ids=True)
        self.emit(['task_ids', list(task_ids)])

    def do_task_ids_unread(self, tuple, *rest):
        self.emit(list(rest), need_task_ids=True)

    def do_sleep(self, tuple, ms):
        time.sleep(ms / 1000)
        self.emit(tuple.values)

    def do_print(self, tuple, text):
        print(text)
        self.emit(tuple.values)

    def do_spawn(self, tuple, text):
        subprocess.run(['printf', '%s\\n', text], check=True)
        self.emit(tuple.values)

    def do_log(self, tuple, level, text):
        self.log(text, level)

    def do_error(self, tuple, text):
        self.report_error(text)

    def do_metric(self, tuple, name, params):
        self.report_metric(name, params)

    def do_ticks(self, tuple):
        self.emit(['ticks', self.ticks])

    def do_conf(self, tuple, key):
        self.emit(['conf', key, self.conf.get(key)])


ReferenceBolt().run()
