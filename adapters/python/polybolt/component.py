"""What every component shares: its run from the handshake to its end.

Invariant: run() returns at the end of the input, with everything written; every other way out is an exception that ends
the process with a status that is not 0.
"""

from . import report
from .channel import connect
from .encode import encode_values
from .errors import EndOfInput
from .frames import EMIT, emit_message
from .task_ids import TaskIds, known_task_ids


class Component(object):
    """The base of Bolt and Spout. Every private name in these classes starts with _pb_: all others are the author's."""

    log = staticmethod(report.log)
    log_trace = staticmethod(report.log_trace)
    log_debug = staticmethod(report.log_debug)
    log_info = staticmethod(report.log_info)
    log_warn = staticmethod(report.log_warn)
    log_error = staticmethod(report.log_error)
    report_error = staticmethod(report.report_error)
    report_metric = staticmethod(report.report_metric)

    _pb_channel = None
    # Writes a message; the channel's writer once there is one.
    _pb_add = None

    def close(self):
        """Called when the host has closed our input, before the process ends."""

    def run(self):
        """Serve the host until it closes our input."""
        self._pb_live(connect())

    def _pb_live(self, channel):
        self._pb_channel = channel
        self._pb_add = channel.writer.add
        try:
            try:
                conf, context = channel.handshake()
                self._pb_start(conf, context)
                self._pb_serve(channel)
            except EndOfInput:
                channel.flush()
                self.close()
                channel.flush()
        except Exception as error:
            report.report_error(error)
            # The host sees our end at once, even if user threads keep the process from ending.
            channel.let_go()
            raise SystemExit(1)

    def _pb_start(self, conf, context):
        raise NotImplementedError

    def _pb_serve(self, channel):
        raise NotImplementedError

    def _pb_emit(self, head, values, stream, direct_task, need_task_ids):
        """An emit with any of its options. Raises UnencodableValue before anything is written."""
        return self._pb_emit_text(head, encode_values(values), stream, direct_task, need_task_ids)

    def _pb_emit_text(self, head, text, stream, direct_task, need_task_ids):
        if self._pb_add is None:
            raise RuntimeError('cannot emit before run() has connected to the host: emit in prepare, open or later')
        if need_task_ids and direct_task is None:
            task_ids = TaskIds(self._pb_channel.load)
            self._pb_channel.ask(emit_message(head, text, stream, None, True), task_ids)
            return task_ids
        self._pb_add(emit_message(head, text, stream, direct_task, False))
        # No reply ever comes to a direct emit: the author has named the only task.
        return known_task_ids([direct_task]) if need_task_ids else None


UNANCHORED = EMIT
